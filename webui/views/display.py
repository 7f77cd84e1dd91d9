"""Large type, high contrast, language: kept with the person, and in the browser for the sign-in page."""

from __future__ import annotations

from typing import NamedTuple

from flask import Blueprint, current_app, g, make_response, redirect, request, url_for
from flask.typing import ResponseReturnValue

from webui import rendering
from webui.auth import ONLY_SIGNED_IN, actor, rule
from webui.engine_door import engine

blueprint = Blueprint("display", __name__)
COOKIE = "gongkai-display"


class Display(NamedTuple):
    """How pages are shown."""

    large_text: bool
    high_contrast: bool
    language: str


@blueprint.get("/display")
@rule(ONLY_SIGNED_IN)
def show() -> ResponseReturnValue:
    """Show the settings."""
    return rendering.page("display.html", "", back=request.args.get("back", ""))


@blueprint.post("/display")
@rule(ONLY_SIGNED_IN)
def save() -> ResponseReturnValue:
    """Keep the settings."""
    chosen = Display(
        request.form.get("text") == "large",
        request.form.get("contrast") == "high",
        "en" if request.form.get("language") == "en" else "zh",
    )
    kept = {
        "text": "large" if chosen.large_text else "normal",
        "contrast": "high" if chosen.high_contrast else "normal",
        "language": chosen.language,
    }
    engine().accounts.set_display(engine().environment, actor(), kept)
    back = request.form.get("back", "")
    answer = make_response(redirect(back if _is_ours(back) else url_for("inbox.show"), 303))
    words = [word for word, on in (("large", chosen[0]), ("contrast", chosen[1])) if on]
    answer.set_cookie(
        COOKIE,
        ".".join([chosen.language, *words]),
        max_age=365 * 86400,
        httponly=True,
        samesite="Lax",
        secure=current_app.config["SESSION_COOKIE_SECURE"],
    )
    return answer


def _is_ours(path: str) -> bool:
    return path.startswith("/") and not path.startswith(("//", "/\\"))


def display_of_browser() -> Display:
    """Return what this browser was last set to, before anybody signs in."""
    words = request.cookies.get(COOKIE, "").split(".")
    return Display("large" in words, "contrast" in words, "en" if "en" in words else "zh")


def locale() -> str:
    """Return the language of this page: the person's, else the browser's last, else Chinese."""
    chosen = g.get("display", {}).get("language") or display_of_browser().language
    return "en" if chosen == "en" else "zh_Hans_CN"
