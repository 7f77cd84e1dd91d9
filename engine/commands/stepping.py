"""One step of a case: read, compute, write together or not at all. The one place where a case moves.

Reading and computing hold no lock. The writing transaction checks that the case is still at the revision
that was read and that each number is still the next; where not, everything is computed again, and who lost
several times computes with the queue of the writers held, so that many at once keep nobody out. A step
that fails becomes an incident in a transaction of its own, and the case stands where it stood.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from engine import audit, case_moments
from engine.bpmn.execute import frontier, waits_for_somebody
from engine.bpmn.step import Step, WorkItem
from engine.commands import breaches
from engine.commands.case_host import CaseHost, clock_rows
from engine.commands.errors import CaseClosed, CaseStopped, FormOutdated, SilentStop
from engine.commands.noting import note
from engine.deployed import Deployed
from engine.done_steps import DoneStep, acting_post, name_in
from engine.environment import Environment
from engine.errors import EngineError, NotFound, RevisionConflict, TaskAlreadyCompleted
from engine.feel import to_json
from engine.identity import Actor, Post
from engine.personal import open_state
from engine.store import accounts, batches, cases, definitions, numbers, outbox
from engine.store.cases import CaseRow
from engine.store.numbers import NumberTaken
from engine.timesource import legal_day
from engine.unit_of_work import Connection, DatabaseError, IntegrityError, UnitOfWork

TRIES = 12
PATIENT_TRIES = 3  # after so many a step is computed with the writers' queue held
MACHINE = (DatabaseError, OSError)  # a full disk, a lost server: nothing is wrong with the case

CORRECTION = "correction"  # of a fact: the one thing that is still done to a closed case

Act = Callable[[CaseHost, dict[str, Any]], Step]


@dataclass(frozen=True)
class Cause:
    """Why a step is taken, for history and trail.

    kind: start, complete, fire, message, signal, cancel, migrate, recompute, or correction (of a closed case). ``operation`` is what a retry
    would do again. ``item`` is the row of the work item that is completed.
    """

    kind: str
    action: str
    operation: Mapping[str, Any]
    activity_id: str | None = None
    item: Mapping[str, Any] | None = None
    form: str | None = None
    submission: Mapping[str, Any] | None = None
    documents: Sequence[Mapping[str, Any]] = ()
    key: str | None = None
    body: Mapping[str, Any] = field(default_factory=dict)
    personal: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""
    resolves: tuple[str, ...] = ()
    roles: Sequence[str] = ()  # to whom the step was offered, where no work item says it

    def post_of(self, actor: Actor) -> Post | None:
        """Return the post in which the actor takes the step; None for the system."""
        if self.item is None:
            return acting_post(actor, self.roles)
        offered = self.item["candidates"].get("roles", [])
        return acting_post(actor, offered, self.item["unit"])

    def by_person(self, actor: Actor, name: str, day: date) -> DoneStep | None:
        """Return the step as one that a person completes; None where no drawn step is."""
        if self.activity_id is None or self.kind not in {"start", "complete", "message"}:
            return None
        post = self.post_of(actor)
        if post is None:
            return None
        own = replace(post, deputy_for=actor.acts_for(post.role))
        login = actor.login or actor.person_id
        return DoneStep(self.activity_id, name, login, own, day, self.submission or {})


@dataclass(frozen=True)
class Moved:
    """What a step came to: the case after it, and the work items that it opened."""

    case_id: str
    number: str
    revision: int
    ended: bool
    opened: tuple[Mapping[str, Any], ...] = ()
    repeated: bool = False  # the same rendered form was posted before; nothing was done now


def run(
    env: Environment,
    actor: Actor,
    read: Callable[[Connection], tuple[CaseRow, bool]],
    act: Act,
    cause: Cause,
    *,
    fields: Mapping[str, Any] | None = None,
    first: CaseRow | None = None,
    on: Connection | None = None,
) -> Moved:
    """Take one step.

    Args:
        read: returns the case and whether it is new (not in the database yet).
        first: the case as the caller has just read it, with the key looked up: spares the first read.
        on: the connection on which it was read, to write on.
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
                return _tried(env, actor, read, act, cause, fields or {}, first, on)
            with UnitOfWork(
                env.database, writing=True, on=on
            ) as queue:  # nobody is faster meanwhile
                return _tried(env, actor, read, act, cause, fields or {}, None, on, queue)
        except (RevisionConflict, NumberTaken):
            first = None
        except IntegrityError as error:
            if not _came_twice(error):
                raise
            first = None
        except _Failed as failed:
            raise _stopped(env, actor, failed, cause) from failed.failure
    raise RevisionConflict(f"{cause.kind} {cause.activity_id or ''}: somebody was faster each time")


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
    on: Connection | None,
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
    with nullcontext(queue) if queue else UnitOfWork(env.database, writing=True, on=on) as uow:
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


