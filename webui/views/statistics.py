"""The dashboard and the annual report: every number opens the list that it counts."""

from __future__ import annotations

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from engine.errors import EngineError
from webui import rendering, week_chart
from webui.archives import download
from webui.auth import actor, rule
from webui.engine_door import engine

blueprint = Blueprint("statistics", __name__)
MARKS = {
    "late": ("late", "is-late"),
    "today": ("soon", "is-soon"),
    "soon": ("soon", "is-soon"),
    "run": ("run", ""),
    "held": ("held", ""),
    "waiting": ("held", ""),
    "none": ("held", ""),
}
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
FIRST_YEAR, LAST_YEAR = 2008, 2199
STEPS_SHOWN = 10  # steps at which cases stand that the page lists unasked


@blueprint.get("/statistics")
@rule("register.read")
def show() -> ResponseReturnValue:
    """Show the dashboard."""
    page = engine().queries.statistics_page(
        engine().environment, actor(), request.args.get("procedure", "")[:64]
    )
    return rendering.page(
        "statistics.html",
        "statistics",
        page=page,
        marks=MARKS,
        chart=week_chart.draw(page.weeks),
        most=max((one.cases for one in page.steps), default=1),
        shown=STEPS_SHOWN,
        list_of=_list_of,
    )


@blueprint.get("/statistics/annual/<int:year>")
@rule("register.read")
def annual(year: int) -> ResponseReturnValue:
    """Show the checks of a year's report and its table of requests."""
    return _annual(year)


@blueprint.get("/statistics/annual/<int:year>.<ending>")
@rule("register.read")
def annual_file(year: int, ending: str) -> ResponseReturnValue:
    """Send a year's report as a workbook or as a letter; one that does not balance is refused."""
    if ending not in ("xlsx", "docx"):
        raise NotFound
    try:
        found = engine().queries.annual_report(engine().environment, actor(), _year(year))
        if ending == "xlsx":
            data, media = engine().queries.annual_workbook(found), XLSX
        else:
            data, media = engine().queries.annual_letter(engine().environment, found), DOCX
    except EngineError as error:
        if not hasattr(error, "sentence") or error.code == "denied":
            raise
        return _annual(year, error.sentence), 422
    return download(data, f"annual-{year}.{ending}", media)


def _annual(year: int, refusal: str = "") -> str:
    found = engine().queries.annual_report(engine().environment, actor(), _year(year))
    return rendering.page(
        "annual.html", "statistics", page=found, report=found.report, year=year, refusal=refusal
    )


def _year(year: int) -> int:
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise NotFound
    return year


def _list_of(one: object) -> str:
    """Return the address of the list behind a number."""
    only: dict[str, str] = dict(one.only)  # type: ignore[attr-defined]
    return url_for("cases.list_all", state=getattr(one, "state", "open"), **only)
