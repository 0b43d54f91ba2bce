"""the whole ledger of a harvest: stamps, claims, overlays, quarantine with its documents, hosts, live values, notices"""

import sqlalchemy as sa
from alembic import op

from catalog.db import Json, UtcTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "host",
        sa.Column("name", sa.String(length=260), nullable=False),
        sa.Column("next_at", UtcTime(timezone=True), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failing_since", UtcTime(timezone=True), nullable=True),
        sa.Column("open_until", UtcTime(timezone=True), nullable=True),
        sa.Column("wanted_at", UtcTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "host_slot",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=260), nullable=False),
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("until", UtcTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("host_slot", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_host_slot_name"), ["name"], unique=False)

    op.create_table(
        "live_file",
        sa.Column("file_id", sa.String(length=36), nullable=False),
        sa.Column("source_id", sa.String(length=100), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("due_at", UtcTime(timezone=True), nullable=False),
        sa.Column("fetched_at", UtcTime(timezone=True), nullable=True),
        sa.Column("failure", Json(), nullable=True),
        sa.PrimaryKeyConstraint("file_id"),
    )
    with op.batch_alter_table("live_file", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_live_file_due_at"), ["due_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_live_file_source_id"), ["source_id"], unique=False)

    op.create_table(
        "notice",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("source_id", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("run_id", _BIG, nullable=True),
        sa.Column("text", Json(), nullable=False),
        sa.Column("at", UtcTime(timezone=True), nullable=False),
        sa.Column("waiting", Json(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", UtcTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_notice_next_at"), ["next_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_notice_source_id"), ["source_id"], unique=False)

    op.create_table(
        "live_value",
        sa.Column("file_id", sa.String(length=36), nullable=False),
        sa.Column("series", sa.String(length=200), nullable=False),
        sa.Column("at", UtcTime(timezone=True), nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.Column("unit", sa.String(length=60), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["live_file.file_id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("file_id", "series", "at"),
    )
    op.create_table(
        "claim",
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("dataset_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(["dataset_id"], ["record.dataset_id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("key", "dataset_id"),
    )
    with op.batch_alter_table("claim", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_claim_dataset_id"), ["dataset_id"], unique=False)

    op.create_table(
        "overlay",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("dataset_id", sa.String(length=36), nullable=False),
        sa.Column("field", sa.String(length=60), nullable=False),
        sa.Column("value", Json(), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("base", sa.String(length=64), nullable=False),
        sa.Column("created_at", UtcTime(timezone=True), nullable=False),
        sa.Column("expires_at", UtcTime(timezone=True), nullable=True),
        sa.Column("conflict_at", UtcTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("dataset_id", "field"),
    )
    with op.batch_alter_table("overlay", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_overlay_dataset_id"), ["dataset_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_overlay_expires_at"), ["expires_at"], unique=False)

    with op.batch_alter_table("dataset", schema=None) as batch_op:
        batch_op.add_column(sa.Column("successor", sa.String(length=36), nullable=True))

    with op.batch_alter_table("organization", schema=None) as batch_op:
        batch_op.add_column(sa.Column("parent_id", sa.String(length=36), nullable=True))
        batch_op.create_index(batch_op.f("ix_organization_parent_id"), ["parent_id"], unique=False)

    with op.batch_alter_table("quarantine", schema=None) as batch_op:
        batch_op.add_column(sa.Column("title", sa.String(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("hash", sa.String(length=64), server_default="", nullable=False))
        batch_op.add_column(sa.Column("document", sa.LargeBinary(), nullable=True))
        batch_op.add_column(sa.Column("release", sa.String(length=10), server_default="", nullable=False))
        batch_op.add_column(sa.Column("released_by", sa.String(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("release_reason", sa.String(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("released_at", UtcTime(timezone=True), nullable=True))

    with op.batch_alter_table("exchange", schema=None) as batch_op:
        batch_op.add_column(sa.Column("left_out", sa.Integer(), server_default="0", nullable=False))

    with op.batch_alter_table("file", schema=None) as batch_op:
        batch_op.add_column(sa.Column("newer", Json(), nullable=True))

    with op.batch_alter_table("plan_item", schema=None) as batch_op:
        batch_op.add_column(sa.Column("keys", Json(), server_default="[]", nullable=False))

    with op.batch_alter_table("record", schema=None) as batch_op:
        batch_op.add_column(sa.Column("stamp", sa.String(length=64), server_default="", nullable=False))
        batch_op.add_column(sa.Column("stale_since", UtcTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("led_by", sa.String(length=36), nullable=True))
        batch_op.create_index(batch_op.f("ix_record_led_by"), ["led_by"], unique=False)

    with op.batch_alter_table("run", schema=None) as batch_op:
        batch_op.add_column(sa.Column("full", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.add_column(sa.Column("replay_of", _BIG, nullable=True))
        batch_op.add_column(sa.Column("phase_at", UtcTime(timezone=True), nullable=True))

    with op.batch_alter_table("source", schema=None) as batch_op:
        batch_op.add_column(sa.Column("authority", sa.Integer(), server_default="50", nullable=False))
        batch_op.add_column(sa.Column("state", sa.String(length=20), server_default="new", nullable=False))
        batch_op.add_column(sa.Column("state_since", UtcTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("read_at", UtcTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("failures", sa.Integer(), server_default="0", nullable=False))

    with op.batch_alter_table("staged", schema=None) as batch_op:
        batch_op.add_column(sa.Column("stamp", sa.String(length=64), server_default="", nullable=False))
        batch_op.add_column(sa.Column("version", sa.String(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("gone", sa.Boolean(), server_default=sa.false(), nullable=False))

    # ### end Alembic commands ###


def downgrade() -> None:
    raise NotImplementedError("restore the backup made before the upgrade")
