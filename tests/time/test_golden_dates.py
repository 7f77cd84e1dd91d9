"""Dates worked out by hand from the State Council's arrangements; the worked example of a whole reply clock."""

from __future__ import annotations

import pytest

from tests.time.weekdays import day

# received, +7, +15, +20, +20+20 working days
GOLDEN = [
    ("2025-01-10 Fri", "2025-01-21", "2025-02-07", "2025-02-13", "2025-03-13"),
    ("2025-01-26 Sun", "2025-02-11", "2025-02-21", "2025-02-28", "2025-03-28"),  # a make-up day
    ("2025-04-25 Fri", "2025-05-08", "2025-05-20", "2025-05-27", "2025-06-25"),
    ("2025-09-12 Fri", "2025-09-23", "2025-10-10", "2025-10-16", "2025-11-13"),
    ("2025-09-25 Thu", "2025-10-11", "2025-10-22", "2025-10-29", "2025-11-26"),
    ("2025-12-15 Mon", "2025-12-24", "2026-01-06", "2026-01-13", "2026-02-10"),
    ("2026-01-04 Sun", "2026-01-13", "2026-01-23", "2026-01-30", "2026-03-05"),  # a make-up day
    (
        "2026-02-05 Thu",
        "2026-02-14",
        "2026-03-04",
        "2026-03-11",
        "2026-04-09",
    ),  # +7 is a make-up Saturday
    ("2026-04-20 Mon", "2026-04-29", "2026-05-13", "2026-05-20", "2026-06-17"),
    ("2026-09-18 Fri", "2026-09-29", "2026-10-15", "2026-10-22", "2026-11-19"),
    ("2026-09-30 Wed", "2026-10-15", "2026-10-27", "2026-11-03", "2026-12-01"),
]


@pytest.mark.parametrize(("received", "seventh", "fifteenth", "twentieth", "extended"), GOLDEN)
def test_the_limits_of_a_request(ask, received, seventh, fifteenth, twentieth, extended):
    assert ask("correction_notice", f"received {received}").due == day(seventh)
    assert ask("third_party_opinion", f"third_party_received {received}").due == day(fifteenth)
    assert ask("agency_opinion", f"agency_consult_received {received}").due == day(fifteenth)
    reply = ask("reply", f"received {received}")
    assert reply.due == reply.original == day(twentieth)
    longer = ask("reply", f"received {received}", f"extension_approved {twentieth} working_days=20")
    assert (longer.due, longer.original) == (day(extended), day(twentieth))


def worked_example(ask, today):
    return ask(
        "reply",
        "received 2025-09-25 Thu",
        "third_party_sent 2025-10-13 Mon evidence=征求意见书第12号",
        "third_party_received 2025-10-13 Mon",
        "third_party_opinion 2025-10-24 Fri evidence=回函扫描件",
        "extension_approved 2025-11-07 Fri working_days=20 approved_by=张某",
        "extension_notified 2025-11-07 Fri",
        today=today,
    )


def test_the_worked_example_to_the_day(ask):
    reply = worked_example(ask, "2025-12-05 Fri")
    assert (reply.original, reply.due) == (day("2025-10-29 Wed"), day("2025-12-09 Tue"))
    assert (reply.state, reply.left, reply.provisional) == ("running", 2, False)


def test_the_worked_example_line_by_line(ask):
    lines = [
        (
            one.rule,
            str(one.first),
            str(one.last),
            one.counted,
            one.skipped,
            one.due and str(one.due),
        )
        for one in worked_example(ask, "2025-12-05 Fri").explanation
    ]
    assert lines == [
        ("starts", "2025-09-25", "2025-09-25", 0, 0, None),
        ("counts", "2025-09-26", "2025-10-13", 8, 10, None),
        ("original", "2025-10-29", "2025-10-29", 0, 0, "2025-10-29"),
        ("suspends", "2025-10-14", "2025-10-24", 0, 9, "2025-11-11"),
        ("counts", "2025-10-25", "2025-11-11", 12, 6, None),
        ("extends", "2025-11-12", "2025-12-09", 20, 8, "2025-12-09"),
        ("due", "2025-12-09", "2025-12-09", 0, 0, "2025-12-09"),
    ]


def test_the_worked_example_names_holidays_make_up_days_approver_and_evidence(ask):
    by_rule = {
        one.rule: one
        for one in worked_example(ask, "2025-12-05 Fri").explanation
        if one.rule != "counts"
    }
    first = next(one for one in worked_example(ask, None).explanation if one.rule == "counts")
    assert "09-28 周日调休上班，计入" in first.text
    assert "10-01 至 10-08 国庆节、中秋节放假，不计" in first.text
    assert "10-11 周六调休上班，计入" in first.text
    assert by_rule["suspends"].evidence == ("征求意见书第12号", "回函扫描件")
    assert "9个工作日不计入" in by_rule["suspends"].text
    assert "张某同意延长20个工作日，同日告知申请人" in by_rule["extends"].text
    assert by_rule["due"].text == "2025-12-09 周二；今天2025-12-05，还有2个工作日"


def test_the_same_story_in_2026(ask):
    reply = ask(
        "reply",
        "received 2026-09-18 Fri",
        "third_party_sent 2026-10-12 Mon",
        "third_party_received 2026-10-13 Tue",
        "third_party_opinion 2026-10-23 Fri",
        "extension_approved 2026-11-03 Tue working_days=16",
        today="2026-11-24 Tue",
    )
    assert (reply.original, reply.due, reply.left) == (
        day("2026-10-22 Thu"),
        day("2026-11-26 Thu"),
        2,
    )
    assert [one.counted for one in reply.explanation if one.counted] == [12, 8, 16]