def write_in(
    connection: Connection,
    env: Environment,
    actor: Actor,
    before: CaseRow,
    is_new: bool,
    host: CaseHost,
    step: Step,
    cause: Cause,
) -> Moved:
    """Write a computed step within somebody's transaction: all of it, in a fixed order."""
    now = host.now
    after = _after(before, host, step, cause, actor)
    for taken in host.numbers:
        numbers.take(connection, taken.series, taken.year, taken.number)
    if is_new:
        _refuse_replaced(connection, after, legal_day(env.time.now()))
        cases.insert_case(connection, after)
    opened = _opened_rows(after, host, step, now)
    cases.open_items(connection, opened)
    was_open = _close_items(connection, after, step, cause, actor, now)
    ends = None
    if not is_new:
        kept = None
        if cause.kind == "complete":
            kept = _last_step(before, after, host, step, cause, actor, opened)
        last, of_case = cases.update_case(connection, after, before=before, last_step=kept)
        ends = last, {after.id: of_case}
    if cause.item is not None and was_open is not None and was_open() == 0:
        raise already_completed(connection, str(cause.item["id"]))
    _timers_and_waits(connection, after, host, step)
    _facts(connection, after, host, actor)
    cases.add_document(connection, [*_documents(after, cause, actor, now), *host.documents])
    outbox.tell(connection, [_lasting(one, step) for one in host.notices])
    outbox.add(connection, [*host.outbox, *_thrown(after, step, now)])
    cases.resolve_incidents(connection, cause.resolves, by=actor.person_id, at=now)
    cases.append_history(connection, _history_row(after, step, cause, actor, now))
    note(
        env,
        connection,
        actor,
        *_audit_events(after, is_new, host, step, cause),
        role=_role(cause, actor),
        ends=ends,
    )
    return Moved(after.id, after.number, after.revision, step.ended, tuple(opened))


