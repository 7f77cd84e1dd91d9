"""Reminders: what the system told a person."""

from __future__ import annotations

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from webui import rendering
from webui.auth import ONLY_SIGNED_IN, actor, rule
from webui.engine_door import engine

blueprint = Blueprint("notices", __name__)


@blueprint.get("/notices")
@rule(ONLY_SIGNED_IN)
def show() -> ResponseReturnValue:
    """Show the reminders of the last weeks whose cause still holds; the others where they are asked for."""
    page = engine().queries.notices(engine().environment, actor())
    over = [one for one in page.lines if one.is_over]
    lines = (
        page.lines if request.args.get("over") else [one for one in page.lines if not one.is_over]
    )
    return rendering.page("notices.html", "notices", page=page, lines=lines, over=len(over))


@blueprint.post("/notices")
@rule(ONLY_SIGNED_IN)
def see() -> ResponseReturnValue:
    """Keep that they were looked at."""
    newest = request.form.get("newest", "")
    if newest.isascii() and newest.isdigit() and len(newest) < 18:
        engine().accounts.see_notices(engine().environment, actor(), int(newest))
    return redirect(url_for("notices.show"), 303)
