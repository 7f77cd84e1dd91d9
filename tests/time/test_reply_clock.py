"""The reply clock of a request: every effect of law that a dated fact has, and every convention by setting."""

from __future__ import annotations

from datetime import date

import pytest

from engine.statutory_clock import CaseEvent, FactUnusable
from tests.time.weekdays import day

RECEIVED = "received 2026-03-02 Mon"  # twentieth working day: 2026-03-30 Mon


def rules(found, rule):
    return [one for one in found.explanation if one.rule == rule]


def adds_up(found):
    return sum(one.counted for one in found.explanation) == found.allowance


# ---------------------------------------------------------------- starting


def test_nothing_received_means_no_date_and_waiting(ask):
    found = ask("reply", today="2026-03-02 Mon")
    assert (found.due, found.original, found.state, found.explanation) == (
        None,
        None,
        "waiting",
        (),
    )


def test_receipt_on_a_rest_day_is_day_zero_all_the_same(ask):
    assert ask("reply", "received 2026-02-28 Sat").due == day("2026-03-27 Fri")  # a make-up day
    assert ask("reply", "received 2026-03-01 Sun").due == day("2026-03-27 Fri")


def test_a_second_receipt_changes_nothing(ask):
    assert ask("reply", RECEIVED, "received 2026-03-09 Mon").due == day("2026-03-30 Mon")


def test_the_order_in_which_facts_are_listed_does_not_matter(ask):
    facts = [
        RECEIVED,
        "third_party_sent 2026-03-06 Fri",
        "third_party_received 2026-03-09 Mon",
        "third_party_opinion 2026-03-18 Wed",
        "extension_approved 2026-03-20 Fri working_days=10",
    ]
    assert ask("reply", *facts).due == ask("reply", *reversed(facts)).due == day("2026-04-24 Fri")


# ---------------------------------------------------------------- consulting others


def test_a_third_party_that_answers_pauses_from_sending_to_answer(ask):
    found = ask(
        "reply",
        RECEIVED,
        "third_party_sent 2026-03-06 Fri",  # 4 counted
        "third_party_received 2026-03-09 Mon",
        "third_party_opinion 2026-03-18 Wed",  # 8 taken out
    )
    assert (found.due, found.original) == (day("2026-04-10 Fri"), day("2026-03-30 Mon"))
    assert [one.skipped for one in rules(found, "suspends")] == [8]
    assert adds_up(found)


def test_a_silent_third_party_is_projected_to_its_limit(ask):
    found = ask(
        "reply", RECEIVED, "third_party_sent 2026-03-06 Fri", "third_party_received 2026-03-09 Mon"
    )
    # 15 working days from the 9th: 03-30; then 16 of 20 are left; Qingming 04-04 to 04-06
    assert ask("third_party_opinion", "third_party_received 2026-03-09 Mon").due == day(
        "2026-03-30 Mon"
    )
    assert found.due == day("2026-04-22 Wed")
    assert found.state == "running"
    assert "未见答复" in rules(found, "suspends")[0].text


def test_a_late_opinion_pauses_to_the_limit_or_to_the_opinion(ask):
    facts = [
        RECEIVED,
        "third_party_sent 2026-03-06 Fri",
        "third_party_received 2026-03-09 Mon",
        "third_party_opinion 2026-04-02 Thu",
    ]
    assert ask("reply", *facts).due == day("2026-04-22 Wed")
    assert ask("reply", *facts, late_opinion="opinion").due == day("2026-04-27 Mon")


def test_the_pause_may_run_from_the_partys_receipt(ask):
    facts = [
        RECEIVED,
        "third_party_sent 2026-03-06 Fri",
        "third_party_received 2026-03-10 Tue",
        "third_party_opinion 2026-03-18 Wed",
    ]
    assert ask("reply", *facts, pause_from="received").due == day("2026-04-08 Wed")
    assert ask("reply", *facts[:2], pause_from="received").due == day("2026-03-30 Mon")


