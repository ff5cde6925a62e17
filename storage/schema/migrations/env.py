"""Alembic's entry point. `storage.schema.migration` passes in the connection, with a transaction already begun."""

from alembic import context

from storage.schema.tables import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    # SQLite changes a column only by copying its table.
    render_as_batch=True,
    # SQLite can undo a CREATE TABLE, though its driver's usual mode cannot: a killed migration leaves nothing.
    transactional_ddl=True,
)
context.run_migrations()
