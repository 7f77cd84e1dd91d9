"""Several tasks dealt with at once: handed to a colleague, or the same step completed with the same answers.

What can be done and what not is said before. Each task is a transaction of its own, with its own events in
the trail under one batch number: one that cannot be done stops no other, and nothing is half done in one.

Which steps may be completed together is read from diagram and form: a step that asks nothing, and one whose
``gk:button`` says ``together="true"``. The form then asks only what can be the same for all: no single-line
text (numbers, names), file, table or personal value; a step that needs one of these is done one by one. So is
a case whose form has something to show first (a reason for sending back) or begins with other answers.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from engine import audit
from engine.access import Refused, can
from engine.bpmn.model import Activity
from engine.case_file import CaseFile
from engine.commands.acting import complete_task
from engine.commands.claiming import MOST, Picked
from engine.commands.noting import note
from engine.environment import Environment
from engine.errors import BadInput, EngineError
from engine.forms import Field, Form
from engine.identity import Actor
from engine.office.directory import title_of
from engine.personal import Unsealed
from engine.sealing import holds_sealed
from engine.store import accounts, cases, outbox
from engine.store.cases import CaseRow
from engine.stored_case import case_file, names_at, task_activity, task_facts, task_form
from engine.timesource import legal_day
from engine.unit_of_work import Connection, UnitOfWork
from engine.words import say

MOST_DONE = 50  # tasks completed in one batch: each may write letters
HANDED = "{number} “{step}”由{who}转来，请您办理"

_EACH_ITS_OWN = frozenset({"text", "file", "table", "given", "case"})


@dataclass(frozen=True)
class Together:
    """What picked tasks come to as one step.

    ``form``, ``values`` and ``names`` are those of the first that can be done (None where none can);
    ``tasks`` are all that were picked, each with why it is not among them.
    """

    tasks: Sequence[Picked]
    activity: Activity | None = None
    form: Form | None = None
    file: CaseFile | None = None
    values: Mapping[str, Any] | None = None
    names: Mapping[str, object] | None = None


@dataclass(frozen=True)
class Result:
    """What became of one task of a batch: ``opened`` are the steps that come now, ``failure`` why it was not done."""

    task: Picked
    opened: Sequence[str] = ()
    ended: bool = False
    failure: EngineError | None = None
    labels: Mapping[str, str] | None = None  # of the form's fields, for a failure that names them


@dataclass(frozen=True)
class Colleague:
    """Somebody to whom picked tasks can be handed: name and posts, and how many of them."""

    person_id: str
    name: str
    posts: str
    takes: int


# ---------------------------------------------------------------- the same step of several cases


def together(env: Environment, actor: Actor, task_ids: Sequence[str]) -> Together:
    """Return what of the picked tasks can be completed as one; ids of no task are left out."""
    found = Together([])
    tasks: list[Picked] = []
    for task_id in dict.fromkeys(task_ids[:MOST_DONE]):
        with UnitOfWork(env.database, writing=False) as uow:
            loaded = cases.load_with_item(uow.connection, task_id, None)
        if loaded is None:
            continue
        case, item, _ = loaded
        one = _One(env, case, item)
        why_not = _not_mine(env, actor, case, item) or one.why_not()
        if not why_not and found.form is None:
            found = replace(
                found, activity=one.activity, form=one.form, file=one.file,
                values=one.values, names=one.names,
            )  # fmt: skip
        elif not why_not:
            why_not = one.differs(found)
        tasks.append(Picked(task_id, case.id, case.number, case.subject, item["name"], why_not))
    return replace(found, tasks=tasks)


def complete_all(
    env: Environment, actor: Actor, task_ids: Sequence[str], values: Mapping[str, Any], key: str
) -> list[Result]:
    """Complete the same step of several cases with the same answers, each by itself.

    Args:
        values: answers to the form of ``together``.
        key: of the rendered form; a second post with it changes nothing.
    """
    found = together(env, actor, task_ids)
    batch = uuid.uuid4().hex[:12]
    results = []
    for task in found.tasks:
        if task.why_not or found.form is None:
            sentence = task.why_not or say("这一步要逐件办理")
            results.append(Result(task, failure=BadInput(sentence, sentence=sentence)))
            continue
        labels = {one.key: one.label for one in found.form.fields}
        try:
            own = _own_answers(env, task.task_id, found.form)
            moved = complete_task(
                env,
                actor,
                task.task_id,
                {**own, **values},
                key=f"{key}:{task.task_id}",
                batch=batch,
            )
        except EngineError as failure:
            results.append(Result(task, failure=failure, labels=labels))
            continue
        opened = [str(one["name"]) for one in moved.opened]
        results.append(Result(task, opened, moved.ended))
    return results


class _One:
    """One picked task: its step, the part of its form that can be the same for all, and what that begins with."""

    def __init__(self, env: Environment, case: CaseRow, item: Mapping[str, Any]) -> None:
        deployed = env.deployed(case.version_id)
        self.activity = task_activity(env, case, item)
        self.whole = task_form(env, deployed, case, item) or Form.empty(item["name"])
        self.form = for_all(self.whole)
        self.file = case_file(env, deployed, case)
        known = names_at(env, deployed, case, self.file, item["token"])
        self.names = Unsealed(env, known, opened=False)
        day = legal_day(env.time.now())
        stored = {key: one for key, one in case.fields.items() if not holds_sealed(one)}
        first = self.whole.initial(today=day, names=self.names, functions=self.file.functions)
        kept = {} if item["item"] else stored
        keys = self.whole.field_keys
        self.first = {**first, **{key: one for key, one in kept.items() if key in keys}}
        self.values = {key: self.first.get(key) for key in sorted(self.form.field_keys)}

    def why_not(self) -> str:
        """Return why this step, or this case's, is not done together with others; "" where it may be."""
        if not _may_be_together(self.activity, self.whole):
            return say("这一步要逐件办理")
        shown = next(
            (one for one in self.whole.fields if one.type == "given" and self.first.get(one.key)),
            None,
        )
        if shown is not None:
            return say("有“{label}”要先看，请单独办理", label=shown.label)
        return ""

    def differs(self, other: Together) -> str:
        """Return why the task does not go with those before it."""
        if self.activity is not other.activity or self.whole.file != getattr(
            other.form, "file", ""
        ):
            return say("与选中的第一件不是同一步，请分开办理")
        before = other.values or {}
        for one in self.form.fields:
            if one.key in before and before[one.key] != self.values.get(one.key):
                return say("“{label}”与选中的第一件不同，请单独办理", label=one.label)
        return ""


