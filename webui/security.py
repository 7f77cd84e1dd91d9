"""What every answer carries and every change must prove.

A POST is let in only with the token of its session (HMAC of the session cookie under the application's
key) and from our own pages (Origin, Referer, Sec-Fetch-Site). Before there is a session, a random cookie
of its own stands in for it, so that the sign-in form is protected as well.
"""

from __future__ import annotations

import hmac
import secrets
from hashlib import sha256
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, g, request

from engine.errors import EngineError
from webui.auth import session_token

GUEST_COOKIE = "gongkai-guest"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'"
)
DOWNLOAD_POLICY = "sandbox; default-src 'none'"


class ForeignRequest(EngineError):
    """A change was asked for from another site or without this session's token."""

    code = "foreign_request"

    def __init__(self, why: str) -> None:
        super().__init__(f"refused: {why}")
        self.why = why


def csrf_token(session: str = "") -> str:
    """Return the token that a form of this session must send back; of ``session`` where that began just now."""
    return _token_for(session or _binding())


def is_from_our_page() -> bool:
    """Return whether the browser says that a page of ours sent this; False where it says nothing."""
    said = any(request.headers.get(name) for name in ("Sec-Fetch-Site", "Origin", "Referer"))
    try:
        _refuse_foreign_page()
    except ForeignRequest:
        return False
    return said


def install(app: Flask) -> None:
    """Check every change, dress every answer."""
    app.before_request(_check_change)
    app.after_request(_dress)
    app.jinja_env.globals["csrf_token"] = csrf_token


def _binding() -> str:
    binding = session_token() or request.cookies.get(GUEST_COOKIE) or g.get("guest")
    if not binding:
        g.guest = binding = secrets.token_urlsafe(24)
    return binding


def _token_for(binding: str) -> str:
    key = current_app.config["SECRET_KEY"]
    key = key if isinstance(key, bytes) else key.encode()
    return hmac.new(key, b"csrf\0" + binding.encode("utf-8", "replace"), sha256).hexdigest()


def _check_change() -> None:
    if request.method in SAFE_METHODS or request.endpoint is None:
        return
    _refuse_foreign_page()
    sent = request.headers.get("X-CSRF-Token") or request.form.get("csrf_token", "")
    binding = session_token() or request.cookies.get(GUEST_COOKIE)
    if not binding or not hmac.compare_digest(sent.encode(), _token_for(binding).encode()):
        raise ForeignRequest("token missing or not of this session")


def _refuse_foreign_page() -> None:
    if request.headers.get("Sec-Fetch-Site") in {"cross-site", "same-site"}:
        raise ForeignRequest("another site's page")
    for header in ("Origin", "Referer"):
        value = request.headers.get(header)
        if value is None:
            continue
        if urlsplit(value).netloc != request.host:
            raise ForeignRequest(f"{header} {value[:200]!r}")
        return


def _dress(response: Response) -> Response:
    headers = response.headers
    headers.setdefault("Content-Security-Policy", CONTENT_POLICY)
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "same-origin"
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=(), usb=(), payment=()"
    if request.endpoint != "static":
        headers["Cache-Control"] = "no-store"
    if current_app.config["SESSION_COOKIE_SECURE"]:
        headers["Strict-Transport-Security"] = "max-age=31536000"
    guest = g.get("guest")
    if guest:
        response.set_cookie(
            GUEST_COOKIE,
            guest,
            httponly=True,
            samesite="Lax",
            secure=current_app.config["SESSION_COOKIE_SECURE"],
        )
    return response
