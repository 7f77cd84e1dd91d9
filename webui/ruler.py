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
MANY = 9999
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
    shown = [one for one in ruler.marks if days[0] <= one.date <= days[-1]]
    marks, lines = _marks(shown, centre, width)
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


def _marks(marks: Sequence[Any], centre: Any, width: int) -> tuple[list[Mark], int]:
    """Put each text on the side where there is more room; where there is none, some lines higher.

    A text covers no other text and no tick: the tick of a mark goes from its own line down through all below. So
    they are placed from the right: what stands further left may always go higher.
    """
    places = [centre(mark.date) for mark in marks]
    lines = [MANY] * len(marks)  # how high each tick goes; not known yet: over everything
    taken: list[list[tuple[float, float]]] = [[] for _ in range(len(marks) + 1)]
    placed: list[Mark] = []

    def free(x: float, line: int, span: tuple[float, float]) -> bool:
        texts = any(span[0] < end and start < span[1] for start, end in taken[line])
        crossed = any(
            span[0] < at < span[1] and up >= line for at, up in zip(places, lines, strict=True)
        )
        crosses = any(start < x < end for below in taken[: line + 1] for start, end in below)
        return not (texts or crossed or crosses)

    for index in reversed(range(len(marks))):
        mark, x = marks[index], places[index]
        size = _text_width(mark.text)
        spans = {"start": (x + 2, x + 6 + size), "end": (x - 6 - size, x - 2)}
        before = x - places[index - 1] if index else x
        after = places[index + 1] - x if index + 1 < len(marks) else MANY
        sides = ["end", "start"] if before > after else ["start", "end"]
        fitting = (
            (line, side)
            for room in (width, MANY)  # rather beyond the edge than over another
            for line in range(len(taken))
            for side in sides
            if spans[side][0] >= -2 and spans[side][1] <= room and free(x, line, spans[side])
        )
        line, side = next(fitting)
        taken[line].append(spans[side])
        lines[index] = line
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
    return placed[::-1], max(lines, default=0) + 1


def _text_width(text: str) -> float:
    return sum(12 if ord(char) > 0x2E80 else 6.8 for char in text)
