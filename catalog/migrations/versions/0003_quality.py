"""scores of datasets with their sums, links with what checks found"""

import sqlalchemy as sa
from alembic import op

from catalog.db import Json, UtcTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "score",
        sa.Column("dataset_id", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.String(length=36), nullable=False),
        sa.Column("findability", sa.Integer(), nullable=False),
        sa.Column("accessibility", sa.Integer(), nullable=False),
        sa.Column("interoperability", sa.Integer(), nullable=False),
        sa.Column("reusability", sa.Integer(), nullable=False),
        sa.Column("contextuality", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("metrics", Json(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("scored_at", UtcTime(timezone=True), nullable=False),
        sa.Column("stale", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["dataset_id"], ["dataset.id"]),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"]),
        sa.PrimaryKeyConstraint("dataset_id"),
    )
    with op.batch_alter_table("score", schema=None) as batch_op:
        batch_op.create_index("score_total", ["total", "dataset_id"], unique=False)
        batch_op.create_index("score_organization", ["organization_id", "total"], unique=False)
        batch_op.create_index(batch_op.f("ix_score_scored_at"), ["scored_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_score_stale"), ["stale"], unique=False)
    op.create_table(
        "score_sum",
        sa.Column("organization_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("value", _BIG, nullable=False),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"]),
        sa.PrimaryKeyConstraint("organization_id", "name"),
    )
    op.create_table(
        "link",
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("source_id", sa.String(length=100), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failing_since", UtcTime(timezone=True), nullable=True),
        sa.Column("broken", sa.Boolean(), nullable=False),
        sa.Column("ok_at", UtcTime(timezone=True), nullable=True),
        sa.Column("checked_at", UtcTime(timezone=True), nullable=True),
        sa.Column("changed_at", UtcTime(timezone=True), nullable=True),
        sa.Column("due_at", UtcTime(timezone=True), nullable=False),
        sa.Column("history", Json(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    with op.batch_alter_table("link", schema=None) as batch_op:
        batch_op.create_index("link_due", ["due_at", "host"], unique=False)
        batch_op.create_index("link_broken", ["broken", "failing_since"], unique=False)
        batch_op.create_index(batch_op.f("ix_link_changed_at"), ["changed_at"], unique=False)
    op.create_table(
        "link_use",
        sa.Column("dataset_id", sa.String(length=36), nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(["dataset_id"], ["dataset.id"]),
        sa.ForeignKeyConstraint(["key"], ["link.key"]),
        sa.PrimaryKeyConstraint("dataset_id", "key"),
    )
    with op.batch_alter_table("link_use", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_link_use_key"), ["key"], unique=False)


def downgrade() -> None:
    raise NotImplementedError("restore the backup made before the upgrade")
