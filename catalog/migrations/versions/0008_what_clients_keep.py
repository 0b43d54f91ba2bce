"""what clients of CKAN's API keep with datasets: views of resources, relationships, data of plug-ins"""

import sqlalchemy as sa
from alembic import op

from catalog.db import Json

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "resource_view",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("resource_id", sa.String(length=36), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=100), nullable=False),
        sa.Column("document", Json(), nullable=False),
        sa.ForeignKeyConstraint(["resource_id"], ["desk_resource.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("resource_view", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_resource_view_resource_id"), ["resource_id"], unique=False)

    op.create_table(
        "dataset_relationship",
        sa.Column("subject_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("object_id", sa.String(length=36), nullable=False),
        sa.Column("comment", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["subject_id"], ["desk_dataset.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["object_id"], ["desk_dataset.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("subject_id", "kind", "object_id"),
    )
    with op.batch_alter_table("dataset_relationship", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_dataset_relationship_object_id"), ["object_id"], unique=False)

    op.create_table(
        "plugin_data",
        sa.Column("dataset_id", sa.String(length=36), nullable=False),
        sa.Column("data", Json(), nullable=False),
        sa.ForeignKeyConstraint(["dataset_id"], ["desk_dataset.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("dataset_id"),
    )


def downgrade() -> None:
    raise NotImplementedError("restore the backup made before the upgrade")
