"""The organisation on a day: the leading group, the sections with their work, who holds which post, who stands in.

Read from the office's data in force on that day and from the posts held then; and what was changed lately, from the
trail. No case content, so any signed-in person may read it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from engine.access import can
from engine.environment import OFFICE, Environment
from engine.errors import NotFound
from engine.identity import Actor
from engine.office import Office, Role, Unit
from engine.queries.common import reason_of, today_of
from engine.queries.lacking import Lack, lacking
from engine.queries.pages import Today
from engine.queries.sentences import Names, instant_of, post_change
from engine.store import audit_search, definitions
from engine.store import people as store
from engine.unit_of_work import Connection, UnitOfWork
from engine.words import say

CHANGES = 30
_ACTS = ("PostGiven", "PostEnded", "DeputyNamed")


@dataclass(frozen=True)
class HolderView:
    """Somebody in a post; ``deputy_for`` names the holder in whose place, "" in one's own."""

    name: str
    since: date
    until: date | None
    deputy_for: str = ""
    post_id: int = 0
    person_id: str = ""


@dataclass(frozen=True)
class PostHeld:
    """A post, what it answers for, and who holds it; nobody where it is vacant."""

    title: str
    note: str
    group: str  # its part in the leading group, "" outside it
    holders: Sequence[HolderView]


@dataclass(frozen=True)
class SectionView:
    """A section: its work, the leader's post above it, and the posts held in it."""

    title: str
    line: str
    duties: Sequence[str]
    is_disclosure_office: bool
    posts: Sequence[PostHeld]


@dataclass(frozen=True)
class ChangeView:
    """A change of the organisation, as it stands in the trail."""

    at: datetime
    who: str
    text: str
    reason: str


@dataclass(frozen=True)
class OrganisationPage:
    """The organisation on ``day``; ``number`` and ``since`` are of the office's data in force then."""

    today: Today
    day: date
    number: int
    since: date
    posts: Sequence[PostHeld]  # of the whole office
    sections: Sequence[SectionView]
    changes: Sequence[ChangeView]
    lacking: Sequence[Lack]  # of everybody for those who keep registers or accounts, else one's own
    people: Sequence[
        tuple[str, str]
    ]  # (id, name) who may take over a post, for those who may change it


def organisation_page(env: Environment, actor: Actor, day: date | None = None) -> OrganisationPage:
    """Return the organisation on a day, today's where none is named.

    Raises:
        NotFound: nobody is signed in in a post, or the office's data begin later.
    """
    if not actor.roles:
        raise NotFound("page", "organisation")
    today = today_of(env)
    asked = day or today.date
    institution, rules = env.institution(), env.institution().rules
    sees_all = any(can(rules, actor, one).ok for one in ("register.read", "accounts.read"))
    may_change = can(rules, actor, "accounts.change").ok and asked == today.date
    with UnitOfWork(env.database, writing=False) as uow:
        connection = uow.connection
        version = _version(connection, asked)
        if version is None:
            raise NotFound("version", f"{OFFICE} {asked}")
        files = definitions.files(connection, version["id"])
        people = {row["id"]: row for row in store.everybody(connection)}
        held = [
            row
            for row in store.posts(connection)
            # Whether an account is open is known of today only; a closed one held its posts before.
            if _is_held(row, asked) and (asked < today.date or people[row["person_id"]]["active"])
        ]
        told, _count = audit_search.find(
            connection, audit_search.Wanted(actions=_ACTS), limit=CHANGES
        )
        versions = definitions.versions(connection, OFFICE)[:CHANGES]
        lacks = lacking(institution, connection, held, people, asked)
    office = Office.from_files(files)
    names = {row["login"]: row["name"] for row in people.values()}
    find = _Finder(held, people, names)
    return OrganisationPage(
        today=today,
        day=asked,
        number=version["number"],
        since=version["in_force_from"],
        posts=[
            find.post(role, None)
            for role in office.roles.values()
            if not role.per_unit and not role.administrator
        ],
        sections=[_section(office, unit, find) for unit in office.units.values()],
        changes=_changes(env, told, versions, people),
        lacking=[one for one in lacks if sees_all or one.login == actor.login],
        people=[
            (row["id"], f"{row['name']}（{row['login']}）")
            for row in people.values()
            if may_change and row["active"] and row["id"] != actor.person_id
        ],
    )


def _version(connection: Connection, day: date) -> Mapping[str, Any] | None:
    """Return the office's data in force on a day; the first one for days before the system was there."""
    rows = definitions.versions(connection, OFFICE)
    begun = [row for row in rows if row["in_force_from"] <= day]
    return begun[0] if begun else (rows[-1] if rows else None)


def _is_held(row: Mapping[str, Any], day: date) -> bool:
    ended = row["until_day"] is not None and row["until_day"] < day
    return row["from_day"] <= day and not ended


@dataclass(frozen=True)
class _Finder:
    """Finds who holds a post among the rows of one day."""

    held: Sequence[Mapping[str, Any]]
    people: Mapping[str, Mapping[str, Any]]
    names: Mapping[str, str]

    def post(self, role: Role, unit: Unit | None) -> PostHeld:
        rows = [
            row
            for row in self.held
            if row["role"] == role.id and (unit is None or row["unit"] == unit.id)
        ]
        return PostHeld(role.title, role.note, role.group, [self._holder(row) for row in rows])

    def _holder(self, row: Mapping[str, Any]) -> HolderView:
        stands_for = row["deputy_for"]
        return HolderView(
            self.people[row["person_id"]]["name"],
            row["from_day"],
            row["until_day"],
            self.names.get(stands_for, stands_for) if stands_for else "",
            row["id"],
            row["person_id"],
        )


def _section(office: Office, unit: Unit, find: _Finder) -> SectionView:
    posts = [find.post(role, unit) for role in office.roles.values() if role.per_unit]
    return SectionView(unit.title, unit.line, unit.duties, unit.disclosure_office, posts)


def _changes(
    env: Environment,
    told: Sequence[Mapping[str, Any]],
    versions: Sequence[Mapping[str, Any]],
    people: Mapping[str, Mapping[str, Any]],
) -> list[ChangeView]:
    names = Names(env, None)
    found = [
        ChangeView(
            instant_of(row),
            row["actor_name"] or say("系统"),
            post_change(row, names),
            row["reason"],
        )
        for row in told
    ]
    for row in versions:
        by = people.get(row["deployed_by"] or "")
        found.append(
            ChangeView(
                row["deployed_at"],
                str(by["name"]) if by else say("系统"),
                say("本机关资料第{number}版启用", number=row["number"]),
                reason_of(row),
            )
        )
    return sorted(found, key=lambda one: one.at, reverse=True)[:CHANGES]
