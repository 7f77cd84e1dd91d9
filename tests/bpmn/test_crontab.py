"""Lines of crontab: the next moment, and what tools read differently."""

from __future__ import annotations

from datetime import datetime

import pytest

from engine.bpmn import crontab, moments
from engine.timesource import OFFICE_ZONE


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=OFFICE_ZONE)


@pytest.mark.parametrize(
    ("line", "after", "following"),
    [
        ("0 0 9 ? * MON", "2026-01-07T10:00", "2026-01-12T09:00"),  # Wed -> Mon
        ("0 0 9 ? * MON-FRI", "2026-01-09T09:00", "2026-01-12T09:00"),  # Fri -> Mon
        ("0 0 9 ? * FRI-MON", "2026-01-07T09:00", "2026-01-09T09:00"),  # Wed -> Fri
        ("0 0/20 * * * ?", "2026-01-07T10:41:30", "2026-01-07T11:00"),
        ("15,45 30 8-10 * * *", "2026-01-07T08:30:15", "2026-01-07T08:30:45"),
        ("0 0 0 29 2 ?", "2026-01-07T10:00", "2028-02-29T00:00"),
        ("0 0 12 1 JAN ? 2030", "2026-01-07T10:00", "2030-01-01T12:00"),
        ("30 8 1 * *", "2026-01-31T23:59", "2026-02-01T08:30"),
        ("0 8 * * 7", "2026-01-07T08:00", "2026-01-11T08:00"),  # in Unix 7 is Sunday, as 0
        ("*/15 * * * *", "2026-12-31T23:50", "2027-01-01T00:00"),
        ("0 0 9 L * ?", "2026-01-07T10:00", "2026-01-31T09:00"),
        ("0 0 9 L * ?", "2026-01-31T09:00", "2026-02-28T09:00"),
        ("0 0 9 L * ?", "2028-02-01T00:00", "2028-02-29T09:00"),
        ("@daily", "2026-01-07T00:00", "2026-01-08T00:00"),
        ("@weekly", "2026-01-07T00:00", "2026-01-11T00:00"),
    ],
)
def test_the_next_moment(line: str, after: str, following: str) -> None:
    assert crontab.looks_like(line)
    assert crontab.read(line).next_after(at(after)) == at(following)


@pytest.mark.parametrize(
    "line",
    [
        "0 0 9 ? * 2",  # Monday in Quartz, Tuesday in Spring
        "0 0 9 1 * MON",  # both, or one of them
        "0 0 9 L-3 * ?",
        "0 9 L * *",  # Unix knows no L
        "0 0 9 15W * ?",
        "0 0 9 ? * MON#2",
        "0 60 9 * * *",
        "0 0 9-8 * * *",
        "0 0 9 */0 * *",
    ],
)
def test_what_is_read_differently_or_not_at_all_is_no_moment(line: str) -> None:
    with pytest.raises(moments.MomentUnreadable):
        moments.cycle(line)


def test_a_line_whose_years_are_over_gives_its_last_moment_and_no_other() -> None:
    line = "0 0 9 1 1 ? 2024"
    found = moments.last_due("cycle", line, at("2023-01-01T00:00"), at("2026-01-01T00:00"))
    assert found == at("2024-01-01T09:00")
    with pytest.raises(moments.NoMoreMoments):
        moments.after(found, moments.interval(line))


def test_the_last_round_before_now_is_found_though_very_many_have_passed() -> None:
    since, now = at("2020-01-01T00:00"), at("2026-01-07T10:00:30")
    assert moments.last_due("cycle", "* * * * *", since, now) == at("2026-01-07T10:00")
