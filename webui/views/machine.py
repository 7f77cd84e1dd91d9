"""Is this machine in order? What ``gongkai doctor`` says, for who keeps the machine and has no command line."""

from __future__ import annotations

from typing import Any

from flask import Blueprint
from flask.typing import ResponseReturnValue

from webui import rendering
from webui.auth import actor, rule
from webui.engine_door import engine
from webui.views import work

blueprint = Blueprint("machine", __name__)


@blueprint.get("/machine")
@rule("machine.read")
def show() -> ResponseReturnValue:
    """Offer the examination; it reads every file and the whole trail, so nobody gets it by looking."""
    return rendering.page("machine.html", "machine", remarks=None)


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
    return rendering.page("machine.html", "machine", remarks=end["remarks"])
