"""The database: connections that survive its restarts, and what to say when it is away."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import Session

# Any number that no other program locks in this database.
MIGRATION_LOCK = 7_265_733_001
# What libpq says -> what a person can act on. The first match counts; waiting mends nothing of the first list.
REFUSALS = {
    "password authentication failed": "refuses the user name or the password",
    "no pg_hba.conf entry": "refuses this connection (user, host or TLS setting)",
    "does not exist": "does not know the database or the user of the URL",
    "certificate": "shows a certificate that cannot be verified",
    "does not support SSL": "does not offer TLS",
    # What PgBouncer says of the same.
    "no such user": "refuses the user name or the password",
    "SASL authentication failed": "refuses the user name or the password",
    "SSL required": "refuses this connection (user, host or TLS setting)",
}
CAUSES = REFUSALS | {
    "resolve": "cannot be found: its host name does not resolve",
    "not known": "cannot be found: its host name does not resolve",
    "Connection refused": "refuses connections at its host and port",
    "starting up": "is starting",
    "shutting down": "is shutting down",
    "server login has been failing": "cannot be reached by its pooler",
    "query_wait_timeout": "does not answer its pooler in time",
    "no more connections allowed": "has no free connection",
    "too many": "has no free connection",
    "timeout": "does not answer in time",
}


class Reading(Session):
    """A session without a transaction: a statement whose connection was closed is sent again, once, on another one.

    A pooler that is replaced closes its clients' connections between two statements.
    """

    def scalar(self, *arguments: Any, **options: Any) -> Any:
        return self._twice(super().scalar, *arguments, **options)

    def scalars(self, *arguments: Any, **options: Any) -> Any:
        return self._twice(super().scalars, *arguments, **options)

    def _twice(self, read: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        try:
            return read(*arguments, **options)
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise
            self.rollback()  # gives the closed connection back
            return read(*arguments, **options)


class Database:
    """An engine over ``parameters`` (libpq); connecting is tried again for ``patience`` seconds, a cold start's length.

    At most ``pool_size`` connections. Statements are prepared by the protocol's own messages, which a pooler in
    transaction mode follows (Neon's; PgBouncer from 1.22 on); ``prepare=False`` is for one that does not.
    """

    def __init__(
        self, parameters: dict[str, str], patience: float = 8.0, pool_size: int = 5, *, prepare: bool = True
    ) -> None:
        self._conninfo = make_conninfo(**parameters)
        self._patience = patience
        self._prepare_threshold = 5 if prepare else None
        self._connect_error: psycopg.Error | None = None
        self.engine: AsyncEngine = create_async_engine(
            "postgresql+psycopg://",
            async_creator=self._connect,
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=10,
            pool_recycle=300,
            pool_pre_ping=True,
            hide_parameters=True,
            use_native_hstore=False,
        )
        self.sessions = async_sessionmaker(self.engine, class_=AsyncSession, expire_on_commit=False)
        # Each statement for itself: BEGIN and ROLLBACK would be two more round trips of every read.
        self.reading = async_sessionmaker(
            self.engine.execution_options(isolation_level="AUTOCOMMIT"),
            class_=AsyncSession,
            sync_session_class=Reading,
            expire_on_commit=False,
        )

    async def _connect(self) -> psycopg.AsyncConnection[Any]:
        deadline = time.monotonic() + self._patience
        pause = 0.1
        while True:
            try:
                connection = await psycopg.AsyncConnection.connect(
                    self._conninfo, prepare_threshold=self._prepare_threshold
                )
            except psycopg.OperationalError as error:
                self._connect_error = error
                refused = any(sign in str(error) for sign in REFUSALS)
                if refused or time.monotonic() + pause > deadline:
                    raise
                await asyncio.sleep(pause)
                pause = min(2 * pause, 2.0)
            else:
                self._connect_error = None
                return connection

    async def trouble(self, seconds: float = 2.0) -> str | None:
        """Why the database does not answer within ``seconds``; None when it does."""
        try:
            async with asyncio.timeout(seconds), self.engine.connect() as connection:
                await connection.execute(text("SELECT 1"))
        except TimeoutError:
            return cause(self._connect_error)
        except SQLAlchemyError as error:
            return cause(error)
        return None


def cause(error: Exception | None) -> str:
    """A clause that starts with "database" and holds nothing of the URL; without an error: it was slow."""
    message = "timeout" if error is None else str(error)
    for sign, words in CAUSES.items():
        if sign in message:
            return f"database {words}"
    return "database cannot be reached"


def is_outage(error: Exception) -> bool:
    """Whether the database is away or overloaded, rather than asked something wrong."""
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or isinstance(error.orig, psycopg.OperationalError)
    return isinstance(error, PoolTimeout)
