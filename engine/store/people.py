"""People with all their posts, past and present, for whoever keeps the accounts; and ending their sessions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import Connection, delete, select, update

from engine.store.rows import IS_OPEN, Row, many, one
from engine.tables import case_event, person, post, session, work_item


def everybody(connection: Connection) -> list[Row]:
    """Return all accounts without their password hashes, by name."""
    columns = [column for column in person.c if column.name != "password_hash"]
    return many(connection, select(*columns).order_by(person.c.name, person.c.login))


def posts(connection: Connection, person_id: str | None = None) -> list[Row]:
    """Return posts of one person or of everybody, oldest first, those that ended too."""
    statement = select(post)
    if person_id is not None:
        statement = statement.where(post.c.person_id == person_id)
    return many(connection, statement.order_by(post.c.from_day, post.c.id))


def post_row(connection: Connection, post_id: int) -> Row | None:
    """Return one post."""
    return one(connection, select(post).where(post.c.id == post_id))


def end_post(connection: Connection, post_id: int, last_day: date) -> None:
    """Let a post end with a day."""
    connection.execute(update(post).where(post.c.id == post_id).values(until_day=last_day))


def end_deputies(
    connection: Connection, login: str, role: str, unit: str | None, last_day: date
) -> None:
    """Let those who stand in for a holder end with the holder's own last day."""
    same_unit = post.c.unit.is_(None) if unit is None else post.c.unit == unit
    connection.execute(
        update(post)
        .where(post.c.deputy_for == login, post.c.role == role, same_unit)
        .where(post.c.until_day > last_day)
        .values(until_day=last_day)
    )


def stands_in_today(connection: Connection, day: date) -> list[Row]:
    """Return the posts of deputies that begin on a day."""
    return many(
        connection,
        select(post)
        .where(post.c.deputy_for.is_not(None), post.c.from_day == day)
        .order_by(post.c.id),
    )


def facts_of_kinds(
    connection: Connection, kinds: Sequence[str], since: date, until: date
) -> list[Row]:
    """Return ``{day, fields}`` of facts of these kinds in all cases between two days, without superseded ones."""
    gone = select(case_event.c.supersedes).where(case_event.c.supersedes.is_not(None))
    return many(
        connection,
        select(case_event.c.day, case_event.c.fields)
        .where(
            case_event.c.kind.in_(kinds),
            case_event.c.day >= since,
            case_event.c.day <= until,
            case_event.c.id.not_in(gone),
        )
        .order_by(case_event.c.day, case_event.c.id),
    )


def claimed(connection: Connection) -> list[Row]:
    """Return open work items that somebody holds, ``{id, case_id, assignee, unit, candidates}``."""
    return many(
        connection,
        select(
            work_item.c.id,
            work_item.c.case_id,
            work_item.c.assignee,
            work_item.c.unit,
            work_item.c.candidates,
        )
        .where(IS_OPEN, work_item.c.assignee.is_not(None))
        .order_by(work_item.c.id),
    )


def end_sessions(connection: Connection, person_id: str, *, but: str = "") -> None:
    """End all sessions of a person except the one with this token hash."""
    connection.execute(
        delete(session).where(session.c.person_id == person_id, session.c.token_hash != but)
    )
