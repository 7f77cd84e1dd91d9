"""Many cases in a handful of statements: what a recomputation of clocks reads and writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Table, bindparam, delete, select, update

from engine.store.cases import CaseRow, case_row
from engine.store.prepared import Prepared
from engine.store.rows import IS_OPEN, Row, many
from engine.tables import case_event, cases, clock, timer, work_item

_ANSWER = Prepared.insert(clock)
_MOVE_TIMER = Prepared(
    update(timer).where(timer.c.id == bindparam("of")).values(due_at=bindparam("moved"))
)
_MOVE_DUE = Prepared(
    update(work_item).where(work_item.c.id == bindparam("of")).values(due_on=bindparam("moved"))
)


@dataclass(frozen=True)
class Batch:
    """Cases with their facts, clocks, armed timers and open work items, by case id."""

    cases: Sequence[CaseRow]
    events: Mapping[str, Sequence[Row]]
    clocks: Mapping[str, Sequence[Row]]
    timers: Mapping[str, Sequence[Row]]
    items: Mapping[str, Sequence[Row]]


def read(connection: Connection, case_ids: Sequence[str]) -> Batch:
    """Read the named cases that are still open, in five statements."""
    rows = many(
        connection,
        select(cases)
        .where(cases.c.id.in_(case_ids), cases.c.status == "open")
        .order_by(cases.c.opened_at, cases.c.id),
    )
    items = select(work_item).where(work_item.c.case_id.in_(case_ids), IS_OPEN)
    return Batch(
        [case_row(row) for row in rows],
        _by_case(connection, case_event, case_ids, case_event.c.id),
        _by_case(connection, clock, case_ids, clock.c.clock),
        _by_case(connection, timer, case_ids, timer.c.id),
        _grouped(many(connection, items.order_by(work_item.c.id))),
    )


def _by_case(
    connection: Connection, table: Table, case_ids: Sequence[str], order: Any
) -> dict[str, list[Row]]:
    found = select(table).where(table.c.case_id.in_(case_ids)).order_by(table.c.case_id, order)
    return _grouped(many(connection, found))


def _grouped(rows: Sequence[Row]) -> dict[str, list[Row]]:
    grouped: dict[str, list[Row]] = {}
    for row in rows:
        grouped.setdefault(row["case_id"], []).append(row)
    return grouped


def replace_clocks(
    connection: Connection, case_ids: Sequence[str], rows: Sequence[Mapping[str, Any]]
) -> None:
    """Write the answers of many cases in place of the old ones."""
    if case_ids:
        connection.execute(delete(clock).where(clock.c.case_id.in_(case_ids)))
    if rows:
        _ANSWER(connection, rows)


def move_timers(connection: Connection, moments: Mapping[str, datetime | None]) -> None:
    """Give armed timers a new moment."""
    if moments:
        _MOVE_TIMER(connection, [{"of": key, "moved": at} for key, at in moments.items()])


def move_due(connection: Connection, days: Mapping[str, date | None]) -> None:
    """Give open work items a new internal limit."""
    if days:
        _MOVE_DUE(connection, [{"of": key, "moved": day} for key, day in days.items()])
