"""How a due date came about: the sheet for the file, and the simulator."""

from __future__ import annotations

from collections.abc import Mapping
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
    party = request.args.get("party") or None
    head, calc = engine().queries.calculation(
        engine().environment, actor(), case_id, clock_id, party
    )
    drawing = ruler.draw(calc.ruler) if calc.ruler else None
    return rendering.page("calculation.html", "cases", head=head, calc=calc, drawing=drawing)


MAX_EVENTS = 40


@blueprint.get("/simulator")
@rule("simulator.use")
def simulator() -> ResponseReturnValue:
    """Compute a due date from facts that somebody makes up; nothing is stored."""
    chosen, channel = request.args.get("clock", ""), request.args.get("channel", "")
    options = engine().queries.simulator_options(engine().environment, actor(), chosen)
    rows = zip(*(request.args.getlist(name) for name in ("kind", "day", "number")), strict=False)
    facts = [row for row in list(rows)[:MAX_EVENTS] if any(row)]
    calc, refusal = None, ""
    if facts and not request.args.get("more"):
        try:
            events = [_event(kind, day, number, options.numbers) for kind, day, number in facts]
            procedure, _dot, clock = chosen.partition(".")
            calc = engine().queries.simulate(
                engine().environment, actor(), procedure, clock, channel, events
            )
            refusal = "" if calc else _("还没有起算：请选收到方式，填写起算的事实")
        except BadInput as error:
            refusal = error.sentence
    blank = max(4 - len(facts), 1) + (2 if request.args.get("more") else 0)
    return rendering.page(
        "simulator.html",
        "simulator",
        options=options,
        chosen=chosen,
        channel=channel,
        events=[*facts, *[("", "", "")] * blank],
        calc=calc,
        refusal=refusal,
        drawing=ruler.draw(calc.ruler, 1120) if calc and calc.ruler else None,
    )


def _event(
    kind: str, day: str, number: str, numbers: Mapping[str, str]
) -> tuple[str, date, dict[str, object]]:
    try:
        found = date.fromisoformat(day)
    except ValueError as error:
        sentence = _("日期应写成 2026-12-10 这样，请改正")
        raise BadInput(f"bad date {day!r}", sentence=str(sentence)) from error
    if not kind:
        raise BadInput("no kind", sentence=str(_("每个日期都要选发生了什么")))
    if number and not (number.isascii() and number.isdigit() and len(number) <= 4):
        raise BadInput("bad number", sentence=str(_("天数应为整数，请改正")))
    fields: dict[str, object] = {numbers[kind]: int(number)} if number and kind in numbers else {}
    return kind, found, fields
