"""Tasks follow the posts: what somebody took and may not do any more goes back to those who may.

Looked at when posts or accounts change, and once on each new day. A task given to somebody by name stays: nobody
else could take it, and the office reassigns it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine import audit
from engine.access import TaskFacts, is_candidate
from engine.commands.noting import note
from engine.environment import Environment
from engine.identity import SYSTEM, Actor, Post
from engine.store import accounts, cases
from engine.store import people as store
from engine.timesource import legal_day
from engine.unit_of_work import UnitOfWork

# Kept in the trail, so in the office's language whoever hands a post over.
GONE = "原经办人已不在这个岗位"
AWAY = "原经办人不在岗，由代理人办理"
LOOKED_AT = "claims_looked_at"  # the day of the last daily look


def release_daily(env: Environment) -> int:
    """Look once on each day, when posts begin and end by themselves; return how many tasks went back."""
    day = legal_day(env.time.now()).isoformat()
    with UnitOfWork(env.database, writing=False) as uow:
        if accounts.get_meta(uow.connection, LOOKED_AT) == day:
            return 0
    count = release_left(env)
    with UnitOfWork(env.database, writing=True) as uow:
        accounts.set_meta(uow.connection, LOOKED_AT, day)
        uow.commit()
    return count


def release_left(env: Environment) -> int:
    """Give back every taken task whose holder left the post, or has a deputy in it from today on."""
    day = legal_day(env.time.now())
    with UnitOfWork(env.database, writing=True) as uow:
        posts = _Posts.of(
            accounts.holders(uow.connection, day), store.stands_in_today(uow.connection, day)
        )
        left = 0
        for item in store.claimed(uow.connection):
            why = posts.why_not(item)
            if not why or not cases.set_assignee(
                uow.connection, item["id"], None, item["assignee"]
            ):
                continue
            event = audit.AuditEvent(
                "TaskReleased", f"task:{item['id']}", item["case_id"], reason=why
            )
            note(env, uow.connection, SYSTEM, event)
            left += 1
        if left:
            uow.commit()
    return left


@dataclass(frozen=True)
class _Posts:
    """Who holds what today, and whom a deputy stands in for from today on."""

    people: Mapping[str, Actor]
    absent: frozenset[tuple[str, str, str | None]]  # (login, role, unit)

    @classmethod
    def of(cls, holders: list[Any], deputies: list[Any]) -> _Posts:
        held: dict[str, list[Post]] = {}
        for row in holders:
            held.setdefault(row["person_id"], []).append(Post(row["role"], row["unit"]))
        logins = {row["person_id"]: row["login"] for row in holders}
        people = {
            key: Actor(key, "", tuple(posts), login=logins[key]) for key, posts in held.items()
        }
        absent = {(row["deputy_for"], row["role"], row["unit"]) for row in deputies}
        return cls(people, frozenset(absent))

    def why_not(self, item: Mapping[str, Any]) -> str:
        """Return why the holder does not keep a task, "" where it stays."""
        candidates = item["candidates"]
        roles, users = candidates.get("roles", []), candidates.get("users", [])
        if not roles:
            return ""
        holder = self.people.get(item["assignee"])
        if holder is None or not is_candidate(holder, TaskFacts(roles, item["unit"], users)):
            return GONE
        if any(
            login == holder.login and role in roles and unit in (None, item["unit"])
            for login, role, unit in self.absent
        ):
            return AWAY
        return ""
