"""The ladder of warnings: which running clocks to look at, and which rungs were climbed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from engine.store.rows import IS_OPEN, Row, many
from engine.tables import breach, cases, clock, warning, work_item

RUNNING = ("running", "exceeded")  # states of a clock that has not been met


def running_clocks(connection: Connection) -> list[Row]:
    """Return ``{case_id, number, version_id, clock, party, due}`` of clocks that run in open cases, by date."""
    return many(
        connection,
        select(
            clock.c.case_id,
            cases.c.number,
            cases.c.version_id,
            clock.c.clock,
            clock.c.party,
            clock.c.due,
        )
        .join(cases, cases.c.id == clock.c.case_id)
        .where(
            cases.c.status == "open",
            clock.c.due.is_not(None),
            clock.c.state.in_(RUNNING),
        )
        .order_by(clock.c.due, clock.c.case_id, clock.c.clock, clock.c.party),
    )


def lapsed_cases(connection: Connection, today: date) -> list[str]:
    """Return open cases with a clock that is stored as going on and whose last day is over."""
    found = (
        select(clock.c.case_id)
        .distinct()
        .join(cases, cases.c.id == clock.c.case_id)
        .where(
            cases.c.status == "open", clock.c.due < today, clock.c.state.in_(("running", "waiting"))
        )
        .order_by(clock.c.case_id)
    )
    return [str(case_id) for (case_id,) in connection.execute(found)]


def open_tasks(connection: Connection, until: date) -> list[Row]:
    """Return open steps with an internal limit of their own up to a day, by date."""
    found = many(
        connection,
        select(
            work_item.c.id,
            work_item.c.case_id,
            cases.c.number,
            work_item.c.name,
            work_item.c.assignee,
            work_item.c.role,
            work_item.c.unit,
            work_item.c.due_on.label("due"),
            work_item.c.candidates,
        )
        .join(cases, cases.c.id == work_item.c.case_id)
        .where(cases.c.status == "open", IS_OPEN, work_item.c.due_on <= until)
        .order_by(work_item.c.due_on, work_item.c.id),
    )
    # A step that is due with a statutory clock is warned of by that.
    return [row for row in found if not (row["candidates"].get("due") or {}).get("clock")]


Rung = tuple[str, str, str, date, str]  # case, clock or task:id, party, due date, rung


def climbed(connection: Connection) -> set[Rung]:
    """Return the rungs that open cases have climbed."""
    found = connection.execute(
        select(warning.c.case_id, warning.c.clock, warning.c.party, warning.c.due, warning.c.rung)
        .join(cases, cases.c.id == warning.c.case_id)
        .where(cases.c.status == "open")
    )
    return {(row.case_id, row.clock, row.party, row.due, row.rung) for row in found}


def has_climbed(connection: Connection, key: Mapping[str, Any]) -> bool:
    """Return whether this rung was climbed."""
    columns = [warning.c[name] == value for name, value in key.items()]
    return connection.execute(select(warning.c.rung).where(*columns)).first() is not None


def climb(connection: Connection, row: Mapping[str, Any]) -> None:
    """Store that a rung was climbed; its key forbids a second time."""
    connection.execute(insert(warning), dict(row))


def recorded_breaches(connection: Connection) -> set[tuple[str, str, str, date]]:
    """Return the breaches of open cases that are recorded: (case, clock, party, due date)."""
    found = connection.execute(
        select(breach.c.case_id, breach.c.clock, breach.c.party, breach.c.due)
        .join(cases, cases.c.id == breach.c.case_id)
        .where(cases.c.status == "open")
    )
    return {(row.case_id, row.clock, row.party, row.due) for row in found}


def record_breach(connection: Connection, row: Mapping[str, Any]) -> None:
    """Store that a limit ran out; its key forbids a second time."""
    connection.execute(insert(breach), dict(row))


def set_withdrawn(connection: Connection, breach_id: int, at: datetime | None) -> None:
    """Mark a breach as taken back, or (None) as standing."""
    connection.execute(update(breach).where(breach.c.id == breach_id).values(withdrawn_at=at))


def breaches(connection: Connection, case_id: str | None = None) -> list[Row]:
    """Return breaches with their case's number and procedure, newest first."""
    statement = select(breach, cases.c.number, cases.c.subject, cases.c.version_id).join(
        cases, cases.c.id == breach.c.case_id
    )
    if case_id:
        statement = statement.where(breach.c.case_id == case_id)
    return many(connection, statement.order_by(breach.c.id.desc()))
