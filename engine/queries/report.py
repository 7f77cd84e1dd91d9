"""The annual report over the stored cases: the same figures for the screen, the workbook and the letter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.access import require
from engine.annual_report import (
    Check,
    Record,
    Report,
    checks_of,
    compile_report,
    definition_for,
    letter_values,
    refuse_unbalanced,
    workbook,
)
from engine.annual_report.definition import FOLDER, ReportInvalid
from engine.case_file import CaseFile, functions_of
from engine.environment import OFFICE, Environment
from engine.identity import Actor
from engine.statutory_clock import CaseEvent, in_force
from engine.store import definitions
from engine.store import report as store
from engine.timesource import legal_day
from engine.unit_of_work import UnitOfWork


@dataclass(frozen=True)
class AnnualReport:
    """A year's report: its tables, its checks, and the template of its text."""

    report: Report
    checks: Sequence[Check]
    template: bytes
    template_name: str


def annual_report(env: Environment, actor: Actor, year: int) -> AnnualReport:
    """Compute the report of a year from the cases; nothing is refused yet, every check is told.

    Raises:
        Denied: the actor may not read the register. ReportInvalid: no format for the year.
    """
    if not actor.is_system:
        require(env.institution().rules, actor, "register.read")
    with UnitOfWork(env.database, writing=False) as uow:
        files = definitions.files(uow.connection, env.version_in_force(OFFICE))
        definition = definition_for(files, year)
        rows = store.cases_of(uow.connection, definition.procedures)
        facts = store.events_of(uow.connection, definition.procedures)
    template = f"{FOLDER}{definition.template}"
    if template not in files:
        raise ReportInvalid(
            definition.file, f"no {template}", f"模板 {template} 不存在，请补上后启用"
        )
    records = [_record(env, row, facts.get(row["id"], [])) for row in rows]
    today = legal_day(env.time.now())
    report = compile_report(
        definition, year, records, functions_of(today, env.institution().calendar)
    )
    return AnnualReport(report, checks_of(report), files[template], definition.template)


def annual_workbook(found: AnnualReport) -> bytes:
    """Return the report as .xlsx.

    Raises:
        ReportUnbalanced: the figures contradict each other.
    """
    return workbook(found.report, refuse_unbalanced(found.report))


def annual_letter(env: Environment, found: AnnualReport) -> bytes:
    """Return the report as .docx, its text drafted from the figures.

    Raises:
        ReportUnbalanced: the figures contradict each other. LetterInvalid: the template is unfit.
    """
    refuse_unbalanced(found.report)
    institution, today = env.institution(), legal_day(env.time.now())
    values = letter_values(
        found.report,
        institution.office.letterhead,
        written_on=today,
        functions=functions_of(today, institution.calendar),
    )
    return env.render(found.template, values)


def _record(env: Environment, row: Mapping[str, Any], facts: Sequence[Mapping[str, Any]]) -> Record:
    deployed = env.deployed(row["version_id"])
    closed = legal_day(row["closed_at"]) if row["closed_at"] else None
    file = CaseFile(
        number=row["number"],
        procedure=row["procedure"],
        deployed=deployed,
        institution=env.institution(),
        fields=row["fields"],
        events=[_event(fact) for fact in facts],
        now=env.time.now(),
        extra={
            **{key: row[key] for key in ("subject", "kind", "outcome", "how", "status")},
            "opened_on": legal_day(row["opened_at"]),
            "closed_on": closed,
        },
    )
    counted = in_force(file.events)[0]
    names = {
        **file.names(),
        "event": {one.kind: one.date for one in counted},
        "fact": {one.kind: {"date": one.date, **one.fields} for one in counted},
    }
    return Record(row["number"], row["procedure"], names)


def _event(row: Mapping[str, Any]) -> CaseEvent:
    own = {"id": row["id"]}
    if row["supersedes"] is not None:
        own["supersedes"] = row["supersedes"]
    return CaseEvent(row["kind"], row["day"], {**row["fields"], **own})
