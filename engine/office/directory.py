"""Who can be named in a form: the people in post on a day, and their names for ever.

A person is written down by the login, which never changes and is never given to somebody else. The environment
gives a directory that reads the accounts; without one each post of the office has an imaginary holder, so that
scenarios run without people. Knows no database.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from engine.office.organisation import Office
from engine.words import AsIs, say


@dataclass(frozen=True)
class Holder:
    """A person in one post on a day; somebody with two posts comes twice."""

    login: str
    name: str
    role: str
    unit: str | None = None


class Directory(Protocol):
    """Where people are looked up."""

    def in_post(self, day: date) -> Sequence[Holder]:
        """Return everybody with an open account in every post held on a day, in a stable order."""

    def name(self, login: str) -> str:
        """Return the name of a person, in post or not; the login itself where nobody has it."""


@dataclass(frozen=True)
class ImaginaryPeople:
    """One holder of each post: ``office_head``, and ``section_head@housing`` where sections have their own."""

    office: Office

    def in_post(self, day: date) -> Sequence[Holder]:
        """Return the same people on every day."""
        return [
            Holder(login_of(role.id, unit), title_of(self.office, role.id, unit), role.id, unit)
            for role in self.office.roles.values()
            for unit in (self.office.units if role.per_unit else (None,))
        ]

    def name(self, login: str) -> str:
        """Return the title of the post."""
        role, _at, unit = login.partition("@")
        return title_of(self.office, role, unit or None) if role in self.office.roles else login


def login_of(role: str, unit: str | None) -> str:
    """Return the login of an imaginary person: the post, of one held per section with it."""
    return f"{role}@{unit}" if unit else role


def title_of(office: Office, role: str, unit: str | None) -> str:
    """Return a post's title, with the section where it is held per section; the id of an unknown one."""
    known, section = office.roles.get(role), office.units.get(unit or "")
    title = known.title if known else role
    return f"{section.title}{title}" if section else title


def choices(
    office: Office, holders: Sequence[Holder], roles: Sequence[str], unit: str | None
) -> list[Mapping[str, str | None]]:
    """Return whom a form offers, in the order of the roles.

    ``{value: login, label: name and posts, name, post: title, unit}``; post and unit are those of the first
    fitting post.

    Args:
        roles: which posts may be chosen; none for all but the administrators' ones.
        unit: only holders in this section; None for all. Who holds a post for all sections is in each.
    """
    wanted = roles or [one.id for one in office.roles.values() if not one.administrator]
    fitting = [
        one
        for role in wanted
        for one in holders
        if one.role == role and (unit is None or one.unit in (None, unit))
    ]
    posts: dict[str, list[Holder]] = {}
    for one in fitting:
        posts.setdefault(one.login, []).append(one)
    return [_choice(office, held) for held in posts.values()]


def _choice(office: Office, held: Sequence[Holder]) -> Mapping[str, str | None]:
    first = held[0]
    title = title_of(office, first.role, first.unit)
    return {
        "value": first.login,
        "label": say("{name}（{post}）", name=AsIs(first.name), post=title)
        if len(held) == 1
        else say("{name}（{post}等{n}个岗位）", name=AsIs(first.name), post=title, n=len(held)),
        "name": first.name,
        "post": title_of(office, first.role, None),
        "unit": first.unit,
    }
