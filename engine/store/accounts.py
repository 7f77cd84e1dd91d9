"""People, the posts they hold and when, and their sessions."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, and_, delete, func, insert, or_, select, update

from engine.identity import Post
from engine.store.rows import Row, many, one
from engine.tables import meta, person, post, session


def add_person(connection: Connection, **values: Any) -> str:
    """Store a person; return the id."""
    person_id = values.setdefault("id", uuid.uuid4().hex)
    connection.execute(
        insert(person),
        {
            "active": True,
            "failures": 0,
            "must_change": False,
            "display": {},
            "is_demo": False,
            **values,
        },
    )
    return str(person_id)


def add_post(
    connection: Connection,
    person_id: str,
    held: Post,
    from_day: date,
    until_day: date | None = None,
) -> None:
    """Give a person a post from a day on, for a deputy until a day."""
    connection.execute(
        insert(post),
        {
            "person_id": person_id,
            "role": held.role,
            "unit": held.unit,
            "from_day": from_day,
            "until_day": until_day,
            "deputy_for": held.deputy_for,
        },
    )


def by_login(connection: Connection, login: str) -> Row | None:
    """Return the person with this login."""
    return one(connection, select(person).where(person.c.login == login))


def by_id(connection: Connection, person_id: str) -> Row | None:
    """Return the person with this id."""
    return one(connection, select(person).where(person.c.id == person_id))


def names(connection: Connection) -> dict[str, str]:
    """Return everybody's name by id."""
    return {row.id: row.name for row in connection.execute(select(person.c.id, person.c.name))}


def called(connection: Connection, text: str) -> list[str]:
    """Return the ids of people with this login or this whole name."""
    asked = select(person.c.id).where(or_(person.c.login == text, person.c.name == text))
    return [row.id for row in connection.execute(asked.order_by(person.c.login))]


def update_person(connection: Connection, person_id: str, **values: Any) -> None:
    """Change columns of a person."""
    connection.execute(update(person).where(person.c.id == person_id).values(**values))


def posts(connection: Connection, person_id: str, day: date) -> tuple[Post, ...]:
    """Return the posts a person holds on a day, in a stable order."""
    found = connection.execute(
        select(post.c.role, post.c.unit, post.c.deputy_for)
        .where(post.c.person_id == person_id, _held_on(day))
        .order_by(post.c.role, post.c.unit, post.c.deputy_for, post.c.id)
    )
    return tuple(Post(row.role, row.unit, row.deputy_for) for row in found)


def holders(connection: Connection, day: date) -> list[Row]:
    """Return ``{person_id, name, login, role, unit}`` of everybody in post on a day."""
    return many(
        connection,
        select(post.c.person_id, person.c.name, person.c.login, post.c.role, post.c.unit)
        .join(person, person.c.id == post.c.person_id)
        .where(person.c.active, _held_on(day))
        .order_by(post.c.role, post.c.unit, person.c.name, person.c.id),
    )


def _held_on(day: date) -> Any:
    return and_(post.c.from_day <= day, or_(post.c.until_day.is_(None), post.c.until_day >= day))


def count_people(connection: Connection, *, demo: bool | None = None) -> int:
    """Return how many accounts there are, of the demonstration or not where asked."""
    statement = select(func.count()).select_from(person)
    if demo is not None:
        statement = statement.where(person.c.is_demo == demo)
    return connection.execute(statement).scalar_one()


def demo_people(connection: Connection, day: date) -> list[Row]:
    """Return the demonstration's accounts with one of their posts each."""
    return [row for row in holders(connection, day) if row["person_id"] in _demo_ids(connection)]


def _demo_ids(connection: Connection) -> set[str]:
    return set(connection.scalars(select(person.c.id).where(person.c.is_demo)))


def add_session(
    connection: Connection, token_hash: str, person_id: str, at: datetime, address: str
) -> None:
    """Store a session by the hash of its token."""
    connection.execute(
        insert(session),
        {
            "token_hash": token_hash,
            "person_id": person_id,
            "created_at": at,
            "seen_at": at,
            "address": address,
        },
    )


def session_person(connection: Connection, token_hash: str) -> Row | None:
    """Return the session joined with its person, ``{…person, created_at, seen_at}``."""
    return one(
        connection,
        select(person, session.c.created_at, session.c.seen_at)
        .join(session, session.c.person_id == person.c.id)
        .where(session.c.token_hash == token_hash),
    )


def touch_session(connection: Connection, token_hash: str, at: datetime) -> None:
    """Note that a session is in use."""
    connection.execute(update(session).where(session.c.token_hash == token_hash).values(seen_at=at))


def end_session(connection: Connection, token_hash: str) -> None:
    """End one session."""
    connection.execute(delete(session).where(session.c.token_hash == token_hash))


def end_sessions_before(connection: Connection, seen: datetime, created: datetime) -> None:
    """End sessions not seen since ``seen`` or begun before ``created``."""
    connection.execute(
        delete(session).where(or_(session.c.seen_at < seen, session.c.created_at < created))
    )


def get_meta(connection: Connection, key: str) -> str | None:
    """Return a fact about this database."""
    return connection.execute(select(meta.c.value).where(meta.c.key == key)).scalar()


def set_meta(connection: Connection, key: str, value: str) -> None:
    """Set a fact about this database."""
    if connection.execute(update(meta).where(meta.c.key == key).values(value=value)).rowcount == 0:
        connection.execute(insert(meta), {"key": key, "value": value})


def metas(connection: Connection, prefix: str) -> dict[str, str]:
    """Return the facts whose key begins so."""
    found = connection.execute(select(meta).where(meta.c.key.startswith(prefix, autoescape=True)))
    return {row.key: row.value for row in found}


def drop_meta(connection: Connection, key: str) -> None:
    """Forget a fact about this database."""
    connection.execute(delete(meta).where(meta.c.key == key))
