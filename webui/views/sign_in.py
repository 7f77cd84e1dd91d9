"""Signing in and out."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine.errors import EngineError
from webui import errors
from webui.auth import (
    ONLY_SIGNED_IN,
    SignedOut,
    address,
    before_change,
    forget_session,
    keep_session,
    posts_a_form,
    public,
    rule,
    session_token,
)
from webui.engine_door import engine
from webui.form_view import OUTSIDE_FORM
from webui.security import ForeignRequest, csrf_token, is_from_our_page
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
        said = getattr(refused, "sentence", "")
        kept, by = request.form.get("kept", ""), request.form.get("kept_by", "")
        return _page(request.form.get("next", ""), login, said, kept=kept, kept_by=by), 403
    former = session_token()
    if former:
        engine().accounts.sign_out(engine().environment, former)
    target = _own_page(request.form.get("next", ""))
    # What somebody else typed at this desk is not theirs to read.
    is_theirs = request.form.get("kept_by", "") in ("", login)
    typed = _typed_before(request.form.get("kept", "")) if is_theirs else []
    answer = make_response(_kept_page(target, typed, token) if typed else redirect(target, 303))
    keep_session(answer, token)
    return answer


@blueprint.app_errorhandler(SignedOut)
def signed_out(_error: SignedOut) -> ResponseReturnValue:
    """Ask to sign in again, and keep what was typed until then."""
    kept = json.dumps(_posted(), ensure_ascii=False) if is_from_our_page() else ""
    token = session_token()
    typed_by = engine().accounts.whose(engine().environment, token) if token else ""
    return _page(request.path, typed_by, kept=kept, kept_by=typed_by), 401


@blueprint.app_errorhandler(ForeignRequest)
def token_of_another_session(error: ForeignRequest) -> ResponseReturnValue:
    """Give back what was typed where somebody signed in again in another window meanwhile."""
    if posts_a_form() and is_from_our_page():
        return _kept_page(request.path, _posted(), ""), 403
    return errors.engine_error(error)


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


def _posted() -> list[tuple[str, str]]:
    return [one for one in request.form.items(multi=True) if one[0] not in OUTSIDE_FORM]


def _typed_before(kept: str) -> list[tuple[str, str]]:
    """Return what a form had held; nothing where this is no list of texts."""
    try:
        pairs = json.loads(kept) if kept else []
        return [(str(name), str(text)) for name, text in pairs]
    except (ValueError, TypeError):
        return []


def _kept_page(target: str, typed: list[tuple[str, str]], session: str) -> str:
    return render_template("kept.html", target=target, typed=typed, token=csrf_token(session))


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


def _page(
    target: str, login: str = "", refusal: str = "", *, kept: str = "", kept_by: str = ""
) -> str:
    door = engine().queries.front_page(engine().environment)
    return render_template(
        "sign_in.html",
        door=door,
        next=target,
        account=login,
        refusal=refusal,
        kept=kept,
        kept_by=kept_by,
        display=display_of_browser(),
    )