def test_the_end_days_of_a_pause_are_settings(ask):
    facts = [
        RECEIVED,
        "third_party_sent 2026-03-06 Fri",
        "third_party_received 2026-03-09 Mon",
        "third_party_opinion 2026-03-18 Wed",
    ]
    assert ask("reply", *facts, pause_first_day="excluded").due == day("2026-04-13 Mon")
    assert ask("reply", *facts, pause_last_day="counted").due == day("2026-04-09 Thu")
    both = ask("reply", *facts, pause_first_day="excluded", pause_last_day="counted")
    assert both.due == day("2026-04-10 Fri")
    assert adds_up(both)


def test_a_letter_that_has_not_arrived_leaves_the_end_open(ask):
    found = ask("reply", RECEIVED, "third_party_sent 2026-03-06 Fri", today="2026-03-10 Tue")
    assert (found.due, found.state, found.held) == (None, "waiting", "征求第三方意见")
    assert found.original == day("2026-03-30 Mon")
    assert [one.counted for one in rules(found, "counts")] == [4]
    assert [one.counted for one in rules(found, "remaining")] == [16]


def test_pauses_that_overlap_are_taken_out_once(ask):
    first = [
        "third_party_sent 2026-03-06 Fri party=甲",
        "third_party_received 2026-03-06 Fri party=甲",
    ]
    second = [
        "third_party_sent 2026-03-10 Tue party=乙",
        "third_party_received 2026-03-10 Tue party=乙",
    ]
    answers = [
        "third_party_opinion 2026-03-12 Thu party=甲",
        "third_party_opinion 2026-03-18 Wed party=乙",
    ]
    found = ask("reply", RECEIVED, *first, *second, *answers)
    assert found.due == day("2026-04-10 Fri")  # as one pause from the 6th to the 18th
    assert [one.skipped for one in rules(found, "suspends")] == [4, 4]
    assert adds_up(found)
    # One party inside the other's time adds nothing, and the page says so.
    inside = [
        "third_party_opinion 2026-03-18 Wed party=甲",
        "third_party_opinion 2026-03-12 Thu party=乙",
    ]
    found = ask("reply", RECEIVED, *first, *second, *inside)
    assert found.due == day("2026-04-10 Fri")
    assert [one.skipped for one in rules(found, "suspends")] == [8, 0]
    assert "重叠" in rules(found, "suspends")[1].text


def test_two_parties_one_silent(ask):
    found = ask(
        "reply",
        RECEIVED,
        "third_party_sent 2026-03-06 Fri party=甲",
        "third_party_sent 2026-03-06 Fri party=乙",
        "third_party_received 2026-03-09 Mon party=甲",
        "third_party_received 2026-03-10 Tue party=乙",
        "third_party_opinion 2026-03-12 Thu party=甲",
    )
    # 乙 received on the 10th: to 03-31
    assert found.due == day("2026-04-23 Thu")


def test_one_party_need_not_be_named_every_time(ask):
    found = ask(
        "reply",
        RECEIVED,
        "third_party_sent 2026-03-06 Fri party=甲",
        "third_party_received 2026-03-09 Mon",
        "third_party_opinion 2026-03-18 Wed",
    )
    assert found.due == day("2026-04-10 Fri")


def test_a_silent_agency_consents_after_fifteen_working_days(ask):
    found = ask(
        "reply",
        RECEIVED,
        "agency_consult_sent 2026-03-06 Fri",
        "agency_consult_received 2026-03-09 Mon",
    )
    assert found.due == day("2026-04-22 Wed")
    opinion = ask(
        "agency_opinion", "agency_consult_received 2026-03-09 Mon", today="2026-03-31 Tue"
    )
    assert (opinion.due, opinion.state) == (day("2026-03-30 Mon"), "exceeded")


def test_third_party_and_agency_together_are_one_union(ask):
    found = ask(
        "reply",
        RECEIVED,
        "third_party_sent 2026-03-06 Fri",
        "third_party_received 2026-03-06 Fri",
        "agency_consult_sent 2026-03-09 Mon",
        "agency_consult_received 2026-03-09 Mon",
        "agency_opinion 2026-03-13 Fri",
        "third_party_opinion 2026-03-18 Wed",
    )
    assert found.due == day("2026-04-10 Fri")


