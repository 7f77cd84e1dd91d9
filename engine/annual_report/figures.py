"""The numbers of the annual report, each with the numbers of the cases behind it.

One case is counted in one line and one column. What cannot be counted (no such kind of applicant, an
outcome that no line has) is kept as a remark, never put somewhere silently.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from engine.annual_report.definition import (
    PENDING,
    Disputes,
    Figure,
    Group,
    ReportDefinition,
    Source,
    Stated,
)
from engine.feel import Expression
from engine.words import AsIs, say

Functions = Mapping[str, Callable[..., object]]
Number = int | Decimal
TOTAL = "total"


@dataclass(frozen=True)
class Record:
    """A case as the definition's expressions see it."""

    number: str
    procedure: str
    names: Mapping[str, object]


@dataclass
class Cell:
    """A number and the cases that make it up, in the order of their numbers' first appearance."""

    value: Number = 0
    cases: list[str] = field(default_factory=list)

    def add(self, number: str, value: Number = 1) -> None:
        """Count a case."""
        self.value += value
        self.cases.append(number)


Table = dict[str, dict[str, Cell]]


@dataclass
class Report:
    """The tables: {row: {column: cell}}, what the text needs, and what could not be counted.

    ``two`` is by row and column number ("1", "2"...), ``three`` by row and kind of applicant (and
    ``total``), ``four`` by group and result (and ``total``). ``previous`` is last year's carry-over by kind
    of applicant, None where no report of last year is on record.
    """

    year: int
    definition: ReportDefinition
    two: Table
    three: Table
    four: Table
    figures: dict[str, Cell]
    previous: dict[str, int] | None
    statement: str | None
    interim: list[str]
    remarks: list[str]
    names: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class _Year:
    year: int
    functions: Functions

    @property
    def first(self) -> date:
        return date(self.year, 1, 1)

    @property
    def last(self) -> date:
        return date(self.year, 12, 31)

    def of(self, expression: Expression, record: Record) -> object:
        own = {"year": self.year, "year_begin": self.first, "year_end": self.last}
        return expression.evaluate({**record.names, **own}, self.functions)

    def day(self, expression: Expression, record: Record) -> date | None:
        value = self.of(expression, record)
        return value if isinstance(value, date) else None

    def holds(self, day: date | None) -> bool:
        return day is not None and self.first <= day <= self.last

    def chosen(self, source: Source, records: Iterable[Record]) -> list[Record]:
        return [
            one
            for one in records
            if one.procedure == source.procedure
            and (source.condition is None or self.of(source.condition, one) is True)
        ]


def compile_report(
    definition: ReportDefinition,
    year: int,
    records: Sequence[Record],
    functions: Functions | None = None,
) -> Report:
    """Compute every cell.

    Args:
        definition: the format of that year.
        records: cases of the procedures that the definition names, oldest first.
        functions: what expressions may call (``today``, working days).
    """
    over = _Year(year, functions or {})
    remarks: list[str] = []
    statements = over.chosen(definition.two.source, records)
    statement = statements[-1] if statements else None
    interim = definition.two.interim
    stating = statements[-1:] or (over.chosen(interim, records) if interim is not None else [])
    return Report(
        year,
        definition,
        _two(definition.two, over, stating),
        _three(definition, over, records, remarks),
        _four(definition, over, records, remarks),
        {one.key: _figure(one, over, records) for one in definition.figures},
        _previous(definition, over, records),
        statement.number if statement else None,
        [] if statement else [one.number for one in stating],
        remarks,
        statement.names if statement else {},
    )


def _two(stated: Stated, over: _Year, stating: Sequence[Record]) -> Table:
    table: Table = {}
    for block in stated.blocks:
        for row in block.rows:
            cells = {str(place): Cell() for place in range(1, len(block.columns) + 1)}
            for place, expression in enumerate(row.values, 1):
                for one in stating[-1:] if str(place) in row.last else stating:
                    value = over.of(expression, one)
                    if isinstance(value, int | float | Decimal):
                        cells[str(place)].add(one.number, _plain(value))
            if row.fixed is not None:
                for cell in cells.values():
                    cell.value = row.fixed
            table[row.key] = cells
    return table


