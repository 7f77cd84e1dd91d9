"""The working calendar: a year at a glance, and taking in the year that the State Council has announced."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.commands import Moving
from engine.errors import BadInput, EngineError
from webui import rendering
from webui.auth import actor, rule
from webui.engine_door import engine
from webui.views import work

blueprint = Blueprint("calendar", __name__)
MAX_NOTICE = 256 * 1024
TYPED = "通知文字"  # the source of a year that was typed; stored, so in the office's language


@blueprint.get("/calendar")
@rule("calendar.read")
def show() -> ResponseReturnValue:
    """Show a year."""
    page = engine().queries.calendar_page(
        engine().environment, actor(), request.args.get("year", None, int)
    )
    return _page(page)


@blueprint.post("/calendar/preview")
@rule("calendar.import")
def begin_preview() -> ResponseReturnValue:
    """Look what a year would change: days, and dates of open cases. Nothing is stored."""
    typed, source = request.form.get("notice", ""), request.form.get("source", "").strip()[:120]
    env, who, look = engine().environment, actor(), engine().commands.preview_calendar

    def preview(report: Any) -> dict[str, Any]:
        found = look(env, who, file, name, report)
        moving = [one.to_json() for one in found.moving]
        return {"name": name, "source": source, "file": file.decode("utf-8-sig"), "moving": moving}

    try:
        data, name = _brought(typed, source)
        year = request.form.get("year", "").strip()
        file = engine().commands.year_file(data, name, int(year) if year.isdigit() else None)
        return work.do("calendar_preview", preview)  # type: ignore[no-any-return]
    except BadInput as error:
        return _refused(error.sentence, typed), 422


@blueprint.get("/calendar/preview/<work_id>")
@rule("calendar.import")
def previewed(work_id: str) -> ResponseReturnValue:
    """Show what was found."""
    return _preview(work_id)


@blueprint.post("/calendar/import")
@rule("calendar.import")
def take_in() -> ResponseReturnValue:
    """Put the year into force; the page then says which dates moved."""
    data, name = request.form.get("file", "").encode(), request.form.get("name", "")[:120]
    env, who, reason = engine().environment, actor(), request.form.get("reason", "")
    import_calendar = engine().commands.import_calendar

    def put_into_force(report: Any) -> dict[str, Any]:
        done = import_calendar(env, who, data, name, reason, report)
        return {"number": done.number, "moved": len(done.moved)}

    try:
        return work.do("calendar", put_into_force)  # type: ignore[no-any-return]
    except EngineError as error:
        if not hasattr(error, "sentence") or error.code == "denied":
            raise
        seen = request.form.get("preview", "")
        page = _preview(seen, error.sentence) if seen else _refused(error.sentence, "")
        return page, 422


@blueprint.get("/calendar/report/<int:number>")
@rule("calendar.read")
def report(number: int) -> ResponseReturnValue:
    """Show which dates a version of the office's data moved."""
    found = engine().queries.office_report(engine().environment, actor(), number)
    return rendering.page("office_report.html", "calendar", page=found)


def _brought(typed: str, source: str) -> tuple[bytes, str]:
    """Return (bytes, name) of the file, or of the text where there is no file."""
    sent = request.files.get("file")
    if sent is not None and sent.filename:
        return sent.stream.read(MAX_NOTICE + 1), sent.filename.replace("\\", "/").rsplit("/", 1)[-1]
    if not typed.strip():
        raise BadInput("nothing", sentence=str(_("请选择文件，或者粘贴通知的文字")))
    return typed.encode(), source or TYPED


def _page(page: Any, refusal: str = "", typed: str = "") -> str:
    return rendering.page("calendar.html", "calendar", page=page, refusal=refusal, typed=typed)


def _refused(sentence: str, typed: str) -> str:
    page = engine().queries.calendar_page(engine().environment, actor())
    return _page(page, sentence, typed)


def _preview(work_id: str, refusal: str = "") -> str:
    end = work.ended(work_id, "calendar_preview")
    env, who = engine().environment, actor()
    moving = [Moving.from_json(one) for one in end["moving"]]
    try:
        file = end["file"].encode()
        found = engine().commands.preview_calendar(env, who, file, end["name"], known=moving)
    except BadInput as error:
        return _refused(refusal or error.sentence, "")
    return rendering.page(
        "calendar_preview.html",
        "calendar",
        change=found.change,
        moved=engine().queries.moved_dates(env, who, moving),
        file=end["file"],
        name=end["name"],
        preview=work_id,
        refusal=refusal,
        reason=request.form.get("reason") or end["source"],
    )
