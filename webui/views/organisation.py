"""The organisation: leading group, sections, posts and deputies on a day, and what was changed; a post handed over."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.errors import BadInput
from webui import rendering
from webui.auth import actor, rule
from webui.engine_door import engine

blueprint = Blueprint("organisation", __name__)


@blueprint.get("/organisation")
@rule("signed_in")
def show() -> ResponseReturnValue:
    """Show the organisation of today, or of the day asked for."""
    asked = request.args.get("day", "")
    try:
        day = _day(asked) if asked else None
    except BadInput as error:
        return _page(None, error.sentence), 422
    return _page(day)


@blueprint.post("/organisation/<int:post_id>")
@rule("accounts.change")
def hand_over(post_id: int) -> ResponseReturnValue:
    """Change the holder of a post from a day on."""
    form = request.form
    person_id, reason = form.get("person", ""), form.get("reason", "")
    try:
        if not person_id:
            raise BadInput("no person", sentence=str(_("请选择由谁接任")))
        since = _day(form.get("since", ""))
        engine().people.hand_over(engine().environment, actor(), post_id, person_id, since, reason)
    except BadInput as error:
        return _page(None, error.sentence, post_id), 422
    flash(_("已换人，未办的事项随岗位走。"))
    return redirect(url_for("organisation.show"), 303)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        sentence = str(_("日期应写成 2026-12-10 这样，请改正"))
        raise BadInput(f"bad date {text!r}", sentence=sentence) from error


def _page(day: date | None, refusal: str = "", at: int = 0) -> str:
    page = engine().queries.organisation_page(engine().environment, actor(), day)
    return rendering.page(
        "organisation.html",
        "accounts",
        page=page,
        refusal=refusal,
        at=at,
        form=request.form,
        may_change=engine().may(actor(), "accounts.read") is None,
    )
