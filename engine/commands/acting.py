"""What people do to a case: start one, complete a task, take and give back, deliver a drawn action.

Each command reads, decides whether the actor may, and takes one step through ``stepping``. Refusals
are in the audit trail too.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from engine import audit
from engine.access import ActionFacts, Refused, can, require
from engine.bpmn import execute
from engine.bpmn.step import Step
from engine.case_file import opening_names
from engine.commands import stepping
from engine.commands.case_host import CaseHost
from engine.commands.effects import Taken
from engine.commands.errors import FormOutdated, SubmissionInvalid
from engine.commands.joining import joined
from engine.commands.noting import note
from engine.commands.stepping import Cause, Moved
from engine.deployed import Deployed
from engine.documents.classified import mark_in
from engine.environment import Environment
from engine.errors import Denied, NotFound, RevisionConflict
from engine.forms import Form, Sentence
from engine.identity import Actor
from engine.personal import seal_fields
from engine.store import cases, numbers
from engine.store.cases import CaseRow
from engine.stored_case import (
    case_facts,
    case_file,
    names_at,
    task_buttons,
    task_facts,
    task_form,
)
from engine.timesource import legal_day
from engine.unit_of_work import Connection, UnitOfWork, glance


@dataclass(frozen=True)
class Upload:
    """A file that came with a form: the field it answers, its own name, its bytes."""

    field: str
    filename: str
    media_type: str
    data: bytes


def start_case(
    env: Environment,
    actor: Actor,
    procedure: str,
    values: Mapping[str, Any] | None = None,
    files: Sequence[Upload] = (),
    *,
    key: str | None = None,
    variables: Mapping[str, Any] | None = None,
    via_form: bool = True,
    event: str | None = None,
) -> Moved:
    """Start a case; where its first step is a form, that form is submitted with it.

    So nothing is stored of a case that nobody registered: start and first step are one transaction.

    Args:
        values: answers of the first step's form, as posted or as JSON.
        key: of the rendered form; a second post with it changes nothing.
        variables: what a calling procedure hands over.
        via_form: False starts the case and leaves its first step open (started by the engine).
        event: the start event by which it begins, where that is not the plain one.

    Raises:
        Denied, SubmissionInvalid, CaseStopped.
        FormOutdated: another version came into force meanwhile; the next attempt is under that one.
    """
    try:
        return _start(
            env, actor, procedure, values or {}, files, key, variables or {}, via_form, event
        )
    except FormOutdated:
        env.refresh()
        raise


def _start(
    env: Environment,
    actor: Actor,
    procedure: str,
    values: Mapping[str, Any],
    files: Sequence[Upload],
    key: str | None,
    variables: Mapping[str, Any],
    via_form: bool,
    event: str | None,
) -> Moved:
    deployed = env.deployed(env.version_in_force(procedure))
    roles = deployed.procedure.start.roles if deployed.procedure.start else ()
    _require(env, actor, "case.start", roles, f"procedure:{procedure}")
    first = first_form(deployed) if via_form else None
    submitted = _judged(env, deployed, first[1] if first else None, values, None, files)
    _refuse_classified(env, actor, f"procedure:{procedure}", None, files, values)
    documents = _stored(env, first[1] if first else None, files)
    case_id = uuid.uuid4().hex

    def read(connection: Connection) -> tuple[CaseRow, bool]:
        return _new_case(env, connection, deployed, case_id, variables), True

    def act(host: CaseHost, state: dict[str, Any]) -> Step:
        host.numbers.append(_case_number(env, host))
        begun = execute.start(deployed.definition, host, dict(variables), event=event)
        if first is None:
            return begun
        token = next(item.token for item in begun.opened if item.activity_id == first[0])
        done = execute.complete(deployed.definition, host, begun.state, token, submitted)
        return joined(begun, done)

    return stepping.run(
        env,
        actor,
        read,
        act,
        Cause(
            "start",
            "TaskCompleted" if first else "CaseOpened",
            {"do": "start", "procedure": procedure},
            activity_id=first[0] if first else None,
            form=first[1].key if first else None,
            submission=seal_fields(env, deployed, submitted) if first else None,
            documents=documents,
            key=key,
            personal=_personal(deployed, submitted),
            roles=roles,
        ),
        fields=submitted,
    )


def first_form(deployed: Deployed) -> tuple[str, Form] | None:
    """Return (activity id, form) of the one user task that a new case begins with, if it has a form.

    A gateway before it asks who called the procedure; nobody did, so its default is the way.
    """
    definition = deployed.definition
    starts = definition.processes[definition.main].body.starts
    if len(starts) != 1 or len(starts[0].out) != 1:
        return None
    first = starts[0].out[0].target
    while first.kind == "exclusive" and first.default is not None:
        first = first.default.target
    if first.kind != "user" or first.work is None or first.work.form is None:
        return None
    return first.id, deployed.procedure.forms[first.work.form]


def _new_case(
    env: Environment,
    connection: Connection,
    deployed: Deployed,
    case_id: str,
    variables: Mapping[str, Any],
) -> CaseRow:
    now = env.time.now()
    series, year = deployed.procedure.numbering, legal_day(now).year
    number = numbers.next_number(connection, series, year)
    return CaseRow(
        id=case_id,
        procedure=deployed.procedure.key,
        version_id=deployed.version_id,
        number=env.institution().office.number(series, year, number),
        subject="",
        kind="",
        status="open",
        how=None,
        outcome=None,
        opened_at=now,
        closed_at=None,
        fields=dict(variables),
        state={},
        revision=0,
        called_versions={},
        doers={},
    )


def _case_number(env: Environment, host: CaseHost) -> Taken:
    series, year = host.deployed.procedure.numbering, host.today.year
    with UnitOfWork(env.database, writing=False) as uow:
        return Taken(series, year, numbers.next_number(uow.connection, series, year))


def complete_task(
    env: Environment,
    actor: Actor,
    task_id: str,
    values: Mapping[str, Any],
    files: Sequence[Upload] = (),
    *,
    version: str | None = None,
    key: str | None = None,
    pressed: str = "",
    resolves: tuple[str, ...] = (),
) -> Moved:
    """Complete a user task with its form.

    Args:
        version: version id for which the form was rendered; another one in force is refused.
        key: of the rendered form.
        pressed: the word on the button, where it follows the answers: it must be the one that these have.

    Raises:
        NotFound, Denied, TaskAlreadyCompleted, FormOutdated, SubmissionInvalid, CaseStopped.
    """
    with glance(env.database) as connection:
        case, item, done_before = _item(connection, task_id, key)
        if done_before:
            return stepping.repeated(connection, case.id)
        if item["status"] != "open":
            raise stepping.already_completed(connection, task_id)
    _require(env, actor, "task.complete", task_facts(case, item), f"task:{task_id}", case.id)
    deployed = env.deployed(case.version_id)
    if version is not None and version != case.version_id:
        raise FormOutdated(f"task {task_id} was rendered for version {version}")
    form = task_form(env, deployed, case, item)
    submitted = _judged(env, deployed, form, values, case, files, item["token"])
    if form is not None and pressed:
        _refuse_other_button(env, deployed, form, submitted, case, item, pressed)
    _refuse_classified(env, actor, f"task:{task_id}", case.id, files, values)
    sealed = seal_fields(env, deployed, submitted)
    documents = _stored(env, form, files)
    activity = deployed.definition.activities.get(item["activity_id"])
    own = activity is not None and activity.process_id == deployed.definition.main

    def read(connection: Connection) -> tuple[CaseRow, bool]:
        fresh, row, _ = _item(connection, task_id)
        if row["status"] != "open":
            raise stepping.already_completed(connection, task_id)
        return fresh, False

    def act(host: CaseHost, state: dict[str, Any]) -> Step:
        return execute.complete(deployed.definition, host, state, item["token"], submitted)

    return stepping.run(
        env,
        actor,
        read,
        act,
        Cause(
            "complete",
            "TaskCompleted",
            {
                "do": "complete",
                "task": task_id,
                "values": sealed,
                "actor": actor.person_id,
            },
            activity_id=item["activity_id"],
            item=item,
            form=form.key if form else None,
            submission=sealed,
            documents=documents,
            key=key,
            personal=_personal(deployed, submitted),
            resolves=resolves,
        ),
        fields=submitted if own else None,
        first=case,
    )


def claim(env: Environment, actor: Actor, task_id: str) -> None:
    """Take an open task so that others see who works on it.

    Raises:
        Denied: somebody else has it (``assigned``), or it is not offered to the actor.
        NotFound, TaskAlreadyCompleted: it was finished or withdrawn.
    """
    with UnitOfWork(env.database, writing=True) as uow:
        case, item, _ = _item(uow.connection, task_id)
        if item["status"] != "open":
            raise stepping.already_completed(uow.connection, task_id)
        decision = can(env.institution().rules, actor, "task.claim", task_facts(case, item))
        if isinstance(decision, Refused):
            raise Denied(decision.reason, decision.sentence)
        if not cases.set_assignee(uow.connection, task_id, actor.person_id, item["assignee"]):
            raise RevisionConflict(f"task {task_id} was taken meanwhile")
        note(
            env, uow.connection, actor, audit.AuditEvent("TaskClaimed", f"task:{task_id}", case.id)
        )
        uow.commit()


def release(env: Environment, actor: Actor, task_id: str) -> None:
    """Give a task back that one has taken.

    Raises:
        Denied: it is not the actor's, or it was given by name and nobody else could take it.
        TaskAlreadyCompleted: it was finished or withdrawn.
    """
    with UnitOfWork(env.database, writing=True) as uow:
        case, item, _ = _item(uow.connection, task_id)
        if item["status"] != "open":
            raise stepping.already_completed(uow.connection, task_id)
        require(env.institution().rules, actor, "task.release", task_facts(case, item))
        if not cases.set_assignee(uow.connection, task_id, None, actor.person_id):
            raise RevisionConflict(f"task {task_id} was changed meanwhile")
        note(
            env, uow.connection, actor, audit.AuditEvent("TaskReleased", f"task:{task_id}", case.id)
        )
        uow.commit()


def save_draft(env: Environment, actor: Actor, task_id: str, values: Mapping[str, Any]) -> None:
    """Keep what somebody has typed; it is theirs alone and no evidence."""
    with UnitOfWork(env.database, writing=True) as uow:
        case, item, _ = _item(uow.connection, task_id)
        if not can(env.institution().rules, actor, "task.complete", task_facts(case, item)).ok:
            raise Denied("not_candidate", "这一步不由您的岗位办理")
        sealed = seal_fields(env, env.deployed(case.version_id), dict(values))
        cases.save_draft(uow.connection, task_id, actor.person_id, sealed, env.time.now())
        uow.commit()


def deliver_action(
    env: Environment,
    actor: Actor,
    case_id: str,
    wait_id: str,
    values: Mapping[str, Any],
    files: Sequence[Upload] = (),
    *,
    key: str | None = None,
    resolves: tuple[str, ...] = (),
) -> Moved:
    """Do what a waiting drawn event offers (``gk:action``): its form delivers the message to this case.

    Raises:
        NotFound: nothing waits under that id any more. Denied, SubmissionInvalid, CaseStopped.
    """
    with UnitOfWork(env.database, writing=False) as uow:
        if repeated := _done_before(uow.connection, key):
            return repeated
        case, wait = _waiting(uow.connection, case_id, wait_id)
        facts = case_facts(uow.connection, case_id)
    deployed = env.deployed(case.version_id)
    action = deployed.definition.actions.get(wait["activity_id"])
    if action is None:
        raise NotFound("action", wait_id)
    _require(
        env, actor, "action.deliver", ActionFacts(action.group, facts), f"action:{wait_id}", case_id
    )
    form = deployed.procedure.forms[action.form] if action.form else None
    submitted = _judged(env, deployed, form, values, case, files)
    _refuse_classified(env, actor, f"action:{wait_id}", case_id, files, values)
    sealed = seal_fields(env, deployed, submitted)

    def read(connection: Connection) -> tuple[CaseRow, bool]:
        return _waiting(connection, case_id, wait_id)[0], False

    def act(host: CaseHost, state: dict[str, Any]) -> Step:
        return execute.deliver(
            deployed.definition,
            host,
            state,
            message=wait["name"],
            values=submitted,
            token=wait_id.partition(".")[0],  # what waits: only it, should others wait for the same
        )

    return stepping.run(
        env,
        actor,
        read,
        act,
        Cause(
            "message",
            "ActionTaken",
            {
                "do": "action",
                "case": case_id,
                "wait": wait_id,
                "values": sealed,
                "actor": actor.person_id,
            },
            activity_id=wait["activity_id"],
            form=form.key if form else None,
            submission=sealed,
            documents=_stored(env, form, files),
            key=key,
            body={"label": action.label},
            roles=(action.group,) if action.group else (),
            personal=_personal(deployed, submitted),
            resolves=resolves,
        ),
        fields=submitted,
    )


def record_fact(
    env: Environment,
    actor: Actor,
    case_id: str,
    kind: str,
    day: date,
    fields: Mapping[str, Any] | None = None,
) -> Moved:
    """Record a dated legal fact that no drawn step records; every clock follows.

    Raises:
        NotFound: no such case. CaseClosed: it has ended.
    """

    def act(host: CaseHost, state: dict[str, Any]) -> Step:
        host.record(kind, day, fields or {}, "")
        return Step(state=state)

    return stepping.run(
        env,
        actor,
        reading(case_id),
        act,
        Cause("fact", "FactRecorded", {}, body={"kind": kind, "day": str(day)}),
    )


def cancel_case(env: Environment, actor: Actor, case_id: str, reason: str) -> Moved:
    """End a case by hand, with a reason; its history stays.

    Raises:
        NotFound: no such case. CaseClosed: it ended already.
    """
    with UnitOfWork(env.database, writing=False) as uow:
        case = cases.load(uow.connection, case_id)
    if case is None:
        raise NotFound("case", case_id)
    definition = env.deployed(case.version_id).definition

    def act(host: CaseHost, state: dict[str, Any]) -> Step:
        return execute.cancel(definition, host, state)

    return stepping.run(
        env, actor, reading(case_id), act, Cause("cancel", "CaseCancelled", {}, reason=reason)
    )


def reading(case_id: str) -> Callable[[Connection], tuple[CaseRow, bool]]:
    """Return what ``stepping.run`` reads a stored case with."""

    def read(connection: Connection) -> tuple[CaseRow, bool]:
        case = cases.load(connection, case_id)
        if case is None:
            raise NotFound("case", case_id)
        return case, False

    return read


def _done_before(connection: Connection, key: str | None) -> Moved | None:
    """Return what a rendered form already did, where it comes in a second time."""
    done = cases.history_by_key(connection, key) if key else None
    return stepping.repeated(connection, done["case_id"]) if done else None


def _waiting(connection: Connection, case_id: str, wait_id: str) -> tuple[CaseRow, dict[str, Any]]:
    case = cases.load(connection, case_id)
    waits = cases.case_waits(connection, case_id)
    wait = next((row for row in waits if row["wait"] == wait_id), None)
    if case is None or wait is None:
        raise NotFound("action", wait_id)
    return case, wait


def _item(
    connection: Connection, task_id: str, key: str | None = None
) -> tuple[CaseRow, dict[str, Any], bool]:
    """Return the case, the work item, and whether the rendered form of ``key`` was taken already."""
    found = cases.load_with_item(connection, task_id, key)
    if found is None:
        raise NotFound("task", task_id)
    return found


def _judged(
    env: Environment,
    deployed: Deployed,
    form: Form | None,
    values: Mapping[str, Any],
    case: CaseRow | None,
    files: Sequence[Upload],
    token: str | None = None,
) -> dict[str, Any]:
    """Return the answers of a form, or raise what is wrong with them."""
    raw = dict(values)
    for upload in files:
        raw[upload.field] = [*raw.get(upload.field, []), upload.filename]
    if form is None:
        return raw
    day = legal_day(env.time.now())
    if case is None:
        institution = env.institution()
        names, functions = opening_names(institution), institution.functions(day)
    else:
        file = case_file(env, deployed, case)
        names = names_at(env, deployed, case, file, token) if token else file.names()
        functions = file.functions
    judged = form.validate(raw, today=day, names=names, functions=functions)
    if not judged.ok:
        raise SubmissionInvalid(judged.errors, judged.values)
    return dict(judged.values)


def _refuse_other_button(
    env: Environment,
    deployed: Deployed,
    form: Form,
    submitted: Mapping[str, Any],
    case: CaseRow,
    item: Mapping[str, Any],
    pressed: str,
) -> None:
    """Refuse what was done under another word than the answers have: 受理 was read, and a 补正告知书 would go out."""
    buttons = task_buttons(env, case, item)
    if pressed not in {one.label for one in buttons}:
        return
    day = legal_day(env.time.now())
    found = form.first_true(
        [one.when for one in buttons],
        today=day,
        names=names_at(env, deployed, case, case_file(env, deployed, case), item["token"]),
        functions=env.institution().functions(day),
        values=submitted,
    )
    if found is None or buttons[found].label != pressed:
        right = buttons[found].label if found is not None else item["name"]
        sentence = Sentence(
            "按现在填写的内容，这一步是“{right}”，不是“{pressed}”。请核对后再按。",
            right=right,
            pressed=pressed,
        )
        raise SubmissionInvalid({"": sentence}, submitted)


def _refuse_classified(
    env: Environment,
    actor: Actor,
    target: str,
    case_id: str | None,
    files: Sequence[Upload],
    values: Mapping[str, Any],
) -> None:
    """Raise ``SubmissionInvalid`` where a file bears a mark of state secrets; nothing of it is kept."""
    for upload in files:
        mark = mark_in(upload.filename, upload.data, env.institution().marks)
        if mark is None:
            continue
        body = {"action": "upload", "field": upload.field, "mark": mark}
        _refusal(env, actor, audit.AuditEvent("Refused", target, case_id, body), "classified_mark")
        sentence = Sentence(
            "有一个文件带有国家秘密标志“{mark}”，没有收。本系统不得存储国家秘密，"
            "请从这台计算机上删除该文件，并报告保密审查员",
            mark=mark,
        )
        raise SubmissionInvalid({upload.field: sentence}, dict(values))


def _stored(env: Environment, form: Form | None, files: Sequence[Upload]) -> list[dict[str, Any]]:
    """Store uploaded bytes and return their rows; unreferenced bytes do no harm if the step fails."""
    labels = {one.key: one.label for one in form.fields} if form else {}
    return [
        {
            "id": uuid.uuid4().hex,
            "kind": "upload",
            "title": labels.get(upload.field, upload.field),
            "filename": upload.filename,
            "media_type": upload.media_type,
            "sha256": env.blobs.put(upload.data),
            "size": len(upload.data),
            "field": upload.field,
            "letter": None,
            "letter_number": None,
        }
        for upload in files
    ]


def _personal(deployed: Deployed, values: Mapping[str, Any]) -> dict[str, str]:
    personal = deployed.procedure.personal_fields
    return {key: str(value) for key, value in values.items() if key in personal and value}


def _require(
    env: Environment,
    actor: Actor,
    action: str,
    about: object,
    target: str,
    case_id: str | None = None,
) -> None:
    """Raise ``Denied`` and leave a row in the trail where the actor may not."""
    decision = can(env.institution().rules, actor, action, about)
    if not isinstance(decision, Refused):
        return
    event = audit.AuditEvent("Refused", target, case_id, {"action": action})
    _refusal(env, actor, event, decision.reason)
    raise Denied(decision.reason, decision.sentence)


def _refusal(env: Environment, actor: Actor, event: audit.AuditEvent, reason: str) -> None:
    with UnitOfWork(env.database, writing=True) as uow:
        note(env, uow.connection, actor, replace(event, result="denied", reason=reason))
        uow.commit()


def form_key(env: Environment, actor: Actor, about: str) -> str:
    """Return a fresh key for a rendered form; posted twice it changes nothing the second time."""
    seed = f"{actor.person_id}|{about}|{uuid.uuid4().hex}"
    return hashlib.sha256(seed.encode()).hexdigest()[:48]
