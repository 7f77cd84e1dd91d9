"""Clocks for screens: what is left, in which state, and how a date came about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from engine.business_calendar import BusinessCalendar
from engine.environment import Environment
from engine.institution import Institution
from engine.queries.pages import ClockState, ClockView, Group
from engine.statutory_clock import ClockAnswer, ClockDefinition
from engine.words import say, short_label

_ENDED = {"stopped", "abandoned"}
RUNNING = frozenset(("late", "today", "soon", "run"))
_GROUPS: Mapping[str, Group] = {
    "late": "urgent",
    "today": "urgent",
    "soon": "soon",
    "run": "running",
}
_ORDER: Sequence[Group] = ("urgent", "soon", "running", "held")


def group_of(clock: ClockView | None) -> Group:
    """Return the group of a list in which a case with this nearest limit stands."""
    return _GROUPS.get(clock.state, "held") if clock else "held"


def urgency(clock: ClockView | None, number: str) -> tuple[int, int, str]:
    """Return the key of every list: overdue first (most days), then by days left; what stands still last."""
    left = clock.left if clock and clock.left is not None else 10**6
    return _ORDER.index(group_of(clock)), left, number


def view_of_row(
    row: Mapping[str, Any], definition: ClockDefinition | None, institution: Institution, day: date
) -> ClockView:
    """Return a stored clock as a page shows it on a day."""
    held = _held_on(row["held"], day)
    left = _left(row["due"], day, row["held"], institution.calendar)
    past = row["due"] is not None and day > row["due"]
    return ClockView(
        clock_id=row["clock"],
        title=definition.title if definition else row["clock"],
        article=definition.article if definition else "",
        state=_state(row["state"], held, left, institution.soon_days, definition, past=past),
        left=left,
        due=row["due"],
        original=row["original"],
        provisional=row["provisional"],
        party=row["party"] or None,
        still=held,
    )


def view_of(
    given: ClockAnswer, definition: ClockDefinition, institution: Institution, day: date
) -> ClockView:
    """Return a computed clock as a page shows it: the same words as of the stored one, working days in each unit.

    One in working days that begins later than ``day``, as one may ask the simulator, has its whole length left.
    """
    shown = view_of_row(given.row(), definition, institution, day)
    later = given.started_on is not None and given.started_on > day
    if not later or given.unit != "working_day" or given.left is None or shown.left is None:
        return shown
    state = state_of(given.left, institution.soon_days, past=False)
    return replace(shown, left=given.left, state=state)


def _state(
    status: str,
    held: str,
    left: int | None,
    soon: int,
    definition: ClockDefinition | None,
    *,
    past: bool,
) -> ClockState:
    if status in _ENDED:
        return "stopped"
    rules = definition.rules if definition else ()
    paused = held and any(
        rule.kind == "suspends" and rule.attributes.get("title") == held for rule in rules
    )
    if status == "waiting" and not paused:
        return "waiting"
    if held:  # a pause without a known end has no date either, but waits for no 补正
        return "held"
    if left is None:
        return "none"
    return state_of(left, soon, past=past)


def state_of(left: int, soon: int, *, past: bool) -> ClockState:
    """Return how a running limit stands with so many working days left; ``past``: its last day is over.

    On a day of rest after the last day it is late by no working day yet.
    """
    if past:
        return "late"
    return "today" if left == 0 else "soon" if left <= soon else "run"


def _held_on(spans: Sequence[Sequence[Any]], day: date) -> str:
    """The title of the pause or wait in which a day lies, "" outside of all; one without an end holds already on
    the day of its beginning, which still counts."""
    inside = (title for first, last, title in spans if not last or first <= str(day) <= last)
    return next(inside, "")


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
    """Return the clock that a list shows of a case, and the words beside its date.

    Of several that run, the limit of ours that ends first; the main clock (the first drawn) needs no word. Where
    ours stands still, its date is only a projection: the words say what is left and what the wait hangs on.
    """
    views = _views(env, version, rows, day)
    chosen = chosen_clock(env, version, views)
    if chosen is None:
        return None, ""
    if chosen.state in {"held", "waiting"}:
        return replace(chosen, due=None), _still(env, version, chosen, views)
    main = next(iter(env.deployed(version).clocks), "")
    return chosen, "" if chosen.clock_id == main else chosen.title


def head_clock(
    env: Environment, version: str, rows: Sequence[Mapping[str, Any]], day: date
) -> ClockView | None:
    """Return the clock that the head of a case's pages shows, with its date even while it stands still."""
    return chosen_clock(env, version, _views(env, version, rows, day))


def _views(
    env: Environment, version: str, rows: Sequence[Mapping[str, Any]], day: date
) -> list[ClockView]:
    definitions = env.deployed(version).clocks
    institution = env.institution()
    return [
        view_of_row(row, definitions[row["clock"]], institution, day)
        for row in rows
        if row["clock"] in definitions
    ]


def chosen_clock(env: Environment, version: str, views: Sequence[ClockView]) -> ClockView | None:
    """Return the clock that matters next: ours that runs and ends first, else ours that stands still, else any."""
    definitions = env.deployed(version).clocks
    main = next(iter(definitions), "")

    def order(view: ClockView) -> tuple[date, bool]:
        return view.due or date.max, view.clock_id != main

    ours = [view for view in views if definitions[view.clock_id].is_ours]
    others = [view for view in views if definitions[view.clock_id].nature != "expected"]
    for group in (
        [view for view in ours if view.state in RUNNING and view.due],
        [view for view in ours if view.state in {"held", "waiting"}],
        [view for view in others if view.state in RUNNING and view.due],
    ):
        if group:
            return min(group, key=order)
    return None


def _still(env: Environment, version: str, chosen: ClockView, views: Sequence[ClockView]) -> str:
    definitions = env.deployed(version).clocks
    awaited = [
        view
        for view in views
        if view.due and view.state in RUNNING and not definitions[view.clock_id].is_ours
    ]
    words = (
        say("剩{n}个工作日", n=chosen.left)
        if chosen.state == "held" and chosen.left is not None
        else say("等到后重计")
    )
    if not awaited:
        return words
    first = min(awaited, key=lambda view: view.due or date.max)
    return say(
        "{words}，{what} {day} 届满",
        words=words,
        what=short_label(first.title, "期限"),
        day=f"{first.due:%m-%d}",
    )
