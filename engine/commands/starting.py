"""Procedures that begin by themselves at a moment: the start timers of what is in force.

A version counts from the day it came into force. What became due while nothing ran is made up for once, however
many rounds were missed. The start itself goes through the outbox, whose key lets each moment start one case.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time

from engine.bpmn import moments
from engine.bpmn.execute import gathers
from engine.bpmn.model import EventDefinition, Node, given
from engine.bpmn.moments import MomentUnreadable
from engine.environment import Environment
from engine.feel import to_json
from engine.office_functions import functions_of
from engine.store import cases, definitions, outbox
from engine.timesource import OFFICE_ZONE, legal_day
from engine.unit_of_work import UnitOfWork


def start_due(env: Environment) -> int:
    """Leave in the outbox what start timers begin now; returns how many cases that are."""
    started = 0
    for procedure, version_id in env.procedures_in_force().items():
        for node, event in _timed(env, version_id):
            moment = _due(env, version_id, event)
            if moment is not None and _leave(env, procedure, node, event, moment):
                started += 1
    return started


def _timed(env: Environment, version_id: str) -> Iterator[tuple[Node, EventDefinition]]:
    definition = env.deployed(version_id).definition
    for node in definition.processes[definition.main].body.triggers:
        yield from ((node, e) for e in node.events if e.kind == "timer" and e.text is not None)


def _due(env: Environment, version_id: str, event: EventDefinition) -> datetime | None:
    """Return the last moment of a start timer since its version came into force, None before the first."""
    now, institution = env.time.now(), env.institution()
    calendar = institution.calendar
    with UnitOfWork(env.database, writing=False) as uow:
        row = definitions.version(uow.connection, version_id)
    if row is None:
        return None
    begins: date = row["in_force_from"]
    # Deployed in the course of its first day, it has not missed the rounds of that morning; an invented office's
    # versions have been in force since long before they were stored.
    if legal_day(row["deployed_at"]) == begins:
        since = row["deployed_at"]
    else:
        since = datetime.combine(begins, time(0), tzinfo=OFFICE_ZONE)
    text = given(event.text)
    said: object = text.text
    if text.expression is not None:
        functions = functions_of(legal_day(now), calendar)
        names = {"settings": dict(institution.settings)}
        said = to_json(text.expression.evaluate(names, functions))
    try:
        return moments.last_due(event.timer or "", said, since, now, calendar)
    except MomentUnreadable:
        return None  # computed from something that is not known: it does not begin


def _leave(
    env: Environment, procedure: str, node: Node, event: EventDefinition, moment: datetime
) -> bool:
    key = f"start:{procedure}:{event.key}:{moment:%Y%m%dT%H%M%S}"
    with UnitOfWork(env.database, writing=True) as uow:
        if outbox.has(uow.connection, key):
            return False
        waiting = cases.open_cases(uow.connection, procedure) if node.together else []
        if any(gathers(case.state, event.key) for case in waiting):
            return False  # a case that gathers what its start needs has this timer itself
        row = {
            "key": key,
            "case_id": None,
            "kind": "start_case",
            "body": {"procedure": procedure, "values": {}, "event": event.key},
            "created_at": env.time.now(),
            "attempts": 0,
        }
        outbox.add(uow.connection, [row])
        uow.commit()
    return True
