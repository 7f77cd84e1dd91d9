"""One step of a case: read, compute, write together or not at all. The one place where a case moves.

Reading and computing hold no lock. The writing transaction checks that the case is still at the revision
that was read and that each number is still the next; where not, everything is computed again, and who lost
several times computes with the queue of the writers held, so that many at once keep nobody out. A step
that fails becomes an incident in a transaction of its own, and the case stands where it stood.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from typing import Any

from engine import audit
from engine.bpmn.execute import frontier, waits_for_somebody
from engine.bpmn.step import Step
from engine.commands.case_host import CaseHost
from engine.commands.cause import Cause, Moved
from engine.commands.errors import CaseClosed, CaseStopped, SilentStop
from engine.commands.noting import note
from engine.commands.writing import write_in
from engine.done_steps import name_in
from engine.environment import Environment
from engine.errors import EngineError, NotFound, RevisionConflict, TaskAlreadyCompleted
from engine.identity import Actor
from engine.personal import open_state
from engine.store import cases, incidents
from engine.store.cases import CaseRow
from engine.store.numbers import NumberTaken
from engine.unit_of_work import Connection, DatabaseError, IntegrityError, UnitOfWork
from engine.words import as_stored

TRIES = 12
PATIENT_TRIES = 3  # after so many a step is computed with the writers' queue held
MACHINE = (DatabaseError, OSError)  # a full disk, a lost server: nothing is wrong with the case

CORRECTION = "correction"  # of a fact: the one thing that is still done to a closed case

Act = Callable[[CaseHost, dict[str, Any]], Step]


def run(
    env: Environment,
    actor: Actor,
    read: Callable[[Connection], tuple[CaseRow, bool]],
    act: Act,
    cause: Cause,
    *,
    fields: Mapping[str, Any] | None = None,
    first: CaseRow | None = None,
) -> Moved:
    """Take one step.

    Args:
        read: returns the case and whether it is new (not in the database yet).
        first: the case as the caller has just read it, with the key looked up: spares the first read.
        act: computes the step from the host and the live state.
        fields: what the record of the case takes over before the step.

    Raises:
        CaseStopped: the step failed; an incident was recorded.
        TaskAlreadyCompleted, CaseClosed, FormOutdated, RevisionConflict: somebody else was faster; nothing
            was changed.
    """
    for attempt in range(TRIES):
        try:
            if attempt < PATIENT_TRIES:
                return _tried(env, actor, read, act, cause, fields or {}, first)
            with UnitOfWork(env.database, writing=True) as queue:  # nobody is faster meanwhile
                return _tried(env, actor, read, act, cause, fields or {}, None, queue)
        except (RevisionConflict, NumberTaken):
            first = None
        except IntegrityError as error:
            if not _came_twice(error):
                raise
            first = None
        except _Failed as failed:
            raise _stopped(env, actor, failed, cause) from failed.failure
    raise RevisionConflict(f"{cause.kind} {cause.activity_id or ''}: somebody was faster each time")


UNTOLD = "这一步在系统里没有办成，案件停在原处"  # kept with the incident


class _Failed(Exception):
    """A step could not be computed: of which case, and why. Nothing is written of it."""

    def __init__(self, case: CaseRow, is_new: bool, failure: EngineError) -> None:
        super().__init__(str(failure))
        self.case, self.is_new, self.failure = case, is_new, failure


def _tried(
    env: Environment,
    actor: Actor,
    read: Callable[[Connection], tuple[CaseRow, bool]],
    act: Act,
    cause: Cause,
    fields: Mapping[str, Any],
    first: CaseRow | None,
    queue: UnitOfWork | None = None,
) -> Moved:
    """Read, compute and write once; within ``queue`` where one is held, else reading and computing hold none."""
    if first is not None:
        before, is_new = first, False
    else:
        with nullcontext(queue) if queue else UnitOfWork(env.database, writing=False) as uow:
            if cause.key and (done := cases.history_by_key(uow.connection, cause.key)):
                return repeated(uow.connection, done["case_id"])
            before, is_new = read(uow.connection)
    if before.status != "open" and cause.kind != CORRECTION:
        raise CaseClosed(before.number)
    host, step = _computed(env, actor, before, is_new, act, cause, fields)
    with nullcontext(queue) if queue else UnitOfWork(env.database, writing=True) as uow:
        moved = write_in(uow.connection, env, actor, before, is_new, host, step, cause)
        uow.commit()
    return moved


def _computed(
    env: Environment,
    actor: Actor,
    before: CaseRow,
    is_new: bool,
    act: Act,
    cause: Cause,
    fields: Mapping[str, Any],
) -> tuple[CaseHost, Step]:
    host = CaseHost.open(env, actor, before, fields)
    host.uploads = cause.documents
    if own := cause.by_person(actor, _name_of(cause, host), host.today):
        host.file.did(own)
    try:
        with as_stored():  # letters, notices, and why it failed
            step = act(host, open_state(env, before.state))
            refuse_silent_stop(host, step)
    except EngineError as failure:
        if isinstance(failure, NotFound | TaskAlreadyCompleted):
            raise
        if isinstance(failure.__cause__, MACHINE):
            raise failure.__cause__ from failure
        raise _Failed(before, is_new, failure) from failure
    return host, step


def _name_of(cause: Cause, host: CaseHost) -> str:
    if cause.item is not None:
        return str(cause.item["name"])
    return name_in([host.deployed.definition], cause.activity_id or "")


def _came_twice(error: IntegrityError) -> bool:
    """The same form, or the same new number, came in twice at once: computed again, it finds the other."""
    names = ("history", "cases.number", "cases_number", "number_series")
    return any(name in str(error.orig) for name in names)


def repeated(connection: Connection, case_id: str) -> Moved:
    """Return where a case stands whose form came in a second time; nothing was done now."""
    case = cases.load(connection, case_id)
    if case is None:
        raise NotFound("case", case_id)
    return Moved(case.id, case.number, case.revision, case.status == "closed", repeated=True)


def refuse_silent_stop(host: CaseHost, step: Step) -> None:
    """Idea 4 of the design: an open case has a task, an armed timer or an awaited event."""
    if step.ended or host.case.status == "closed" or waits_for_somebody(step.state):
        return
    waiting = frontier(host.deployed.definition, step.state, host)
    if not (waiting.tasks or waiting.timers or waiting.waits or waiting.begin):
        raise SilentStop(f"case {host.case.id} would wait for nothing")


def _stopped(env: Environment, actor: Actor, failed: _Failed, cause: Cause) -> CaseStopped:
    """Record what went wrong, in a transaction of its own; a case that never began leaves no trace."""
    before, is_new, failure = failed.case, failed.is_new, failed.failure
    element = getattr(failure, "element_id", None) or cause.activity_id
    sentence = getattr(failure, "sentence", None) or UNTOLD
    incident_id = uuid.uuid4().hex
    now, post = env.time.now(), cause.post_of(actor)
    with UnitOfWork(env.database, writing=True) as uow:
        incidents.add_incident(
            uow.connection,
            {
                "id": incident_id,
                "case_id": None if is_new else before.id,
                "element": element,
                "code": failure.code,
                "cause": str(failure)[:4000],
                "sentence": sentence,
                "operation": {} if is_new else dict(cause.operation),
                "attempts": 1,
                "created_at": now,
            },
        )
        incidents.resolve_incidents(uow.connection, cause.resolves, by=actor.person_id, at=now)
        note(
            env,
            uow.connection,
            actor,
            audit.AuditEvent(
                "StepFailed",
                f"incident:{incident_id}",
                None if is_new else before.id,
                {"element": element or "", "code": failure.code},
                result="failed",
                version=before.version_id,
            ),
            role=post.role if post else "",
        )
        uow.commit()
    return CaseStopped(incident_id, element, sentence)
