"""How a due date came about: the sheet for the file, and the simulator."""

from __future__ import annotations

from flask import Blueprint
from flask.typing import ResponseReturnValue

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
