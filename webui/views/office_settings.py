"""The office's settings: each open question of the law, and what another answer would move."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from engine.commands import Moving
from engine.errors import BadInput
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
    seen = request.form.get("preview", "")
    try:
        if request.form.get("do") != "save" or (seen and _seen(seen, name)["value"] != value):
            return _look(name, value)
        env, who, change_setting = engine().environment, actor(), engine().commands.change_setting

        def put_into_force(report: Any) -> dict[str, Any]:
            done = change_setting(env, who, name, value, reason, report)
            return {"number": done.number, "moved": len(done.moved)}

        return work.do("setting", put_into_force)  # type: ignore[no-any-return]
    except BadInput as error:
        if seen:
            return _previewed(name, seen, error.sentence, reason), 422
        return _one(name, value=value, refusal=error.sentence), 422


@blueprint.get("/settings/<name>/preview/<work_id>")
@rule("settings.change")
def previewed(name: str, work_id: str) -> ResponseReturnValue:
    """Show what another value would move."""
    return _previewed(name, work_id)


def _look(name: str, value: str) -> ResponseReturnValue:
    env, who, look = engine().environment, actor(), engine().commands.preview_setting

    def preview(report: Any) -> dict[str, Any]:
        found = look(env, who, name, value, report)
        return {"name": name, "value": value, "moving": [one.to_json() for one in found.moving]}

    return work.do("setting_preview", preview)  # type: ignore[no-any-return]


def _seen(work_id: str, name: str) -> Mapping[str, Any]:
    end = work.ended(work_id, "setting_preview")
    if end["name"] != name:
        raise NotFound
    return end


def _previewed(name: str, work_id: str, refusal: str = "", reason: str = "") -> str:
    end = _seen(work_id, name)
    moving = [Moving.from_json(one) for one in end["moving"]]
    env, who, value = engine().environment, actor(), end["value"]
    found = engine().commands.preview_setting(env, who, name, value, known=moving)
    return _one(name, value=value, found=found, refusal=refusal, reason=reason, preview=work_id)


def _one(
    name: str,
    *,
    value: str | None = None,
    found: Any = None,
    refusal: str = "",
    reason: str = "",
    preview: str = "",
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
        preview=preview,
    )