def test_a_consultation_after_the_limit_changes_nothing(ask):
    found = ask(
        "reply", RECEIVED, "third_party_sent 2026-03-31 Tue", "third_party_received 2026-03-31 Tue"
    )
    assert (found.due, found.state) == (day("2026-03-30 Mon"), "exceeded")
    assert [one.effective for one in rules(found, "suspends")] == [False]


def test_a_consultation_on_the_last_day_holds_nothing_back(ask):
    found = ask(
        "reply", RECEIVED, "third_party_sent 2026-03-30 Mon", "third_party_received 2026-03-30 Mon"
    )
    assert found.due == day("2026-03-30 Mon")


def test_a_referral_keeps_the_clock_running_unless_the_office_says_otherwise(ask):
    facts = [
        RECEIVED,
        "secrecy_referral_sent 2026-03-06 Fri",
        "secrecy_referral_answered 2026-03-18 Wed",
    ]
    assert ask("reply", *facts).due == day("2026-03-30 Mon")
    assert ask("reply", *facts, referral_time="excluded").due == day("2026-04-10 Fri")


# ---------------------------------------------------------------- correction


def test_while_a_correction_is_awaited_there_is_no_due_date(ask):
    found = ask("reply", RECEIVED, "correction_notice_sent 2026-03-05 Thu", today="2026-03-09 Mon")
    assert (found.due, found.state, found.left) == (None, "waiting", None)
    assert found.held == "等待补正"


def test_a_corrected_request_begins_anew(ask):
    found = ask(
        "reply",
        RECEIVED,
        "correction_notice_sent 2026-03-05 Thu",
        "correction_notice_received 2026-03-06 Fri period_working_days=10",
        "correction_received 2026-03-16 Mon",
    )
    assert (found.due, found.original) == (day("2026-04-14 Tue"), day("2026-03-30 Mon"))
    assert found.started_on == day("2026-03-16 Mon")
    assert adds_up(found)
    assert [one.rule for one in found.explanation][:4] == ["starts", "original", "waits", "void"]


def test_a_restart_lets_pauses_and_extension_fall_unless_they_survive(ask):
    facts = [
        RECEIVED,
        "third_party_sent 2026-03-04 Wed",
        "third_party_received 2026-03-04 Wed",
        "extension_approved 2026-03-05 Thu working_days=10",
        "correction_notice_sent 2026-03-06 Fri",
        "correction_received 2026-03-16 Mon",
        "third_party_opinion 2026-03-20 Fri",
    ]
    assert ask("reply", *facts).due == day("2026-04-14 Tue")
    # the extension: ten more
    assert ask("reply", *facts, restart_extension="survives").due == day("2026-04-28 Tue")
    # the part of the consultation after the restart: 03-17 to 03-20, four days
    assert ask("reply", *facts, restart_suspension="survives").due == day("2026-04-20 Mon")
    again = ask("reply", *facts, "extension_approved 2026-04-10 Fri working_days=5")
    assert again.due == day("2026-04-21 Tue")


def test_a_lapsed_correction_period_abandons_the_request_on_the_next_day(ask):
    facts = [RECEIVED, "correction_notice_received 2026-03-06 Fri period_working_days=10"]
    assert ask("correction", *facts).due == day("2026-03-20 Fri")
    assert ask("reply", *facts, today="2026-03-20 Fri").state == "waiting"
    found = ask("reply", *facts, today="2026-03-21 Sat")
    assert (found.state, found.due, found.ended_on) == ("abandoned", None, day("2026-03-21 Sat"))
    assert ask("correction", *facts, today="2026-03-21 Sat").state == "abandoned"


@pytest.mark.parametrize(
    ("correction", "state", "due"),
    [
        ("correction_received 2026-03-20 Fri", "running", "2026-04-20 Mon"),  # on the last day
        ("correction_received 2026-03-23 Mon", "abandoned", None),
        ("correction_received 2026-03-23 Mon justified=false", "abandoned", None),
        ("correction_received 2026-03-23 Mon justified=true", "running", "2026-04-21 Tue"),
    ],
)
def test_a_late_correction_needs_a_reason(ask, correction, state, due):
    found = ask(
        "reply",
        RECEIVED,
        "correction_notice_received 2026-03-06 Fri period_working_days=10",
        correction,
    )
    assert (found.state, found.due) == (state, due and day(due))