def _last_step(
    before: CaseRow,
    after: CaseRow,
    host: CaseHost,
    step: Step,
    cause: Cause,
    actor: Actor,
    opened: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    """What is kept of a step so that its person can take it back while nobody has gone on."""
    why_not = _irrevocable(before, after, host, step, cause)
    return {
        "revision": after.revision,
        "actor": actor.person_id,
        "work_item_id": cause.item["id"] if cause.item is not None else "",
        "why_not": why_not,
        "opened": [one["id"] for one in opened],
        "armed": {
            "timers": [one.id for one in step.timers_armed],
            "waits": [one.id for one in step.waits_added],
        },
        "state": None if why_not else before.state,
        "fields": None if why_not else before.fields,
        "doers": None if why_not else before.doers,
    }


def _irrevocable(before: CaseRow, after: CaseRow, host: CaseHost, step: Step, cause: Cause) -> str:
    """Return by which word a step cannot be taken back: what it did is seen outside the case; "" where it can."""
    reasons = {
        "ended": step.ended,
        "number": bool(host.numbers),
        "letter": bool(host.documents),
        "told": bool(host.notices or host.outbox or step.messages or step.signals),
        "fact": bool(host.recorded),
        "outcome": after.outcome != before.outcome,
        "upload": bool(cause.documents),
        "waits": bool(step.timers_gone or step.waits_gone),
        "others": len(step.closed) > 1 or before.version_id != after.version_id,
    }
    return next((word for word, holds in reasons.items() if holds), "")


def _lasting(notice: dict[str, Any], step: Step) -> dict[str, Any]:
    """What the last step of a case tells would be over before anybody reads it: it holds until then."""
    return {**notice, "until": None} if step.ended else notice


def _refuse_replaced(connection: Connection, case: CaseRow, day: date) -> None:
    """A case begins under the version in force at that moment: its first form was that version's."""
    in_force = definitions.in_force(connection, case.procedure, day)
    if in_force is not None and in_force["id"] != case.version_id:
        raise FormOutdated(f"{case.procedure}: version {case.version_id} is no longer in force")


def _thrown(case: CaseRow, step: Step, now: datetime) -> list[dict[str, Any]]:
    """Messages and signals for other cases: each is delivered afterwards, in a step of its own there."""
    return [
        {
            "key": f"{one.kind}:{case.id}:{case.revision}:{place}",
            "case_id": case.id,
            "kind": one.kind,
            "body": {
                "name": one.name,
                "values": audit.plain(to_json(dict(one.values))),
                "correlation": one.correlation,
            },
            "created_at": now,
            "attempts": 0,
        }
        for place, one in enumerate([*step.messages, *step.signals])
    ]


def _after(before: CaseRow, host: CaseHost, step: Step, cause: Cause, actor: Actor) -> CaseRow:
    subject, kind = host.described()
    return replace(
        before,
        version_id=host.case.version_id,  # another one where the case is carried over
        state=host.sealed_state(step.state),
        revision=before.revision + 1,
        fields=host.sealed_fields(),
        subject=subject or before.subject,
        kind=kind or before.kind,
        status="closed" if step.ended else before.status,
        how=step.how if step.ended else before.how,
        outcome=host.outcome or before.outcome,
        closed_at=host.now if step.ended else before.closed_at,
        called_versions=host.called_versions,
        doers=_doers(host.case.doers, cause, actor),
    )


def _doers(before: Mapping[str, list[str]], cause: Cause, actor: Actor) -> dict[str, list[str]]:
    """Remember who completed which activity: four eyes are checked without reading history."""
    if cause.kind not in {"complete", "start"} or cause.activity_id is None:
        return dict(before)
    so_far = before.get(cause.activity_id, [])
    if actor.person_id in so_far:
        return dict(before)
    return {**before, cause.activity_id: [*so_far, actor.person_id]}


def _close_items(
    connection: Connection,
    case: CaseRow,
    step: Step,
    cause: Cause,
    actor: Actor,
    now: datetime,
) -> Callable[[], int] | None:
    """Close what the step closed; say afterwards of the item that was completed whether it was open (1 or 0)."""
    was_open = None
    for closed in step.closed:
        done = closed.how == "completed"
        count = cases.close_item(
            connection,
            case.id,
            closed.token,
            how=closed.how,
            by=actor.person_id if done else None,
            at=now,
        )
        if cause.item is not None and closed.token == cause.item["token"]:
            was_open = count
    return was_open


def already_completed(connection: Connection, task_id: str) -> TaskAlreadyCompleted:
    """Return the error that tells the second clerk who did it and when."""
    row = cases.work_item_row(connection, task_id)
    person = accounts.by_id(connection, row["closed_by"]) if row and row["closed_by"] else None
    name = person["name"] if person else (row["closed_by"] if row else None)
    return TaskAlreadyCompleted(task_id, name, row["closed_at"] if row else None)


def _opened_rows(case: CaseRow, host: CaseHost, step: Step, now: datetime) -> list[dict[str, Any]]:
    return [
        {
            "id": uuid.uuid4().hex,
            "case_id": case.id,
            "token": item.token,
            **offered(case, host, item, legal_day(now)),
            "assignee": host.person_id(item.assignee),
            "item": host.item_of(item),
            "status": "open",
            "opened_at": now,
        }
        for item in step.opened
    ]


def offered(case: CaseRow, host: CaseHost, item: WorkItem, opened: date) -> dict[str, Any]:
    """Return what a work item's row takes from the diagram: the step, its form, to whom and by when."""
    return {
        "activity_id": item.activity_id,
        "name": item.name,
        "kind": item.kind,
        "form": item.form,
        "role": item.groups[0] if item.groups else None,
        "unit": item.unit,
        "candidates": {
            "roles": list(item.groups),
            "users": list(item.users),
            "apart": list(item.separation),
            "due": case_moments.plain_due(item.due),
        },
        "due_on": case_moments.task_due(item.due, host, opened),
        "version_id": case.version_id,
    }


def _timers_and_waits(connection: Connection, case: CaseRow, host: CaseHost, step: Step) -> None:
    armed = [
        {
            "id": f"{case.id}:{timer.id}",
            "case_id": case.id,
            "timer": timer.id,
            "activity_id": timer.activity_id,
            "due_at": case_moments.timer_due(
                case_moments.Hanging(timer.clock, timer.offset, timer.party), host
            )
            if timer.clock
            else timer.due_at,
            "clock": timer.clock,
            "offset": timer.offset,
            "party": timer.party,
            "failures": 0,
        }
        for timer in step.timers_armed
    ]
    cases.replace_timers(connection, case.id, armed=armed, gone=step.timers_gone)
    added = [
        {
            "id": f"{case.id}:{wait.id}",
            "case_id": case.id,
            "wait": wait.id,
            "activity_id": wait.activity_id,
            "kind": wait.kind,
            "name": wait.name,
            "correlation": wait.correlation,
        }
        for wait in step.waits_added
    ]
    cases.replace_waits(connection, case.id, added=added, gone=step.waits_gone)


def _facts(connection: Connection, case: CaseRow, host: CaseHost, actor: Actor) -> None:
    """Store recorded facts and, where they or the calendar may have moved a date, what hangs on it."""
    if not host.recorded:
        return
    cases.append_events(connection, host.event_rows(actor))
    write_clocks(connection, case.id, host)
    host.audit_events += breaches.look_again(connection, host)


def write_clocks(connection: Connection, case_id: str, host: CaseHost) -> None:
    """Write the answers of a case's clocks, and move the timers and limits that hang on them."""
    batches.replace_clocks(connection, [case_id], clock_rows(case_id, host.file))
    moved = {
        row["id"]: moment
        for row in cases.case_timers(connection, case_id)
        if row["clock"]
        and (moment := case_moments.timer_due(case_moments.Hanging.of_row(row), host))
        != row["due_at"]
    }
    batches.move_timers(connection, moved)
    due = {
        row["id"]: day
        for row in cases.case_items(connection, case_id)
        if row["status"] == "open"
        and (spec := row["candidates"].get("due"))
        and spec.get("clock")
        and (day := case_moments.task_due(spec, host, legal_day(row["opened_at"]))) != row["due_on"]
    }
    batches.move_due(connection, due)


def _documents(case: CaseRow, cause: Cause, actor: Actor, now: datetime) -> list[dict[str, Any]]:
    return [
        {
            **document,
            "case_id": case.id,
            "activity_id": cause.activity_id,
            "created_by": actor.person_id,
            "created_at": now,
        }
        for document in cause.documents
    ]


def _history_row(
    case: CaseRow, step: Step, cause: Cause, actor: Actor, now: datetime
) -> dict[str, Any]:
    post = cause.post_of(actor)
    return {
        "case_id": case.id,
        "revision": case.revision,
        "at": now,
        "actor": actor.person_id,
        "role": post.role if post else None,
        "unit": post.unit if post else None,
        "on_behalf": actor.acts_for(post.role) if post else None,
        "cause": cause.kind,
        "work_item_id": cause.item["id"] if cause.item is not None else None,
        "activity_id": cause.activity_id,
        "form": cause.form,
        "submission": dict(cause.submission) if cause.submission is not None else None,
        "entries": [list(entry) for entry in step.history],
        "key": cause.key,
    }


def _role(cause: Cause, actor: Actor) -> str:
    """The post in which the step is taken."""
    post = cause.post_of(actor)
    return post.role if post else ""


def _audit_events(
    case: CaseRow, is_new: bool, host: CaseHost, step: Step, cause: Cause
) -> list[audit.AuditEvent]:
    events = []
    if is_new:
        events.append(
            audit.AuditEvent(
                "CaseStarted",
                f"case:{case.number}",
                case.id,
                {"procedure": case.procedure, "subject": case.subject},
                version=case.version_id,
            )
        )
    body = {
        **cause.body,
        "activity": cause.activity_id,
        "name": cause.item["name"] if cause.item is not None else None,
        "changes": host.changes(),
        "path": [entry.activity_id for entry in step.history if entry.what == "entered"],
        "opened": [item.activity_id for item in step.opened],
    }
    events.append(
        audit.AuditEvent(
            cause.action,
            f"task:{cause.item['id']}" if cause.item is not None else f"case:{case.number}",
            case.id,
            audit.plain(body),
            personal=cause.personal,
            reason=cause.reason,
            version=case.version_id,
        )
    )
    events += host.audit_events
    if step.ended:
        events.append(
            audit.AuditEvent(
                "CaseClosed",
                f"case:{case.number}",
                case.id,
                {"how": step.how or "", "outcome": case.outcome or ""},
                version=case.version_id,
            )
        )
    return events


def _stopped(env: Environment, actor: Actor, failed: _Failed, cause: Cause) -> CaseStopped:
    """Record what went wrong, in a transaction of its own; a case that never began leaves no trace."""
    before, is_new, failure = failed.case, failed.is_new, failed.failure
    element = getattr(failure, "element_id", None) or cause.activity_id
    sentence = getattr(failure, "sentence", None) or "这一步在系统里没有办成，案件停在原处"
    incident_id = uuid.uuid4().hex
    now = env.time.now()
    with UnitOfWork(env.database, writing=True) as uow:
        cases.add_incident(
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
        cases.resolve_incidents(uow.connection, cause.resolves, by=actor.person_id, at=now)
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
            role=_role(cause, actor),
        )
        uow.commit()
    return CaseStopped(incident_id, element, sentence)


def deployed_of(env: Environment, case: CaseRow) -> Deployed:
    """Return the version under which a case runs."""
    return env.deployed(case.version_id)
