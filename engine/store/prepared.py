"""Statements compiled once a dialect and handed to the driver as text: for the few that every step runs.

The library builds, caches and adapts a statement anew at each call, which costs ten times what SQLite needs
to run it. Types still convert their values: JSON and instants on SQLite, of which a step has thirty, by a function
each, the rest by the library's processors. Errors are the library's own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import orjson
from sqlalchemy import JSON, Connection, Delete, Dialect, Insert, Select, Table, Update, insert
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.exc import DBAPIError

from engine.tables import Instant

Convert = Callable[[Any], Any]


@dataclass(frozen=True)
class _Compiled:
    """Text, names of its parameters in order, constants of the statement by name; converters by place.

    ``given`` converts parameters, ``read`` the columns of a row. ``named``: the driver wants a mapping.
    """

    text: str
    parameters: Sequence[str]
    constants: Mapping[str, Any]
    given: Sequence[tuple[int, Convert]]
    named: bool
    read: Sequence[tuple[int, Convert]]

    def fill(self, values: Mapping[str, Any]) -> Any:
        """Return the parameters for the driver."""
        known = {**self.constants, **values} if self.constants else values
        given = [known[name] for name in self.parameters]
        for place, convert in self.given:
            given[place] = convert(given[place])
        return dict(zip(self.parameters, given, strict=True)) if self.named else given


class _Prepared:
    """A statement that is compiled when a dialect meets it first."""

    def __init__(
        self,
        statement: Insert | Update | Delete | Select[Any],
        columns: Sequence[str] | None = None,
    ) -> None:
        self._statement, self._columns = statement, columns
        self._by_dialect: dict[str, _Compiled] = {}

    def _compiled(self, connection: Connection) -> _Compiled:
        dialect = connection.dialect
        found = self._by_dialect.get(dialect.name)
        if found is None:
            found = _compile(self._statement, dialect, self._columns)
            self._by_dialect[dialect.name] = found
        return found


class Prepared(_Prepared):
    """An INSERT, UPDATE or DELETE whose parameters are named by ``bindparam`` or by the table's columns."""

    @classmethod
    def insert(cls, table: Table, *, without: Sequence[str] = ()) -> Prepared:
        """Return the INSERT of whole rows; columns ``without`` are left to the database."""
        names = [column.name for column in table.c if column.name not in without]
        return cls(insert(table), names)

    def __call__(
        self, connection: Connection, values: Mapping[str, Any] | Sequence[Mapping[str, Any]]
    ) -> DBAPICursor:
        """Run it with one mapping, or with many in one call.

        Returns:
            The cursor; its ``rowcount`` holds once something sent later was read (``unit_of_work``).
        """
        compiled = self._compiled(connection)
        if isinstance(values, Mapping):
            return to_driver(connection, compiled.text, compiled.fill(values))
        if len(values) == 1:
            return to_driver(connection, compiled.text, compiled.fill(values[0]))
        rows = [compiled.fill(row) for row in values]
        return to_driver(connection, compiled.text, rows, many=True)

    def returning(self, connection: Connection, values: Mapping[str, Any]) -> Sequence[Any] | None:
        """Run it and return the first row of what it returns, unconverted; None where there is none."""
        return _first(connection, self._compiled(connection), values)


class PreparedRead(_Prepared):
    """A SELECT whose parameters are named by ``bindparam``."""

    def first(self, connection: Connection, values: Mapping[str, Any]) -> list[Any] | None:
        """Return the first row, a value a column in their order; None where there is no row."""
        compiled = self._compiled(connection)
        found = _first(connection, compiled, values)
        if found is None:
            return None
        row = list(found)
        for place, convert in compiled.read:
            row[place] = convert(row[place])
        return row


def driver_of(connection: Connection) -> Any:
    """Return the driver's own connection."""
    return connection.connection.dbapi_connection


def to_driver(
    connection: Connection, statement: str, given: Any = (), *, many: bool = False
) -> DBAPICursor:
    """Run a text in the transaction that the connection is in; ``many``: once for each of ``given``."""
    cursor: DBAPICursor = driver_of(connection).cursor()
    try:
        if many:
            cursor.executemany(statement, given)
        else:
            cursor.execute(statement, given)
    except connection.dialect.loaded_dbapi.Error as error:
        raise librarys(connection, error, statement, given) from error
    return cursor


def librarys(
    connection: Connection, error: Exception, statement: str, given: Any = ()
) -> Exception:
    """Return an error of the driver as the library's own."""
    return DBAPIError.instance(statement, given, error, connection.dialect.loaded_dbapi.Error)


def _first(
    connection: Connection, compiled: _Compiled, values: Mapping[str, Any]
) -> Sequence[Any] | None:
    cursor = to_driver(connection, compiled.text, compiled.fill(values))
    try:
        found: Sequence[Any] | None = cursor.fetchone()
    except connection.dialect.loaded_dbapi.Error as error:
        raise librarys(connection, error, compiled.text) from error
    cursor.close()
    return found


def _compile(
    statement: Insert | Update | Delete | Select[Any],
    dialect: Dialect,
    columns: Sequence[str] | None,
) -> _Compiled:
    made: Any = statement.compile(dialect=dialect, column_keys=columns)
    names = list((made.positiontup if made.positional else made.binds) or ())
    read = statement.selected_columns if isinstance(statement, Select) else ()
    return _Compiled(
        str(made),
        names,
        {name: bind.value for name, bind in made.binds.items() if not bind.required},
        _present(_giving(made.binds[name].type, dialect) for name in names),
        not made.positional,
        _present(_reading(column.type, dialect) for column in read),
    )


def _giving(kind: Any, dialect: Dialect) -> Convert | None:
    """Return what turns a parameter of a type into what the driver takes."""
    if dialect.name == "sqlite" and type(kind) in _ON_SQLITE:
        return _ON_SQLITE[type(kind)][0]
    processor: Convert | None = kind.dialect_impl(dialect).bind_processor(dialect)
    return processor


def _reading(kind: Any, dialect: Dialect) -> Convert | None:
    """Return what turns what the driver read into a value of a type."""
    if dialect.name == "sqlite" and type(kind) in _ON_SQLITE:
        return _ON_SQLITE[type(kind)][1]
    processor: Convert | None = kind.dialect_impl(dialect).result_processor(dialect, None)
    return processor


def json_text(value: object) -> str:
    """Return a value as a column of JSON holds it."""
    return orjson.dumps(value).decode()


@lru_cache(maxsize=64)  # a step writes its moment into every row
def _instant_text(value: datetime | None) -> str | None:
    if value is None:
        return None
    if value.tzinfo is None:
        raise ValueError("an instant needs a zone")
    return value.astimezone(UTC).isoformat(" ", "microseconds")[:26]


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(f"{text}+00:00")


def _json(text: str | None) -> Any:
    return None if text is None else orjson.loads(text)


_ON_SQLITE: Mapping[type, tuple[Convert, Convert]] = {
    JSON: (json_text, _json),
    Instant: (_instant_text, _instant),
}


def _present(converters: Iterable[Convert | None]) -> list[tuple[int, Convert]]:
    """Return the converters that there are, each with its place."""
    return [(place, convert) for place, convert in enumerate(converters) if convert is not None]