def for_all(form: Form) -> Form:
    """Return the part of a form whose answers can be the same for several cases."""
    sections = [
        replace(one, fields=tuple(each for each in one.fields if _same_for_all(each)))
        for one in form.sections
    ]
    return replace(form, sections=tuple(one for one in sections if one.fields))


def _same_for_all(one: Field) -> bool:
    return one.type not in _EACH_ITS_OWN and not one.personal


def _may_be_together(activity: Activity | None, form: Form) -> bool:
    if activity is None or activity.buttons:
        return False
    asks = [one for one in form.fields if one.type != "given"]
    if not asks:
        return True
    said = (activity.button or {}).get("together") == "true"
    return said and not any(one.required and not _same_for_all(one) for one in asks if _always(one))


def _always(one: Field) -> bool:
    return one.visible_if is None


def _own_answers(env: Environment, task_id: str, shared: Form) -> dict[str, Any]:
    """Return what one task's form begins with besides the shared questions."""
    with UnitOfWork(env.database, writing=False) as uow:
        loaded = cases.load_with_item(uow.connection, task_id, None)
    if loaded is None:
        return {}
    case, item, _ = loaded
    one = _One(env, case, item)
    keys = one.whole.field_keys - shared.field_keys
    return {key: value for key, value in one.first.items() if key in keys and value is not None}


# ---------------------------------------------------------------- handed to somebody else


def colleagues(env: Environment, actor: Actor, task_ids: Sequence[str]) -> list[Colleague]:
    """Return who else could do some of the picked tasks, who can do most of them first."""
    office, found = env.institution().office, []
    with UnitOfWork(env.database, writing=False) as uow:
        loaded = _loaded(uow.connection, task_ids)
        people = _people(env, uow.connection)
    for person in people:
        takes = sum(
            not _not_mine(env, actor, case, item) and not _not_theirs(env, person, case, item)
            for case, item in loaded
        )
        if takes and person.person_id != actor.person_id:
            posts = dict.fromkeys(title_of(office, one.role, one.unit) for one in person.posts)
            found.append(Colleague(person.person_id, person.name, "、".join(posts), takes))
    return sorted(found, key=lambda one: (-one.takes, one.name))