def test_without_a_period_in_the_notice_the_offices_own_holds(ask):
    facts = [RECEIVED, "correction_notice_received 2026-03-06 Fri"]
    assert ask("correction", *facts).due == day("2026-03-20 Fri")
    assert ask("correction", *facts, correction_period="P15WD").due == day("2026-03-27 Fri")


def test_a_late_correction_notice_still_restarts_or_does_not(ask):
    # the seventh working day is 2026-03-11 Wed
    facts = [
        RECEIVED,
        "correction_notice_sent 2026-03-12 Thu",
        "correction_notice_received 2026-03-13 Fri period_working_days=10",
        "correction_received 2026-03-18 Wed",
    ]
    assert ask("reply", *facts).due == day("2026-04-16 Thu")
    found = ask("reply", *facts, late_correction_notice="continue")
    assert found.due == day("2026-03-30 Mon")
    assert [one.rule for one in found.explanation if not one.effective] == ["waits", "restarts"]
    in_time = [RECEIVED, "correction_notice_sent 2026-03-11 Wed", *facts[2:]]
    assert ask("reply", *in_time, late_correction_notice="continue").due == day("2026-04-16 Thu")


def test_a_second_round_of_correction_needs_the_setting(ask):
    facts = [
        RECEIVED,
        "correction_notice_sent 2026-03-05 Thu",
        "correction_received 2026-03-09 Mon",
        "correction_notice_sent 2026-03-12 Thu",
        "correction_received 2026-03-18 Wed",
    ]
    assert ask("reply", *facts).due == day("2026-04-07 Tue")
    assert ask("reply", *facts, correction_rounds=2).due == day("2026-04-16 Thu")


# ---------------------------------------------------------------- fee


def test_a_fee_paid_begins_anew_or_continues(ask):
    facts = [
        RECEIVED,
        "fee_notice_received 2026-03-06 Fri amount_yuan=120",
        "fee_paid 2026-03-16 Mon",
    ]
    assert ask("reply", *facts[:2], today="2026-03-09 Mon").state == "waiting"
    assert ask("reply", *facts).due == day("2026-04-14 Tue")
    paused = ask("reply", *facts, fee="pause")
    assert paused.due == day("2026-04-08 Wed")  # 4 counted, 16 left after the 16th
    assert adds_up(paused)


def test_an_unpaid_fee_abandons_after_twenty_working_days(ask):
    facts = [RECEIVED, "fee_notice_received 2026-03-06 Fri"]
    assert ask("fee_payment", *facts).due == day("2026-04-03 Fri")
    assert ask("reply", *facts, today="2026-04-03 Fri").state == "waiting"
    assert ask("reply", *facts, today="2026-04-04 Sat").state == "abandoned"
    assert ask("reply", *facts, "fee_paid 2026-04-07 Tue").state == "abandoned"
    assert ask("reply", *facts, "fee_paid 2026-04-03 Fri").state == "running"


def test_a_fee_notice_must_fall_inside_the_handling_period(ask):
    facts = [
        RECEIVED,
        "extension_approved 2026-03-27 Fri working_days=10",
        "fee_notice_received 2026-04-02 Thu",
        "fee_paid 2026-04-09 Thu",
    ]
    assert ask("reply", *facts).due == day("2026-05-11 Mon")
    assert ask("reply", *facts, fee_notice_within="unextended").due == day("2026-04-14 Tue")
    too_late = [RECEIVED, "fee_notice_received 2026-03-31 Tue", "fee_paid 2026-04-01 Wed"]
    assert ask("reply", *too_late).due == day("2026-03-30 Mon")


# ---------------------------------------------------------------- extending, replacing


@pytest.mark.parametrize(
    ("days", "due"), [(1, "2026-03-31 Tue"), (10, "2026-04-14 Tue"), (20, "2026-04-28 Tue")]
)
def test_an_extension_adds_working_days(ask, days, due):
    found = ask("reply", RECEIVED, f"extension_approved 2026-03-30 Mon working_days={days}")
    assert (found.due, found.allowance) == (day(due), 20 + days)
    assert adds_up(found)


