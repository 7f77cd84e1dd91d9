"""How a due date came about: the sheet for the file, and the simulator."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.errors import BadInput
from webui import rendering, ruler
from webui.auth import actor, rule
from webui.engine_door import engine

blueprint = Blueprint("calculation", __name__)


@blueprint.get("/cases/<case_id>/clocks/<clock_id>")
@rule("case.read")
def show(case_id: str, clock_id: str) -> ResponseReturnValue:
    """Show the calculation of one clock as a sheet."""
    head, calc = engine().queries.calculation(engine().environment, actor(), case_id, clock_id)
    drawing = ruler.draw(calc.ruler) if calc.ruler else None
    return rendering.page("calculation.html", "cases", head=head, calc=calc, drawing=drawing)


MAX_EVENTS = 40


@blueprint.get("/simulator")
@rule("simulator.use")
def simulator() -> ResponseReturnValue:
    """Compute a due date from facts that somebody makes up; nothing is stored."""
    options = engine().queries.simulator_options(engine().environment, actor())
    chosen, channel = request.args.get("clock", ""), request.args.get("channel", "")
    pairs = list(zip(request.args.getlist("kind"), request.args.getlist("day"), strict=False))
    facts = [(kind, day) for kind, day in pairs[:MAX_EVENTS] if kind or day]
    calc, refusal = None, ""
    if facts and not request.args.get("more"):
        try:
            events = [_event(kind, day) for kind, day in facts]
            procedure, _dot, clock = chosen.partition(".")
            calc = engine().queries.simulate(
                engine().environment, actor(), procedure, clock, channel or None, events
            )
        except BadInput as error:
            refusal = error.sentence
    blank = max(4 - len(facts), 1) + (2 if request.args.get("more") else 0)
    return rendering.page(
        "simulator.html",
        "simulator",
        options=options,
        chosen=chosen,
        channel=channel,
        events=[*facts, *[("", "")] * blank],
        calc=calc,
        refusal=refusal,
        drawing=ruler.draw(calc.ruler, 1120) if calc and calc.ruler else None,
    )


def _event(kind: str, day: str) -> tuple[str, date]:
    try:
        found = date.fromisoformat(day)
    except ValueError as error:
        sentence = _("日期应写成 2026-12-10 这样，请改正")
        raise BadInput(f"bad date {day!r}", sentence=str(sentence)) from error
    if not kind:
        raise BadInput("no kind", sentence=str(_("每个日期都要选发生了什么")))
    return kind, found
