"""Counts over all cases, for the pages of administrators and for statistics: one statement a question."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select, true

from engine.access import Visibility
from engine.store.lists import visible_cases
from engine.store.rows import IS_OPEN, Row, many
from engine.tables import breach, cases, clock, notice, work_item


def open_steps(connection: Connection) -> dict[tuple[str, str], int]:
    """Return how many open cases stand at each step: {(version id of the case, activity id): cases}."""
    found = connection.execute(
        select(
            cases.c.version_id,
            work_item.c.activity_id,
            func.count(work_item.c.case_id.distinct()).label("cases"),
        )
        .join(cases, cases.c.id == work_item.c.case_id)
        .where(IS_OPEN, cases.c.status == "open")
        .group_by(cases.c.version_id, work_item.c.activity_id)
    )
    return {(row.version_id, row.activity_id): row.cases for row in found}


def provisional_cases(connection: Connection) -> int:
    """Return how many open cases have a date that counts into a year not yet announced."""
    return connection.execute(
        select(func.count(clock.c.case_id.distinct()))
        .join(cases, cases.c.id == clock.c.case_id)
        .where(cases.c.status == "open", clock.c.provisional, clock.c.due.is_not(None))
    ).scalar_one()


@dataclass(frozen=True)
class Chosen:
    """Which cases: by who sees them, procedure, and when they began and ended. Instants are half open.

    ``carried``: begun before this instant and not ended before it. Counts and lists are made of the same
    condition, so that a number and its list agree.
    """

    seen: Visibility
    procedure: str = ""
    status: str = ""
    received: tuple[datetime, datetime] | None = None
    closed: tuple[datetime, datetime] | None = None
    carried: datetime | None = None


def condition(chosen: Chosen) -> ColumnElement[bool]:
    """Compile a choice to a condition over ``cases``."""
    wanted: list[ColumnElement[bool]] = [visible_cases(chosen.seen)]
    if chosen.procedure:
        wanted.append(cases.c.procedure == chosen.procedure)
    if chosen.status:
        wanted.append(cases.c.status == chosen.status)
    for column, span in ((cases.c.opened_at, chosen.received), (cases.c.closed_at, chosen.closed)):
        if span is not None:
            wanted += [column >= span[0], column < span[1]]
    if chosen.carried is not None:
        wanted += [
            cases.c.opened_at < chosen.carried,
            or_(cases.c.closed_at.is_(None), cases.c.closed_at >= chosen.carried),
        ]
    return and_(true(), *wanted)


def count(connection: Connection, chosen: Chosen) -> int:
    """Return how many cases there are of a choice."""
    return connection.execute(
        select(func.count()).select_from(cases).where(condition(chosen))
    ).scalar_one()


def procedures_of(connection: Connection, chosen: Chosen) -> frozenset[str]:
    """Return the keys of the procedures that have cases of a choice."""
    return frozenset(
        connection.scalars(select(cases.c.procedure).where(condition(chosen)).distinct())
    )


def moments(connection: Connection, chosen: Chosen) -> list[Row]:
    """Return ``{procedure, opened_at, closed_at}`` of the cases of a choice."""
    return many(
        connection,
        select(cases.c.procedure, cases.c.opened_at, cases.c.closed_at).where(condition(chosen)),
    )


def chosen_cases(connection: Connection, chosen: Chosen) -> list[Row]:
    """Return the cases of a choice without state and fields, oldest first."""
    columns = [column for column in cases.c if column.name not in {"state", "fields", "last_step"}]
    return many(
        connection,
        select(*columns).where(condition(chosen)).order_by(cases.c.opened_at, cases.c.id),
    )


def steps_closed(connection: Connection, chosen: Chosen, since: datetime) -> list[Row]:
    """Return ``{unit, role, opened_at, closed_at, due_on}`` of steps that people completed since an instant."""
    item = work_item.c
    return many(
        connection,
        select(item.unit, item.role, item.opened_at, item.closed_at, item.due_on)
        .join(cases, cases.c.id == item.case_id)
        .where(condition(chosen), item.status == "completed", item.closed_at >= since),
    )


def chased(connection: Connection, chosen: Chosen, since: datetime) -> dict[str, int]:
    """Return how many reminders went to each section since an instant; "" for those to no section."""
    found = connection.execute(
        select(notice.c.unit, func.count())
        .join(cases, cases.c.id == notice.c.case_id)
        .where(condition(chosen), notice.c.at >= since)
        .group_by(notice.c.unit)
    )
    return {row[0] or "": row[1] for row in found}


def breaches_since(connection: Connection, chosen: Chosen, since: datetime) -> list[Row]:
    """Return ``{case_id, clock, due, held}`` of limits that ran out and were recorded since an instant."""
    return many(
        connection,
        select(breach.c.case_id, breach.c.clock, breach.c.due, breach.c.held)
        .join(cases, cases.c.id == breach.c.case_id)
        .where(condition(chosen), breach.c.recorded_at >= since, breach.c.withdrawn_at.is_(None)),
    )


def register_cases(
    connection: Connection, chosen: Chosen, *, limit: int, offset: int = 0
) -> list[Row]:
    """Return the cases of a choice with their record, without live state, in the order they were registered."""
    columns = [column for column in cases.c if column.name != "state"]
    return many(
        connection,
        select(*columns)
        .where(condition(chosen))
        .order_by(cases.c.opened_at, cases.c.number, cases.c.id)
        .limit(limit)
        .offset(offset),
    )