def _plain(value: float | Decimal) -> Number:
    number = Decimal(str(value))
    return int(number) if number == number.to_integral_value() else number


def _three(
    definition: ReportDefinition, over: _Year, records: Sequence[Record], remarks: list[str]
) -> Table:
    three = definition.three
    columns = [column.key for column in three.columns]
    kinds = {word: column.key for column in three.columns for word in column.kinds}
    table: Table = {row.key: {key: Cell() for key in [*columns, TOTAL]} for row in three.rows}
    codes = {row.key for row in three.outcomes}
    for one in records:
        if one.procedure != three.procedure:
            continue
        received = over.day(three.received, one)
        concluded = over.day(three.concluded, one)
        if received is None or received > over.last:
            continue
        if concluded is not None and concluded < received:
            remarks.append(
                say(
                    "案件 {number} 的办结日期 {concluded} 早于收到日期 {received}，请补正",
                    number=AsIs(one.number),
                    concluded=concluded,
                    received=received,
                )
            )
            continue
        if concluded is not None and concluded < over.first:
            continue
        kind = str(over.of(three.kind, one) or "")
        if kind not in kinds:
            remarks.append(
                say(
                    "案件 {number} 的申请人类别“{kind}”对不上表三的各列，请补正",
                    number=AsIs(one.number),
                    kind=kind,
                )
            )
            continue
        rows = [three.row("new" if received >= over.first else "carried_in").key]
        if concluded is not None and concluded <= over.last:
            code = str(over.of(three.outcome, one) or "")
            if code not in codes:
                remarks.append(
                    say(
                        "案件 {number} 的办理结果“{code}”对不上表三的各行，请补正",
                        number=AsIs(one.number),
                        code=code,
                    )
                )
                continue
            rows += [code, three.row("concluded").key]
        else:
            rows.append(three.row("carried_out").key)
        weight = over.of(three.weight, one) if three.weight is not None else 1
        value = _plain(weight) if isinstance(weight, int | float | Decimal) else 1
        for row in rows:
            table[row][kinds[kind]].add(one.number, value)
            table[row][TOTAL].add(one.number, value)
    return table


def _four(
    definition: ReportDefinition, over: _Year, records: Sequence[Record], remarks: list[str]
) -> Table:
    four = definition.four
    results = [key for key, _ in four.results]
    table: Table = {group.key: {key: Cell() for key in [*results, TOTAL]} for group in four.groups}
    for one in records:
        if one.procedure != four.procedure:
            continue
        for group in four.groups:
            result = _result(four, group, over, one)
            if result is None:
                continue
            if result not in results:
                remarks.append(
                    say(
                        "案件 {number} 的结果“{result}”对不上表四的各列，请补正",
                        number=AsIs(one.number),
                        result=result,
                    )
                )
                continue
            table[group.key][result].add(one.number)
            table[group.key][TOTAL].add(one.number)
    return table


def _result(four: Disputes, group: Group, over: _Year, record: Record) -> str | None:
    """Return the column of a case in a group, None where it does not belong there this year."""
    since = over.day(group.since, record)
    if since is None or since > over.last:
        return None
    decided = over.day(group.decided, record)
    if decided is None or decided > over.last:
        return PENDING
    if decided < over.first:
        return None
    return four.result_of(str(over.of(group.result, record) or ""))


def _figure(figure: Figure, over: _Year, records: Sequence[Record]) -> Cell:
    cell = Cell()
    for one in over.chosen(figure.source, records):
        if not over.holds(over.day(figure.on, one)):
            continue
        value = over.of(figure.sums, one) if figure.sums is not None else 1
        if isinstance(value, int | float | Decimal):
            cell.add(one.number, _plain(value))
    return cell


def _previous(
    definition: ReportDefinition, over: _Year, records: Sequence[Record]
) -> dict[str, int] | None:
    chosen = over.chosen(definition.three.previous, records)
    if not chosen:
        return None
    values = {
        key: over.of(expression, chosen[-1])
        for key, expression in definition.three.previous_values.items()
    }
    if all(value is None for value in values.values()):
        return None
    return {
        key: int(value) if isinstance(value, int | float | Decimal) else 0
        for key, value in values.items()
    }
