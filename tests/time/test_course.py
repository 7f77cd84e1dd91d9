"""What single facts do to a clock, where no clock that is drawn tells it apart: small clocks of one or two rules."""

from __future__ import annotations

import pytest

from engine.statutory_clock import ClockDefinition, ClockInvalid, answer
from tests.time.test_rules_are_read_whole import STARTS, clock
from tests.time.weekdays import fact


def told(calendar, definition: ClockDefinition, *facts: str):
    events = [fact(one) for one in facts]
    return answer(definition, events, calendar, {}, definitions={definition.id: definition})


def rules(found) -> list[tuple[str, bool]]:
    return [(line.rule, line.effective) for line in found.explanation]


STOPS = {"kind": "stops", "event": "sent", "title": "发出"}


def test_a_second_start_after_the_end_is_no_line_of_the_calculation(calendar):
    facts = ["begun 2026-03-02 Mon", "sent 2026-03-10 Tue"]
    ended = told(calendar, clock(STOPS), *facts)
    again = told(calendar, clock(STOPS), *facts, "begun 2026-03-11 Wed")
    assert rules(again) == rules(ended)


def test_an_end_listed_before_the_start_of_the_same_day_holds_and_is_not_in_vain(calendar):
    found = told(calendar, clock(STOPS), "sent 2026-03-02 Mon", "begun 2026-03-02 Mon")
    assert (found.state, str(found.ended_on)) == ("stopped", "2026-03-02")
    assert rules(found) == [(line.rule, True) for line in found.explanation]


def test_an_end_of_an_earlier_day_ended_something_else(calendar):
    found = told(calendar, clock(STOPS), "sent 2026-02-27 Fri", "begun 2026-03-02 Mon")
    assert (found.state, found.ended_on, str(found.due)) == ("running", None, "2026-03-30")
    assert ("stops", False) in rules(found)


def test_after_an_end_without_a_start_a_restart_begins_nothing(calendar):
    definition = clock(STOPS, {"kind": "restarts", "event": "paid"})
    found = told(calendar, definition, "sent 2026-03-02 Mon", "paid 2026-03-03 Tue")
    assert (found.state, found.due, found.started_on) == ("stopped", None, None)
    assert (found.due_at, found.original, found.original_at) == (None, None, None)


@pytest.mark.parametrize(
    "rule",
    [
        {"kind": "waits", "from": "asked", "until": "came"},
        {"kind": "suspends", "from": "asked", "until": "came"},
        {"kind": "extends", "event": "asked", "length": "P3WD"},
        {"kind": "replaces", "event": "asked", "by": "days"},
    ],
    ids=lambda rule: rule["kind"],
)
def test_what_could_move_a_period_that_has_not_begun_is_told(calendar, rule):
    found = told(calendar, clock(rule, STOPS), "asked 2026-03-02 Mon days=9", "sent 2026-03-03 Tue")
    lines = [(line.rule, line.text) for line in found.explanation if not line.effective]
    assert [kind for kind, _ in lines] == [rule["kind"]]
    assert "期限还没有起算" in lines[0][1]


def test_asking_in_vain_is_told_each_time(calendar):
    """Once allowed: the second and the third are lines of their own, the answer to the second is one too."""
    wait = {"kind": "waits", "from": "asked", "until": "came", "times": "1"}
    definition = clock(wait, {"kind": "restarts", "event": "came"})
    facts = ["begun 2026-03-02 Mon", "asked 2026-03-03 Tue", "came 2026-03-04 Wed"]
    vain = ["asked 2026-03-05 Thu", "came 2026-03-06 Fri", "asked 2026-03-09 Mon"]
    found = told(calendar, definition, *facts, *vain)
    kinds = [line.rule for line in found.explanation if not line.effective]
    assert kinds == ["waits", "restarts", "waits"]


def test_the_limit_of_a_pause_is_asked_up_to_the_answer_only(calendar):
    """The limit ran to Mon 9 Mar; that it begins anew after the opinion is another round: 5, 6, 9 Mar are out."""
    again = {"kind": "restarts", "event": "again", "reopens": "true"}
    limit = ClockDefinition.from_mapping(
        {"id": "l", "length": "P3WD", "rules": [{"kind": "starts", "event": "asked"}, again]}
    )
    definition = clock({"kind": "suspends", "from": "asked", "until": "came", "limit": "l"})
    facts = ["begun 2026-03-02 Mon", "asked 2026-03-04 Wed", "came 2026-03-11 Wed"]
    events = [fact(one) for one in [*facts, "again 2026-03-11 Wed"]]
    found = answer(definition, events, calendar, {}, definitions={"c": definition, "l": limit})
    assert str(found.due) == "2026-04-02"


def test_a_clock_that_has_neither_length_nor_day_under_the_settings_is_named(calendar):
    definition = ClockDefinition.from_mapping(
        {"id": "c", "rules": [STARTS, {"kind": "falls", "on": "--01-31", "when": "x=yes"}]}
    )
    with pytest.raises(ClockInvalid) as error:
        answer(definition, [fact("begun 2026-03-02 Mon")], calendar, {"x": "no"}, definitions={})
    assert error.value.clock == "c"
    assert error.value.sentence == "期限“c”：按现行设置没有长度，也没有固定日期"
