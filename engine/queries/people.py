"""Accounts and posts for those who keep them: who can sign in, who holds what, since when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from engine.access import can, require
from engine.environment import Environment
from engine.errors import NotFound
from engine.identity import Actor
from engine.queries.common import today_of
from engine.queries.pages import Today
from engine.store import people as store
from engine.unit_of_work import UnitOfWork
from engine.words import say

State = Literal["active", "first", "locked", "closed"]


@dataclass(frozen=True)
class PostView:
    """A post of a person; ``is_held`` today; ``deputy_for`` names the holder in whose place, "" in one's own."""

    post_id: int
    title: str
    since: date
    until: date | None
    is_held: bool
    is_coming: bool
    deputy_for: str = ""


@dataclass(frozen=True)
class PersonView:
    """A person with an account."""

    person_id: str
    login: str
    name: str
    state: State
    locked_until: datetime | None
    posts: Sequence[PostView]
    is_self: bool
    is_demo: bool

    @property
    def held(self) -> list[PostView]:
        """The posts that the person holds today."""
        return [one for one in self.posts if one.is_held]


@dataclass(frozen=True)
class AccountsPage:
    """All accounts; ``vacant`` are posts that nobody holds today."""

    today: Today
    people: Sequence[PersonView]
    vacant: Sequence[str]
    may_change: bool


@dataclass(frozen=True)
class PersonPage:
    """One account, and the posts and sections to choose from."""

    today: Today
    person: PersonView
    roles: Sequence[tuple[str, str, bool]]  # (id, title, held per section)
    units: Sequence[tuple[str, str]]
    may_change: bool
    lent: Sequence[
        tuple[int, str]
    ] = ()  # posts of others in which this person could stand in: (id, words)


def accounts_page(env: Environment, actor: Actor) -> AccountsPage:
    """Return all accounts.

    Raises:
        Denied: the actor does not keep accounts.
    """
    rules = env.institution().rules
    require(rules, actor, "accounts.read")
    with UnitOfWork(env.database, writing=False) as uow:
        rows, posts = store.everybody(uow.connection), store.posts(uow.connection)
    views = [_view(env, actor, row, posts) for row in rows]
    return AccountsPage(
        today_of(env),
        sorted(views, key=lambda one: (one.state == "closed", not one.held, one.name)),
        _vacant(env, rows, posts),
        can(rules, actor, "accounts.change").ok,
    )


def person_page(env: Environment, actor: Actor, person_id: str) -> PersonPage:
    """Return one account.

    Raises:
        Denied, NotFound.
    """
    rules = env.institution().rules
    require(rules, actor, "accounts.read")
    with UnitOfWork(env.database, writing=False) as uow:
        rows = store.everybody(uow.connection)
        every = store.posts(uow.connection)
    posts = [one for one in every if one["person_id"] == person_id]
    row = next((one for one in rows if one["id"] == person_id), None)
    if row is None:
        raise NotFound("person", person_id)
    office = env.institution().office
    return PersonPage(
        today_of(env),
        _view(env, actor, row, posts),
        [(one.id, one.title, one.per_unit) for one in office.roles.values()],
        [(one.id, one.title) for one in office.units.values()],
        can(rules, actor, "accounts.change").ok,
        _lent(env, rows, [one for one in every if one["person_id"] != person_id]),
    )


def _lent(
    env: Environment, people: Sequence[Mapping[str, Any]], posts: Sequence[Mapping[str, Any]]
) -> list[tuple[int, str]]:
    """Posts that others hold, today or from a later day on, by name."""
    names = {one["id"]: one["name"] for one in people}
    day = today_of(env).date
    return sorted(
        (
            (
                one["id"],
                say("{post}：{name}", post=_post(env, one).title, name=names[one["person_id"]]),
            )
            for one in posts
            if one["deputy_for"] is None and (one["until_day"] is None or one["until_day"] >= day)
        ),
        key=lambda one: (one[1], one[0]),
    )


def _view(
    env: Environment, actor: Actor, row: Mapping[str, Any], posts: Sequence[Mapping[str, Any]]
) -> PersonView:
    now = env.time.now()
    locked = row["locked_until"] if row["locked_until"] and row["locked_until"] > now else None
    state: State = (
        "closed"
        if not row["active"]
        else "locked"
        if locked
        else "first"
        if row["must_change"]
        else "active"
    )
    own = [_post(env, one) for one in posts if one["person_id"] == row["id"]]
    return PersonView(
        row["id"],
        row["login"],
        row["name"],
        state,
        locked,
        sorted(own, key=lambda one: (not one.is_held, one.since, one.post_id)),
        row["id"] == actor.person_id,
        row["is_demo"],
    )


def _post(env: Environment, row: Mapping[str, Any]) -> PostView:
    office, day = env.institution().office, today_of(env).date
    role, unit = office.roles.get(row["role"]), office.units.get(row["unit"] or "")
    title = role.title if role else row["role"]
    begun = row["from_day"] <= day
    return PostView(
        row["id"],
        f"{unit.title}{title}" if unit else title,
        row["from_day"],
        row["until_day"],
        begun and (row["until_day"] is None or row["until_day"] >= day),
        not begun,
        env.institution().directory.name(row["deputy_for"]) if row["deputy_for"] else "",
    )


def _vacant(
    env: Environment, people: Sequence[Mapping[str, Any]], posts: Sequence[Mapping[str, Any]]
) -> list[str]:
    """Posts that nobody with an open account holds today: work for them would lie."""
    day, office = today_of(env).date, env.institution().office
    active = {row["id"] for row in people if row["active"]}
    held = {
        (row["role"], row["unit"])
        for row in posts
        if row["person_id"] in active
        and row["from_day"] <= day
        and (row["until_day"] is None or row["until_day"] >= day)
    }
    found = []
    for role in office.roles.values():
        if not role.per_unit:
            if not any(key == role.id for key, _ in held):
                found.append(role.title)
            continue
        found += [
            f"{unit.title}{role.title}"
            for unit in office.units.values()
            if (role.id, unit.id) not in held and (role.id, None) not in held
        ]
    return found
