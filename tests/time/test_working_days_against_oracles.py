"""The engine's working days against two oracles that share no code with it: a plain day-by-day walk over the
merged year files, and the package chinesecalendar. Every start from 2007-01-01, 0 to 60 working days."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import chinese_calendar
import pytest

CALENDAR_FOLDER = Path(__file__).resolve().parents[2] / "processes" / "_office" / "calendar"
FIRST, LAST = date(2007, 1, 1), date(2026, 12, 31)
ONE_DAY = timedelta(days=1)


def walked_files() -> Callable[[date], bool]:
    listed = {}
    for path in sorted(CALENDAR_FOLDER.glob("[0-9]*.json")):
        for entry in json.loads(path.read_text("utf-8"))["days"]:
            listed[entry["date"]] = entry["isOffDay"]
    return lambda day: not listed[str(day)] if str(day) in listed else day.weekday() < 5


@pytest.mark.parametrize(
    "is_workday", [walked_files(), chinese_calendar.is_workday], ids=["files", "package"]
)
def test_every_count_agrees_with_walking_day_by_day(calendar, is_workday):
    works = {}
    day = FIRST
    while day <= LAST:
        works[day] = is_workday(day)
        day += ONE_DAY
    differences, compared = [], 0
    for start in works:
        day, counted = start, 0
        if (
            calendar.add_working_days(start, 0) != start
            or calendar.is_working_day(start) != works[start]
        ):
            differences.append((start, 0))
        while counted < 60 and day < LAST:
            day += ONE_DAY
            if works[day]:
                counted += 1
                compared += 1
                if calendar.add_working_days(start, counted) != day:
                    differences.append((start, counted, day))
    assert differences == []
    assert compared > 430_000


def test_counting_back_and_between_undo_counting_forward(calendar):
    day = date(2007, 4, 1)
    while day <= date(2026, 9, 1):
        for count in (1, 7, 20, 41):
            due = calendar.add_working_days(day, count)
            assert calendar.working_days_between(day, due) == count
            assert calendar.working_days_between(due, day) == -count
            assert calendar.add_working_days(due + ONE_DAY, -1) == due
            back = calendar.add_working_days(due, -count)
            assert calendar.working_days_between(back, due) == count
            assert back <= day or not calendar.is_working_day(day)
        day += timedelta(days=3)
