"""The numbers of a period, each with the numbers of the cases behind it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from engine.counting.definition import Column, Definition, Listing
from engine.feel import Expression, to_json

Functions = Mapping[str, Callable[..., object]]


@dataclass(frozen=True)
class Counted:
    """Something that may be counted: the case's number, its procedure, and the names its expressions see."""

    number: str
    procedure: str
    names: Mapping[str, object]


@dataclass
class Figures:
    """What was counted: ``{section or "": {column: number}}``, lists, and the cases behind each.

    ``sources`` are (label, section, value, case numbers); computed columns have none.
    """

    title: str
    first: date
    last: date
    rows: dict[str, dict[str, int | Decimal | None]]
    lists: dict[str, list[dict[str, object]]]
    sources: list[tuple[str, str, str, list[str]]] = field(default_factory=list)

    def as_dict(self) -> dict[str, object]:
        """Return ``{title, from, until, rows: [{section, ...}], total: {...}, lists: {key: [...]}}``."""
        return {
            "title": self.title,
            "from": self.first.isoformat(),
            "until": self.last.isoformat(),
            "rows": [
                {"section": unit, **_plain(cells)} for unit, cells in self.rows.items() if unit
            ],
            "total": _plain(self.rows[""]),
            "lists": self.lists,
        }


def count(
    definition: Definition,
    found: Mapping[str, Sequence[Counted]],
    *,
    first: date,
    last: date,
    units: Sequence[str],
    functions: Functions | None = None,
) -> Figures:
    """Compute the figures of a period.

    Args:
        found: {"cases", "steps", "breaches": what there is}, oldest first.
        first: the period's first day, ``last`` its last.
        units: ids of the sections that get a row; what belongs to none of them is in the total only.
    """
    rows: dict[str, dict[str, int | Decimal | None]] = {unit: {} for unit in (*units, "")}
    figures = Figures(definition.title, first, last, rows, {})
    over = _Period(first, last, functions or {})
    for column in definition.columns:
        if not column.counts:
            for cells in rows.values():
                cells[column.key] = _number(over.value(column.value, cells))
            continue
        numbers: dict[str, list[str]] = {unit: [] for unit in rows}
        for cells in rows.values():
            cells[column.key] = 0
        for one in over.chosen(column, found.get(column.counts, ())):
            added = 1 if column.sums is None else _number(over.value(column.sums, one.names))
            unit = str(over.value(column.unit, one.names) or "") if column.unit else ""
            for place in {unit, ""} & rows.keys():
                rows[place][column.key] = (rows[place][column.key] or 0) + (added or 0)
                numbers[place].append(one.number)
        figures.sources += [
            (column.label, unit, str(rows[unit][column.key]), cases)
            for unit, cases in numbers.items()
            if cases
        ]
    for listing in definition.listings:
        chosen = over.chosen(listing, found.get("cases", ()))
        figures.lists.setdefault(listing.key, []).extend(
            {key: to_json(over.value(value, one.names)) for key, value in listing.values.items()}
            for one in chosen
        )
        figures.sources.append(
            (listing.title, "", str(len(chosen)), [one.number for one in chosen])
        )
    return figures


@dataclass(frozen=True)
class _Period:
    first: date
    last: date
    functions: Functions

    def value(self, expression: Expression | None, names: Mapping[str, object]) -> object:
        if expression is None:
            return None
        own = {"period_from": self.first, "period_until": self.last}
        return expression.evaluate({**names, **own}, self.functions)

    def chosen(self, wanted: Column | Listing, found: Sequence[Counted]) -> list[Counted]:
        return [
            one
            for one in found
            if one.procedure == wanted.procedure
            and (wanted.condition is None or self.value(wanted.condition, one.names) is True)
            and self._within(self.value(wanted.on, one.names))
        ]

    def _within(self, day: object) -> bool:
        return isinstance(day, date) and self.first <= day <= self.last


def _number(value: object) -> int | Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    number = Decimal(str(value))
    return int(number) if number == number.to_integral_value() else number


def _plain(cells: Mapping[str, int | Decimal | None]) -> dict[str, object]:
    return {key: to_json(value) for key, value in cells.items()}
