"""A wrong date in a case that is closed: corrected by whoever may, with its reason, and the supervisors told.

In an open case the diagram offers it (更正登记的日期). A closed case has no diagram that waits for anything; its
facts stay evidence all the same, and a wrong one is superseded there too. The case is not opened again:
only its facts and what the clocks make of them change, and both dates stay to be read.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from engine.access import require
from engine.bpmn.step import Step
from engine.commands import stepping
from engine.commands.case_host import CaseHost
from engine.commands.cause import Cause, Moved
from engine.commands.reading import reading
from engine.environment import Environment
from engine.errors import BadInput, NotFound
from engine.identity import Actor
from engine.store import cases
from engine.stored_case import case_file
from engine.timesource import legal_day
from engine.unit_of_work import UnitOfWork

RIGHT = "facts.correct"
TOLD = "{number}已经办结，{who}更正了登记的日期：{reason}"
RETRACTED = "retracted"


@dataclass(frozen=True)
class Recorded:
    """A fact in force of a closed case, as it can be corrected."""

    id: str
    kind: str
    words: str
    day: date
    party: str


def correctable(env: Environment, actor: Actor, case_id: str) -> list[Recorded]:
    """Return the facts of a closed case that can be corrected, by date.

    Raises:
        Denied: the actor may not. NotFound: no such case. BadInput: it is open.
    """
    require(env.institution().rules, actor, RIGHT)
    with UnitOfWork(env.database, writing=False) as uow:
        case = cases.load(uow.connection, case_id)
        if case is None:
            raise NotFound("case", case_id)
        events = cases.events(uow.connection, case_id)
    if case.status != "closed":
        raise BadInput(
            f"case {case.number} is open", sentence="本件还没有办结，请在“其他办理”里更正登记的日期"
        )
    file = case_file(env, env.deployed(case.version_id), case, events)
    facts: list[dict[str, Any]] = file.case_context()["facts"]  # type: ignore[assignment]
    return [
        Recorded(one["id"], one["kind"], one["words"], one["date"], one["party"] or "")
        for one in facts
        if one["id"] is not None and one["kind"] != RETRACTED
    ]


def correct_fact(
    env: Environment,
    actor: Actor,
    case_id: str,
    fact_id: str,
    right: date | None,
    *,
    reason: str,
    evidence: str,
) -> Moved:
    """Supersede a wrong fact of a closed case.

    Args:
        right: the true day; None where it never happened.

    Raises:
        Denied, NotFound; BadInput: nothing to correct, no reason or evidence, a day in the future, or somebody
            else was faster.
    """
    facts = {one.id: one for one in correctable(env, actor, case_id)}
    reason, evidence, today = reason.strip(), evidence.strip(), legal_day(env.time.now())
    wrong = facts.get(fact_id)
    if wrong is None:
        raise BadInput(
            "no such fact", sentence="请选择要更正的事项；刚才已由别人更正的，请核对后再办"
        )
    if not reason or not evidence:
        raise BadInput("no reason", sentence="请写明更正的理由和证据")
    if right is not None and right > today:
        raise BadInput("in the future", sentence="正确的日期不能晚于今天")
    if right == wrong.day:
        raise BadInput("the same day", sentence="与原来登记的日期相同，不用更正")
    after = str(right) if right else ""
    fields = {"supersedes": fact_id, "reason": reason, "evidence": evidence}
    told = [role for role, one in env.institution().rules.items() if "audit.read" in one.may]

    def act(host: CaseHost, state: dict[str, Any]) -> Step:
        host.record(wrong.kind if right else RETRACTED, right or today, fields, "")
        main = next(iter(host.file.clocks), None)
        if main and host.file.clock(main) is None:
            raise NotFound("start", main)
        text = TOLD.format(number=host.case.number, who=actor.name, reason=reason)
        base = {"case_id": case_id, "person_id": None, "unit": None, "text": text, "at": host.now}
        host.notices += [{**base, "role": role} for role in told]
        return Step(state=state)

    body = {"kind": wrong.kind, "party": wrong.party, "before": str(wrong.day), "after": after}
    cause = Cause("correction", "FactCorrected", {}, body=body, reason=reason)
    try:
        return stepping.run(env, actor, reading(case_id), act, cause)
    except NotFound as gone:
        sentence = (
            "起算的日期只能更正，不能取消"
            if gone.kind == "start"
            else "这一项刚才已由别人更正，请核对后再办"
        )
        raise BadInput(str(gone), sentence=sentence) from gone
