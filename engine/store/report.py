"""What reports read of some procedures: cases, facts, steps and breaches, each in one statement."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, select

from engine.store.rows import Row, many
from engine.tables import breach, case_event, cases, work_item


def cases_of(connection: Connection, procedures: Collection[str]) -> list[Row]:
    """Return the cases of procedures without their live state, oldest first."""
    columns = [column for column in cases.c if column.name != "state"]
    return many(
        connection,
        select(*columns)
        .where(cases.c.procedure.in_(sorted(procedures)))
        .order_by(cases.c.opened_at, cases.c.number, cases.c.id),
    )


def events_of(connection: Connection, procedures: Collection[str]) -> dict[str, list[Row]]:
    """Return the facts of the cases of procedures: {case id: rows in the order they were recorded}."""
    found: dict[str, list[Row]] = {}
    for row in many(
        connection,
        select(case_event)
        .join(cases, cases.c.id == case_event.c.case_id)
        .where(cases.c.procedure.in_(sorted(procedures)))
        .order_by(case_event.c.id),
    ):
        found.setdefault(row["case_id"], []).append(row)
    return found


def steps_of(connection: Connection, procedures: Collection[str]) -> list[Row]:
    """Return the steps that people completed, with the number and procedure of their case, as they opened."""
    return many(
        connection,
        select(
            cases.c.number,
            cases.c.procedure,
            work_item.c.case_id,
            work_item.c.activity_id,
            work_item.c.name,
            work_item.c.unit,
            work_item.c.role,
            work_item.c.opened_at,
            work_item.c.closed_at,
            work_item.c.due_on,
        )
        .join(cases, cases.c.id == work_item.c.case_id)
        .where(cases.c.procedure.in_(sorted(procedures)), work_item.c.status == "completed")
        .order_by(work_item.c.opened_at, work_item.c.id),
    )


def breaches_of(connection: Connection, procedures: Collection[str]) -> list[Row]:
    """Return the limits that ran out and were not taken back, with the number and procedure of their case, oldest first."""
    return many(
        connection,
        select(
            cases.c.number,
            cases.c.procedure,
            breach.c.clock,
            breach.c.due,
            breach.c.recorded_at,
            breach.c.held,
        )
        .join(cases, cases.c.id == breach.c.case_id)
        .where(cases.c.procedure.in_(sorted(procedures)), breach.c.withdrawn_at.is_(None))
        .order_by(breach.c.due, cases.c.number, breach.c.clock, breach.c.party),
    )