def hand_over_all(
    env: Environment, actor: Actor, task_ids: Sequence[str], person_id: str, reason: str
) -> tuple[list[Picked], list[Picked]]:
    """Give tasks that one has, or could take, to a colleague: (given, not given), who is told of each.

    Raises:
        BadInput: nobody was chosen, or nobody in post.
    """
    with UnitOfWork(env.database, writing=False) as uow:
        people = {one.person_id: one for one in _people(env, uow.connection)}
    if person_id not in people:
        raise BadInput("nobody to hand over to", sentence="请选择转给谁办理")
    to, batch = people[person_id], uuid.uuid4().hex[:12]
    given, left = [], []
    for task_id in dict.fromkeys(task_ids[:MOST]):
        with UnitOfWork(env.database, writing=True) as uow:
            for case, item in _loaded(uow.connection, [task_id]):
                why_not = _not_mine(env, actor, case, item) or _not_theirs(env, to, case, item)
                one = Picked(task_id, case.id, case.number, case.subject, item["name"], why_not)
                if why_not or not cases.set_assignee(
                    uow.connection, task_id, to.person_id, item["assignee"]
                ):
                    left.append(replace(one, why_not=why_not or say("刚才已由别人签收")))
                    continue
                body = {"batch": batch, "to": to.name, "name": item["name"]}
                event = audit.AuditEvent(
                    "TaskHandedOver", f"task:{task_id}", case.id, body, reason=reason[:200]
                )
                note(env, uow.connection, actor, event)
                outbox.tell(uow.connection, [_told(env, actor, to, case, item)])
                given.append(one)
            uow.commit()
    return given, left


def picked_to_give(env: Environment, actor: Actor, task_ids: Sequence[str]) -> list[Picked]:
    """Return the picked tasks, each with why the actor cannot hand it over."""
    with UnitOfWork(env.database, writing=False) as uow:
        loaded = _loaded(uow.connection, task_ids)
    return [
        Picked(
            item["id"], case.id, case.number, case.subject, item["name"],
            _not_mine(env, actor, case, item),
        )
        for case, item in loaded
    ]  # fmt: skip


def _loaded(
    connection: Connection, task_ids: Sequence[str]
) -> list[tuple[CaseRow, dict[str, Any]]]:
    found = []
    for task_id in dict.fromkeys(task_ids[:MOST]):
        loaded = cases.load_with_item(connection, task_id, None)
        if loaded is not None:
            found.append((loaded[0], loaded[1]))
    return found


def _people(env: Environment, connection: Connection) -> list[Actor]:
    day = legal_day(env.time.now())
    rows = {row["person_id"]: row for row in accounts.holders(connection, day)}
    return [
        Actor(key, row["name"], tuple(accounts.posts(connection, key, day)), login=row["login"])
        for key, row in rows.items()
    ]


def _not_mine(env: Environment, actor: Actor, case: CaseRow, item: Mapping[str, Any]) -> str:
    if item["status"] != "open":
        return say("已经办理过了")
    decision = can(env.institution().rules, actor, "task.complete", task_facts(case, item))
    return decision.sentence if isinstance(decision, Refused) else ""


def _not_theirs(env: Environment, to: Actor, case: CaseRow, item: Mapping[str, Any]) -> str:
    """Return why a colleague could not do a task that is given to them."""
    if item["assignee"] == to.person_id:
        return say("已经在{who}手里", who=to.name)
    facts = replace(task_facts(case, item), assignee=None)
    decision = can(env.institution().rules, to, "task.complete", facts)
    if not isinstance(decision, Refused):
        return ""
    if decision.reason == "separation":
        return say("{who}办过须与本步骤分开的那一步", who=to.name)
    return say("这一步不由{who}的岗位办理", who=to.name)


def _told(
    env: Environment, actor: Actor, to: Actor, case: CaseRow, item: Mapping[str, Any]
) -> dict[str, Any]:
    return {
        "case_id": case.id,
        "person_id": to.person_id,
        "role": None,
        "unit": None,
        "text": HANDED.format(number=case.number, step=item["name"], who=actor.name),
        "at": env.time.now(),
        "task_id": item["id"],
    }