def test_more_than_twenty_days_are_cut_to_twenty(ask):
    found = ask("reply", RECEIVED, "extension_approved 2026-03-30 Mon working_days=30")
    assert found.due == day("2026-04-28 Tue")


def test_an_extension_after_expiry_is_none(ask):
    found = ask("reply", RECEIVED, "extension_approved 2026-03-31 Tue working_days=10")
    assert found.due == day("2026-03-30 Mon")
    assert "届满" in next(one.text for one in found.explanation if not one.effective)


def test_a_second_extension_is_none_unless_allowed_and_never_over_twenty_in_all(ask):
    facts = [
        RECEIVED,
        "extension_approved 2026-03-20 Fri working_days=15",
        "extension_approved 2026-03-27 Fri working_days=15",
    ]
    assert ask("reply", *facts).due == day("2026-04-21 Tue")
    assert ask("reply", *facts, extension_times=2).due == day("2026-04-28 Tue")


def test_the_applicant_must_be_told_before_the_old_limit(ask):
    approved = "extension_approved 2026-03-27 Fri working_days=10"
    in_time, late = "extension_notified 2026-03-30 Mon", "extension_notified 2026-03-31 Tue"
    assert ask("reply", RECEIVED, approved, in_time).due == day("2026-04-14 Tue")
    assert ask("reply", RECEIVED, approved, late).due == day("2026-03-30 Mon")
    assert ask("reply", RECEIVED, approved).due == day("2026-04-14 Tue")
    assert ask("reply", RECEIVED, approved, extension_notice="required").due == day(
        "2026-03-30 Mon"
    )
    assert ask("reply", RECEIVED, approved, in_time, extension_notice="required").due == day(
        "2026-04-14 Tue"
    )
    assert ask("reply", RECEIVED, approved, late, extension_notice="ignored").due == day(
        "2026-04-14 Tue"
    )


def test_a_notice_after_a_restart_belongs_to_the_extension_of_the_new_count(ask):
    # It had been taken for the notice of the first extension, which the restart had let fall.
    found = ask(
        "reply",
        RECEIVED,
        "extension_approved 2026-03-04 Wed working_days=5",
        "correction_notice_sent 2026-03-05 Thu",
        "correction_received 2026-03-10 Tue",
        "extension_approved 2026-04-08 Wed working_days=10",
        "extension_notified 2026-04-09 Thu",
    )
    assert (found.original, found.due) == (day("2026-03-30 Mon"), day("2026-04-08 Wed"))


def test_what_relied_on_a_failed_extension_falls_with_it(ask):
    found = ask(
        "reply",
        RECEIVED,
        "extension_approved 2026-03-27 Fri working_days=10",
        "extension_notified 2026-04-01 Wed",
        "third_party_sent 2026-04-02 Thu",
        "third_party_received 2026-04-02 Thu",
    )
    assert found.due == day("2026-03-30 Mon")


def test_an_extension_and_a_pause_in_any_order(ask):
    pause = [
        "third_party_sent 2026-03-24 Tue",
        "third_party_received 2026-03-24 Tue",
        "third_party_opinion 2026-04-01 Wed",
    ]
    # 16 counted, 6 out, 4 left, 10 more
    for approved in ("2026-03-20 Fri", "2026-03-26 Thu", "2026-04-03 Fri"):
        found = ask("reply", RECEIVED, *pause, f"extension_approved {approved} working_days=10")
        assert found.due == day("2026-04-22 Wed")
        assert adds_up(found)


def test_a_pause_inside_the_extension_splits_it(ask):
    found = ask(
        "reply",
        RECEIVED,
        "extension_approved 2026-03-20 Fri working_days=10",
        "third_party_sent 2026-04-01 Wed",
        "third_party_received 2026-04-01 Wed",
        "third_party_opinion 2026-04-09 Thu",
    )
    assert [(one.rule, one.counted) for one in found.explanation if one.counted] == [
        ("counts", 20),
        ("extends", 2),
        ("extends", 8),
    ]
    assert found.due == day("2026-04-21 Tue")


