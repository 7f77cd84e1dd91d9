"""The plan of the demonstration: what is applied for, on which day, and who answers what at which step.

Reads ``usual.yaml`` (what people do as a rule) and ``requests.yaml`` (the cases, and where they differ).
Days are reckoned from the demonstration's today with the office's calendar, so that the picture is the
same whatever that day is. Knows no engine: ``engine.demo.walk`` carries the plan out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import yaml

from engine.business_calendar import BusinessCalendar

FOLDER = Path(__file__).parent
SOON = 1  # working days, where the plan says nothing


@dataclass(frozen=True)
class Step:
    """What is done with one task.

    after: working days from its opening, lowest and highest; ``leave``: nobody does it (where the case stands
    there today, somebody takes it ``after`` these days), only its timer ends it; ``values``: answers of its form, with ``today``, ``{title}``, ``{section}`` and ``{serial}`` still in.
    """

    after: tuple[int, int]
    leave: bool
    values: Mapping[str, Any]


@dataclass(frozen=True)
class Action:
    """A drawn action: ``event`` is done ``after`` working days after the first task ``when`` opens."""

    event: str
    when: str
    after: int
    values: Mapping[str, Any]


@dataclass(frozen=True)
class Request:
    """One application and its fate.

    ``officer`` is the login of who registers and handles it; ``ends`` the activities at which it stands
    on the demonstration's today, none where it is closed by then.
    """

    serial: int
    title: str
    arrives: date
    officer: str
    register: Mapping[str, Any]
    ends: frozenset[str]
    actions: tuple[Action, ...]
    section: str
    usual: Mapping[str, Mapping[str, Any]]
    own: Mapping[str, Sequence[Mapping[str, Any]]]

    def step(self, activity: str, time: int) -> Step:
        """Return what is done when ``activity`` opens for the ``time``-th time (from 0)."""
        turns = self.own.get(activity, ({},))
        own = turns[min(time, len(turns) - 1)]
        given = {**self.usual.get(activity, {}), **own}
        usually = given.pop("after", SOON)
        leave = bool(given.pop("leave", activity in self.ends))
        after = own.get("after", SOON) if leave else usually
        low, high = after if isinstance(after, list) else (after, after)
        return Step((int(low), int(high)), leave, given)

    def filled(self, values: Mapping[str, Any], day: date) -> dict[str, Any]:
        """Return answers with the day and the words of this request put in."""
        return {key: self._fill(value, day) for key, value in values.items()}

    def _fill(self, value: Any, day: date) -> Any:
        if isinstance(value, str):
            if value == "today":
                return day.isoformat()
            for name, word in (
                ("{title}", self.title),
                ("{section}", self.section),
                ("{serial}", f"{self.serial:04d}"),
            ):
                value = value.replace(name, word)
            return value
        if isinstance(value, list):
            return [self._fill(one, day) for one in value]
        if isinstance(value, dict):
            return {key: self._fill(one, day) for key, one in value.items()}
        return value


def read_people() -> dict[str, Any]:
    """Return the password and the people of the demonstration."""
    return _read("people.yaml")


def read_requests(today: date, calendar: BusinessCalendar) -> list[Request]:
    """Return the applications in the order of their file, with days reckoned from ``today``."""
    usual, source = _read("usual.yaml"), _read("requests.yaml")
    return [
        _request(serial, given, source["applicants"], usual, today, calendar)
        for serial, given in enumerate(source["requests"], start=1)
    ]


def read_arising(serial: int, procedure: str, subject: str) -> Request | None:
    """Return what people do with a case that the engine itself started; None leaves it to the visitor."""
    usual = _read("usual.yaml")
    steps = usual["arising"].get(procedure)
    if steps is None:
        return None
    return Request(
        serial=serial,
        title=subject,
        arrives=date.min,
        officer=usual["officer"],
        register={},
        ends=frozenset(),
        actions=(),
        section="",
        usual=steps,
        own={},
    )


def _request(
    serial: int,
    given: Mapping[str, Any],
    applicants: Sequence[Mapping[str, Any]],
    usual: Mapping[str, Any],
    today: date,
    calendar: BusinessCalendar,
) -> Request:
    stop = given.get("stop_at", [])
    return Request(
        serial=serial,
        title=given["title"],
        arrives=_arrival(given, today, calendar),
        officer=given.get("officer", usual["officer"]),
        register={
            **usual["register"],
            **applicants[given["who"] - 1],
            "channel": given["channel"],
            "info_title": given["title"],
            "info_description": given["text"],
            **given.get("register", {}),
        },
        ends=frozenset(stop if isinstance(stop, list) else [stop]),
        actions=tuple(
            Action(one["do"], one["when"], one["after"], one.get("values", {}))
            for one in given.get("actions", [])
        ),
        section=given["section"],
        usual=usual["steps"],
        own={
            activity: turns if isinstance(turns, list) else [turns]
            for activity, turns in given.get("at", {}).items()
        },
    )


def _arrival(given: Mapping[str, Any], today: date, calendar: BusinessCalendar) -> date:
    """Return the working day on which an application comes in.

    ``days_ago`` counts calendar days; ``back`` working days; ``due`` and ``of`` say that the limit of ``of``
    working days runs out ``due`` working days from today.
    """
    if "days_ago" in given:
        return calendar.next_working_day(today - timedelta(days=given["days_ago"]))
    back = given["back"] if "back" in given else given["of"] - given["due"]
    return calendar.add_working_days(calendar.next_working_day(today), -back)


def _read(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((FOLDER / name).read_text(encoding="utf-8"))
    return found
