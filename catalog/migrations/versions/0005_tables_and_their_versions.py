"""tables: Parquet copies, derived tables, versions of files with what changed, dismissed false alarms"""

import sqlalchemy as sa
from alembic import op

from catalog.db import Json, UtcTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "file_version",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("file_id", sa.String(length=36), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("checked_at", UtcTime(timezone=True), nullable=False),
        sa.Column("accepted", sa.Boolean(), nullable=False),
        sa.Column("valid", sa.Boolean(), nullable=True),
        sa.Column("schema_id", sa.String(length=100), nullable=False),
        sa.Column("schema_version", sa.String(length=20), nullable=False),
        sa.Column("rows", _BIG, nullable=True),
        sa.Column("size", _BIG, nullable=True),
        sa.Column("findings", Json(), nullable=False),
        sa.Column("changes", Json(), nullable=True),
        sa.Column("compared", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["file.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("file_version", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_file_version_file_id"), ["file_id"], unique=False)

    op.create_table(
        "dismissal",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("source_id", sa.String(length=100), nullable=False),
        sa.Column("remote_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("column", sa.String(), nullable=False),
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("created_at", UtcTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("source_id", "remote_id", "name", "column", "code"),
    )
    with op.batch_alter_table("dismissal", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_dismissal_source_id"), ["source_id"], unique=False)

    with op.batch_alter_table("file", schema=None) as batch_op:
        batch_op.add_column(sa.Column("table_sha256", sa.String(length=64), server_default="", nullable=False))
        batch_op.add_column(sa.Column("csv_sha256", sa.String(length=64), server_default="", nullable=False))
        batch_op.add_column(sa.Column("derived", Json(), nullable=True))
    # What was checked before has no copies as tables: every file is fetched and checked once more.
    op.execute("UPDATE file SET etag = '', last_modified = '', due_at = NULL WHERE url <> ''")


def downgrade() -> None:
    raise NotImplementedError("restore the backup made before the upgrade")