def test_a_delayed_period_replaces_the_limit_and_counts_from_receipt(ask):
    found = ask(
        "reply",
        RECEIVED,
        "reasons_requested 2026-03-05 Thu",
        "reasons_received 2026-03-12 Thu reasonable=true",
        "delayed_period_set 2026-03-20 Fri working_days_total=45",
    )
    assert found.due == day("2026-05-08 Fri")
    assert (found.original, found.allowance) == (day("2026-03-30 Mon"), 45)
    assert adds_up(found)


def test_waiting_for_reasons_counts_unless_the_office_says_otherwise(ask):
    facts = [
        RECEIVED,
        "reasons_requested 2026-03-05 Thu",
        "reasons_received 2026-03-12 Thu reasonable=true",
    ]
    assert ask("reply", *facts).due == day("2026-03-30 Mon")
    assert ask("reply", *facts, reasons_time="excluded").due == day("2026-04-07 Tue")


# ---------------------------------------------------------------- ending


@pytest.mark.parametrize(
    ("fact", "state"),
    [
        ("reply_sent 2026-03-30 Mon", "stopped"),  # posted on the last day
        ("reply_sent 2026-03-31 Tue", "exceeded"),
        ("answered_on_spot 2026-03-02 Mon", "stopped"),
        ("withdrawn 2026-03-12 Thu", "stopped"),
    ],
)
def test_an_answer_stops_the_clock_in_time_or_late(ask, fact, state):
    found = ask("reply", RECEIVED, fact, today="2026-06-01 Mon")
    assert (found.state, found.due) == (state, day("2026-03-30 Mon"))
    assert found.ended_on == day(fact.split(" ", 1)[1])


def test_service_may_be_what_counts(ask):
    facts = [RECEIVED, "reply_sent 2026-03-30 Mon", "reply_served 2026-04-02 Thu"]
    assert ask("reply", *facts).state == "stopped"
    assert ask("reply", *facts, reply_in_time_by="service").state == "exceeded"


def test_facts_after_the_end_change_nothing(ask):
    found = ask(
        "reply",
        RECEIVED,
        "reply_sent 2026-03-20 Fri",
        "third_party_sent 2026-03-23 Mon",
        "extension_approved 2026-03-24 Tue working_days=20",
        "correction_received 2026-03-25 Wed",
    )
    assert (found.state, found.due) == ("stopped", day("2026-03-30 Mon"))


def test_a_limit_that_ran_out_is_exceeded_with_the_day_known(ask):
    assert ask("reply", RECEIVED, today="2026-03-30 Mon").state == "running"
    found = ask("reply", RECEIVED, today="2026-04-01 Wed")
    assert (found.state, found.left) == ("exceeded", -2)
    # Without a day, silence is known up to the last fact.
    assert ask("reply", RECEIVED, "contact_attempt_failed 2026-04-01 Wed").state == "exceeded"


def test_what_is_left_does_not_count_days_that_are_paused(ask):
    facts = [RECEIVED, "third_party_sent 2026-03-06 Fri", "third_party_received 2026-03-09 Mon"]
    found = ask("reply", *facts, today="2026-03-20 Fri")
    assert (found.left, found.held, found.held_until) == (
        16,
        "征求第三方意见",
        day("2026-03-30 Mon"),
    )
    assert ask("reply", RECEIVED, today="2026-03-27 Fri").left == 1
    assert ask("reply", RECEIVED, today="2026-03-30 Mon").left == 0


# ---------------------------------------------------------------- correcting facts


def test_a_corrected_fact_takes_the_old_ones_place_and_both_dates_are_shown(ask):
    wrong = CaseEvent("received", date(2026, 3, 2), {"id": 1})
    right = CaseEvent(
        "received", date(2026, 3, 9), {"id": 7, "supersedes": 1, "reason": "签收单上为3月9日"}
    )
    found = ask("reply", wrong, right)
    assert (found.due, found.before) == (day("2026-04-07 Tue"), day("2026-03-30 Mon"))
    assert found.explanation[0].rule == "superseded"
    assert "2026-03-02，更正为2026-03-09（签收单上为3月9日）" in found.explanation[0].text
    assert adds_up(found)


