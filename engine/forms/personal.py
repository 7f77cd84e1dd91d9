"""Which answers of a procedure's forms identify a person, and the one walk over them.

A field is personal as a whole, a table cell by cell in the columns that say so. Knows neither keys nor people: what
becomes of a value (sealed, masked, told to the trail) is the caller's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from engine.forms.schema import Field

Change = Callable[
    [str, Any], Any
]  # (name of the field or column, value) -> what stands there instead

_CELL = re.compile(r"^(?P<table>[a-z][a-z0-9_]*)-\d{1,4}-(?P<column>[a-z][a-z0-9_]*)$")


class _HasFields(Protocol):
    @property
    def fields(self) -> tuple[Field, ...]: ...


@dataclass(frozen=True)
class Personal:
    """The personal answers of one procedure, or of several together (``|``).

    ``fields`` are personal as a whole; ``columns`` is {table: its personal columns}; ``plain`` are the other answers.
    """

    fields: frozenset[str] = frozenset()
    columns: Mapping[str, frozenset[str]] = field(default_factory=dict)
    plain: frozenset[str] = frozenset()

    @classmethod
    def of(cls, forms: Iterable[_HasFields]) -> Personal:
        """Read them from the forms; personal in one form is personal in all."""
        every = [one for form in forms for one in form.fields]
        columns: dict[str, frozenset[str]] = {}
        for one in every:
            own = frozenset(column.key for column in one.columns if column.personal)
            if own:
                columns[one.key] = columns.get(one.key, frozenset()) | own
        fields = frozenset(one.key for one in every if one.personal)
        return cls(fields, columns, frozenset(one.key for one in every) - fields - columns.keys())

    def __or__(self, other: Personal) -> Personal:
        """Return what is personal in either."""
        tables = self.columns.keys() | other.columns.keys()
        none = frozenset[str]()
        columns = {
            key: self.columns.get(key, none) | other.columns.get(key, none) for key in tables
        }
        fields = self.fields | other.fields
        return Personal(fields, columns, (self.plain | other.plain) - fields - columns.keys())

    @property
    def names(self) -> frozenset[str]:
        """All keys of fields and of columns: by these a value is known outside of forms."""
        return self.fields.union(*self.columns.values())

    def changed(self, values: Mapping[str, Any], change: Change) -> dict[str, Any]:
        """Return answers with each personal value changed.

        Args:
            values: answers by their keys, a table as its rows or, as it was posted, as ``key-0-column``. Under a key
                that no form has stands what a diagram collected: there a value is known by the name of its column.
        """
        return {key: self._changed(key, value, change) for key, value in values.items()}

    def _changed(self, key: str, value: Any, change: Change) -> Any:
        if key in self.fields:
            return change(key, value)
        if key in self.columns:
            return self._rows(self.columns[key], value, change)
        if key in self.plain:
            return value
        if cell := _CELL.match(key):
            own = cell["column"] in self.columns.get(cell["table"], ())
            return change(key, value) if own else value
        return changed_by_name(value, self._by_name(change)) if self.names else value

    def _rows(self, columns: frozenset[str], value: Any, change: Change) -> Any:
        if not isinstance(value, list):
            return value
        return [
            {key: change(key, cell) if key in columns else cell for key, cell in row.items()}
            if isinstance(row, Mapping)
            else row
            for row in value
        ]

    def _by_name(self, change: Change) -> Change:
        names = self.names
        return lambda name, value: change(name, value) if name in names else value

    def found(self, values: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
        """Yield the personal values of answers, a cell under ``table.row.column`` with rows from 1."""
        for key, value in values.items():
            if key in self.fields:
                yield key, value
            elif key in self.columns and isinstance(value, list):
                for at, row in enumerate(value, 1):
                    for column, cell in row.items() if isinstance(row, Mapping) else ():
                        if column in self.columns[key]:
                            yield f"{key}.{at}.{column}", cell


def changed_by_name(value: Any, change: Change) -> Any:
    """Return a value with everything in it changed that has a name: the walk through what no form describes."""
    if isinstance(value, Mapping):
        return {key: changed_by_name(change(key, one), change) for key, one in value.items()}
    return [changed_by_name(one, change) for one in value] if isinstance(value, list) else value
