"""The day ruler as a drawing: where each cell, mark and bracket lies.

Geometry only, in the units of the SVG's viewBox. One cell a calendar day; the days themselves, and what
they mean, are the engine's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

CELL_TOP, CELL_HEIGHT = 34, 14
MIDDLE = CELL_TOP + CELL_HEIGHT / 2


@dataclass(frozen=True)
class Cell:
    """One day: ``x`` is the left edge, ``middle`` the centre."""

    kind: str
    x: float
    middle: float
    width: float
    label: str


@dataclass(frozen=True)
class Mark:
    """A named day: a tick from ``top`` down to the cells and its text beside the tick."""

    x: float
    text_x: float
    text_y: float
    top: float
    anchor: str
    text: str
    style: str


@dataclass(frozen=True)
class Bracket:
    """A stretch of days with its count."""

    left: float
    right: float
    middle: float
    text: str


@dataclass(frozen=True)
class Drawing:
    """Everything that the template needs; ``top`` is negative where marks needed a second line."""

    width: int
    top: int
    height: int
    cells: Sequence[Cell]
    marks: Sequence[Mark]
    brackets: Sequence[Bracket]
    summary: str


def draw(ruler: Any, width: int = 820) -> Drawing:
    """Lay out a ``pages.Ruler`` on ``width`` units, keeping room at the right for the last mark's text."""
    days = [cell.date for cell in ruler.cells]
    wide = width < 760
    left, right = (6, 100) if wide else (4, 74)
    pitch = (width - left - right) / max(len(days), 1)
    # A short ruler would have cells as wide as words.
    pitch = min(pitch, 22)
    gap = 3 if wide else 2
    cell_width = max(pitch - gap, pitch * 0.7)

    def centre(day: date) -> float:
        number: int = (day - days[0]).days
        return left + pitch * (number + 0.5)

    cells = [
        Cell(
            cell.kind,
            round(centre(cell.date) - cell_width / 2, 1),
            round(centre(cell.date), 1),
            round(cell_width, 1),
            cell.label,
        )
        for cell in ruler.cells
    ]
    marks, lines = _marks([one for one in ruler.marks if days[0] <= one.date <= days[-1]], centre)
    brackets = [
        Bracket(
            round(centre(one.first) - pitch / 2 + 1, 1),
            round(centre(one.last) + pitch / 2 - 1, 1),
            round((centre(one.first) + centre(one.last)) / 2, 1),
            one.text,
        )
        for one in ruler.brackets
    ]
    top = -14 * (lines - 1)
    return Drawing(width, top, 78 - top, cells, marks, brackets, ruler.summary)


def _marks(marks: Sequence[Any], centre: Any) -> tuple[list[Mark], int]:
    """Put each text on the side where there is more room; where there is none, one line higher."""
    placed: list[Mark] = []
    taken: list[list[tuple[float, float]]] = [[]]
    for index, mark in enumerate(marks):
        x = centre(mark.date)
        size = _text_width(mark.text)
        before = max((end for _, end in taken[0]), default=0.0)
        after = centre(marks[index + 1].date) if index + 1 < len(marks) else float("inf")
        side = "end" if x - before > after - x and x - 4 - size >= 0 else "start"
        span = (x + 2, x + 6 + size) if side == "start" else (x - 6 - size, x - 2)
        line = 0
        while any(span[0] < end and start < span[1] for start, end in taken[line]):
            line += 1
            if line == len(taken):
                taken.append([])
        taken[line].append(span)
        placed.append(
            Mark(
                round(x, 1),
                round(x + 4 if side == "start" else x - 4, 1),
                12 - 14 * line,
                15 - 14 * line,
                side,
                mark.text,
                mark.style,
            )
        )
    return placed, len(taken)


def _text_width(text: str) -> float:
    return sum(12 if ord(char) > 0x2E80 else 6.8 for char in text)
