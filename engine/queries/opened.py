"""A case opened for its pages: read once, within the actor's rights, with the head that each page shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from engine.access import Refused, can
from engine.case_file import CaseFile
from engine.deployed import Deployed
from engine.environment import Environment
from engine.errors import NotFound
from engine.identity import SYSTEM, Actor
from engine.queries.clocks import head_clock, view_of
from engine.queries.common import People, holder_of
from engine.queries.pages import CaseHead, ClockView
from engine.store import cases
from engine.store.cases import CaseRow
from engine.stored_case import case_facts, case_file
from engine.timesource import legal_day
from engine.unit_of_work import Connection
from engine.words import say


@dataclass(frozen=True)
class Opened:
    """A case with everything that its pages are made of, read in one transaction."""

    case: CaseRow
    deployed: Deployed
    file: CaseFile
    people: People
    items: Sequence[Mapping[str, Any]]
    clocks: Sequence[Mapping[str, Any]]
    day: date

    @property
    def open_items(self) -> list[Mapping[str, Any]]:
        """The work items that are open."""
        return [item for item in self.items if item["status"] == "open"]


def open_case(env: Environment, actor: Actor, case_id: str, connection: Connection) -> Opened:
    """Read a case for its pages.

    Raises:
        NotFound: there is none, or none that the actor may know of.
    """
    case = cases.load(connection, case_id)
    if case is None:
        raise NotFound("case", case_id)
    allowed = can(env.institution().rules, actor, "case.read", case_facts(connection, case_id))
    if isinstance(allowed, Refused):
        raise NotFound("case", case_id)
    deployed = env.deployed(case.version_id)
    day = legal_day(env.time.now())
    people = People.read(connection, day)
    return Opened(
        case,
        deployed,
        case_file(env, deployed, case, _signed(cases.events(connection, case_id), people)),
        people,
        [dict(row) for row in cases.case_items(connection, case_id)],
        [dict(row) for row in cases.case_clocks(connection, [case_id])[case_id]],
        day,
    )


def _signed(rows: Sequence[Mapping[str, Any]], people: People) -> list[Mapping[str, Any]]:
    """Facts with the name of whoever recorded them, which a calculation shows for what was approved or corrected."""
    return [
        {**row, "fields": {"recorded_by": people.name(row["recorded_by"]), **row["fields"]}}
        if row["recorded_by"] != SYSTEM.person_id
        else row
        for row in rows
    ]


def head_of(env: Environment, opened: Opened, has_incident: bool = False) -> CaseHead:
    """Return what every page of the case shows on top."""
    case = opened.case
    items = opened.open_items
    clock = head_clock(env, case.version_id, opened.clocks, opened.day)
    outcome = opened.deployed.procedure.outcomes.get(case.outcome or "")
    closed = say("已办结")
    return CaseHead(
        case_id=case.id,
        number=case.number,
        procedure=opened.deployed.procedure.title,
        procedure_key=case.procedure,
        version=opened.deployed.number,
        subject=case.subject,
        kind=case.kind,
        step="、".join(dict.fromkeys(item["name"] for item in items))
        if case.status == "open"
        else closed,
        holders=list(dict.fromkeys(holder_of(env, opened.people, item) for item in items)),
        state="closed" if case.status == "closed" else "incident" if has_incident else "open",
        clock=clock if case.status == "open" else _ended_clock(env, opened),
        note=outcome.words if outcome else "",
    )


def _ended_clock(env: Environment, opened: Opened) -> ClockView | None:
    main = next(iter(opened.deployed.clocks), "")
    given = opened.file.clock(main)
    definition = opened.deployed.clocks.get(main)
    if given is None or definition is None:
        return None
    return view_of(given, definition, env.institution(), opened.day)
