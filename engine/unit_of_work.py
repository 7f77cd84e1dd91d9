"""One transaction. Leaving the block without ``commit()`` rolls back: forgetting is safe.

Here the database is opened, with what makes it trustworthy: SQLite in WAL with ``synchronous=FULL``,
each writing transaction ``BEGIN IMMEDIATE``, so that two writers queue and never die half-way.
PostgreSQL is given the same order by a lock that each writing transaction takes first: whoever writes
leaves a row in the one audit trail anyway, and rows locked in another order could not deadlock. There a
writing transaction sends its prepared statements ahead (libpq's pipeline mode) and waits when something is
read and at the commit: a step is three trips to the server, however many rows it writes.

BEGIN and COMMIT are said here, and connections rest here between transactions: the library's own bookkeeping of
both costs a step as much as five statements of SQLite. After an error a connection goes back to the library,
which cleans or replaces it.
"""

from __future__ import annotations

import re
import select
import sqlite3
from contextlib import ExitStack, suppress
from types import TracebackType
from typing import Any, Self
from weakref import WeakKeyDictionary

import orjson
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError as DatabaseError
from sqlalchemy.exc import DisconnectionError, IntegrityError
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from engine.store.prepared import driver_of, json_text, librarys, to_driver

# The library's types that a command may name; its statements stay in ``engine.store``.
__all__ = [
    "Connection",
    "DatabaseError",
    "Engine",
    "IntegrityError",
    "UnitOfWork",
    "damaged_part",
    "glance",
    "open_database",
    "truncate_log",
]

BUSY_SECONDS = 30
# A process that was stopped, or cut off, in the middle of a step holds up everybody who writes: the server ends its
# session after this, before those who wait give up, and what it commits late fails.
PAUSED_SECONDS = 20
WRITERS = 7_211_019  # names the advisory lock of PostgreSQL
# How a transaction begins, by dialect: to write, in the queue of the writers; to read, one moment.
_TO_WRITE = {
    "sqlite": ["BEGIN IMMEDIATE"],
    "postgresql": ["BEGIN", f"SELECT pg_advisory_xact_lock({WRITERS})"],
}
_TO_READ = {
    "sqlite": ["BEGIN"],
    "postgresql": ["BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"],
}
_AHEAD = "gk_ahead"  # where a connection keeps the pipeline that it is in
RESTING = 10  # so many connections are kept; more are closed after use
# Connections that nobody uses just now, clean and outside any transaction.
_resting: WeakKeyDictionary[Engine, list[Connection]] = WeakKeyDictionary()


def open_database(url: str) -> Engine:
    """Open the database at ``url`` (SQLite or PostgreSQL) for any number of threads."""
    common: dict[str, Any] = {
        "json_serializer": json_text,
        "json_deserializer": orjson.loads,
        "hide_parameters": True,  # what people typed does not belong into the log
        # A step looks things up beside the connection it holds: were there a limit, steps could all wait for a
        # second one that none gives back. The server's threads are limit enough.
        "max_overflow": -1,
    }
    if url.startswith("sqlite"):
        sqlite = {"timeout": BUSY_SECONDS, "check_same_thread": False}
        engine = create_engine(url, connect_args=sqlite, **common)
        event.listen(engine, "connect", _prepare_sqlite)
        # Else the driver looks through its protocols at each None, which takes as long as to store the row.
        sqlite3.register_adapter(type(None), lambda none: none)
    else:
        engine = create_engine(url, **common)
        event.listen(engine, "connect", _prepare_postgresql)
        event.listen(engine, "checkout", _refuse_closed)
        event.listen(engine, "after_cursor_execute", _await_answer)
    _resting[engine] = []
    event.listen(engine, "engine_disposed", _close_resting)
    return engine


