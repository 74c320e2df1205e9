"""Alembic's way in: it is always called with a connection, by `core.database.migrate`."""

from alembic import context

from core.database.tables import Table

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Table.metadata,
    render_as_batch=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
