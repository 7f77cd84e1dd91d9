"""What a clock says as the days go by, in every unit; whole calculations are in ``calculations.txt``."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from engine.lengths import parse_length
from engine.statutory_clock import CaseEvent, ClockDefinition, ClockInvalid, FactUnusable, answer
from tests.time.calculations import assert_reviewed, story
from tests.time.weekdays import day, fact


def clock(length, *rules, title="试验期限", per=""):
    return ClockDefinition.from_mapping(
        {
            "id": "test",
            "title": title,
            "length": length,
            "article": "第一条",
            "per": per,
            "rules": [{"kind": "starts", "event": "begun", "title": "开始"}, *rules],
        }
    )


@pytest.fixture
def run(calendar):
    """Ask a clock made for the test; the answer is held against ``calculations.txt`` under ``name``."""

    def asked(name, definition, *facts, today=None, settings=None):
        events = [fact(one) if isinstance(one, str) else one for one in facts]
        upto = day(today) if today else None
        found = answer(
            definition,
            events,
            calendar,
            settings or {},
            definitions={definition.id: definition},
            today=upto,
        )
        assert_reviewed(story(name, events, upto, None, settings or {}), found)
        return found

    return asked


# ---------------------------------------------------------------- what is left


@pytest.mark.parametrize(
    ("clock_id", "fact_", "days"),
    [
        ("reply", "received 2026-03-02 Mon", {0: 20, 1: 19, 27: 1, 28: 0, 29: -1, 35: -4}),
        ("reply", "received 2026-03-01 Sun", {0: 20, 1: 19, 26: 0, 27: 0, 28: 0, 29: -1}),
        ("reconsideration", "decision_received 2026-03-02 Mon", {0: 65, 60: 5, 65: 0, 66: -1}),
        ("litigation", "decision_received 2026-03-02 Mon", {0: 184, 184: 0, 190: -6}),
        ("annual_report", "report_year_end 2025-12-31 Wed", {1: 30, 31: 0, 32: -1}),
        ("leak_report", "leak_discovered 2026-03-02 Mon", {0: 1, 1: 0, 2: -1}),
    ],
)
def test_what_is_left_goes_down_day_by_day(ask, clock_id, fact_, days):
    begun = fact(fact_).date
    for passed, left in days.items():
        found = ask(clock_id, fact_, today=begun + timedelta(days=passed))
        assert found.left == left, passed


def test_days_that_do_not_count_are_not_used_up(ask):
    facts = [
        "received 2026-03-02 Mon",
        "third_party_sent 2026-03-06 Fri",
        "third_party_received 2026-03-06 Fri",
        "third_party_opinion 2026-03-18 Wed",
        "reply_sent 2026-04-09 Thu evidence=答复书",
    ]
    for today, left in (
        ("2026-03-06 Fri", 16),
        ("2026-03-10 Tue", 16),
        ("2026-03-18 Wed", 16),
        ("2026-03-19 Thu", 15),
    ):
        assert ask("reply", *facts[:4], today=today).left == left
    stopped = ask("reply", *facts, today="2026-04-10 Fri")
    assert stopped.explanation[-2].evidence == ("答复书",)


def test_an_opinion_on_the_last_day_of_its_term_is_in_time(ask):
    facts = [
        "received 2026-03-02 Mon",
        "third_party_sent 2026-03-06 Fri",
        "third_party_received 2026-03-09 Mon",
        "third_party_opinion 2026-03-30 Mon",
    ]
    (pause,) = [one for one in ask("reply", *facts).explanation if one.rule == "suspends"]
    assert "收到答复或者完成" in pause.text


def test_a_day_that_somebody_reasoned_out_is_said_in_his_words(ask):
    reasoned = CaseEvent("received", day("2026-03-02 Mon"), {"basis": "当面提交，当日为收到日"})
    assert "当面提交" in ask("reply", reasoned).explanation[0].text
    unsaid = CaseEvent("received", day("2026-03-02 Mon"), {"basis": 7})
    assert "收到申请，当日不计" in ask("reply", unsaid).explanation[0].text


# ---------------------------------------------------------------- units that no drawn clock has


def test_a_limit_in_seconds_runs_from_instant_to_instant(run):
    begun = CaseEvent("begun", date(2026, 3, 2), {"at": "2026-03-02T10:00:00"})
    found = run("seconds", clock("PT2M30S"), begun, today="2026-03-02 Mon")
    assert found.due_at is not None
    assert found.due_at.isoformat() == "2026-03-02T10:02:30+08:00"
    assert (found.left, found.provisional) == (0, False)


def test_minutes_are_sixty_seconds():
    assert parse_length("PT2M").amount == 120


def test_a_limit_in_hours_compares_days_where_an_instant_is_missing(ask):
    known = CaseEvent("leak_discovered", date(2026, 10, 2), {"at": "2026-10-02T22:30"})
    for on, state in (("2026-10-03 Sat", "stopped"), ("2026-10-04 Sun", "exceeded")):
        assert ask("leak_report", known, f"leak_reported {on}").state == state


def test_a_reopened_clock_runs_again_and_another_does_not(run):
    for reopens, state in (("true", "running"), ("false", "stopped")):
        again = {"kind": "restarts", "event": "changed", "title": "变更", "reopens": reopens}
        found = run(
            f"reopens {reopens}",
            clock("P5WD", again, {"kind": "stops", "event": "done", "title": "办结"}),
            "begun 2026-03-02 Mon",
            "done 2026-03-04 Wed",
            "changed 2026-03-10 Tue",
        )
        assert found.state == state


def test_a_length_may_come_with_the_fact(run):
    with_length = ClockDefinition.from_mapping(
        {
            "id": "test",
            "length": "P5WD",
            "rules": [{"kind": "starts", "event": "begun", "lengthField": "period"}],
        }
    )
    assert run("length field", with_length, "begun 2026-03-02 Mon period=3").due == day(
        "2026-03-05 Thu"
    )
    assert run("length field", with_length, "begun 2026-03-02 Mon").due == day("2026-03-09 Mon")


def test_each_party_is_known_by_every_fact_that_names_it(run):
    asked = clock(
        "P5WD",
        {"kind": "waits", "from": "asked", "until": "told", "title": "等待"},
        {"kind": "extends", "event": "longer", "length": "P1WD", "notice": "said", "title": "延长"},
        {"kind": "stops", "event": "done", "title": "办结"},
        per="party",
    )
    assert asked.event_names == {"begun", "asked", "told", "longer", "said", "done"}


# ---------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("shape", "message", "sentence"),
    [
        ({"rules": "starts"}, "rules is no list", "规则应为列表"),
        (
            {"rules": [{"kind": "stops", "event": "x"}]},
            "never starts",
            "没有起算的规则（gk:starts）",
        ),
        ({"length": ""}, "no length", "没有长度（length）"),
        ({"nature": "wish"}, "nature wish", "nature 应为 limit、reminder、expected 之一"),
        ({"colour": "red"}, "unknown attribute colour", "不认识“colour”，请检查拼写"),
    ],
)
def test_a_clock_that_cannot_be_read_is_refused_word_for_word(shape, message, sentence):
    plain = {"id": "c", "length": "P1D", "rules": [{"kind": "starts", "event": "x"}]}
    with pytest.raises(ClockInvalid) as refused:
        ClockDefinition.from_mapping({**plain, **shape})
    assert (str(refused.value), refused.value.sentence, refused.value.clock) == (
        f"clock 'c': {message}",
        f"期限“c”：{sentence}",
        "c",
    )


def test_a_number_of_times_is_a_number(run):
    waits = {"kind": "waits", "from": "asked", "until": "told", "times": "twice"}
    with pytest.raises(ClockInvalid, match=r"^clock 'test': times='twice'$") as refused:
        run("times", clock("P5WD", waits), "begun 2026-03-02 Mon")
    assert refused.value.sentence == "期限“test”：次数应为整数或 unlimited，现为“twice”"


def test_a_length_that_depends_on_a_setting_must_be_there(run):
    sometimes = clock("", {"kind": "falls", "on": "--01-31", "when": "fee=yes"})
    with pytest.raises(ClockInvalid, match=r"^clock 'test': no length$"):
        run("sometimes", sometimes, "begun 2026-03-02 Mon", settings={"fee": "no"})


def test_a_fact_without_its_number_is_named(ask):
    with pytest.raises(FactUnusable) as refused:
        ask("reply", "received 2026-03-02 Mon", "extension_approved 2026-03-04 Wed")
    assert (refused.value.kind, refused.value.field, refused.value.value) == (
        "extension_approved",
        "working_days",
        None,
    )


# ---------------------------------------------------------------- the calendar's edges


def test_one_may_count_back_to_the_first_working_day_and_no_further(calendar):
    second = calendar.add_working_days(calendar.first_day, 2)
    first = calendar.add_working_days(calendar.first_day, 1)
    assert calendar.add_working_days(second, -1) == first
