"""Reports over the stored cases: the same figures for a page, a workbook, a letter and a step of a case.

Reads cases and facts and makes of them what ``annual_report`` and ``counting`` evaluate. Decides no access:
queries ask before, and a step of a case may count what its diagram names.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

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
from engine.case_file import CaseFile
from engine.counting import Counted, Definition, Figures, count, definition_of
from engine.environment import OFFICE, Environment
from engine.statutory_clock import CaseEvent, in_force
from engine.store import definitions
from engine.store import report as store
from engine.timesource import legal_day
from engine.unit_of_work import UnitOfWork
from engine.words import say


@dataclass(frozen=True)
class AnnualReport:
    """A year's report: its tables, its checks, and the template of its text."""

    report: Report
    checks: Sequence[Check]
    template: bytes
    template_name: str


def compile_annual(
    env: Environment, year: int, statement: Mapping[str, object] | None = None
) -> AnnualReport:
    """Compute the report of a year from the cases; nothing is refused yet, every check is told.

    Args:
        statement: names of the case that states table two, where they are newer than what is stored.

    Raises:
        ReportInvalid: no format for the year.
    """
    files = office_files(env)
    definition = definition_for(files, year)
    template = f"{FOLDER}{definition.template}"
    if template not in files:
        raise ReportInvalid(
            definition.file,
            f"no {template}",
            say("模板 {template} 不存在，请补上后启用", template=template),
        )
    records = _records(env, definition.procedures)
    if statement is not None:
        own = statement.get("case")
        number = str(own["number"]) if isinstance(own, Mapping) else ""
        records = [
            Record(one.number, one.procedure, {**one.names, **statement})
            if one.number == number
            else one
            for one in records
        ]
    report = compile_report(definition, year, records, functions(env))
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
    values = letter_values(
        found.report,
        env.institution().office.letterhead,
        written_on=legal_day(env.time.now()),
        functions=functions(env),
    )
    return env.render(found.template, values)


def figures_of(env: Environment, key: str, first: date, last: date) -> tuple[Definition, Figures]:
    """Count what the office's definition ``key`` says of a period, and return both.

    Raises:
        FiguresInvalid: no such definition, or it cannot be used.
    """
    definition = definition_of(office_files(env), key)
    records = _records(env, definition.procedures)
    found = {
        "cases": [Counted(one.number, one.procedure, one.names) for one in records],
        "steps": _steps(env, definition.procedures),
        "breaches": _breaches(env, definition.procedures),
    }
    units = list(env.institution().office.units)
    figures = count(
        definition, found, first=first, last=last, units=units, functions=functions(env)
    )
    return definition, figures


def office_files(env: Environment) -> dict[str, bytes]:
    """Return the office's own data in force: {path: bytes}."""
    with UnitOfWork(env.database, writing=False) as uow:
        return definitions.files(uow.connection, env.version_in_force(OFFICE))


def functions(env: Environment) -> Mapping[str, Any]:
    """Return what expressions of reports may call."""
    return env.institution().functions(legal_day(env.time.now()))


def _records(env: Environment, procedures: Collection[str]) -> list[Record]:
    with UnitOfWork(env.database, writing=False) as uow:
        rows = store.cases_of(uow.connection, procedures)
        facts = store.events_of(uow.connection, procedures)
    return [_record(env, row, facts.get(row["id"], [])) for row in rows]


def _steps(env: Environment, procedures: Collection[str]) -> list[Counted]:
    """Return the steps that people completed; ``time`` says the how manieth of its kind in its case."""
    calendar, times = env.institution().calendar, Counter[tuple[str, str, str]]()
    with UnitOfWork(env.database, writing=False) as uow:
        rows = store.steps_of(uow.connection, procedures)
    found = []
    for row in rows:
        opened, closed = legal_day(row["opened_at"]), legal_day(row["closed_at"])
        kind = (row["case_id"], row["activity_id"], row["unit"] or "")
        times[kind] += 1
        names: dict[str, object] = {
            "activity": row["activity_id"],
            "name": row["name"],
            "unit": row["unit"],
            "role": row["role"],
            "opened_on": opened,
            "closed_on": closed,
            "due_on": row["due_on"],
            "working_days": calendar.working_days_between(opened, closed),
            "time": times[kind],
        }
        found.append(Counted(row["number"], row["procedure"], names))
    return found


def _breaches(env: Environment, procedures: Collection[str]) -> list[Counted]:
    """Return the limits that ran out; ``unit`` is the section that held the case longest."""
    with UnitOfWork(env.database, writing=False) as uow:
        rows = store.breaches_of(uow.connection, procedures)
    return [
        Counted(
            row["number"],
            row["procedure"],
            {
                "clock": row["clock"],
                "due": row["due"],
                "recorded_on": legal_day(row["recorded_at"]),
                "held": row["held"],
                "unit": next((one["unit"] for one in row["held"] if one.get("unit")), None),
            },
        )
        for row in rows
    ]


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
