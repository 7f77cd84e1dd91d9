"""Clocks for screens: what is left, in which state, and how a date came about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from engine.business_calendar import BusinessCalendar
from engine.environment import Environment
from engine.institution import Institution
from engine.queries.pages import ClockState, ClockView
from engine.statutory_clock import ClockAnswer, ClockDefinition

_ENDED = {"stopped", "abandoned"}


def view_of_row(
    row: Mapping[str, Any], definition: ClockDefinition | None, institution: Institution, day: date
) -> ClockView:
    """Return a stored clock as a list shows it on a day."""
    held = _held_on(row["held"], day)
    return _view(
        clock_id=row["clock"],
        definition=definition,
        status=row["state"],
        due=row["due"],
        original=row["original"],
        provisional=row["provisional"],
        party=row["party"] or None,
        held=held,
        left=_left(row["due"], day, row["held"], institution.calendar),
        soon=institution.soon_days,
    )


def view_of(given: ClockAnswer, definition: ClockDefinition, institution: Institution) -> ClockView:
    """Return a computed clock as a page of its case shows it."""
    return _view(
        clock_id=given.clock,
        definition=definition,
        status=given.state,
        due=given.due,
        original=given.original,
        provisional=given.provisional,
        party=given.party,
        held=bool(given.held),
        left=given.left,
        soon=institution.soon_days,
    )


def _view(
    *,
    clock_id: str,
    definition: ClockDefinition | None,
    status: str,
    held: bool,
    left: int | None,
    soon: int,
    **values: Any,
) -> ClockView:
    return ClockView(
        clock_id=clock_id,
        title=definition.title if definition else clock_id,
        article=definition.article if definition else "",
        state=_state(status, held, left, soon),
        left=left,
        **values,
    )


def _state(status: str, held: bool, left: int | None, soon: int) -> ClockState:
    if status in _ENDED:
        return "stopped"
    if status == "waiting":
        return "waiting"
    if held:
        return "held"
    if left is None:
        return "none"
    return state_of(left, soon)


def state_of(left: int, soon: int) -> ClockState:
    """Return how a running limit stands with so many working days left."""
    if left < 0:
        return "late"
    return "today" if left == 0 else "soon" if left <= soon else "run"


def _held_on(spans: Sequence[Sequence[Any]], day: date) -> bool:
    return any(first <= str(day) and (last is None or str(day) <= last) for first, last, _ in spans)


def _left(
    due: date | None, day: date, spans: Sequence[Sequence[Any]], calendar: BusinessCalendar
) -> int | None:
    """Working days from tomorrow to the due date that count; negative when it is past."""
    if due is None:
        return None
    if day > due:
        return -calendar.working_days_between(due, day)
    left = calendar.working_days_between(day, due)
    for first, last, _ in spans:
        if last is None:
            continue
        begin = max(date.fromisoformat(first), day)
        end = min(date.fromisoformat(last), due)
        if begin <= end:
            before = begin.fromordinal(begin.toordinal() - 1) if begin > day else day
            left -= calendar.working_days_between(before, end)
    return max(left, 0)


def nearest(
    env: Environment, version: str, rows: Sequence[Mapping[str, Any]], day: date
) -> tuple[ClockView | None, str]:
    """Return the clock that matters next in a case, and the word for it where it is not the main one.

    The main clock is the first that the diagram draws. Limits of others and reminders never come first.
    """
    institution = env.institution()
    definitions: Mapping[str, ClockDefinition] = env.deployed(version).clocks
    views = []
    for row in rows:
        definition = definitions.get(row["clock"])
        if definition is not None and definition.nature != "expected":
            views.append(view_of_row(row, definition, institution, day))
    running = [
        view for view in views if view.state in {"late", "today", "soon", "run"} and view.due
    ]
    main = next(iter(definitions), "")
    if running:
        chosen = min(running, key=lambda view: (view.due or date.max, view.clock_id != main))
    else:
        still = [view for view in views if view.state in {"held", "waiting"}]
        chosen_or_none = next((v for v in still if v.clock_id == main), next(iter(still), None))
        if chosen_or_none is None:
            return None, ""
        chosen = chosen_or_none
    return chosen, "" if chosen.clock_id == main else chosen.title