def _prepare_sqlite(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # the unit of work says BEGIN
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


def _prepare_postgresql(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    connection.autocommit = True  # the unit of work says BEGIN: the driver's own costs a round trip
    cursor = connection.cursor()
    for name, seconds in (
        ("idle_in_transaction_session_timeout", PAUSED_SECONDS * 1000),
        ("lock_timeout", BUSY_SECONDS * 1000),
        ("tcp_keepalives_idle", PAUSED_SECONDS),
        ("tcp_keepalives_interval", 5),
        ("tcp_keepalives_count", 3),
    ):
        cursor.execute(f"SET {name} = {seconds}")
    cursor.close()


def _refuse_closed(
    connection: DBAPIConnection, _: ConnectionPoolEntry, __: PoolProxiedConnection
) -> None:
    """Have a connection replaced that the server closed while it rested."""
    if _was_closed(connection):
        raise DisconnectionError("the server has closed this connection")


def _was_closed(connection: DBAPIConnection) -> bool:
    """Say whether a server has closed a connection that rested: then there is an end to be read.

    Asking the server (``pool_pre_ping``) would cost a round trip each time.
    """
    waiting = select.poll()
    waiting.register(connection.fileno(), select.POLLIN)
    return bool(waiting.poll(0))


def _await_answer(connection: Connection, *_: object) -> None:
    """The library reads the answer of each of its statements at once: have it come, and all before it."""
    if ahead := connection.info.get(_AHEAD):
        ahead.sync()


def _taken(engine: Engine) -> Connection:
    """Return a connection that rested, else a new one."""
    resting = _resting[engine]
    while True:
        try:
            connection = resting.pop()
        except IndexError:
            return engine.connect()
        if engine.dialect.name == "sqlite" or not _was_closed(driver_of(connection)):
            return connection
        _close(connection)


def _given_back(engine: Engine, connection: Connection, *, clean: bool) -> None:
    """Let a connection rest; one that is not ``clean`` goes back to the library, which rolls back or replaces it."""
    resting = _resting[engine]
    if not clean or len(resting) >= RESTING:
        connection.close()
        return
    if connection.in_transaction():  # as the library counts: it has run a statement of its own
        connection.rollback()
    resting.append(connection)


def _close_resting(engine: Engine) -> None:
    """Close what rests: the database is being closed, and its file may be moved."""
    resting = _resting[engine]
    while resting:
        _close(resting.pop())


def _close(connection: Connection) -> None:
    connection.detach()
    connection.close()


class Glance:
    """A connection outside any transaction, for as long as a block lasts; see ``glance``."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def __enter__(self) -> Connection:
        self._connection = _taken(self._engine)
        return self._connection

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        _given_back(self._engine, self._connection, clean=kind is None)


def glance(engine: Engine) -> Glance:
    """Return a connection outside any transaction: each statement on it sees what was committed last.

    Enough to read what the writing transaction looks at again, and cheaper than a transaction by as much as
    the reading itself costs.
    """
    return Glance(engine)


def damaged_part(connection: Connection) -> str:
    """Return what of a SQLite file is damaged, "" where its structure holds. Reads the whole file.

    What a page holds is not checked against anything, only how the pages hang together; the audit trail has its
    own hashes.
    """
    try:
        found = str(connection.exec_driver_sql("PRAGMA quick_check(1)").scalar())
        if found == "ok":
            return ""
        names = connection.exec_driver_sql("SELECT rootpage, name FROM sqlite_master").all()
    except DatabaseError as error:
        return str(error.orig)
    tree = re.search(r"Tree (\d+)", found)
    name = {str(row[0]): str(row[1]) for row in names}.get(tree[1]) if tree else None
    told = found.removeprefix("*** in database main ***").strip().splitlines()[0]
    return f"{name}: {told}" if name else told


def truncate_log(engine: Engine) -> bool:
    """Empty SQLite's log of writes, where overwritten values stand until then; False where a reader holds it up.

    The pages themselves are cleared by ``secure_delete``. PostgreSQL clears its own when its keeper says VACUUM.
    """
    if engine.dialect.name != "sqlite":
        return True
    with engine.connect() as connection:
        return not connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").scalar()


class UnitOfWork:
    """A transaction on one connection.

    ``with UnitOfWork(engine, writing=True) as uow: ...; uow.commit()``
    """

    connection: Connection

    def __init__(self, engine: Engine, *, writing: bool) -> None:
        self._engine, self._writing = engine, writing
        self._open = False
        self._pipeline: ExitStack | None = None

    def __enter__(self) -> Self:
        self.connection = _taken(self._engine)
        try:
            dialect = self._engine.dialect.name
            if self._writing and dialect == "postgresql":
                self._pipeline = ExitStack()
                pipeline = driver_of(self.connection).pipeline()
                self.connection.info[_AHEAD] = self._pipeline.enter_context(pipeline)
            self._open = True
            for statement in (_TO_WRITE if self._writing else _TO_READ)[dialect]:
                to_driver(self.connection, statement)
        except BaseException:
            self._leave(clean=False)
            raise
        return self

    def commit(self) -> None:
        """Make all of it durable at once."""
        to_driver(self.connection, "COMMIT")  # not reached where something before it failed
        if self._pipeline is not None:
            try:
                self.connection.info[_AHEAD].sync()
            except self._engine.dialect.loaded_dbapi.Error as error:
                raise librarys(self.connection, error, "COMMIT") from error
        self._open = False

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None and not self._writing:
            # There is nothing to roll back, and the driver forgets prepared statements at each ROLLBACK.
            to_driver(self.connection, "COMMIT")
            self._open = False
        self._leave(clean=kind is None)

    def _leave(self, *, clean: bool) -> None:
        """Roll back what was not committed, and give the connection back."""
        if self._pipeline is not None:
            self.connection.info.pop(_AHEAD, None)
            with suppress(self._engine.dialect.loaded_dbapi.Error):  # it was told where it came up
                self._pipeline.close()
        if self._open and clean:  # nobody has said ``commit``
            driver_of(self.connection).rollback()
        _given_back(self._engine, self.connection, clean=clean)
