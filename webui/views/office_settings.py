"""The office's settings: each open question of the law, and what another answer would move."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from engine.errors import BadInput, EngineError
from webui import rendering
from webui.auth import actor, rule
from webui.engine_door import engine
from webui.views import work

blueprint = Blueprint("settings", __name__)


@blueprint.get("/settings")
@rule("calendar.read")
def show() -> ResponseReturnValue:
    """List the settings."""
    page = engine().queries.settings_page(engine().environment, actor())
    return rendering.page("settings.html", "settings", page=page)


@blueprint.get("/settings/<name>")
@rule("settings.change")
def one(name: str) -> ResponseReturnValue:
    """Show one setting with its choices."""
    return _one(name)


@blueprint.post("/settings/<name>")
@rule("settings.change")
def change(name: str) -> ResponseReturnValue:
    """Show what another value would move, or put it into force."""
    value, reason = request.form.get("value", ""), request.form.get("reason", "")
    try:
        if request.form.get("do") != "save":
            found = engine().commands.preview_setting(engine().environment, actor(), name, value)
            return _one(name, value=value, found=found)
        env, who, change_setting = engine().environment, actor(), engine().commands.change_setting

        def put_into_force(report: Any) -> dict[str, Any]:
            done = change_setting(env, who, name, value, reason, report)
            return {"number": done.number, "moved": len(done.moved)}

        return work.do("setting", put_into_force)  # type: ignore[no-any-return]
    except BadInput as error:
        return _again(name, value, reason, error), 422


def _again(name: str, value: str, reason: str, error: BadInput) -> str:
    """Show the page again with what is wrong; what was chosen and typed stays."""
    try:
        found = engine().commands.preview_setting(engine().environment, actor(), name, value)
    except EngineError:
        return _one(name, value=value, refusal=error.sentence)
    return _one(name, value=value, found=found, refusal=error.sentence, reason=reason)


def _one(
    name: str, *, value: str | None = None, found: Any = None, refusal: str = "", reason: str = ""
) -> str:
    setting = engine().queries.setting_view(engine().environment, actor(), name)
    moved = (
        engine().queries.moved_dates(engine().environment, actor(), found.moving) if found else None
    )
    return rendering.page(
        "setting.html",
        "settings",
        page=setting,
        value=str(setting.value) if value is None else value,
        after=engine().queries.value_words(found.setting, found.value) if found else "",
        same=bool(found) and found.setting.value == found.value,
        moved=moved,
        refusal=refusal,
        reason=reason,
    )
