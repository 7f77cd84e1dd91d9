"""What holders of posts still lack: the office's requirements against facts recorded in cases, such as training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from engine.institution import Institution
from engine.office.directory import title_of
from engine.store import people as store
from engine.unit_of_work import Connection


@dataclass(frozen=True)
class Lack:
    """Somebody in post, and what is missing for it."""

    login: str
    name: str
    post: str
    what: str
    basis: str


def lacking(
    institution: Institution,
    connection: Connection,
    held: Sequence[Mapping[str, Any]],
    people: Mapping[str, Mapping[str, Any]],
    day: date,
) -> list[Lack]:
    """Return who lacks what on a day, once each, in the order of the posts.

    Args:
        held: the posts of that day.
        people: {person id: row}.
    """
    found: dict[tuple[str, str], Lack] = {}
    for one in institution.office.requirements.values():
        since = institution.shift(day, replace(one.within, sign=-1))
        met: set[str] = set()
        for row in store.facts_of_kinds(connection, one.events, since, day):
            named = row["fields"].get("people")
            met |= {str(login) for login in named} if isinstance(named, list) else set()
        for each in held:
            who = people[each["person_id"]]
            if each["role"] in one.roles and who["login"] not in met:
                post = title_of(institution.office, each["role"], each["unit"])
                found.setdefault(
                    (who["login"], one.id),
                    Lack(who["login"], str(who["name"]), post, one.title, one.basis),
                )
    return list(found.values())
