"""The organisation: leading group, sections, posts and deputies on a day, and what was changed."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from webui import rendering
from webui.auth import actor, rule
from webui.engine_door import engine

blueprint = Blueprint("organisation", __name__)


@blueprint.get("/organisation")
@rule("signed_in")
def show() -> ResponseReturnValue:
    """Show the organisation of today, or of the day asked for."""
    asked, refusal = request.args.get("day", ""), ""
    day: date | None = None
    try:
        day = date.fromisoformat(asked) if asked else None
    except ValueError:
        refusal = _("日期应写成 2026-12-10 这样，请改正")
    page = engine().queries.organisation_page(engine().environment, actor(), day)
    may_change = engine().may(actor(), "accounts.read") is None
    status = 422 if refusal else 200
    return (
        rendering.page(
            "organisation.html", "accounts", page=page, refusal=refusal, may_change=may_change
        ),
        status,
    )
