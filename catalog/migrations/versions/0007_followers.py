"""who follows what, groups below groups, uploaded pictures, and what programs keep with accounts"""

import sqlalchemy as sa
from alembic import op

from catalog.db import Json, UtcTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "follower",
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("object_id", sa.String(length=36), nullable=False),
        sa.Column("since", UtcTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("account_id", "kind", "object_id"),
    )
    with op.batch_alter_table("follower", schema=None) as batch_op:
        batch_op.create_index("follower_of", ["kind", "object_id"], unique=False)

    op.create_table(
        "nesting",
        sa.Column("below_id", sa.String(length=36), nullable=False),
        sa.Column("above_id", sa.String(length=36), nullable=False),
        sa.Column("capacity", sa.String(length=100), nullable=False),
        sa.ForeignKeyConstraint(["above_id"], ["dataset_group.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("below_id", "above_id"),
    )
    with op.batch_alter_table("nesting", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_nesting_above_id"), ["above_id"], unique=False)

    op.create_table(
        "picture",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("uploaded_at", UtcTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("sha256"),
    )
    with op.batch_alter_table("account", schema=None) as batch_op:
        batch_op.add_column(sa.Column("plugin_extras", Json(), nullable=True))


def downgrade() -> None:
    raise NotImplementedError("restore the backup made before the upgrade")
