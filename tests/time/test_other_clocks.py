"""Clocks beside the reply: publication, annual report, reconsideration, litigation, secrecy; timers that hang on them."""

from __future__ import annotations

from datetime import date, datetime, time

import pytest

from engine.statutory_clock import CaseEvent, instant_of, shift, warning_days
from engine.timesource import OFFICE_ZONE
from tests.time.weekdays import day


def moment(text):
    return datetime.fromisoformat(text).replace(tzinfo=OFFICE_ZONE)


# ---------------------------------------------------------------- proactive disclosure


def test_publication_counts_from_formation_and_anew_from_a_change(ask):
    assert ask("publication", "info_formed 2026-09-18 Fri").due == day("2026-10-22 Thu")
    changed = ask("publication", "info_formed 2026-03-02 Mon", "info_changed 2026-03-10 Tue")
    assert (changed.due, changed.original) == (day("2026-04-08 Wed"), day("2026-03-30 Mon"))


def test_a_change_after_publication_opens_a_new_limit(ask):
    facts = ["info_formed 2026-03-02 Mon", "published 2026-03-20 Fri"]
    assert ask("publication", *facts).state == "stopped"
    again = ask("publication", *facts, "info_changed 2026-06-01 Mon", today="2026-06-02 Tue")
    assert (again.state, again.due) == ("running", day("2026-06-30 Tue"))


def test_publication_late_is_exceeded(ask):
    assert (
        ask("publication", "info_formed 2026-03-02 Mon", "published 2026-03-31 Tue").state
        == "exceeded"
    )


def test_which_day_forms_a_document_is_a_setting(ask):
    facts = [
        "document_signed 2026-03-02 Mon",
        "document_sealed 2026-03-04 Wed",
        "document_printed 2026-03-06 Fri",
    ]
    assert ask("publication", *facts).due == day("2026-03-30 Mon")
    assert ask("publication", *facts, formation_day="sealed").due == day("2026-04-01 Wed")
    assert ask("publication", *facts, formation_day="printed").due == day("2026-04-03 Fri")


def test_the_time_of_review_counts_unless_the_office_says_otherwise(ask):
    facts = [
        "info_formed 2026-03-02 Mon",
        "review_started 2026-03-04 Wed",
        "review_finished 2026-03-11 Wed",
    ]
    assert ask("publication", *facts).due == day("2026-03-30 Mon")
    assert ask("publication", *facts, review_time="excluded").due == day("2026-04-07 Tue")


def test_limits_without_a_number_are_reminders_by_setting(ask):
    review = ask("withheld_review", "withheld 2026-03-02 Mon")
    assert (review.due, review.nature) == (day("2027-03-02 Tue"), "reminder")
    assert ask("withheld_review", "withheld 2026-03-02 Mon", withheld_review="P6M").due == day(
        "2026-09-02 Wed"
    )
    guide = ask("guide_update", "guide_checked 2026-01-31 Sat", "guide_checked 2026-03-02 Mon")
    assert guide.due == day("2026-06-02 Tue")


# ---------------------------------------------------------------- annual report


@pytest.mark.parametrize(
    ("year_end", "chosen", "due", "internal"),
    [
        ("2025-12-31 Wed", "include", "2026-01-31 Sat", "2026-01-30 Fri"),
        ("2025-12-31 Wed", "strict", "2026-01-30 Fri", "2026-01-30 Fri"),
        ("2025-12-31 Wed", "roll", "2026-02-02 Mon", "2026-02-02 Mon"),
        # In the Spring Festival; Sunday 26 January 2025 is a make-up day.
        ("2024-12-31 Tue", "include", "2025-01-31 Fri", "2025-01-27 Mon"),
        ("2024-12-31 Tue", "strict", "2025-01-30 Thu", "2025-01-27 Mon"),
        ("2024-12-31 Tue", "roll", "2025-02-05 Wed", "2025-02-05 Wed"),
        ("2023-12-31 Sun", "include", "2024-01-31 Wed", "2024-01-31 Wed"),
    ],
)
def test_the_annual_report_is_due_on_a_fixed_day(ask, year_end, chosen, due, internal):
    found = ask("annual_report", f"report_year_end {year_end}", annual_report_day=chosen)
    assert (found.due, found.internal) == (day(due), day(internal))
    assert not found.provisional
    assert sum(one.counted for one in found.explanation) == found.allowance == 0


