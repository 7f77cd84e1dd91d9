"""The last step of one's own taken back (收回), so long as it is seen nowhere outside the case and nobody went on.

Not undone in silence: taking back is a step of its own. What was submitted stays in the history and in the trail,
the taking back stands behind it with its reason, and the step is open again for the same person, with what was
typed. What has left the case (a letter, a number, a notice, a recorded fact, the closing) is not called back: a
wrong fact is corrected, a wrong decision sent back by who has it now.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine import audit
from engine.commands.noting import note
from engine.environment import Environment
from engine.errors import BadInput, NotFound, RevisionConflict
from engine.identity import Actor
from engine.store import awaited, cases, drafts, last_steps, references
from engine.store.cases import CaseRow
from engine.stored_case import task_form
from engine.unit_of_work import Connection, UnitOfWork
from engine.words import say


@dataclass(frozen=True)
class Taking:
    """The actor's last step in a case: its name, and why it cannot be taken back ("" where it can)."""

    step: str
    why_not: str


def to_take_back(connection: Connection, actor: Actor, case: CaseRow) -> Taking | None:
    """Return the last step of a case where it was the actor's; None where it was not, or the case moved on."""
    last = last_steps.of(connection, case.id)
    if last is None or last["actor"] != actor.person_id or last["revision"] != case.revision:
        return None
    item = cases.work_item_row(connection, last["work_item_id"])
    if item is None:
        return None
    why_not = _why(last["why_not"])
    if not why_not and last_steps.begun_by_others(connection, last["opened"], actor.person_id):
        why_not = say("后面的人已经开始办理")
    return Taking(str(item["name"]), why_not)


def take_back(env: Environment, actor: Actor, case_id: str, reason: str) -> str:
    """Take back the last step; return the id of the task that is open again.

    Raises:
        NotFound: no such case. BadInput: it cannot be taken back (any more), or no reason; nothing was changed.
    """
    if not reason.strip():
        raise BadInput("no reason", sentence="请写明收回的理由")
    with UnitOfWork(env.database, writing=True) as uow:
        case = cases.load(uow.connection, case_id)
        if case is None:
            raise NotFound("case", case_id)
        taking = to_take_back(uow.connection, actor, case)
        if taking is None:
            raise _too_late()
        if taking.why_not:
            raise BadInput("irrevocable", sentence=taking.why_not)
        try:
            task_id = _taken_back(env, uow.connection, actor, case, reason.strip()[:200])
        except RevisionConflict as faster:
            raise _too_late() from faster
        uow.commit()
    return task_id


def _too_late() -> BadInput:
    sentence = "后面的人已经接着办理，不能收回；需要更改的，请现在的经办人退回"
    return BadInput("somebody went on", sentence=sentence)


def _taken_back(
    env: Environment, connection: Connection, actor: Actor, case: CaseRow, reason: str
) -> str:
    now = env.time.now()
    last = last_steps.of(connection, case.id)
    item = cases.work_item_row(connection, last["work_item_id"]) if last else None
    if last is None or item is None:
        raise RevisionConflict(f"case {case.id} moved on")
    opened = last["opened"]
    if last_steps.withdraw_opened(connection, opened, actor.person_id, now) != len(opened):
        raise RevisionConflict(f"a task of case {case.id} was taken meanwhile")
    stood = {name: last[name] for name in ("state", "fields", "doers")}
    after = case._replace(**stood, revision=case.revision + 1)
    ends = cases.update_case(connection, after, before=case)
    armed = last["armed"]
    awaited.replace_timers(connection, case.id, armed=(), gone=armed["timers"])
    awaited.replace_waits(connection, case.id, added=(), gone=armed["waits"])
    last_steps.mark_taken_back(connection, item["id"])
    form = task_form(env, env.deployed(case.version_id), case, item)
    references.replace(connection, case.id, form.cases_named(stood["fields"]) if form else {})
    task_id = uuid.uuid4().hex
    kept = {key: one for key, one in dict(item).items() if key not in ("closed_at", "closed_by")}
    again = {"id": task_id, "status": "open", "assignee": actor.person_id, "opened_at": now}
    cases.open_items(connection, [{**kept, **again}])
    typed = _submitted(connection, case, item)
    drafts.save_draft(connection, task_id, actor.person_id, typed, now)
    cases.append_history(connection, _history(after, actor, item, now))
    about, body = f"task:{item['id']}", {"activity": item["activity_id"], "name": item["name"]}
    event = audit.AuditEvent(
        "TaskTakenBack", about, case.id, body, reason=reason, version=case.version_id
    )
    whole = (ends[0], {case.id: ends[1]})
    note(env, connection, actor, event, role=item["role"] or "", ends=whole)
    return task_id


def _submitted(connection: Connection, case: CaseRow, item: Mapping[str, Any]) -> dict[str, Any]:
    rows = cases.case_history(connection, case.id)
    found = next((one for one in reversed(rows) if one["work_item_id"] == item["id"]), None)
    return dict((found or {}).get("submission") or {})


def _history(case: CaseRow, actor: Actor, item: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    empty = ("role", "unit", "on_behalf", "form", "submission", "key")
    return {
        **dict.fromkeys(empty),
        "case_id": case.id,
        "revision": case.revision,
        "at": now,
        "actor": actor.person_id,
        "cause": "take_back",
        "work_item_id": item["id"],
        "activity_id": item["activity_id"],
        "entries": [],
    }


def _why(word: str) -> str:
    """Say why a step cannot be taken back."""
    return {
        "": "",
        "ended": say("案件已经办结"),
        "number": say("已经编了文号"),
        "letter": say("已经出具文书"),
        "told": say("已经通知了别人或者送了别的案件"),
        "fact": say("已经记下有日期的事实；登记错了的，用“更正登记的日期”"),
        "outcome": say("已经记下办理结果"),
        "upload": say("上传的材料已经存卷"),
        "waits": say("原来等待的期限和事项已经随之结束"),
        "others": say("别人的步骤已经随之收回，或者案件已经转到新版程序"),
    }[word]
