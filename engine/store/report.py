"""What the annual report reads: cases of some procedures and their facts, each in one statement."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, select

from engine.store.rows import Row, many
from engine.tables import case_event, cases


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
