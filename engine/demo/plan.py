"""The plan of the demonstration: what is applied for, on which day, and who answers what at which step.

Reads ``usual.yaml`` and ``requests.yaml`` (applications: what people do as a rule, and where each differs), and
``cases.yaml`` (the other procedures, the same two things in one file).
Days are reckoned from the demonstration's today with the office's calendar, so that the picture is the
same whatever that day is. Knows no engine: ``engine.demo.walk`` carries the plan out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import yaml

from engine.business_calendar import BusinessCalendar

FOLDER = Path(__file__).parent
SOON = 1  # working days, where the plan says nothing
REQUESTS = "on_request"
_DAY = re.compile(r"today([+-]\d+)?")  # working days from it
_YEAR = re.compile(r"year([+-]\d+)?")


@dataclass(frozen=True)
class Step:
    """What is done with one task.

    after: working days from its opening, lowest and highest; ``leave``: nobody does it (where the case stands
    there today, somebody takes it ``after`` these days), only its timer ends it; ``values``: answers of its
    form, with ``today``, ``{title}`` and their like still in; ``files``: {field: name} of what comes with it.
    """

    after: tuple[int, int]
    leave: bool
    values: Mapping[str, Any]
    files: Mapping[str, str]


@dataclass(frozen=True)
class Action:
    """A drawn action: ``event`` is done ``after`` working days after the first task ``when`` opens."""

    event: str
    when: str
    after: int
    values: Mapping[str, Any]


@dataclass(frozen=True)
class Request:
    """One case and its fate.

    ``register`` answers the form that begins it. ``officer`` is the login of who registers and handles it; ``ends`` the activities at which it stands
    on the demonstration's today, none where it is closed by then.
    """

    serial: int
    procedure: str
    title: str
    arrives: date
    officer: str
    register: Mapping[str, Any]
    ends: frozenset[str]
    actions: tuple[Action, ...]
    section: str
    usual: Mapping[str, Mapping[str, Any]]
    own: Mapping[str, Sequence[Mapping[str, Any]]]
    calendar: BusinessCalendar

    def step(self, activity: str, time: int) -> Step:
        """Return what is done when ``activity`` opens for the ``time``-th time (from 0)."""
        turns = self.own.get(activity, ({},))
        own = turns[min(time, len(turns) - 1)]
        given = {**self.usual.get(activity, {}), **own}
        files = given.pop("files", {})
        usually = given.pop("after", SOON)
        leave = bool(given.pop("leave", activity in self.ends))
        after = own.get("after", SOON) if leave else usually
        low, high = after if isinstance(after, list) else (after, after)
        return Step((int(low), int(high)), leave, given, files)

    def filled(
        self, values: Mapping[str, Any], day: date, numbers: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """Return answers with the day and the words of this case put in.

        Args:
            numbers: {title: case number} of the cases registered so far, for ``case:TITLE``.
        """
        return {key: self._fill(value, day, numbers or {}) for key, value in values.items()}

    def _fill(self, value: Any, day: date, numbers: Mapping[str, str]) -> Any:
        if isinstance(value, str):
            if value.startswith("case:"):
                return numbers[value.removeprefix("case:")]
            if moved := _DAY.fullmatch(value):
                days = int(moved[1] or 0)
                return (self.calendar.add_working_days(day, days) if days else day).isoformat()
            if moved := _YEAR.fullmatch(value):
                return day.year + int(moved[1] or 0)
            for name, word in (
                ("{title}", self.title),
                ("{section}", self.section),
                ("{serial}", f"{self.serial:04d}"),
            ):
                value = value.replace(name, word)
            return value
        if isinstance(value, list):
            return [self._fill(one, day, numbers) for one in value]
        if isinstance(value, dict):
            return {key: self._fill(one, day, numbers) for key, one in value.items()}
        return value


def read_people() -> dict[str, Any]:
    """Return the password and the people of the demonstration."""
    return _read("people.yaml")


def read_requests(today: date, calendar: BusinessCalendar) -> list[Request]:
    """Return the applications in the order of their file, with days reckoned from ``today``."""
    usual, source = _read("usual.yaml"), _read("requests.yaml")
    requests = []
    for serial, given in enumerate(source["requests"], start=1):
        register = {
            **usual["register"],
            **source["applicants"][given["who"] - 1],
            "channel": given["channel"],
            "info_title": given["title"],
            "info_description": given["text"],
            **given.get("register", {}),
        }
        arrives = _arrival(given, today, calendar)
        officer = given.get("officer", usual["officer"])
        common = (serial, REQUESTS, arrives, officer, register, usual["steps"], calendar)
        requests.append(_request(given, *common))
    return requests


def read_cases(today: date, calendar: BusinessCalendar, after: int) -> list[Request]:
    """Return the cases of the other procedures; those whose day of the year is still to come are left out.

    Args:
        after: the last serial that is taken.
    """
    usual, source = _read("usual.yaml"), _read("cases.yaml")
    found = []
    for serial, given in enumerate(source["cases"], start=after + 1):
        arrives = _arrival(given, today, calendar)
        if arrives >= today:
            continue
        rule = source["procedures"][given["procedure"]]
        steps = {**usual["steps"], **rule.get("steps", {})}
        register = {**rule.get("register", {}), **given.get("register", {})}
        officer = given.get("officer", usual["officer"])
        common = (serial, given["procedure"], arrives, officer, register, steps, calendar)
        found.append(_request(given, *common))
    return found


def read_arising(
    serial: int, procedure: str, subject: str, calendar: BusinessCalendar
) -> Request | None:
    """Return what people do with a case that the engine itself started; None leaves it to the visitor."""
    usual = _read("usual.yaml")
    first = usual["arising"].get(procedure)
    if first is None:
        return None
    rule = _read("cases.yaml")["procedures"].get(procedure, {})
    steps = {**usual["steps"], **rule.get("steps", {}), **first}
    given = {"title": subject}
    return _request(given, serial, procedure, date.min, usual["officer"], {}, steps, calendar)


def _request(
    given: Mapping[str, Any],
    serial: int,
    procedure: str,
    arrives: date,
    officer: str,
    register: Mapping[str, Any],
    steps: Mapping[str, Any],
    calendar: BusinessCalendar,
) -> Request:
    stop = given.get("stop_at", [])
    return Request(
        serial=serial,
        procedure=procedure,
        title=given["title"],
        arrives=arrives,
        officer=officer,
        register=register,
        ends=frozenset(stop if isinstance(stop, list) else [stop]),
        actions=tuple(
            Action(one["do"], one["when"], one["after"], one.get("values", {}))
            for one in given.get("actions", [])
        ),
        section=given.get("section", ""),
        usual=steps,
        own={
            activity: turns if isinstance(turns, list) else [turns]
            for activity, turns in given.get("at", {}).items()
        },
        calendar=calendar,
    )


def _arrival(given: Mapping[str, Any], today: date, calendar: BusinessCalendar) -> date:
    """Return the working day on which a case begins.

    ``day`` is one of today's year, such as 04-07; ``days_ago`` counts calendar days; ``back`` working days; ``due`` and ``of`` say that the limit of ``of``
    working days runs out ``due`` working days from today.
    """
    if "day" in given:
        return calendar.next_working_day(date.fromisoformat(f"{today.year}-{given['day']}"))
    if "days_ago" in given:
        return calendar.next_working_day(today - timedelta(days=given["days_ago"]))
    back = given["back"] if "back" in given else given["of"] - given["due"]
    return calendar.add_working_days(calendar.next_working_day(today), -back)


def _read(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((FOLDER / name).read_text(encoding="utf-8"))
    return found
