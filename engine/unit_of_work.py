"""One transaction. Leaving the block without ``commit()`` rolls back: forgetting is safe.

Here the database is opened, with what makes it trustworthy: SQLite in WAL with ``synchronous=FULL``,
each writing transaction ``BEGIN IMMEDIATE``, so that two writers queue and never die half-way.
"""

from __future__ import annotations

from types import TracebackType
from typing import Any, Self

import orjson
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import IntegrityError
from sqlalchemy.pool import ConnectionPoolEntry

# The library's types that a command may name; its statements stay in ``engine.store``.
__all__ = ["Connection", "Engine", "IntegrityError", "UnitOfWork", "open_database"]

BUSY_SECONDS = 30


def open_database(url: str) -> Engine:
    """Open the database at ``url`` (SQLite or PostgreSQL) for any number of threads."""
    json: dict[str, Any] = {
        "json_serializer": lambda value: orjson.dumps(value).decode(),
        "json_deserializer": orjson.loads,
    }
    if not url.startswith("sqlite"):
        return create_engine(url, pool_pre_ping=True, pool_size=10, **json)
    engine = create_engine(
        url, connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False}, **json
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare_sqlite(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # the begin event says BEGIN
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "secure_delete=ON",
        f"busy_timeout={BUSY_SECONDS * 1000}",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Connection) -> None:
    writing = connection.get_execution_options().get("gk_writing", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


class UnitOfWork:
    """A transaction on one connection.

    ``with UnitOfWork(engine, writing=True) as uow: ...; uow.commit()``
    """

    connection: Connection

    def __init__(self, engine: Engine, *, writing: bool) -> None:
        self._engine, self._writing = engine, writing

    def __enter__(self) -> Self:
        options: dict[str, Any] = {"gk_writing": self._writing}
        self.connection = self._engine.connect().execution_options(**options)
        self._transaction = self.connection.begin()
        return self

    def commit(self) -> None:
        """Make all of it durable at once."""
        self._transaction.commit()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._transaction.is_active:
            self._transaction.rollback()
        self.connection.close()
