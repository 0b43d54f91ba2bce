"""parts of the catalogue with their own membership, claims on URIs, links between datasets"""

import hashlib
import json
from collections import Counter

import sqlalchemy as sa
from alembic import op

from catalog.db import Json

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    with op.batch_alter_table("dataset", schema=None) as batch_op:
        batch_op.add_column(sa.Column("release_nodes", Json(), nullable=False, server_default="{}"))
        batch_op.create_index(batch_op.f("ix_dataset_modified_at"), ["modified_at"], unique=False)

    with op.batch_alter_table("node", schema=None) as batch_op:
        batch_op.create_index("node_format_uri", ["format", "uri"], unique=False)

    connection = op.get_bind()
    before = connection.execute(sa.text("SELECT dataset_id, since, until FROM membership")).all()
    op.drop_table("membership")
    membership = op.create_table(
        "membership",
        sa.Column("scope", sa.String(length=120), nullable=False),
        sa.Column("dataset_id", sa.String(length=36), nullable=False),
        sa.Column("since", _BIG, nullable=False),
        sa.Column("until", _BIG, nullable=True),
        sa.ForeignKeyConstraint(["dataset_id"], ["dataset.id"]),
        sa.PrimaryKeyConstraint("scope", "dataset_id", "since"),
    )
    with op.batch_alter_table("membership", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_membership_dataset_id"), ["dataset_id"], unique=False)
    rows = [{"scope": "", "dataset_id": one, "since": since, "until": until} for one, since, until in before]
    for start in range(0, len(rows), 1000):
        op.bulk_insert(membership, rows[start : start + 1000])

    node_use = op.create_table(
        "node_use",
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("uri_key", sa.String(length=40), nullable=False),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    with op.batch_alter_table("node_use", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_node_use_uri_key"), ["uri_key"], unique=False)
    uses: Counter[str] = Counter()
    for (nodes,) in connection.execute(sa.text("SELECT nodes FROM dataset")):
        uses.update(json.loads(nodes))
    uris = connection.execute(sa.text("SELECT DISTINCT key, uri FROM node")).all()
    counted = [
        {"key": key, "uri_key": hashlib.sha256(uri.encode()).hexdigest()[:40], "uses": uses[key]}
        for key, uri in uris
        if uses[key]
    ]
    for start in range(0, len(counted), 1000):
        op.bulk_insert(node_use, counted[start : start + 1000])

    op.create_table(
        "subject",
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("dataset_id", sa.String(length=36), nullable=False),
        sa.Column("main", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["dataset_id"], ["dataset.id"]),
        sa.PrimaryKeyConstraint("key"),
    )
    with op.batch_alter_table("subject", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_subject_dataset_id"), ["dataset_id"], unique=False)
    op.create_table(
        "dataset_link",
        sa.Column("dataset_id", sa.String(length=36), nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("resolved", sa.Boolean(), nullable=False),
        sa.Column("due", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["dataset_id"], ["dataset.id"]),
        sa.PrimaryKeyConstraint("dataset_id", "key"),
    )
    with op.batch_alter_table("dataset_link", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_dataset_link_key"), ["key"], unique=False)
        batch_op.create_index(batch_op.f("ix_dataset_link_due"), ["due"], unique=False)


def downgrade() -> None:
    raise NotImplementedError("restore the backup made before the upgrade")
