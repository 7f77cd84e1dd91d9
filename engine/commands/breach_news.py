"""What a breach started is told when the breach is taken back: its case, and those who work on it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine import audit
from engine.bpmn.step import Step
from engine.commands import stepping
from engine.commands.case_host import CaseHost
from engine.commands.cause import Cause
from engine.commands.noting import note
from engine.commands.reading import reading
from engine.environment import Environment
from engine.identity import SYSTEM
from engine.store import cases, outbox
from engine.unit_of_work import UnitOfWork

TAKEN_BACK = "{number} {clock}于 {due} 届满的逾期记录已经撤销：登记的日期更正后没有逾期"
FACT = "breach_withdrawn"  # what a case that a breach started records when it is taken back


def tell_started(env: Environment, body: Mapping[str, Any], key: str) -> None:
    """Tell the case that a breach started, and who works on it, that the breach was taken back."""
    with UnitOfWork(env.database, writing=False) as uow:
        step = cases.history_by_key(uow.connection, body["started"])
        case = cases.load(uow.connection, step["case_id"]) if step else None
        items = cases.case_items(uow.connection, case.id) if case else []
        told_before = cases.history_by_key(uow.connection, key)
    if case is None or told_before:
        return
    owner = env.deployed(case.version_id).procedure.owner
    text = TAKEN_BACK.format(number=body["number"], clock=body["clock"], due=body["due"])
    said = {"case_id": case.id, "text": text, "at": env.time.now()}
    nobody = {"person_id": None, "role": None, "unit": None}
    taken = {one["assignee"] for one in items if one["status"] == "open" and one["assignee"]}
    rows = [{**said, **nobody, "role": owner}]
    rows += [{**said, **nobody, "person_id": one} for one in sorted(taken)]
    event = {"case": body["number"], "clock": body["clock"], "due": body["due"]}

    def act(host: CaseHost, state: dict[str, Any]) -> Step:
        host.record(FACT, None, event, "")
        host.notices += rows
        return Step(state=state)

    cause = Cause("fact", "FactRecorded", {}, key=key, body={"kind": FACT, **event})
    if case.status == "open":
        stepping.run(env, SYSTEM, reading(case.id), act, cause)
        return
    with UnitOfWork(env.database, writing=True) as uow:
        outbox.tell(uow.connection, rows)
        note(
            env,
            uow.connection,
            SYSTEM,
            audit.AuditEvent(
                "FactRecorded", f"case:{case.number}", case.id, {"kind": FACT, **event}
            ),
        )
        uow.commit()
