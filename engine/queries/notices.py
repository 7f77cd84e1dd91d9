"""What the system told a person: warnings, cards and what procedures have to say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from engine.commands import breach_news, chasing, correcting, passing_time, several
from engine.environment import Environment
from engine.identity import Actor
from engine.queries.common import today_of
from engine.queries.pages import Today
from engine.store import accounts, outbox
from engine.unit_of_work import Connection, UnitOfWork
from engine.words import said_again

KEPT = timedelta(days=90)  # older ones are in the trail of their case
MOST = 200
SEEN = "notices_seen"  # in what is kept with the person: the id of the newest notice that was looked at


@dataclass(frozen=True)
class NoticeLine:
    """One notice. ``card`` is yellow, red, black or ""; ``case_id`` is "" where it is about no case.

    ``is_over``: what it warned of is gone, so that nobody need look at it any more.
    """

    at: datetime
    text: str
    card: str
    case_id: str
    is_new: bool
    is_over: bool = False


@dataclass(frozen=True)
class NoticesPage:
    """A person's notices of the last weeks, newest first; ``newest`` is what ``see_notices`` is told."""

    today: Today
    lines: Sequence[NoticeLine]
    new: int
    newest: int


def notices(env: Environment, actor: Actor) -> NoticesPage:
    """Return what a person was told, by name or by post."""
    with UnitOfWork(env.database, writing=False) as uow:
        seen = seen_until(accounts.by_id(uow.connection, actor.person_id))
        since = env.time.now() - KEPT
        rows = outbox.notices(uow.connection, _posts(actor), actor.person_id, since, limit=MOST)
    lines = [
        NoticeLine(
            row["at"],
            said(row["text"]),
            row["card"],
            row["case_id"] or "",
            is_new=row["id"] > seen and bool(row["holds"]),
            is_over=not row["holds"],
        )
        for row in rows
    ]
    newest = max((int(row["id"]) for row in rows), default=seen)
    return NoticesPage(today_of(env), lines, sum(one.is_new for one in lines), newest)


def said(text: str) -> str:
    """Return what a person was told, in the language in which it is read now."""
    # The one with the most blanks first: a shorter template would take the rest into its last blank.
    return said_again(
        text,
        (
            *reversed(chasing.NOTICES),
            passing_time.HOLIDAYS_AWAITED,
            several.HANDED,
            breach_news.TAKEN_BACK,
            correcting.TOLD,
        ),
    )


def unseen(
    env: Environment, connection: Connection, actor: Actor, person: Mapping[str, Any] | None
) -> tuple[int, list[str]]:
    """Return how many notices a person has not looked at, and those that stand above every page until then."""
    since = env.time.now() - KEPT
    new, above = outbox.new_notices(
        connection, _posts(actor), actor.person_id, seen_until(person), since
    )
    return new, [said(text) for text in above]


def seen_until(person: Mapping[str, Any] | None) -> int:
    """Return the id of the newest notice that a person has looked at."""
    return int((person or {}).get("display", {}).get(SEEN, 0) or 0) if person else 0


def _posts(actor: Actor) -> list[tuple[str, str | None]]:
    return [(post.role, post.unit) for post in actor.posts]
