"""Gaps joined so that no day is taken out twice, and counts that leave the calendar."""

from __future__ import annotations

from datetime import date

import pytest

from engine.business_calendar import CalendarNotCovered
from engine.statutory_clock.counting import due_date, shifted, union

MON, TUE, WED, THU, FRI = (date(2026, 3, day) for day in range(2, 7))


@pytest.mark.parametrize(
    ("gaps", "joined"),
    [
        ([], []),
        ([(MON, MON)], []),
        ([(TUE, MON)], []),
        ([(MON, TUE), (TUE, WED)], [(MON, WED)]),
        ([(MON, TUE), (WED, THU)], [(MON, TUE), (WED, THU)]),
        ([(MON, THU), (TUE, WED)], [(MON, THU)]),
        ([(WED, THU), (MON, TUE)], [(MON, TUE), (WED, THU)]),
        ([(MON, None), (MON, TUE)], [(MON, None)]),
        ([(MON, TUE), (MON, None)], [(MON, None)]),
        ([(MON, WED), (TUE, None), (THU, FRI)], [(MON, None)]),
        ([(MON, None), (WED, THU)], [(MON, None)]),
        ([(MON, MON), (WED, THU)], [(WED, THU)]),
        ([(MON, TUE), (TUE, WED), (THU, FRI)], [(MON, WED), (THU, FRI)]),
    ],
)
def test_gaps_are_joined_oldest_first(gaps, joined):
    assert union(gaps) == joined


@pytest.mark.parametrize(
    ("amount", "unit"), [(10**7, "day"), (12 * 9000, "month"), (9000, "working_day")]
)
def test_a_count_that_leaves_the_calendar_says_how_far_it_reaches(amount, unit, calendar):
    with pytest.raises(CalendarNotCovered) as error:
        shifted(date(2050, 3, 1), amount, unit, calendar)
    assert (error.value.first, error.value.last) == (calendar.first_day, calendar.last_day)


@pytest.mark.parametrize(
    ("gaps", "due"),
    [
        ([], date(2026, 6, 2)),
        ([(MON, FRI)], date(2026, 6, 6)),  # four days of a gap
        ([(date(2026, 2, 27), WED)], date(2026, 6, 4)),  # of which two after the start
        ([(date(2026, 6, 2), date(2026, 6, 9))], date(2026, 6, 2)),  # begins on the last day
        ([(date(2026, 6, 1), date(2026, 6, 9))], date(2026, 6, 10)),
        ([(date(2026, 2, 20), date(2026, 2, 27))], date(2026, 6, 2)),  # over before the start
        ([(WED, None)], None),
    ],
)
def test_months_move_by_the_calendar_days_of_a_gap(gaps, due, calendar):
    assert due_date(MON, 3, "month", gaps, calendar) == due


@pytest.mark.parametrize(
    ("gaps", "due"),
    [
        ([(TUE, THU)], date(2026, 3, 11)),
        ([(date(2026, 3, 9), None)], date(2026, 3, 9)),  # used up before it begins
        ([(FRI, None)], None),
    ],
)
def test_working_days_pass_over_a_gap(gaps, due, calendar):
    assert due_date(MON, 5, "working_day", gaps, calendar) == due
