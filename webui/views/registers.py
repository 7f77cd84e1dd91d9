"""The register: a procedure's cases in the columns it draws, and handing them out as a workbook."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from engine.commands import RegisterQuery
from engine.errors import BadInput
from webui import rendering
from webui.archives import download
from webui.auth import actor, rule
from webui.engine_door import engine

blueprint = Blueprint("registers", __name__)
PAGE_SIZE, MAX_PAGE = 50, 100_000
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@blueprint.get("/registers")
@rule("register.read")
def show() -> ResponseReturnValue:
    """Show a page of a register."""
    return _page(_wanted(request.args))


@blueprint.post("/registers/export")
@rule("register.read")
def export() -> ResponseReturnValue:
    """Send the chosen part as .xlsx, once it is said why."""
    wanted = _wanted(request.form)
    try:
        data = engine().commands.export_register(
            engine().environment, actor(), wanted, request.form.get("reason", "")
        )
    except BadInput as error:
        return _page(wanted, error.sentence), 422
    name = "-".join(filter(None, (wanted.procedure, str(wanted.year or ""), wanted.status)))
    return download(data, f"{name}.xlsx", XLSX)


def _wanted(given: MultiDict[str, str]) -> RegisterQuery:
    year = given.get("year", "")
    return RegisterQuery(
        given.get("procedure", "")[:64],
        int(year) if year.isascii() and year.isdigit() and 1990 <= int(year[:5]) < 2200 else None,
        given.get("status", "")[:10],
    )


def _page(wanted: Any, refusal: str = "") -> str:
    number = min(max(request.args.get("page", 1, int), 1), MAX_PAGE)
    page = engine().queries.register_page(engine().environment, actor(), wanted, number)
    kept = {"procedure": page.wanted.procedure, "year": page.wanted.year, "status": wanted.status}
    return rendering.page(
        "registers.html",
        "registers",
        page=page,
        number=number,
        first=(number - 1) * PAGE_SIZE + 1,
        kept={key: value for key, value in kept.items() if value},
        refusal=refusal,
    )
