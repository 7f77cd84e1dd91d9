"""What single facts do to a clock, where no clock that is drawn tells it apart: small clocks of one or two rules."""

from __future__ import annotations

from datetime import date

import pytest

from engine.statutory_clock import CaseEvent, ClockDefinition, ClockInvalid, FactUnusable, answer
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


# The lines of a calculation ---------------------------------------------------------------------------------

PAUSE = {"kind": "suspends", "from": "sent", "until": "came", "title": "征求意见"}
OTHER = {"kind": "suspends", "from": "referred", "until": "returned", "title": "报送"}
EXTENDS = {"kind": "extends", "event": "approved", "length": "P5WD", "notice": "told"}


def test_an_extension_shows_the_evidence_of_its_notice_too(calendar):
    facts = ["begun 2026-03-02 Mon", "approved 2026-03-10 Tue evidence=批文"]
    found = told(calendar, clock(EXTENDS), *facts, "told 2026-03-11 Wed evidence=告知书")
    assert [line.evidence for line in found.explanation if line.rule == "extends"] == [
        ("批文", "告知书")
    ]


def test_a_pause_of_no_day_at_the_start_overlaps_nothing(calendar):
    facts = ["begun 2026-03-02 Mon", "sent 2026-03-02 Mon", "came 2026-03-02 Mon"]
    found = told(calendar, clock(PAUSE), *facts)
    assert not any("重叠" in line.text for line in found.explanation)


def test_a_pause_that_ends_with_the_one_around_it_overlaps(calendar):
    facts = ["begun 2026-03-02 Mon", "sent 2026-03-04 Wed", "referred 2026-03-05 Thu"]
    ends = ["came 2026-03-11 Wed", "returned 2026-03-11 Wed"]
    found = told(calendar, clock(PAUSE, OTHER), *facts, *ends)
    said = [
        (line.title, "重叠" in line.text) for line in found.explanation if line.rule == "suspends"
    ]
    assert said == [("征求意见", False), ("报送", True)]


def test_an_extension_of_the_day_on_which_a_wait_begins_stands_after_it(calendar):
    wait = {"kind": "waits", "from": "asked", "until": "paid"}
    facts = ["begun 2026-03-02 Mon", "approved 2026-03-10 Tue", "asked 2026-03-10 Tue"]
    found = told(calendar, clock(EXTENDS, wait), *facts)
    kinds = [line.rule for line in found.explanation]
    assert kinds.index("waits") < kinds.index("extends") < kinds.index("remaining")


def test_a_limit_in_hours_may_wait(calendar):
    wait = {"kind": "waits", "from": "asked", "until": "paid"}
    found = told(
        calendar, clock(wait, length="PT24H"), "begun 2026-03-02 Mon", "asked 2026-03-02 Mon"
    )
    (counts,) = [line for line in found.explanation if line.rule == "counts"]
    assert (counts.last, counts.counted) == (None, 24)


def test_months_are_moved_by_each_pause(calendar):
    """Two days and one day are out: 2 April becomes 5 April."""
    facts = ["begun 2026-03-02 Mon", "sent 2026-03-04 Wed", "came 2026-03-06 Fri"]
    other = ["referred 2026-03-10 Tue", "returned 2026-03-11 Wed"]
    found = told(calendar, clock(PAUSE, OTHER, length="P1M"), *facts, *other)
    assert str(found.due) == "2026-04-05"
    assert [line.skipped for line in found.explanation if line.rule == "suspends"] == [2, 1]


def test_a_fact_in_vain_stands_where_it_happened(calendar):
    """On the day of the pause before it, a day earlier too."""
    once = {**EXTENDS, "times": "1"}
    facts = ["begun 2026-03-02 Mon", "approved 2026-03-03 Tue", "sent 2026-03-05 Thu"]
    for vain in ("approved 2026-03-04 Wed", "approved 2026-03-05 Thu"):
        found = told(calendar, clock(PAUSE, once), *facts, vain, "came 2026-03-06 Fri")
        lines = [(line.rule, line.effective) for line in found.explanation]
        assert lines.index(("extends", False)) + 1 < lines.index(("extends", True))
        assert lines.index(("extends", False)) < lines.index(("suspends", True))


def test_a_correction_of_nothing_and_of_itself_corrects_nothing(calendar):
    facts = ["begun 2026-03-02 Mon id=1 supersedes=1", "sent 2026-03-03 Tue supersedes=99"]
    found = told(calendar, clock(STOPS), *facts)
    assert (found.state, found.before) == ("stopped", None)
    assert not any(line.rule == "superseded" for line in found.explanation)


def test_a_number_that_cannot_be_used_is_kept_by_the_error():
    with pytest.raises(FactUnusable) as error:
        fact("approved 2026-03-02 Mon days=many").number("days")
    assert (error.value.kind, error.value.field, error.value.value) == ("approved", "days", "many")
    assert fact("approved 2026-03-02 Mon days=12").number("days") == 12


