"""What a computed step writes: every row of it, in a fixed order, within somebody's transaction.

Decides nothing of the case; what can be taken back afterwards, and what not, is said here because the rows tell.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from engine import audit, case_moments
from engine.bpmn.step import Step, WorkItem
from engine.commands import breaches
from engine.commands.case_host import CaseHost, clock_rows
from engine.commands.cause import Cause, Moved
from engine.commands.errors import FormOutdated
from engine.commands.noting import note
from engine.environment import Environment
from engine.errors import TaskAlreadyCompleted
from engine.feel import to_json
from engine.identity import Actor, Post
from engine.procedure import FROM_CASE
from engine.store import (
    accounts,
    awaited,
    batches,
    cases,
    definitions,
    documents,
    incidents,
    numbers,
    outbox,
    references,
)
from engine.store.cases import CaseRow
from engine.timesource import legal_day
from engine.unit_of_work import Connection


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
    references.replace(connection, after.id, _named(before, after, is_new, host, cause))
    documents.add_document(connection, [*_documents(after, cause, actor, now), *host.documents])
    outbox.tell(connection, [_lasting(one, step) for one in host.notices])
    outbox.add(connection, [*host.outbox, *_thrown(after, step, now)])
    incidents.resolve_incidents(connection, cause.resolves, by=actor.person_id, at=now)
    post = cause.post_of(actor)
    cases.append_history(connection, _history_row(after, step, cause, actor, post, now))
    note(
        env,
        connection,
        actor,
        *_audit_events(after, is_new, host, step, cause),
        role=post.role if post else "",
        ends=ends,
    )
    return Moved(after.id, after.number, after.revision, step.ended, tuple(opened))


def _named(
    before: CaseRow, after: CaseRow, is_new: bool, host: CaseHost, cause: Cause
) -> Mapping[str, Sequence[str]]:
    """Return which cases the step names: in its form, or by what another case, an effect or a call gave to this."""
    fields = {FROM_CASE, *host.deployed.procedure.case_fields}
    given = {
        key: [one]
        for key in fields
        if isinstance(one := after.fields.get(key), str)
        and one
        and (is_new or before.fields.get(key) != one)
    }
    return {**given, **cause.refers}


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
    reasons = (
        (step.ended, "ended"),
        (host.numbers, "number"),
        (host.documents, "letter"),
        (host.notices or host.outbox or step.messages or step.signals, "told"),
        (host.recorded, "fact"),
        (after.outcome != before.outcome, "outcome"),
        (cause.documents, "upload"),
        (step.timers_gone or step.waits_gone, "waits"),
        (len(step.closed) > 1 or before.version_id != after.version_id, "others"),
    )
    return next((word for holds, word in reasons if holds), "")


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
    return before._replace(
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
            "id": secrets.token_hex(16),
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
    awaited.replace_timers(connection, case.id, armed=armed, gone=step.timers_gone)
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
    awaited.replace_waits(connection, case.id, added=added, gone=step.waits_gone)


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
        for row in awaited.case_timers(connection, case_id)
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
    case: CaseRow, step: Step, cause: Cause, actor: Actor, post: Post | None, now: datetime
) -> dict[str, Any]:
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
