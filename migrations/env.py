"""Alembic's entry: runs on the connection it is handed, or on the database of the settings."""

from alembic import context
from sqlalchemy import Connection

from taskmanager.kit.migrate import comparison, connect_for_migration
from taskmanager.kit.settings import Settings
from taskmanager.tables import metadata


def run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        render_as_batch=connection.dialect.name == "sqlite",
        user_module_prefix="columns.",
        # One transaction for all steps: the caller's.
        transactional_ddl=False,
        **comparison(connection, metadata),
    )
    context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    connect_for_migration(Settings(), run)
