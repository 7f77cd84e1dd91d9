"""One's own password, and the accounts and posts of the office."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Blueprint, flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.exceptions import NotFound

from engine.errors import BadInput
from webui import rendering
from webui.auth import ONLY_SIGNED_IN, actor, before_change, rule, session_token
from webui.engine_door import engine

blueprint = Blueprint("accounts", __name__)


@blueprint.get("/password")
@rule(ONLY_SIGNED_IN)
@before_change
def password() -> ResponseReturnValue:
    """Show the form for a new password."""
    return _password()


@blueprint.post("/password")
@rule(ONLY_SIGNED_IN)
@before_change
def change_password() -> ResponseReturnValue:
    """Change the password."""
    try:
        engine().people.change_password(
            engine().environment,
            actor(),
            request.form.get("old", ""),
            request.form.get("new", ""),
            request.form.get("again", ""),
            session_token() or "",
        )
    except BadInput as error:
        return _password(error.sentence), 422
    flash(_("密码已改，其他地方的登录都已退出。"))
    return redirect(url_for("inbox.show"), 303)


@blueprint.get("/accounts")
@rule("accounts.read")
def show() -> ResponseReturnValue:
    """List the accounts."""
    return _list()


@blueprint.post("/accounts")
@rule("accounts.change")
def create() -> ResponseReturnValue:
    """Open an account; its one-time code is shown on this answer only."""
    try:
        made = engine().people.create_person(
            engine().environment,
            actor(),
            request.form.get("login", ""),
            request.form.get("name", ""),
        )
    except BadInput as error:
        return _list(error.sentence), 422
    return _person(made.person_id, code=made)


@blueprint.get("/accounts/<person_id>")
@rule("accounts.read")
def person(person_id: str) -> ResponseReturnValue:
    """Show one account with its posts."""
    return _person(person_id)


@blueprint.post("/accounts/<person_id>/posts")
@rule("accounts.change")
def give(person_id: str) -> ResponseReturnValue:
    """Give a post."""
    form = request.form
    try:
        engine().people.give_post(
            engine().environment,
            actor(),
            person_id,
            form.get("role", ""),
            form.get("unit", ""),
            _day(form.get("since", "")),
            form.get("reason", ""),
        )
    except BadInput as error:
        return _person(person_id, refusal=error.sentence), 422
    flash(_("已任职。"))
    return redirect(url_for("accounts.person", person_id=person_id), 303)


@blueprint.post("/accounts/<person_id>/deputy")
@rule("accounts.change")
def deputy(person_id: str) -> ResponseReturnValue:
    """Let the person act in somebody else's post for a time."""
    form = request.form
    post_id = form.get("post", "")
    try:
        engine().people.give_deputy(
            engine().environment,
            actor(),
            person_id,
            int(post_id) if post_id.isdecimal() else 0,
            _day(form.get("since", "")),
            _day(form.get("until", "")),
            form.get("reason", ""),
        )
    except BadInput as error:
        return _person(person_id, refusal=error.sentence), 422
    flash(_("已登记代理。"))
    return redirect(url_for("accounts.person", person_id=person_id), 303)


@blueprint.post("/accounts/<person_id>/posts/<int:post_id>")
@rule("accounts.change")
def end(person_id: str, post_id: int) -> ResponseReturnValue:
    """Let a post end."""
    try:
        engine().people.end_post(
            engine().environment,
            actor(),
            person_id,
            post_id,
            _day(request.form.get("until", "")),
            request.form.get("reason", ""),
        )
    except BadInput as error:
        return _person(person_id, refusal=error.sentence), 422
    flash(_("已登记免职。"))
    return redirect(url_for("accounts.person", person_id=person_id), 303)


@blueprint.post("/accounts/<person_id>/<what>")
@rule("accounts.change")
def act(person_id: str, what: str) -> ResponseReturnValue:
    """Reset the password, close or open the account."""
    if what not in ("reset", "close", "open"):
        raise NotFound
    reason = request.form.get("reason", "")
    try:
        if what == "reset":
            made = engine().people.reset_password(engine().environment, actor(), person_id, reason)
            return _person(person_id, code=made)
        engine().people.set_active(
            engine().environment, actor(), person_id, reason, active=what == "open"
        )
    except BadInput as error:
        return _person(person_id, refusal=error.sentence), 422
    flash(_("账号已重新启用。") if what == "open" else _("账号已停用，登录已退出。"))
    return redirect(url_for("accounts.person", person_id=person_id), 303)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        sentence = str(_("日期应写成 2026-12-10 这样，请改正"))
        raise BadInput(f"bad date {text!r}", sentence=sentence) from error


def _password(refusal: str = "") -> str:
    return rendering.page("password.html", "", refusal=refusal, must_change=g.must_change)


def _list(refusal: str = "") -> str:
    page = engine().queries.accounts_page(engine().environment, actor())
    return rendering.page(
        "accounts.html", "accounts", page=page, refusal=refusal, form=request.form
    )


def _person(person_id: str, *, refusal: str = "", code: Any = None) -> str:
    page = engine().queries.person_page(engine().environment, actor(), person_id)
    return rendering.page(
        "person.html", "accounts", page=page, refusal=refusal, code=code, form=request.form
    )
