"""Who is here: the session cookie, the person behind it, and the rule on every route.

The cookie holds a random token; what it means lives in the database (its hash, its age, its person).
Every view carries a rule, ``@rule("action")`` or ``@public``; one without is refused at start and by a test.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, Response, current_app, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.errors import Denied
from webui.engine_door import engine

View = TypeVar("View", bound=Callable[..., Any])

PUBLIC = ""
ONLY_SIGNED_IN = "signed_in"


def rule(action: str) -> Callable[[View], View]:
    """Let only signed-in people in whose roles allow ``action`` (``signed_in``: everybody)."""

    def mark(view: View) -> View:
        view.__rule__ = action  # type: ignore[attr-defined]
        return view

    return mark


def public(view: View) -> View:
    """Let everybody in."""
    view.__rule__ = PUBLIC  # type: ignore[attr-defined]
    return view


def before_change(view: View) -> View:
    """Let in also those who must change their one-time password first."""
    view.__before_change__ = True  # type: ignore[attr-defined]
    return view


def keeps_typed(view: View) -> View:
    """Have what was posted here survive a session that ended meanwhile: it is a form, not a button."""
    view.__keeps_typed__ = True  # type: ignore[attr-defined]
    return view


class SignedOut(Exception):
    """A form was posted after its session had ended."""


def actor() -> Any:
    """Return the person who is signed in; only views with a rule may ask."""
    return g.actor


def cookie_name() -> str:
    """Return the session cookie's name; ``__Host-`` binds it to this host, but needs TLS."""
    return "__Host-gongkai" if current_app.config["SESSION_COOKIE_SECURE"] else "gongkai"


def session_token() -> str | None:
    """Return the token that the browser sent."""
    return request.cookies.get(cookie_name())


def keep_session(response: Response, token: str) -> None:
    """Put the token of a new session into the answer; it ends with the browser or at the server."""
    response.set_cookie(
        cookie_name(),
        token,
        httponly=True,
        secure=current_app.config["SESSION_COOKIE_SECURE"],
        samesite="Lax",
        path="/",
    )


def forget_session(response: Response) -> None:
    """Take the cookie back and have the browser clear what it kept."""
    response.delete_cookie(
        cookie_name(), path="/", secure=current_app.config["SESSION_COOKIE_SECURE"], samesite="Lax"
    )
    response.headers["Clear-Site-Data"] = '"cache", "storage"'


def install(app: Flask) -> None:
    """Check the rule of a route before its view runs."""
    app.before_request(_guard)


def _guard() -> ResponseReturnValue | None:
    g.actor, g.display, g.must_change = None, {}, False
    if request.endpoint is None or request.endpoint == "static":
        return None
    view = current_app.view_functions[request.endpoint]
    action = getattr(view, "__rule__", None)
    if action is None:
        raise Denied("no_rule", "这个页面没有访问规则，不能打开。")
    token = session_token()
    here = engine().accounts.session(engine().environment, token, address()) if token else None
    if here is not None:
        g.actor, g.display = here.actor, here.display
        g.must_change = getattr(here, "must_change", False)
    if action == PUBLIC:
        return None
    if g.actor is None:
        return _ask_to_sign_in()
    if g.must_change and not getattr(view, "__before_change__", False):
        return _ask_to_change()
    if action != ONLY_SIGNED_IN:
        sentence = engine().may(g.actor, action)
        if sentence is not None:
            raise Denied(action, sentence)
    return None


def address() -> str:
    """Return where the request came from, for the audit trail."""
    return request.remote_addr or ""


def posts_a_form() -> bool:
    """Return whether what is posted came from a form that people fill in."""
    view = current_app.view_functions.get(request.endpoint or "")
    return getattr(view, "__keeps_typed__", False)


def _ask_to_change() -> ResponseReturnValue:
    if request.headers.get("X-Requested-With") == "fetch":
        return {"error": "must_change"}, 403
    return redirect(url_for("accounts.password"), 303)


def _ask_to_sign_in() -> ResponseReturnValue:
    if request.headers.get("X-Requested-With") == "fetch":
        sentence = _("登录已到期，草稿没有存上。请照常提交：登录以后，您填写的内容还在。")
        return {"error": "signed_out", "sentence": sentence}, 401
    if request.method == "POST" and posts_a_form():
        raise SignedOut
    back = request.full_path.rstrip("?") if request.method == "GET" else None
    return redirect(url_for("sign_in.show", next=back if back != "/" else None), 303)
