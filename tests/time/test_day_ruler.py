"""The day ruler says the same as the calculation: the cells that are filled are the days that count."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

import hypothesis.strategies as st
from hypothesis import example, given

from engine.day_ruler import day_ruler
from tests.time.test_clock_against_reference import (
    CALENDARS,
    CHOSEN,
    DEFAULTS,
    FACTS,
    FIRST_DAY,
    engine_says,
)
from tests.time.weekdays import day


def worked_example(ask, calendar, today):
    reply = ask(
        "reply",
        "received 2025-09-25 Thu",
        "third_party_sent 2025-10-13 Mon",
        "third_party_received 2025-10-13 Mon",
        "third_party_opinion 2025-10-24 Fri",
        "extension_approved 2025-11-07 Fri working_days=20",
        today=today,
    )
    return day_ruler(reply, calendar, day(today))


def test_the_worked_example_as_it_is_drawn(ask, calendar):
    ruler = worked_example(ask, calendar, "2025-12-05 Fri")
    kinds = Counter(cell.kind for cell in ruler.cells)
    assert kinds == {"start": 1, "counted": 38, "ahead": 2, "out": 9, "off": 26}
    assert [cell.date for cell in ruler.cells if cell.kind == "ahead"] == [
        day("2025-12-08 Mon"),
        day("2025-12-09 Tue"),
    ]
    assert [bracket.text for bracket in ruler.brackets] == ["计8", "不计9", "计12，满20", "延长20"]
    assert {cell.date: cell.label for cell in ruler.cells if cell.label} == {
        day("2025-09-28 Sun"): "班",
        day("2025-10-05 Sun"): "国庆、中秋",
        day("2025-10-11 Sat"): "班",
    }
    assert [mark.text for mark in ruler.marks] == [
        "收到 9-25",
        "征求第三方 10-13",
        "恢复 10-24",
        "今天 12-05",
        "届满 12-09",
    ]


def test_days_of_waiting_are_out(ask, calendar):
    reply = ask(
        "reply",
        "received 2026-03-02 Mon",
        "correction_notice_sent 2026-03-05 Thu",
        today="2026-03-10 Tue",
    )
    ruler = day_ruler(reply, calendar, day("2026-03-10 Tue"))
    kinds = {str(cell.date): cell.kind for cell in ruler.cells}
    assert [kinds[f"2026-03-{n:02}"] for n in range(2, 11)] == [
        *("start", "counted", "counted", "counted", "out", "off", "off", "out", "out")
    ]


def test_a_limit_in_hours_has_no_ruler(ask, calendar):
    leak = ask("leak_report", "leak_discovered 2026-03-02 Mon")
    assert day_ruler(leak, calendar, date(2026, 3, 2)) is None


# A pause of before that the office lets survive the new beginning.
SURVIVING = [
    {"kind": "agency_consult_sent", "date": FIRST_DAY},
    {"kind": "agency_consult_received", "date": FIRST_DAY},
    {"kind": "correction_received", "date": FIRST_DAY + timedelta(days=2)},
]


@example(SURVIVING, {**DEFAULTS, "restart_suspension": "survives"})
@given(st.lists(FACTS, max_size=8), CHOSEN)
def test_filled_cells_add_up_to_the_allowance(facts, chosen):
    found = engine_says([{"kind": "received", "date": FIRST_DAY}, *facts], chosen, True)
    if found.due is None:
        return
    ruler = day_ruler(found, CALENDARS[True], found.due)
    if ruler is None:
        return
    filled = sum(cell.kind == "counted" for cell in ruler.cells)
    assert filled == found.allowance


def test_an_extension_whose_days_are_still_to_come_has_no_bracket(ask, calendar):
    today = "2026-03-10 Tue"
    reply = ask(
        "reply",
        "received 2026-03-02 Mon",
        "extension_approved 2026-03-05 Thu working_days=10",
        "third_party_sent 2026-03-06 Fri",
        today=today,
    )
    ruler = day_ruler(reply, calendar, day(today))
    assert all("延长" not in bracket.text for bracket in ruler.brackets)
    rules = [line.rule for line in reply.explanation]
    assert rules.index("extends") < rules.index("suspends")
