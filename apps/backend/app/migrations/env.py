"""What Alembic runs: one transaction over a direct connection, one run at a time."""

from __future__ import annotations

import asyncio
import logging

from alembic import context
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from app import logs
from app.database import MIGRATION_LOCK, Database, cause, is_outage
from app.models import Base
from app.settings import DatabaseSettings, SettingsError, load

PATIENCE = 60.0  # seconds for a database that starts together with the migration

log = logging.getLogger("app.migrations")


def migrate(connection: Connection) -> None:
    """Run the migrations that are missing; a second run that started meanwhile waits, then finds nothing to do."""
    context.configure(connection=connection, target_metadata=Base.metadata)
    with context.begin_transaction():
        # A lock of the transaction, not of the session: it also holds behind a pooler.
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MIGRATION_LOCK})
        context.run_migrations()


async def main() -> None:
    """Connect and migrate."""
    settings = load(DatabaseSettings)
    logs.configure(settings.log_level)
    database = Database(settings.migration_database(), patience=PATIENCE, pool_size=1, prepare=False)
    try:
        async with database.engine.connect() as connection:
            await connection.run_sync(migrate)
    finally:
        await database.engine.dispose()


try:
    asyncio.run(main())
except SettingsError as error:
    logs.configure()
    for problem in error.problems:
        log.critical(problem)
    raise SystemExit(1) from None
except DBAPIError as error:
    if not is_outage(error):
        raise
    log.critical("The migration did not run: the %s.", cause(error))
    raise SystemExit(1) from None
