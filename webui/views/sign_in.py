"""Signing in and out."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine.errors import EngineError
from webui.auth import (
    ONLY_SIGNED_IN,
    address,
    before_change,
    forget_session,
    keep_session,
    public,
    rule,
    session_token,
)
from webui.engine_door import engine
from webui.views.display import display_of_browser

blueprint = Blueprint("sign_in", __name__)


@blueprint.get("/sign-in")
@public
def show() -> ResponseReturnValue:
    """Show the form; in the demonstration also the accounts."""
    return _page(request.args.get("next", ""))


@blueprint.post("/sign-in")
@public
def enter() -> ResponseReturnValue:
    """Check the password and begin a session; a former one of this browser ends."""
    login, password = request.form.get("account", ""), request.form.get("password", "")
    try:
        token = engine().accounts.sign_in(engine().environment, login, password, address())
    except EngineError as refused:
        if refused.code != "sign_in_refused":
            raise
        return _page(request.form.get("next", ""), login, getattr(refused, "sentence", "")), 403
    former = session_token()
    if former:
        engine().accounts.sign_out(engine().environment, former)
    answer = make_response(redirect(_own_page(request.form.get("next", "")), 303))
    keep_session(answer, token)
    return answer


@blueprint.post("/sign-out")
@rule(ONLY_SIGNED_IN)
@before_change
def leave() -> ResponseReturnValue:
    """End the session."""
    token = session_token()
    if token:
        engine().accounts.sign_out(engine().environment, token)
    answer = make_response(redirect(url_for("sign_in.show"), 303))
    forget_session(answer)
    return answer


def _own_page(target: str) -> str:
    """Return where to go next: only to a path of ours."""
    parts = urlsplit(target)
    if (
        parts.scheme
        or parts.netloc
        or not target.startswith("/")
        or target.startswith(("//", "/\\"))
    ):
        return url_for("inbox.show")
    return target


def _page(target: str, login: str = "", refusal: str = "") -> str:
    door = engine().queries.front_page(engine().environment)
    return render_template(
        "sign_in.html",
        door=door,
        next=target,
        account=login,
        refusal=refusal,
        display=display_of_browser(),
    )
