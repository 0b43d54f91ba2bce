"""Runs the migrations on the connection catalog/schema.py hands over."""

from alembic import context

from catalog import models, models_accounts, models_desk  # noqa: F401 - the models register themselves
from catalog.db import Base

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    render_as_batch=True,
    user_module_prefix="",
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
