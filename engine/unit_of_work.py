"""One transaction. Leaving the block without ``commit()`` rolls back: forgetting is safe.

Here the database is opened, with what makes it trustworthy: SQLite in WAL with ``synchronous=FULL``,
each writing transaction ``BEGIN IMMEDIATE``, so that two writers queue and never die half-way.
PostgreSQL is given the same order by a lock that each writing transaction takes first: whoever writes
leaves a row in the one audit trail anyway, and rows locked in another order could not deadlock.
"""

from __future__ import annotations

import select
from types import TracebackType
from typing import Any, Self

import orjson
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DisconnectionError, IntegrityError
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from engine.store.prepared import to_driver

# The library's types that a command may name; its statements stay in ``engine.store``.
__all__ = ["Connection", "Engine", "IntegrityError", "UnitOfWork", "open_database"]

BUSY_SECONDS = 30
WRITERS = 7_211_019  # names the advisory lock of PostgreSQL
_QUEUE = f"BEGIN; SELECT pg_advisory_xact_lock({WRITERS})"
_LOOK = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"  # one moment, as SQLite shows it


def open_database(url: str) -> Engine:
    """Open the database at ``url`` (SQLite or PostgreSQL) for any number of threads."""
    json: dict[str, Any] = {
        "json_serializer": lambda value: orjson.dumps(value).decode(),
        "json_deserializer": orjson.loads,
    }
    if not url.startswith("sqlite"):
        engine = create_engine(url, pool_size=10, **json)
        event.listen(engine, "connect", _prepare_postgresql)
        event.listen(engine, "checkout", _refuse_closed)
        event.listen(engine, "begin", _begin_postgresql)
        return engine
    engine = create_engine(
        url, connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False}, **json
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
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


def _begin_sqlite(connection: Connection) -> None:
    to_driver(connection, "BEGIN IMMEDIATE" if _is_writing(connection) else "BEGIN")


def _prepare_postgresql(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    connection.autocommit = True  # the begin event says BEGIN: the driver's own costs a round trip


def _refuse_closed(
    connection: DBAPIConnection, _: ConnectionPoolEntry, __: PoolProxiedConnection
) -> None:
    """Have a connection replaced that the server closed while it rested: then there is an end to be read.

    Asking the server (``pool_pre_ping``) would cost a round trip each time.
    """
    waiting = select.poll()
    waiting.register(connection.fileno(), select.POLLIN)
    if waiting.poll(0):
        raise DisconnectionError("the server has closed this connection")


def _begin_postgresql(connection: Connection) -> None:
    to_driver(connection, _QUEUE if _is_writing(connection) else _LOOK)


def _is_writing(connection: Connection) -> bool:
    return bool(connection.get_execution_options().get("gk_writing", False))


class UnitOfWork:
    """A transaction on one connection.

    ``with UnitOfWork(engine, writing=True) as uow: ...; uow.commit()``
    """

    connection: Connection

    def __init__(self, engine: Engine, *, writing: bool) -> None:
        self._engine, self._writing = engine, writing

    def __enter__(self) -> Self:
        self.connection = self._engine.connect()
        if self._writing:
            self.connection = self.connection.execution_options(gk_writing=True)
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
        if kind is None and not self._writing:
            # There is nothing to roll back, and the driver forgets prepared statements at each ROLLBACK.
            self._transaction.commit()
        self.connection.close()  # rolls back what was not committed
