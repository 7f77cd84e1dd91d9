"""Is this machine in order? What ``gongkai doctor`` says, for who keeps the machine and has no command line."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.errors import BadInput
from webui import rendering
from webui.auth import actor, rule
from webui.engine_door import engine
from webui.views import work

blueprint = Blueprint("machine", __name__)


@blueprint.get("/machine")
@rule("machine.read")
def show() -> ResponseReturnValue:
    """Offer the examination; it reads every file and the whole trail, so nobody gets it by looking."""
    return _page()


@blueprint.post("/machine/clock")
@rule("machine.confirm_clock")
def confirm_clock() -> ResponseReturnValue:
    """Take the word of who looked: the clock is right, what waits for it goes on."""
    reason = request.form.get("reason", "")
    try:
        engine().commands.confirm_clock(engine().environment, actor(), reason)
    except BadInput as error:
        return _page(refusal=error.sentence), 422
    flash(_("已确认，到期事项接着办"))
    return redirect(url_for("machine.show"), 303)


@blueprint.post("/machine")
@rule("machine.read")
def examine() -> ResponseReturnValue:
    """Examine the machine now."""
    env, who, look = engine().environment, actor(), engine().queries.examine

    def act(report: Any) -> dict[str, Any]:
        return {"remarks": look(env, who)}

    return work.do("machine", act)  # type: ignore[no-any-return]


@blueprint.get("/machine/<work_id>")
@rule("machine.read")
def examined(work_id: str) -> ResponseReturnValue:
    """Show what was found."""
    end = work.ended(work_id, "machine")
    return _page(end["remarks"])


def _page(remarks: list[dict[str, Any]] | None = None, refusal: str = "") -> str:
    clock = engine().queries.machine_clock(engine().environment, actor())
    return rendering.page("machine.html", "machine", remarks=remarks, clock=clock, refusal=refusal)
