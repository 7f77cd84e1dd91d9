"""What reaches the database: statements and commits, counted at the driver."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field
from typing import Any

import psycopg
from sqlalchemy import Engine, event


@dataclass
class Counted:
    """Statements by their text, the one that begins a transaction left out; commits of writing transactions.

    Many rows in one call are one statement. The end of a transaction that only reads is no commit: it
    makes nothing durable. ``tape`` has all that
    SQLite ran, in order, with its parameters: BEGIN and COMMIT too.
    """

    statements: list[str] = field(default_factory=list)
    commits: int = 0
    tape: list[tuple[str, Any]] = field(default_factory=list)
    _writing: bool = False

    def clear(self) -> None:
        """Begin to count anew."""
        self.statements.clear()
        self.tape.clear()
        self.commits = 0

    def ran(self, statement: object, given: Any = ()) -> None:
        """Take note of a statement; ``BEGIN`` says what its transaction is for."""
        words = str(statement).strip()
        self.tape.append((words, given))
        if words.startswith("BEGIN"):
            self._writing = words == "BEGIN IMMEDIATE"
        elif words.startswith("SELECT pg_advisory_xact_lock"):
            self._writing = True
        elif words == "COMMIT":
            self.committed()
        else:
            self.statements.append(words)

    def committed(self) -> None:
        """Take note of a commit."""
        self.commits += self._writing


def counting(engine: Engine) -> Counted:
    """Count what ``engine`` does from now on, on connections of its own."""
    counted = Counted()
    if engine.dialect.name == "sqlite":
        _count_sqlite(engine, counted)
    else:
        _count_postgresql(engine, counted)
    engine.dispose()  # what is connected already would not be counted
    with engine.connect():
        pass
    counted.clear()  # connecting is not what anybody asks about
    return counted


def _count_sqlite(engine: Engine, counted: Counted) -> None:
    class Cursor(sqlite3.Cursor):
        def execute(self, sql: str, *given: Any) -> sqlite3.Cursor:
            counted.ran(sql, *given)
            return super().execute(sql, *given)

        def executemany(self, sql: str, *given: Any) -> sqlite3.Cursor:
            counted.ran(sql)
            return super().executemany(sql, *given)

    class Connection(sqlite3.Connection):
        def cursor(self, *_: Any) -> sqlite3.Cursor:
            return super().cursor(Cursor)

    def connect(_: Any, __: Any, ___: Any, options: dict[str, Any]) -> None:
        options["factory"] = Connection

    event.listen(engine, "do_connect", connect)


def _count_postgresql(engine: Engine, counted: Counted) -> None:
    class Cursor(psycopg.Cursor[Any]):
        def execute(self, query: Any, *given: Any, **options: Any) -> Any:
            counted.ran(query)
            return super().execute(query, *given, **options)

        def executemany(self, query: Any, *given: Any, **options: Any) -> None:
            counted.ran(query)
            super().executemany(query, *given, **options)

    def connected(connection: Any, _: Any) -> None:
        connection.cursor_factory = Cursor

    event.listen(engine, "connect", connected)
