"""What ``gk:effect`` can make the engine do. An effect is data; here it becomes rows that wait for the step.

Every procedure may use every effect; none knows a procedure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from engine import audit
from engine.bpmn.step import Effect
from engine.commands import archiving, bundling, publishing, reporting, rules
from engine.commands.errors import EffectFailed
from engine.commands.reporting import DOCX
from engine.feel import to_json
from engine.letters import LetterInvalid
from engine.store import numbers
from engine.unit_of_work import UnitOfWork
from engine.words import say

if TYPE_CHECKING:
    from engine.commands.case_host import CaseHost

Answer = Mapping[str, object] | None


@dataclass(frozen=True)
class Taken:
    """A number that the step uses, if it is still the next when it is written."""

    series: str
    year: int
    number: int


def perform(host: CaseHost, effect: Effect) -> Answer:
    """Carry out one effect.

    Raises:
        EffectFailed: its arguments do not fit, or what it needs is missing; the step becomes an incident.
    """
    carry_out = EFFECTS.get(effect.name)
    if carry_out is None:
        raise EffectFailed(
            effect.name, "no such effect", say("没有“{effect}”这种自动办理", effect=effect.name)
        )
    return carry_out(host, dict(effect.arguments), effect)


def _issue_letter(host: CaseHost, given: dict[str, object], effect: Effect) -> Answer:
    key = str(given.pop("letter", "") or "")
    procedure = host.folder_of(effect.process_id, effect.version).procedure
    if key not in procedure.letters:
        raise EffectFailed(
            "issue_letter",
            f"no letter {key!r}",
            say("没有“{key}”这种文书，请检查文书名称", key=key),
        )
    letter = procedure.letters[key]
    number = _allot(host, letter.series, letter.suffix) if letter.series else ""
    values = procedure.letter_values(
        host.institution.office,
        key,
        number=number,
        issued_on=host.today,
        names={**effect.names, **given},
        functions=host.functions,
        online=bool(given.get("online")),
    )
    try:
        data = host.env.render(procedure.template(key), values)
    except LetterInvalid as error:
        raise EffectFailed("issue_letter", str(error), error.sentence) from error
    title = str(values["标题"])
    document = host.keep(
        data,
        effect,
        title=title,
        filename=f"{title}{number and ' ' + number}.docx",
        media_type=DOCX,
        letter=key,
        number=number,
    )
    host.file.issued(key, title, number)
    host.audit_events.append(
        audit.AuditEvent(
            "LetterIssued",
            f"document:{document['id']}",
            host.case.id,
            {"letter": key, "title": title, "number": number, "sha256": document["sha256"]},
            version=host.case.version_id,
        )
    )
    return {"number": number, "document": document["id"], "title": title}


def _allot(host: CaseHost, series: str, suffix: str) -> str:
    year = host.today.year
    in_step = [one.number for one in host.numbers if (one.series, one.year) == (series, year)]
    if in_step:
        number = in_step[-1] + 1
    else:
        with UnitOfWork(host.env.database, writing=False) as uow:
            number = numbers.next_number(uow.connection, series, year)
    host.numbers.append(Taken(series, year, number))
    return host.institution.office.number(series, year, number, suffix)


def _allot_number(host: CaseHost, given: dict[str, object], effect: Effect) -> Answer:
    series = str(given.get("series") or "")
    if series not in host.institution.office.series:
        raise EffectFailed(
            "allot_number",
            f"no series {series!r}",
            say("没有“{series}”这个编号系列", series=series),
        )
    return {"number": _allot(host, series, str(given.get("suffix") or ""))}


def _notify(host: CaseHost, given: dict[str, object], effect: Effect) -> Answer:
    text = str(given.get("text") or "")
    if not text or not (given.get("role") or given.get("person")):
        raise EffectFailed(
            "notify", "no text or nobody", say("通知没有内容或者没有收件人，请检查流程图")
        )
    host.notices.append(
        {
            **_cause_of(host, given),
            "case_id": host.case.id,
            "person_id": host.person_id(given.get("person")),
            "role": str(given["role"]) if given.get("role") else None,
            "unit": str(given["unit"]) if given.get("unit") else None,
            "text": text[:2000],
            "at": host.now,
        }
    )
    return None


def _cause_of(host: CaseHost, given: Mapping[str, object]) -> dict[str, object]:
    """Return how long a notice holds: as long as a clock runs to this day, a step or (else) the case is open.

    ``until="read"``: it tells of something that is over already, and holds until it is looked at.
    """
    clock, until = str(given.get("clock") or ""), str(given.get("until") or "case")
    running = host.file.clock(clock) if clock else None
    if running is not None and running.due is not None:
        return {"clock": clock, "party": running.party or "", "due": running.due}
    return {"until": None if until == "read" else until}


def _record_outcome(host: CaseHost, given: dict[str, object], effect: Effect) -> Answer:
    code = str(given.get("outcome") or "")
    if code not in host.deployed.procedure.outcomes:
        raise EffectFailed(
            "record_outcome", f"no outcome {code!r}", say("没有“{code}”这种办理结果", code=code)
        )
    host.outcome = code
    outcome = host.deployed.procedure.outcomes[code]
    host.audit_events.append(
        audit.AuditEvent(
            "OutcomeRecorded",
            f"case:{host.case.number}",
            host.case.id,
            {"outcome": code, "row": outcome.row, "basis": outcome.basis},
            version=host.case.version_id,
        )
    )
    return {"code": code, "row": outcome.row, "basis": outcome.basis}


def _start_case(host: CaseHost, given: dict[str, object], effect: Effect) -> Answer:
    procedure = str(given.pop("procedure", "") or "")
    host.env.version_in_force(procedure)
    values: dict[str, Any] = {key: to_json(value) for key, value in given.items()}
    host.outbox.append(
        {
            "key": f"start:{host.case.id}:{effect.token}",
            "case_id": host.case.id,
            "kind": "start_case",
            "body": {"procedure": procedure, "values": values, "from_case": host.case.number},
            "created_at": host.now,
            "attempts": 0,
        }
    )
    return None


EFFECTS: Mapping[str, Callable[[CaseHost, dict[str, object], Effect], Answer]] = {
    "issue_letter": _issue_letter,
    "allot_number": _allot_number,
    "notify": _notify,
    "record_outcome": _record_outcome,
    "start_case": _start_case,
    "archive_case": archiving.archive_case,
    "bundle_papers": bundling.bundle_papers,
    "count_figures": reporting.count_figures,
    "compile_report": reporting.compile_report,
    "write_rules": rules.write_rules,
    "publish": partial(publishing.publish, allot=_allot),
}