def test_a_fact_can_be_taken_back(ask):
    sent = CaseEvent("third_party_sent", date(2026, 3, 6), {"id": "a"})
    back = CaseEvent("retracted", date(2026, 3, 12), {"supersedes": ["a"]})
    assert ask("reply", RECEIVED, sent).due is None
    assert ask("reply", RECEIVED, sent, back).due == day("2026-03-30 Mon")


def test_a_correction_may_itself_be_corrected(ask):
    facts = [
        CaseEvent("received", date(2026, 3, 2), {"id": 1}),
        CaseEvent("received", date(2026, 3, 9), {"id": 2, "supersedes": 1}),
        CaseEvent("received", date(2026, 3, 5), {"id": 3, "supersedes": 2}),
    ]
    found = ask("reply", *facts)
    assert (found.due, found.before) == (day("2026-04-02 Thu"), day("2026-03-30 Mon"))


# ---------------------------------------------------------------- unknown years, bad fields


def test_counting_into_an_unannounced_year_is_provisional(ask):
    found = ask("reply", "received 2026-12-09 Wed")
    assert (found.due, found.provisional) == (day("2027-01-07 Thu"), True)
    assert "2027年放假安排未公布" in found.explanation[-1].text
    assert not ask("reply", "received 2026-12-01 Tue").provisional


@pytest.mark.parametrize("value", [None, 0, -3, "many", 2.5, True])
def test_an_extension_without_a_number_of_days_is_refused(ask, value):
    with pytest.raises(FactUnusable) as refused:
        ask(
            "reply",
            RECEIVED,
            CaseEvent("extension_approved", date(2026, 3, 20), {"working_days": value}),
        )
    assert "working_days" in refused.value.sentence


# ---------------------------------------------------------------- evidence, and the last day itself


def test_what_proves_a_fact_stands_in_its_line(ask):
    consulted = [
        RECEIVED + " evidence=收件登记",
        "third_party_sent 2026-03-04 Wed evidence=征求意见函",
        "third_party_received 2026-03-05 Thu evidence=邮政回执",
        "third_party_opinion 2026-03-10 Tue evidence=回函",
        "extension_approved 2026-03-11 Wed working_days=5 evidence=审批单",
    ]
    found = ask("reply", *consulted)
    assert [one.evidence for one in rules(found, "suspends")] == [("征求意见函", "回函")]
    assert [one.evidence for one in rules(found, "starts")] == [("收件登记",)]
    anew = [
        "correction_notice_sent 2026-03-12 Thu evidence=补正告知书",
        "correction_received 2026-03-16 Mon evidence=补正材料",
    ]
    waiting = ask("reply", *consulted, anew[0], today="2026-03-13 Fri")
    assert [one.evidence for one in rules(waiting, "waits")] == [("补正告知书",)]
    again = ask("reply", *consulted, *anew)
    assert [one.evidence for one in rules(again, "waits")] == [("补正告知书",)]
    assert [one.evidence for one in rules(again, "suspends")] == [("征求意见函", "回函")]
    # Still open when the count began anew: nothing is known of its end, and nothing is taken out.
    open_ended = ask("reply", *consulted[:2], *anew)
    assert [(one.last, one.skipped) for one in rules(open_ended, "suspends")] == [(None, 0)]


@pytest.mark.parametrize(
    "late",
    [
        "correction_notice_sent {}",
        "fee_notice_received {}",
        "third_party_sent {}",
        "agency_consult_sent {}",
        "delayed_period_set {} working_days_total=40",
        "extension_approved {} working_days=10",
        "reply_sent {}",
    ],
)
def test_the_last_day_is_in_time_and_the_next_is_not(ask, late):
    on_the_day = ask("reply", RECEIVED, late.format("2026-03-30 Mon"))
    day_after = ask("reply", RECEIVED, late.format("2026-03-31 Tue"))
    assert on_the_day.state in ("running", "waiting", "stopped")
    assert day_after.state == "exceeded"
