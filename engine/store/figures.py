"""Counts over all cases, for the pages of administrators and for statistics: one statement a question."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from engine.tables import cases, clock, work_item


def open_steps(connection: Connection) -> dict[tuple[str, str], int]:
    """Return how many open cases stand at each step: {(version id of the case, activity id): cases}."""
    found = connection.execute(
        select(
            cases.c.version_id,
            work_item.c.activity_id,
            func.count(work_item.c.case_id.distinct()).label("cases"),
        )
        .join(cases, cases.c.id == work_item.c.case_id)
        .where(work_item.c.status == "open", cases.c.status == "open")
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