def test_a_fixed_date_is_never_provisional_but_a_rolled_one_is(ask):
    assert not ask("annual_report", "report_year_end 2026-12-31 Thu").provisional
    rolled = ask("annual_report", "report_year_end 2026-12-31 Thu", annual_report_day="roll")
    assert (rolled.due, rolled.provisional) == (day("2027-02-01 Mon"), True)


def test_the_governments_report_is_somebody_elses(ask):
    found = ask("government_report", "report_year_end 2025-12-31 Wed")
    assert (found.due, found.nature) == (day("2026-03-31 Tue"), "expected")


# ---------------------------------------------------------------- review and litigation


@pytest.mark.parametrize(
    ("received", "reconsideration", "litigation"),
    [
        # day 60 is Saturday 30 May; September has no 31st
        ("2026-03-31 Tue", "2026-06-01 Mon", "2026-09-30 Wed"),
        ("2025-08-29 Fri", "2025-10-28 Tue", "2026-02-28 Sat"),  # 28 February 2026 is a make-up day
        (
            "2025-08-04 Mon",
            "2025-10-09 Thu",
            "2026-02-04 Wed",
        ),  # day 60 lies in the National Day holidays
        ("2025-08-31 Sun", "2025-10-30 Thu", "2026-02-28 Sat"),
        ("2024-08-31 Sat", "2024-10-30 Wed", "2025-02-28 Fri"),
        ("2023-08-30 Wed", "2023-10-30 Mon", "2024-02-29 Thu"),
    ],
)
def test_the_applicants_terms_are_calendar_terms(ask, received, reconsideration, litigation):
    assert ask("reconsideration", f"decision_received {received}").due == day(reconsideration)
    found = ask("litigation", f"decision_received {received}")
    assert found.due == day(litigation)
    assert sum(one.counted for one in found.explanation) == found.allowance == 6


def test_after_reconsideration_a_suit_has_fifteen_days(ask):
    found = ask(
        "litigation",
        "decision_received 2026-03-02 Mon",
        "reconsideration_decision_received 2026-06-04 Thu",
    )
    # day 15 is Friday 19 June, 端午
    assert (found.due, found.original) == (day("2026-06-22 Mon"), day("2026-09-02 Wed"))
    assert ask("litigation", "reconsideration_decision_received 2026-06-01 Mon").due == day(
        "2026-06-16 Tue"
    )
    assert sum(one.counted for one in found.explanation) == found.allowance == 15


def test_the_respondents_answer_depends_on_the_procedure(ask):
    copy = "reconsideration_copy_received 2026-09-22 Tue"
    assert ask("answer", f"{copy} procedure=ordinary").due == day("2026-10-13 Tue")
    assert ask("answer", f"{copy} procedure=simplified").due == day("2026-09-30 Wed")
    assert ask("answer", copy).due == day("2026-10-13 Tue")


def test_the_expected_decision_may_be_extended_once_by_thirty_days(ask):
    accepted = "reconsideration_accepted 2026-03-02 Mon"
    assert ask("reconsideration_decision", accepted).due == day(
        "2026-05-06 Wed"
    )  # day 60 in the May holidays
    extended = ask("reconsideration_decision", accepted, "reconsideration_extended 2026-04-20 Mon")
    assert extended.due == day("2026-06-01 Mon")  # day 90 is Sunday 31 May
    assert sum(one.counted for one in extended.explanation) == extended.allowance == 90
    assert ask("reconsideration_decision", f"{accepted} procedure=simplified").due == day(
        "2026-04-01 Wed"
    )


def test_a_calendar_term_into_an_unannounced_year_is_provisional(ask):
    found = ask("litigation", "decision_received 2026-08-31 Mon")
    assert (found.due, found.provisional) == (day("2027-03-01 Mon"), True)
    assert [one.rule for one in found.explanation if one.rule == "rolls"] == ["rolls"]


# ---------------------------------------------------------------- secrecy


def test_an_unclear_matter_is_referred_within_ten_working_days(ask):
    assert ask("referral", "provisional_classification 2026-02-09 Mon").due == day("2026-02-28 Sat")


