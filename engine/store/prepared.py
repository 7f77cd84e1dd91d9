"""Statements compiled once a dialect and handed to the driver as text: for the few that every step runs.

The library builds, caches and adapts a statement anew at each call, which costs ten times what SQLite needs
to run it. Types still convert their values, each by the processor of its own; errors are the library's own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Delete, Dialect, Insert, Select, Table, Update, insert
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.exc import DBAPIError

Convert = Callable[[Any], Any] | None


@dataclass(frozen=True)
class _Compiled:
    """Text, parameters in the order of the text with their converters, constants of the statement by name.

    ``named``: the driver wants a mapping.
    """

    text: str
    parameters: Sequence[tuple[str, Convert]]
    constants: Mapping[str, Any]
    named: bool


class Prepared:
    """An INSERT, UPDATE or DELETE whose parameters are named by ``bindparam`` or by the table's columns."""

    def __init__(
        self, statement: Insert | Update | Delete, columns: Sequence[str] | None = None
    ) -> None:
        self._statement, self._columns = statement, columns
        self._by_dialect: dict[str, _Compiled] = {}

    @classmethod
    def insert(cls, table: Table, *, without: Sequence[str] = ()) -> Prepared:
        """Return the INSERT of whole rows; columns ``without`` are left to the database."""
        names = [column.name for column in table.c if column.name not in without]
        return cls(insert(table), names)

    def __call__(
        self, connection: Connection, values: Mapping[str, Any] | Sequence[Mapping[str, Any]]
    ) -> DBAPICursor:
        """Run it with one mapping, or with many in one call; the cursor has what it returns, unconverted."""
        compiled = self._compiled(connection.dialect)
        if isinstance(values, Mapping):
            return to_driver(connection, compiled.text, _given(compiled, values))
        rows = [_given(compiled, row) for row in values]
        if len(rows) == 1:
            return to_driver(connection, compiled.text, rows[0])
        return to_driver(connection, compiled.text, rows, many=True)

    def _compiled(self, dialect: Dialect) -> _Compiled:
        found = self._by_dialect.get(dialect.name)
        if found is None:
            found = self._by_dialect[dialect.name] = _compile(
                self._statement, dialect, self._columns
            )
        return found


class PreparedRead:
    """A SELECT whose parameters are named by ``bindparam``; rows are mappings by the names of its columns."""

    def __init__(self, statement: Select[Any]) -> None:
        self._statement = statement
        self._by_dialect: dict[str, tuple[_Compiled, Sequence[tuple[str, Convert]]]] = {}

    def first(self, connection: Connection, values: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return the first row, None where there is none."""
        compiled, columns = self._compiled(connection.dialect)
        cursor = to_driver(connection, compiled.text, _given(compiled, values))
        row = cursor.fetchone()
        cursor.close()
        if row is None:
            return None
        return {
            name: value if convert is None else convert(value)
            for (name, convert), value in zip(columns, row, strict=True)
        }

    def _compiled(self, dialect: Dialect) -> tuple[_Compiled, Sequence[tuple[str, Convert]]]:
        found = self._by_dialect.get(dialect.name)
        if found is None:
            columns = [
                (
                    column.key or "",
                    column.type.dialect_impl(dialect).result_processor(dialect, None),
                )
                for column in self._statement.selected_columns
            ]
            found = (_compile(self._statement, dialect, None), columns)
            self._by_dialect[dialect.name] = found
        return found


def to_driver(
    connection: Connection, statement: str, given: Any = (), *, many: bool = False
) -> DBAPICursor:
    """Run a text in the transaction that the connection is in; ``many``: once for each of ``given``."""
    cursor = connection.connection.cursor()
    driver = connection.dialect.loaded_dbapi
    try:
        if many:
            cursor.executemany(statement, given)
        else:
            cursor.execute(statement, given)
    except driver.Error as error:
        raise DBAPIError.instance(statement, given, error, driver.Error) from error
    return cursor


def _compile(
    statement: Insert | Update | Delete | Select[Any],
    dialect: Dialect,
    columns: Sequence[str] | None,
) -> _Compiled:
    made: Any = statement.compile(dialect=dialect, column_keys=columns)
    order = made.positiontup if made.positional else list(made.binds)
    return _Compiled(
        str(made),
        [
            (name, made.binds[name].type.dialect_impl(dialect).bind_processor(dialect))
            for name in order or ()
        ],
        {name: bind.value for name, bind in made.binds.items() if not bind.required},
        named=not made.positional,
    )


def _given(compiled: _Compiled, values: Mapping[str, Any]) -> Any:
    constants = compiled.constants
    given = []
    for name, convert in compiled.parameters:
        value = values[name] if name in values else constants[name]
        given.append(value if convert is None else convert(value))
    if compiled.named:
        return dict(zip([name for name, _ in compiled.parameters], given, strict=True))
    return tuple(given)
