"""People with all their posts, past and present, for whoever keeps the accounts; and ending their sessions."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Connection, delete, select, update

from engine.store.rows import Row, many, one
from engine.tables import person, post, session


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


def end_sessions(connection: Connection, person_id: str, *, but: str = "") -> None:
    """End all sessions of a person except the one with this token hash."""
    connection.execute(
        delete(session).where(session.c.person_id == person_id, session.c.token_hash != but)
    )