def test_a_leak_is_reported_within_twenty_four_hours_whatever_the_day(ask):
    found = ask(
        "leak_report", CaseEvent("leak_discovered", date(2026, 10, 2), {"at": "2026-10-02T22:30"})
    )
    assert found.due_at == moment("2026-10-03T22:30")
    assert found.due == date(2026, 10, 3)
    assert (found.to_json()["due"], found.to_json()["original"]) == (
        "2026-10-03T22:30:00+08:00",
    ) * 2
    assert not found.provisional
    assert sum(one.counted for one in found.explanation) == found.allowance == 24


def test_where_only_the_day_of_discovery_is_known_the_strictest_reading_holds(ask):
    assert ask("leak_report", "leak_discovered 2027-03-02 Tue").due_at == moment("2027-03-03T00:00")


@pytest.mark.parametrize(
    ("reported", "state"), [("2026-10-03T22:30", "stopped"), ("2026-10-03T22:31", "exceeded")]
)
def test_a_leak_report_is_late_by_the_minute(ask, reported, state):
    found = ask(
        "leak_report",
        CaseEvent("leak_discovered", date(2026, 10, 2), {"at": "2026-10-02T22:30"}),
        CaseEvent("leak_reported", date(2026, 10, 3), {"at": reported}),
    )
    assert found.state == state


# ---------------------------------------------------------------- per party


def test_a_clock_per_party_answers_for_one_party_or_for_the_last(ask):
    facts = [
        "third_party_received 2026-03-09 Mon party=甲",
        "third_party_received 2026-03-12 Thu party=乙",
        "third_party_opinion 2026-03-16 Mon party=乙",
    ]
    assert ask("third_party_opinion", *facts, party="甲").due == day("2026-03-30 Mon")
    second = ask("third_party_opinion", *facts, party="乙")
    assert (second.due, second.state) == (day("2026-04-02 Thu"), "stopped")
    # 甲 is still open
    assert ask("third_party_opinion", *facts).party == "甲"
    assert ask("third_party_opinion", *facts[:2]).party == "乙"


def test_a_correction_notice_is_no_longer_due_once_the_request_is_accepted(ask):
    facts = ["received 2026-03-02 Mon", "accepted 2026-03-04 Wed"]
    assert ask("correction_notice", *facts, today="2026-06-01 Mon").state == "stopped"


# ---------------------------------------------------------------- timers and warnings


def test_a_timer_fires_when_the_due_date_is_over_or_at_opening_time(ask, calendar):
    reply = ask("reply", "received 2026-03-02 Mon", today="2026-03-02 Mon")
    assert instant_of(reply, None, calendar, time(8, 30)) == moment("2026-03-31T00:00")
    assert instant_of(reply, "-P3WD", calendar, time(8, 30)) == moment("2026-03-25T08:30")
    assert instant_of(reply, "P0WD", calendar, time(8, 30)) == moment("2026-03-30T08:30")
    assert instant_of(reply, "P1WD", calendar, time(8, 30)) == moment("2026-03-31T08:30")
    assert instant_of(reply, "-PT2H", calendar, time(8, 30)) == moment("2026-03-30T22:00")


def test_a_timer_on_a_date_that_is_not_known_or_no_longer_runs_does_not_fire(ask, calendar):
    waiting = ask("reply", "received 2026-03-02 Mon", "correction_notice_sent 2026-03-04 Wed")
    assert instant_of(waiting, None, calendar, time(8, 30)) is None
    stopped = ask("reply", "received 2026-03-02 Mon", "reply_sent 2026-03-04 Wed")
    assert instant_of(stopped, None, calendar, time(8, 30)) is None


def test_a_timer_on_a_limit_in_hours_fires_at_its_instant(ask, calendar):
    leak = ask(
        "leak_report", CaseEvent("leak_discovered", date(2026, 3, 2), {"at": "2026-03-02T10:00"})
    )
    assert instant_of(leak, None, calendar, time(8, 30)) == moment("2026-03-03T10:00")
    assert instant_of(leak, "-PT6H", calendar, time(8, 30)) == moment("2026-03-03T04:00")


def test_warnings_are_drawn(ask, calendar, clocks):
    publication = clocks["proactive_disclosure"]["publication"]
    assert warning_days(publication, day("2026-10-22 Thu"), calendar) == [
        day("2026-10-15 Thu"),
        day("2026-10-19 Mon"),
    ]
    assert shift(day("2026-10-22 Thu"), "P1M", calendar) == day("2026-11-22 Sun")
