"""The bar of working days in whose hands a case was: where each stretch and each label lies.

Geometry only, in the units of the SVG's viewBox; one unit of width for each working day.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

LEFT, RIGHT = 1, 1149
GAP = 2
CHARACTER = 12.5  # width of a Chinese letter at the bar's text size


@dataclass(frozen=True)
class Segment:
    """One stretch: its box, the words above and below it (empty where there is no room)."""

    kind: str
    x: float
    width: float
    above: str
    below: str
    title: str


@dataclass(frozen=True)
class Line:
    """A day that is marked: the legal limit, with its words under the bar."""

    x: float
    text: str
    anchor: str


@dataclass(frozen=True)
class Bar:
    """The whole bar; ``summary`` says it for those who cannot see it."""

    segments: Sequence[Segment]
    lines: Sequence[Line]
    summary: str


def draw(found: Any, due_word: str) -> Bar | None:
    """Lay out a ``queries.lateness.Lateness``; None where no working day has passed."""
    if not found.total:
        return None
    unit = (RIGHT - LEFT) / found.total
    segments: list[Segment] = []
    passed = 0
    holder_end = -1.0
    for place, one in enumerate(found.stretches):
        x = LEFT + passed * unit
        width = one.days * unit
        same = place > 0 and found.stretches[place - 1].who == one.who
        run = _run(found.stretches, place)
        above = "" if same else f"{one.who} {run}"
        if above and (x < holder_end or _wide(above) > run * unit):
            above = str(run) if x >= holder_end and run * unit > CHARACTER else ""
        if above:
            holder_end = x + _wide(above)
        repeated = same and found.stretches[place - 1].step == one.step
        below = one.step if not repeated and _wide(one.step) <= width else ""
        segments.append(
            Segment(
                one.kind, round(x, 1), round(max(width - GAP, 1), 1), above, below,
                f"{one.who} {one.step} {one.first}–{one.last} {one.days}",
            )
        )  # fmt: skip
        passed += one.days
    return Bar(segments, _due(found, unit, due_word), found.sentence)


def _run(stretches: Sequence[Any], place: int) -> int:
    """Days in a row in the same hands, from here on."""
    days = 0
    for one in stretches[place:]:
        if one.who != stretches[place].who:
            break
        days += one.days
    return days


def _due(found: Any, unit: float, word: str) -> list[Line]:
    due: date | None = found.due
    if due is None or not found.late:
        return []
    x = LEFT + (found.total - found.late) * unit
    return [Line(round(x, 1), f"{due:%m-%d} {word}", "end" if x > 200 else "start")]


def _wide(text: str) -> float:
    return sum(CHARACTER if ord(char) > 0x2E80 else 7 for char in text)
