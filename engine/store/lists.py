"""Lists of work and cases: what is open for whom, found by index, filtered by the same rule as one case."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    exists,
    false,
    func,
    or_,
    select,
    true,
)

from engine.access import Visibility
from engine.store.rows import IS_OPEN, Row, many
from engine.tables import candidate, cases, work_item


def visible_cases(seen: Visibility) -> ColumnElement[bool]:
    """Compile the rule of ``case.read`` to a condition over ``cases``."""
    if seen.everything:
        return true()
    if not seen.posts:
        return false()
    item = work_item.alias("seen_item")
    offered = [
        and_(item.c.role == role, or_(item.c.unit.is_(None), item.c.unit == unit))
        for role, unit in seen.posts
    ]
    further = exists().where(
        candidate.c.work_item_id == item.c.id,
        or_(
            *(
                and_(candidate.c.role == role, or_(item.c.unit.is_(None), item.c.unit == unit))
                for role, unit in seen.posts
            )
        ),
    )
    return exists().where(
        item.c.case_id == cases.c.id,
        or_(
            item.c.closed_by == seen.person_id,
            item.c.assignee == seen.person_id,
            *offered,
            further,
        ),
    )


def _offered(
    posts: Sequence[tuple[str, str | None]], person_id: str, login: str
) -> ColumnElement[bool]:
    """Open items that are the person's, or offered to one of the posts and taken by nobody else."""
    by_post = [
        and_(
            work_item.c.role == role,
            true() if unit is None else or_(work_item.c.unit.is_(None), work_item.c.unit == unit),
        )
        for role, unit in posts
    ]
    beside = exists().where(
        candidate.c.work_item_id == work_item.c.id,
        or_(
            candidate.c.person_id.in_([person_id, login]),
            *(
                and_(
                    candidate.c.role == role,
                    true()
                    if unit is None
                    else or_(work_item.c.unit.is_(None), work_item.c.unit == unit),
                )
                for role, unit in posts
            ),
        ),
    )
    free = or_(work_item.c.assignee.is_(None), work_item.c.assignee == person_id)
    return or_(work_item.c.assignee == person_id, and_(free, or_(*by_post, beside)))


def _item_columns() -> list[Any]:
    return [
        *work_item.c,
        cases.c.number,
        cases.c.subject,
        cases.c.kind.label("case_kind"),
        cases.c.procedure,
        cases.c.opened_at.label("case_opened_at"),
        cases.c.version_id.label("case_version"),
    ]


def my_items(
    connection: Connection, posts: Sequence[tuple[str, str | None]], person_id: str, login: str
) -> list[Row]:
    """Return the open work items that a person may act on, with their case."""
    return many(
        connection,
        select(*_item_columns())
        .join(cases, cases.c.id == work_item.c.case_id)
        .where(IS_OPEN, _offered(posts, person_id, login))
        .order_by(work_item.c.opened_at, work_item.c.id),
    )


def open_items_of(connection: Connection, case_ids: Sequence[str]) -> list[Row]:
    """Return the open work items of cases."""
    found: list[Row] = []
    for start in range(0, len(case_ids), 500):
        found += many(
            connection,
            select(*_item_columns())
            .join(cases, cases.c.id == work_item.c.case_id)
            .where(
                IS_OPEN,
                work_item.c.case_id.in_(case_ids[start : start + 500]),
            )
            .order_by(work_item.c.opened_at, work_item.c.id),
        )
    return found


def my_cases(connection: Connection, person_id: str, *, status: str, limit: int = 500) -> list[Row]:
    """Return the cases in which a person has completed a task, newest first."""
    mine = exists().where(work_item.c.case_id == cases.c.id, work_item.c.closed_by == person_id)
    columns = [column for column in cases.c if column.name not in {"state", "fields", "last_step"}]
    return many(
        connection,
        select(*columns)
        .where(cases.c.status == status, mine)
        .order_by(cases.c.opened_at.desc(), cases.c.id)
        .limit(limit),
    )


def open_cases(connection: Connection, seen: Visibility, *, limit: int = 2000) -> list[Row]:
    """Return the open cases that somebody may read, oldest first."""
    columns = [column for column in cases.c if column.name not in {"state", "fields", "last_step"}]
    return many(
        connection,
        select(*columns)
        .where(cases.c.status == "open", visible_cases(seen))
        .order_by(cases.c.opened_at, cases.c.id)
        .limit(limit),
    )


def count_open(connection: Connection, seen: Visibility) -> int:
    """Return how many open cases somebody may read."""
    return connection.execute(
        select(func.count()).select_from(cases).where(cases.c.status == "open", visible_cases(seen))
    ).scalar_one()
