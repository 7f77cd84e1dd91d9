"""What an answer gives to those who store it, time by it, or ask about one of several parties."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time

import pytest

from engine.statutory_clock import ClockAnswer, ClockDefinition, answer, instant_of
from engine.timesource import OFFICE_ZONE
from tests.time.weekdays import fact

OPENING = time(9)


def told(calendar, definition: ClockDefinition, *facts: str, **asked: object) -> ClockAnswer:
    events = [fact(one) for one in facts]
    definitions = {definition.id: definition}
    return answer(
        definition, events, calendar, asked.pop("settings", {}), definitions=definitions, **asked
    )


def clock(*rules: dict[str, str], **more: str) -> ClockDefinition:
    begins = {"kind": "starts", "event": "begun"}
    return ClockDefinition.from_mapping(
        {"id": "c", "length": "P5WD", "rules": [begins, *rules], **more}
    )


STOPS = {"kind": "stops", "event": "came"}
PAUSE = {"kind": "suspends", "from": "sent", "until": "came", "title": "征求意见"}
WAIT = {"kind": "waits", "from": "asked", "until": "paid", "title": "等待缴费"}


# What is stored ---------------------------------------------------------------------------------------------


def test_a_row_holds_what_is_stored_of_an_answer(calendar):
    facts = ["begun 2026-03-02 Mon", "sent 2026-03-04 Wed", "came 2026-03-06 Fri"]
    found = told(calendar, clock(PAUSE, WAIT), *facts, "asked 2026-03-09 Mon")
    assert found.row() == {
        "clock": "c",
        "party": "",
        "due": None,
        "due_at": None,
        "original": date(2026, 3, 9),
        "state": "waiting",
        "provisional": False,
        "held": [
            ["2026-03-05", "2026-03-06", "征求意见"],
            ["2026-03-10", None, "等待缴费"],
        ],
    }


def test_a_row_names_the_party_and_the_instant_of_a_limit_in_hours(calendar):
    definition = clock(per="party", length="PT24H")
    found = told(calendar, definition, "begun 2026-03-02 Mon party=甲", party="甲")
    row = found.row()
    assert (row["party"], row["due"]) == ("甲", date(2026, 3, 3))
    assert row["due_at"] == datetime(2026, 3, 3, tzinfo=OFFICE_ZONE)


def test_a_row_leaves_out_what_did_not_hold_up_the_count(calendar):
    """A letter after the due date, and one before the start."""
    facts = ["sent 2026-02-27 Fri", "begun 2026-03-02 Mon", "sent 2026-03-20 Fri"]
    assert told(calendar, clock(PAUSE), *facts).row()["held"] == []


def test_the_date_before_a_correction_is_told(calendar):
    facts = ["begun 2026-03-02 Mon id=1", "begun 2026-03-03 Tue id=2 supersedes=1"]
    shown = told(calendar, clock(), *facts).to_json()
    assert (shown["before"], shown["due"]) == ("2026-03-09", "2026-03-10")


# One of several parties -------------------------------------------------------------------------------------


def test_one_party_alone_need_not_be_named(calendar):
    found = told(calendar, clock(per="party"), "begun 2026-03-02 Mon party=甲")
    assert (found.party, found.due, found.clock) == (None, date(2026, 3, 9), "c")


def test_a_clock_that_runs_once_does_not_ask_whose_fact_it_is(calendar):
    found = told(calendar, clock(), "begun 2026-03-02 Mon party=甲", party="乙")
    assert found.due == date(2026, 3, 9)


def test_of_several_parties_the_one_that_ends_last_is_told_with_the_same_question(calendar):
    definition = clock(per="party", length="@period")
    facts = ["begun 2026-03-02 Mon party=甲", "begun 2026-03-03 Tue party=乙"]
    settings = {"period": "P5WD"}
    found = told(calendar, definition, *facts, settings=settings, today=date(2026, 3, 12))
    assert (found.party, found.due) == ("乙", date(2026, 3, 10))
    assert (found.state, found.left) == ("exceeded", -2)


def test_each_of_several_parties_asks_the_other_clocks(calendar):
    limit = ClockDefinition.from_mapping(
        {"id": "l", "length": "P3WD", "rules": [{"kind": "starts", "event": "sent"}]}
    )
    definition = clock({**PAUSE, "limit": "l"}, per="party")
    facts = [
        "begun 2026-03-02 Mon party=甲",
        "begun 2026-03-02 Mon party=乙",
        "sent 2026-03-04 Wed party=乙",
    ]
    events = [fact(one) for one in facts]
    found = answer(definition, events, calendar, {}, definitions={"c": definition, "l": limit})
    # 5, 6 and 9 March are out.
    assert (found.party, found.due) == ("乙", date(2026, 3, 12))


def test_a_party_whose_end_nobody_knows_ends_last(calendar):
    facts = ["begun 2026-03-02 Mon party=甲", "begun 2026-03-06 Fri party=乙"]
    found = told(calendar, clock(WAIT, per="party"), *facts, "asked 2026-03-06 Fri party=甲")
    assert (found.party, found.state) == ("甲", "waiting")


def test_a_party_that_still_waits_comes_before_one_that_has_answered(calendar):
    definition = clock(WAIT, STOPS, per="party")
    facts = ["begun 2026-03-02 Mon party=甲", "asked 2026-03-03 Tue party=甲"]
    answered = ["begun 2026-03-09 Mon party=乙", "came 2026-03-10 Tue party=乙"]
    assert told(calendar, definition, *facts, *answered).party == "甲"


def test_a_party_whose_clock_never_began_ends_first(calendar):
    facts = ["begun 2026-03-02 Mon party=甲", "came 2026-03-03 Tue party=甲"]
    found = told(calendar, clock(STOPS, per="party"), *facts, "came 2026-03-04 Wed party=乙")
    assert (found.party, found.due) == ("甲", date(2026, 3, 9))


# Timers -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "ended_on", "fires"),
    [
        ("running", None, True),
        ("exceeded", None, True),
        ("exceeded", date(2026, 3, 12), True),
        ("abandoned", None, True),
        ("abandoned", date(2026, 3, 10), False),
        ("stopped", date(2026, 3, 5), False),
    ],
)
def test_a_timer_fires_unless_the_clock_was_ended_in_time_or_by_its_own_end(
    calendar, state, ended_on, fires
):
    found = replace(told(calendar, clock(), "begun 2026-03-02 Mon"), state=state, ended_on=ended_on)
    midnight = datetime(2026, 3, 10, tzinfo=OFFICE_ZONE)
    assert instant_of(found, None, calendar, OPENING) == (midnight if fires else None)


# Years that are not announced -------------------------------------------------------------------------------


def provisional(found: ClockAnswer) -> str:
    """The years that the last line calls provisional, as it writes them."""
    _, said, rest = found.explanation[-1].text.partition("暂定：")
    return rest.partition("年")[0] if said else ""


@pytest.mark.parametrize(
    ("begun", "years"),
    [
        ("2026-12-28 Mon", "2027"),
        ("2027-12-29 Wed", "2027、2028"),
        ("2027-12-30 Thu", "2027、2028"),  # the first counted day is the last of its year
        ("2027-12-31 Fri", "2028"),
        ("2028-01-01 Sat", "2028"),
    ],
)
def test_the_years_of_the_days_that_count_are_told(calendar, begun, years):
    assert provisional(told(calendar, clock(), f"begun {begun}")) == years


def test_a_fixed_day_that_moves_is_provisional_by_its_own_year_only(calendar):
    rules = ({"kind": "falls", "on": "--01-31"}, {"kind": "rolls", "to": "next_working_day"})
    assert provisional(told(calendar, clock(*rules, length=""), "begun 2027-06-01 Tue")) == "2028"


@pytest.mark.parametrize("length", ["PT24H", "PT24H30S"])
def test_a_limit_in_hours_or_seconds_asks_no_calendar(calendar, length):
    assert provisional(told(calendar, clock(length=length), "begun 2027-06-01 Tue")) == ""


# What is left -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("length", ["PT48H", "PT48H30S"])
@pytest.mark.parametrize(
    ("today", "left"), [("2026-03-04", 4), ("2026-03-06", 2), ("2026-03-08", 0), ("2026-03-11", -3)]
)
def test_of_a_limit_in_hours_days_are_left_also_before_it_begins(calendar, length, today, left):
    asked = {"today": date.fromisoformat(today)}
    assert told(calendar, clock(length=length), "begun 2026-03-06 Fri", **asked).left == left


def test_of_a_fixed_day_days_are_left_also_before_it_begins(calendar):
    definition = clock({"kind": "falls", "on": "--03-31"}, length="")
    found = told(calendar, definition, "begun 2026-03-20 Fri", today=date(2026, 3, 10))
    assert (found.due, found.left) == (date(2026, 3, 31), 21)
