"""The chart of arrivals and completions by week, and of what falls due: where each bar and word lies.

Geometry only, in the units of the SVG's viewBox.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

WIDTH, TOP, FLOOR = 1150, 38, 146
LEFT, RIGHT = 10, 1144
BAR, GAP, WIDE = 18, 4, 40
GAP_BEFORE_AHEAD = 10


@dataclass(frozen=True)
class Bar:
    """One bar with its number above it."""

    kind: str  # in, done or fall
    x: float
    y: float
    width: float
    height: float
    value: int
    middle: float


@dataclass(frozen=True)
class Label:
    """The words under a week: its Monday, and a holiday."""

    x: float
    day: Any
    is_this_week: bool
    holiday: str


@dataclass(frozen=True)
class Chart:
    """Everything that the template needs; ``line`` is where what lies ahead begins."""

    bars: Sequence[Bar]
    labels: Sequence[Label]
    line: float
    ahead: int


def draw(weeks: Sequence[Any]) -> Chart:
    """Lay out ``pages.Week`` rows: those that are past side by side, then those ahead."""
    pitch = (RIGHT - LEFT - GAP_BEFORE_AHEAD) / max(len(weeks), 1)
    highest = max([1, *(max(one.received, one.closed, one.due) for one in weeks)])
    unit = (FLOOR - TOP) / highest
    bars: list[Bar] = []
    labels: list[Label] = []
    line = 0.0
    for place, one in enumerate(weeks):
        x = LEFT + place * pitch + (GAP_BEFORE_AHEAD if one.is_ahead else 0)
        middle = x + pitch / 2
        if one.is_ahead and not line:
            line = x
        if one.is_ahead:
            bars.append(_bar("fall", middle - WIDE / 2, WIDE, one.due, unit))
        else:
            bars.append(_bar("in", middle - BAR - GAP / 2, BAR, one.received, unit))
            bars.append(_bar("done", middle + GAP / 2, BAR, one.closed, unit))
        first_ahead = one.is_ahead and (place == 0 or not weeks[place - 1].is_ahead)
        labels.append(Label(round(middle, 1), one.monday, first_ahead, one.holiday))
    return Chart(bars, labels, round(line, 1), sum(one.due for one in weeks))


def _bar(kind: str, x: float, width: float, value: int, unit: float) -> Bar:
    height = value * unit
    return Bar(
        kind, round(x, 1), round(FLOOR - height, 1), width, round(height, 1), value,
        round(x + width / 2, 1),
    )  # fmt: skip
