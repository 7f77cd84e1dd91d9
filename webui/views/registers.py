"""The register: a procedure's cases in the columns it draws, and handing them out as a workbook."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from engine.commands import RegisterQuery
from engine.errors import BadInput, EngineError
from webui import rendering
from webui.archives import download
from webui.auth import actor, rule
from webui.engine_door import engine
from webui.views import work

blueprint = Blueprint("registers", __name__)
PAGE_SIZE, MAX_PAGE = 50, 100_000
MOST = 300  # rows of a preview
SUBJECT = 80  # characters of what was asked, in a preview
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


@blueprint.get("/registers/import")
@rule("register.import")
def import_form() -> ResponseReturnValue:
    """Ask for an old register."""
    return _import_form()


@blueprint.post("/registers/import")
@rule("register.import")
def preview() -> ResponseReturnValue:
    """Read it and show each row with its problems; nothing is written."""
    sent, mapped = request.files.get("file"), request.files.get("mapping")
    if sent is None or not sent.filename:
        return _import_form(_("请选择登记簿文件")), 422
    env, who, commands = engine().environment, actor(), engine().commands
    procedure, name, data = request.form.get("procedure", "")[:64], sent.filename, sent.read()
    mapping = (mapped.read(), mapped.filename) if mapped and mapped.filename else None

    def read(_report: Any) -> dict[str, Any]:
        rows = commands.register_rows(env, who, procedure, data, name, mapping)
        outcomes = env.deployed(env.version_in_force(procedure)).procedure.outcomes
        words = {code: one.row for code, one in outcomes.items()}
        bad = [row for row in rows if row.problems]
        good = [row for row in rows if not row.problems]
        return {
            "procedure": procedure,
            "name": name,
            "mapping": mapping[1] if mapping else "",
            "kept": [env.blobs.put(data), env.blobs.put(mapping[0]) if mapping else None],
            "rows": len(rows),
            "bad": len(bad),
            "closed": sum(row.is_closed for row in rows),
            "shown": [_shown(row, words) for row in [*bad, *good][:MOST]],
        }

    try:
        return work.do("register_preview", read)  # type: ignore[no-any-return]
    except BadInput as error:
        return _import_form(error.sentence), 422


@blueprint.get("/registers/import/<work_id>")
@rule("register.import")
def previewed(work_id: str) -> ResponseReturnValue:
    """Show the rows that were read."""
    return _import_form(end=work.ended(work_id, "register_preview"), work_id=work_id)


@blueprint.post("/registers/import/<work_id>")
@rule("register.import")
def apply(work_id: str) -> ResponseReturnValue:
    """Take in all rows, or none."""
    end = work.ended(work_id, "register_preview")
    env, who, commands = engine().environment, actor(), engine().commands
    try:
        data, mapping = (env.blobs.get(one) if one else b"" for one in end["kept"])
    except EngineError:  # what was only looked at is not kept
        return _import_form(_("预览已经过期，请重新选择登记簿文件")), 422
    mapped = (mapping, end["mapping"]) if mapping else None

    def take_in(report: Any) -> dict[str, Any]:
        rows = commands.register_rows(env, who, end["procedure"], data, end["name"], mapped)
        count = commands.import_register(
            env, who, end["procedure"], rows, progress=lambda done: report(done, len(rows))
        )
        return {"rows": count, "procedure": end["procedure"]}

    try:
        return work.do("register", take_in)  # type: ignore[no-any-return]
    except BadInput as error:
        return _import_form(error.sentence, end=end, work_id=work_id), 422


def _shown(row: Any, outcomes: Mapping[str, str]) -> dict[str, Any]:
    values = {key: str(row.values.get(key) or "") for key in ("number", "received_on", "outcome")}
    subject = str(row.values.get("subject") or "")
    values["outcome"] = outcomes.get(values["outcome"], values["outcome"])
    return {
        **values,
        "line": row.line,
        "subject": subject if len(subject) <= SUBJECT else subject[: SUBJECT - 1] + "…",
        "closed": row.is_closed,
        "problems": list(row.problems),
    }


def _import_form(refusal: str = "", *, end: Any = None, work_id: str = "") -> str:
    page = engine().queries.register_page(engine().environment, actor(), _wanted(request.values), 1)
    return rendering.page(
        "register_import.html",
        "registers",
        procedures=page.procedures,
        procedure=page.wanted.procedure,
        refusal=refusal,
        end=end,
        work_id=work_id,
    )


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
        may_import=engine().may(actor(), "register.import") is None,
        refusal=refusal,
    )