def test_a_fact_that_was_derived_brings_its_article_and_who_approved_it(calendar):
    derived = CaseEvent("begun", date(2026, 3, 2), {"article": "第三十一条", "approved_by": "王五"})
    definition = ClockDefinition.from_mapping(
        {"id": "c", "length": "P5WD", "article": "第一条", "rules": [STARTS]}
    )
    for event, article in (
        (derived, "第三十一条"),
        (fact("begun 2026-03-02 Mon article=5"), "第一条"),
    ):
        found = answer(definition, [event], calendar, {}, definitions={})
        assert found.explanation[0].article == article
    first = answer(definition, [derived], calendar, {}, definitions={}).explanation[0]
    assert first.text.endswith("；经王五批准")


def test_an_extension_still_to_come_shows_all_its_evidence(calendar):
    wait = {"kind": "waits", "from": "asked", "until": "paid"}
    facts = ["begun 2026-03-02 Mon", "approved 2026-03-03 Tue evidence=批文"]
    more = ["told 2026-03-04 Wed evidence=告知书", "asked 2026-03-05 Thu"]
    found = told(calendar, clock(EXTENDS, wait), *facts, *more)
    assert [line.evidence for line in found.explanation if line.rule == "extends"] == [
        ("批文", "告知书")
    ]


def test_a_corrected_fact_shows_the_evidence_of_its_correction_or_else_its_own(calendar):
    old = "begun 2026-03-02 Mon id=1 evidence=登记表"
    for new, proof in (("", "登记表"), (" evidence=更正单", "更正单")):
        found = told(calendar, clock(STOPS), old, f"begun 2026-03-03 Tue supersedes=1{new}")
        line = found.explanation[0]
        assert (line.rule, line.evidence, line.effective) == ("superseded", (proof,), False)
        assert line.text == "原记载2026-03-02，更正为2026-03-03"


def test_a_corrected_fact_tells_who_corrected_it(calendar):
    facts = ["begun 2026-03-02 Mon id=1", "begun 2026-03-03 Tue supersedes=1 corrected_by=周敏"]
    line = told(calendar, clock(STOPS), *facts).explanation[0]
    assert line.text == "原记载2026-03-02，更正为2026-03-03，由周敏更正"


def test_an_end_while_the_due_date_is_unknown_names_no_date(calendar):
    waits = {"kind": "waits", "from": "asked", "until": "came"}
    facts = ["begun 2026-03-02 Mon", "asked 2026-03-03 Tue", "sent 2026-03-04 Wed"]
    found = told(calendar, clock(STOPS, waits), *facts)
    assert [line.text for line in found.explanation if line.rule == "stops"] == ["发出"]


def test_what_a_restart_made_void_is_told_as_not_effective(calendar):
    anew = {"kind": "restarts", "event": "corrected"}
    facts = ["begun 2026-03-02 Mon", "sent 2026-03-03 Tue", "came 2026-03-04 Wed"]
    more = ["approved 2026-03-05 Thu", "corrected 2026-03-06 Fri"]
    found = told(calendar, clock(PAUSE, EXTENDS, anew), *facts, *more)
    lines = {line.rule: line.effective for line in found.explanation}
    assert (lines["suspends"], lines["extends"]) == (False, False)
    assert not any(line.effective is None for line in found.explanation)


def test_the_end_shows_its_evidence_and_who_approved_it(calendar):
    event = CaseEvent(
        "sent", date(2026, 3, 3), {"evidence": ["存根", "回执"], "approved_by": "王五"}
    )
    found = answer(
        clock(STOPS), [fact("begun 2026-03-02 Mon"), event], calendar, {}, definitions={}
    )
    (line,) = [one for one in found.explanation if one.rule == "stops"]
    assert line.evidence == ("存根", "回执")
    assert line.text == "发出，在届满日2026-03-30之前（含当日）；经王五批准"


def test_an_answer_after_an_abandoned_limit_is_told_as_late(calendar):
    lapses = {"kind": "lapses", "outcome": "abandoned"}
    found = told(calendar, clock(STOPS, lapses), "begun 2026-03-02 Mon", "sent 2026-04-01 Wed")
    (line,) = [one for one in found.explanation if one.rule == "stops"]
    assert (found.state, line.text) == ("abandoned", "发出，超过届满日2026-03-30")


def test_an_extension_of_the_day_on_which_a_wait_begins_has_no_due_date_of_its_own(calendar):
    wait = {"kind": "waits", "from": "asked", "until": "paid"}
    facts = ["begun 2026-03-02 Mon", "sent 2026-03-03 Tue", "came 2026-03-04 Wed"]
    found = told(calendar, clock(PAUSE, wait), *facts, "asked 2026-03-03 Tue")
    assert [line.due for line in found.explanation if line.rule == "suspends"] == [None]


def test_a_limit_in_seconds_is_counted_as_one_in_hours(calendar):
    found = told(calendar, clock(length="PT90S"), "begun 2026-03-02 Mon")
    (counts,) = [line for line in found.explanation if line.rule == "counts"]
    assert (counts.counted, found.allowance) == (90, 90)
    assert counts.text == "自当日零时（未记载时刻）起90秒，至2026-03-02 00:01"
