"""the public datasets in the order of their names"""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("dataset", schema=None) as batch_op:
        batch_op.create_index("dataset_named", ["state", "name"], unique=False)


def downgrade() -> None:
    raise NotImplementedError("restore the backup made before the upgrade")
