"""Statements compiled once a dialect and handed to the driver as text: for the few that every step runs.

The library builds, caches and adapts a statement anew at each call, which costs ten times what SQLite needs
to run it. Types still convert their values: each parameter goes through its own bind processor.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, CursorResult, Dialect, Insert, Table, Update, insert

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
    """An INSERT or UPDATE whose parameters are named by ``bindparam`` or by the table's columns."""

    def __init__(self, statement: Insert | Update, columns: Sequence[str] | None = None) -> None:
        self._statement, self._columns = statement, columns
        self._by_dialect: dict[str, _Compiled] = {}

    @classmethod
    def insert(cls, table: Table, *, without: Sequence[str] = ()) -> Prepared:
        """Return the INSERT of whole rows; columns ``without`` are left to the database."""
        names = [column.name for column in table.c if column.name not in without]
        return cls(insert(table), names)

    def __call__(
        self, connection: Connection, values: Mapping[str, Any] | Sequence[Mapping[str, Any]]
    ) -> CursorResult[Any]:
        """Run it with one mapping, or with many in one call."""
        compiled = self._compiled(connection.dialect)
        if isinstance(values, Mapping):
            return connection.exec_driver_sql(compiled.text, _given(compiled, values))
        rows = [_given(compiled, row) for row in values]
        return connection.exec_driver_sql(compiled.text, rows if len(rows) != 1 else rows[0])

    def _compiled(self, dialect: Dialect) -> _Compiled:
        found = self._by_dialect.get(dialect.name)
        if found is None:
            made = self._statement.compile(dialect=dialect, column_keys=self._columns)
            order = made.positiontup if made.positional else list(made.binds)
            found = _Compiled(
                str(made),
                [(name, _converter(made.binds[name].type, dialect)) for name in order or ()],
                {name: bind.value for name, bind in made.binds.items() if not bind.required},
                named=not made.positional,
            )
            self._by_dialect[dialect.name] = found
        return found


def _converter(kind: Any, dialect: Dialect) -> Convert:
    return kind.dialect_impl(dialect).bind_processor(dialect)  # type: ignore[no-any-return]


def _given(compiled: _Compiled, values: Mapping[str, Any]) -> Any:
    constants = compiled.constants
    given = []
    for name, convert in compiled.parameters:
        value = values[name] if name in values else constants[name]
        given.append(value if convert is None else convert(value))
    if compiled.named:
        return dict(zip([name for name, _ in compiled.parameters], given, strict=True))
    return tuple(given)
