"""What people do to a case that runs: complete a task, keep a draft, deliver a drawn action, record a fact, end it.

Each command reads, decides whether the actor may, and takes one step through ``stepping``. Refusals
are in the audit trail too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from engine.access import ActionFacts, can
from engine.bpmn import execute
from engine.bpmn.step import Step
from engine.commands import stepping, writing
from engine.commands.case_host import CaseHost
from engine.commands.cause import Cause, Moved
from engine.commands.errors import FormOutdated
from engine.commands.reading import done_before, item_of, reading, waiting
from engine.commands.submitting import (
    Upload,
    judged,
    personal_values,
    refuse_classified,
    refuse_other_button,
    require_right,
    stored,
)
from engine.environment import Environment
from engine.errors import Denied, NotFound
from engine.identity import Actor
from engine.personal import personal_of, seal_fields
from engine.store import cases, drafts
from engine.store.cases import CaseRow
from engine.stored_case import (
    case_facts,
    task_facts,
    task_form,
)
from engine.unit_of_work import Connection, UnitOfWork, glance


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
    batch: str = "",
) -> Moved:
    """Complete a user task with its form.

    Args:
        version: version id for which the form was rendered; another one in force is refused.
        key: of the rendered form.
        pressed: the word on the button, where it follows the answers: it must be the one that these have.
        batch: number of the batch that it is completed in, for the trail.

    Raises:
        NotFound, Denied, TaskAlreadyCompleted, FormOutdated, SubmissionInvalid, CaseStopped.
    """
    with glance(env.database) as connection:
        case, item, done_before = item_of(connection, task_id, key)
        if done_before:
            return stepping.repeated(connection, case.id)
        if item["status"] != "open":
            raise writing.already_completed(connection, task_id)
    require_right(env, actor, "task.complete", task_facts(case, item), f"task:{task_id}", case.id)
    deployed = env.deployed(case.version_id)
    if version is not None and version != case.version_id:
        raise FormOutdated(f"task {task_id} was rendered for version {version}")
    form = task_form(env, deployed, case, item)
    submitted = judged(env, actor, deployed, form, values, case, files, item["token"])
    if form is not None and pressed:
        refuse_other_button(env, actor, deployed, form, submitted, case, item, pressed)
    refuse_classified(env, actor, f"task:{task_id}", case.id, files, values)
    personal = personal_of(env, case)
    sealed = seal_fields(env, personal, submitted)
    documents = stored(env, form, files)
    activity = deployed.definition.activities.get(item["activity_id"])
    own = activity is not None and activity.process_id == deployed.definition.main

    def read(connection: Connection) -> tuple[CaseRow, bool]:
        fresh, row, _ = item_of(connection, task_id)
        if row["status"] != "open":
            raise writing.already_completed(connection, task_id)
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
            body={"batch": batch} if batch else {},
            personal=personal_values(personal, submitted),
            refers=form.cases_named(submitted) if form else {},
            resolves=resolves,
        ),
        fields=submitted if own else None,
        first=case,
    )


def save_draft(env: Environment, actor: Actor, task_id: str, values: Mapping[str, Any]) -> None:
    """Keep what somebody has typed; it is theirs alone and no evidence."""
    with UnitOfWork(env.database, writing=True) as uow:
        case, item, _ = item_of(uow.connection, task_id)
        if not can(env.institution().rules, actor, "task.complete", task_facts(case, item)).ok:
            raise Denied("not_candidate", "这一步不由您的岗位办理")
        sealed = seal_fields(env, personal_of(env, case), dict(values))
        drafts.save_draft(uow.connection, task_id, actor.person_id, sealed, env.time.now())
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
        if repeated := done_before(uow.connection, key):
            return repeated
        case, wait = waiting(uow.connection, case_id, wait_id)
        facts = case_facts(uow.connection, case_id)
    deployed = env.deployed(case.version_id)
    action = deployed.definition.actions.get(wait["activity_id"])
    if action is None:
        raise NotFound("action", wait_id)
    require_right(
        env, actor, "action.deliver", ActionFacts(action.group, facts), f"action:{wait_id}", case_id
    )
    form = deployed.procedure.forms[action.form] if action.form else None
    submitted = judged(env, actor, deployed, form, values, case, files)
    refuse_classified(env, actor, f"action:{wait_id}", case_id, files, values)
    personal = personal_of(env, case)
    sealed = seal_fields(env, personal, submitted)

    def read(connection: Connection) -> tuple[CaseRow, bool]:
        return waiting(connection, case_id, wait_id)[0], False

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
            documents=stored(env, form, files),
            key=key,
            body={"label": action.label},
            roles=(action.group,) if action.group else (),
            personal=personal_values(personal, submitted),
            refers=form.cases_named(submitted) if form else {},
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
