"""What several pages share: the day, names of people and posts, who holds a task, the heads of cases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from engine.commands.deploying import FIRST_REASON
from engine.environment import Environment
from engine.queries.pages import Today
from engine.store import accounts
from engine.timesource import legal_day
from engine.unit_of_work import Connection
from engine.words import AsIs, say


def today_of(env: Environment) -> Today:
    """Return the server's day and what kind of day it is."""
    day = legal_day(env.time.now())
    calendar = env.institution().calendar
    return Today(day, calendar.is_working_day(day), calendar.day_name(day))


def reason_of(row: Mapping[str, Any]) -> str:
    """Return why a version was deployed: as it was typed, or that it was the first."""
    reason = str(row["reason"] or "")
    return say("首次启用") if reason == FIRST_REASON else AsIs(reason)


@dataclass(frozen=True)
class People:
    """Names of people, and who holds which post today."""

    names: Mapping[str, str]
    holders: Sequence[Mapping[str, Any]]

    @classmethod
    def read(cls, connection: Connection, day: date) -> People:
        """Read both."""
        return cls(
            accounts.names(connection), [dict(row) for row in accounts.holders(connection, day)]
        )

    def name(self, person_id: str | None) -> str:
        """Return a person's name, 系统 for the engine, the id itself for somebody unknown."""
        if not person_id or person_id == "system":
            return say("系统")
        return self.names.get(person_id, person_id)

    def in_post(self, role: str | None, unit: str | None) -> list[str]:
        """Return the names of those who hold a role (in a unit) today."""
        return [
            row["name"]
            for row in self.holders
            if row["role"] == role and (unit is None or row["unit"] in (None, unit))
        ]


def holder_of(env: Environment, people: People, item: Mapping[str, Any]) -> str:
    """Return in whose hands a work item is: one person, or a post or section, never a state."""
    office = env.institution().office
    unit = office.units.get(item["unit"] or "")
    role = office.roles.get(item["role"] or "")
    if item["assignee"]:
        name = people.name(item["assignee"])
    else:
        found = people.in_post(item["role"], item["unit"])
        name = found[0] if len(found) == 1 else ""
    if unit and role and role.per_unit:
        return f"{unit.title} {name}".strip()
    if name and role:
        return say("{name}（{post}）", name=name, post=role.title)
    return name or (role.title if role else say("无人可办"))
