"""Tasks taken and given back, one or several at once: what can be taken and what not is said before."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from engine import audit
from engine.access import Refused, can, require
from engine.commands import writing
from engine.commands.noting import note
from engine.commands.reading import item_of
from engine.environment import Environment
from engine.errors import Denied, RevisionConflict
from engine.identity import Actor
from engine.store import cases
from engine.stored_case import task_facts
from engine.unit_of_work import Connection, UnitOfWork
from engine.words import say

MOST = 200  # tasks of one batch


@dataclass(frozen=True)
class Picked:
    """A task that somebody picked; ``why_not`` is "" where they can take it."""

    task_id: str
    case_id: str
    number: str
    subject: str
    step: str
    why_not: str


def claim(env: Environment, actor: Actor, task_id: str) -> None:
    """Take an open task so that others see who works on it.

    Raises:
        Denied: somebody else has it (``assigned``), or it is not offered to the actor.
        NotFound, TaskAlreadyCompleted: it was finished or withdrawn.
    """
    with UnitOfWork(env.database, writing=True) as uow:
        case, item, _ = item_of(uow.connection, task_id)
        if item["status"] != "open":
            raise writing.already_completed(uow.connection, task_id)
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
        case, item, _ = item_of(uow.connection, task_id)
        if item["status"] != "open":
            raise writing.already_completed(uow.connection, task_id)
        require(env.institution().rules, actor, "task.release", task_facts(case, item))
        if not cases.set_assignee(uow.connection, task_id, None, actor.person_id):
            raise RevisionConflict(f"task {task_id} was changed meanwhile")
        note(
            env, uow.connection, actor, audit.AuditEvent("TaskReleased", f"task:{task_id}", case.id)
        )
        uow.commit()


def picked(env: Environment, actor: Actor, task_ids: Sequence[str]) -> list[Picked]:
    """Return the picked tasks in their order; ids of no task are left out."""
    with UnitOfWork(env.database, writing=False) as uow:
        return _picked(env, uow.connection, actor, task_ids)


def claim_all(
    env: Environment, actor: Actor, task_ids: Sequence[str]
) -> tuple[list[Picked], list[Picked]]:
    """Take what can be taken: (taken, not taken). One audit event a task, all with the batch's number."""
    batch = uuid.uuid4().hex[:12]
    taken, left = [], []
    for task_id in dict.fromkeys(task_ids[:MOST]):
        with UnitOfWork(env.database, writing=True) as uow:
            for one in _picked(env, uow.connection, actor, [task_id]):
                if one.why_not:
                    left.append(one)
                    continue
                cases.set_assignee(uow.connection, task_id, actor.person_id, None)
                body = {"batch": batch}
                event = audit.AuditEvent("TaskClaimed", f"task:{task_id}", one.case_id, body)
                note(env, uow.connection, actor, event)
                taken.append(one)
            uow.commit()
    return taken, left


def _picked(
    env: Environment, connection: Connection, actor: Actor, task_ids: Sequence[str]
) -> list[Picked]:
    found = []
    for task_id in dict.fromkeys(task_ids[:MOST]):
        loaded = cases.load_with_item(connection, task_id, None)
        if loaded is None:
            continue
        case, item, _ = loaded
        decision = can(env.institution().rules, actor, "task.claim", task_facts(case, item))
        why_not = ""
        if item["status"] != "open":
            why_not = say("已经办理过了")
        elif item["assignee"] == actor.person_id:
            why_not = say("已经由您签收")
        elif isinstance(decision, Refused):
            why_not = decision.sentence
        found.append(
            Picked(task_id, case.id, case.number, case.subject, str(item["name"]), why_not)
        )
    return found
