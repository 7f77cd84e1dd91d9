"""The effects ``count_figures`` and ``compile_report``: figures from the stored cases, inside a case.

What is counted is a definition of the office (``_office/figures``, ``_office/reports``); any procedure may use
both. Each leaves a workbook in the case that names the cases behind every number.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING

from engine import audit, reporting
from engine.annual_report import Report
from engine.bpmn.step import Effect
from engine.commands.errors import EffectFailed
from engine.counting import figures_workbook
from engine.errors import BadInput
from engine.feel import to_json
from engine.words import say

if TYPE_CHECKING:
    from engine.commands.case_host import CaseHost

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"

Answer = Mapping[str, object] | None


def count_figures(host: CaseHost, given: dict[str, object], effect: Effect) -> Answer:
    """Count by a definition of the office.

    Args:
        given: ``figures``, the definition; ``from`` and ``until``, the period's first and last day.

    Returns:
        ``{figures: {title, from, until, rows: [{section, ...}], total: {...}, lists: {...}, titles: {section:
        its title}}}``.

    Raises:
        EffectFailed: no such definition, or no period.
    """
    key = str(given.get("figures") or "")
    first, last = _day(given.get("from")), _day(given.get("until"))
    if first is None or last is None or last < first:
        raise EffectFailed(effect.name, "no period", "统计没有起止日期，请检查流程图")
    try:
        definition, figures = reporting.figures_of(host.env, key, first, last)
    except BadInput as error:
        raise EffectFailed(effect.name, str(error), error.sentence) from error
    names = {unit.id: unit.title for unit in host.institution.office.units.values()}
    title = f"{figures.title}（{first}至{last}）"
    kept = host.keep(
        figures_workbook(definition, figures, names),
        effect,
        title=f"{title}取数依据",
        filename=f"{title}.xlsx",
        media_type=XLSX,
    )
    answer = {**figures.as_dict(), "titles": names}
    body = {"figures": key, "from": str(first), "until": str(last), "sha256": kept["sha256"]}
    _trail(host, "FiguresCounted", body)
    return {"figures": answer}


def compile_report(host: CaseHost, given: dict[str, object], effect: Effect) -> Answer:
    """Compute the statutory annual report of ``year``; ``act`` says what for.

    ``act="figures"`` answers the numbers for the people who check them. ``act="files"`` keeps the report as
    .docx and .xlsx and refuses one whose figures contradict each other.

    Returns:
        ``figures``: ``{report: {year, balanced, failed: [sentence], balance: [{kind, new, carried_in, concluded,
        carried_out}], total: {...}, stated: {...}, disputes: {...}, figures: {...}}}``; ``files``: ``{files: [{name, sha256}]}``.

    Raises:
        EffectFailed: no year, no format for it, or (``files``) figures that do not balance.
    """
    year, act = given.get("year"), str(given.get("act") or "")
    if not isinstance(year, int):
        raise EffectFailed(effect.name, "no year", "没有写明报告哪一年度，请检查流程图")
    try:
        found = reporting.compile_annual(host.env, year, host.file.names())
        if act == "figures":
            failed = [one.sentence for one in found.checks if one.blocking and not one.ok]
            return {"report": {**_numbers(found.report), "failed": failed, "balanced": not failed}}
        if act != "files":
            raise EffectFailed(
                effect.name,
                f"no act {act!r}",
                say("“{effect}”没有“{act}”这种办法", effect=effect.name, act=act),
            )
        parts = [
            (reporting.annual_letter(host.env, found), "docx", DOCX),
            (reporting.annual_workbook(found), "xlsx", XLSX),
        ]
    except BadInput as error:
        raise EffectFailed(effect.name, str(error), error.sentence) from error
    title = f"{year}年{found.report.definition.title}"
    files = []
    for data, ending, media in parts:
        kept = host.keep(
            data,
            effect,
            title=title if ending == "docx" else f"{title}的表格和取数依据",
            filename=f"{title}.{ending}",
            media_type=media,
        )
        files.append({"name": kept["filename"], "sha256": kept["sha256"]})
    _trail(host, "ReportCompiled", {"year": year, "files": files})
    return {"files": files}


def _day(value: object) -> date | None:
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError:
        return None


def _numbers(report: Report) -> dict[str, object]:
    three = report.definition.three
    counts = ("new", "carried_in", "concluded", "carried_out")

    def line(column: str) -> dict[str, object]:
        return {one: to_json(report.three[three.row(one).key][column].value) for one in counts}

    return {
        "year": report.year,
        "balance": [{"kind": column.key, **line(column.key)} for column in three.columns],
        "total": line("total"),
        "stated": {
            row: {f"c{column}": to_json(cell.value) for column, cell in cells.items()}
            for row, cells in report.two.items()
        },
        "disputes": {
            group: {key: to_json(cell.value) for key, cell in cells.items()}
            for group, cells in report.four.items()
        },
        "figures": {key: to_json(cell.value) for key, cell in report.figures.items()},
    }


def _trail(host: CaseHost, action: str, body: dict[str, object]) -> None:
    host.audit_events.append(
        audit.AuditEvent(
            action, f"case:{host.case.number}", host.case.id, body, version=host.case.version_id
        )
    )
