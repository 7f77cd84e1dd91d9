"""Definitions are data: what is drawn is executed, and what cannot be executed is refused by name."""

from __future__ import annotations

import json
import re

import pytest

from engine.bpmn.clocks import read_clocks
from engine.bpmn.load import load_xml
from engine.statutory_clock import (
    CaseEvent,
    ClockDefinition,
    ClockInvalid,
    LengthMixed,
    SettingMissing,
    answer,
    check_references,
)
from engine.statutory_clock.definition import VOCABULARY
from tests.time.weekdays import day, fact

FIXED = {
    "on_request": [
        *(
            "reply",
            "correction_notice",
            "correction",
            "third_party_opinion",
            "agency_opinion",
            "fee_payment",
        )
    ],
    "proactive_disclosure": ["publication"],
    "periodic_submission": ["annual_report"],
    "review_and_litigation": ["reconsideration", "litigation", "answer"],
    "confidentiality_review": ["referral", "leak_report"],
}


def clock(*rules, length="P20WD", **attributes):
    return ClockDefinition.from_mapping(
        {
            "id": "c",
            "length": length,
            "rules": [{"kind": "starts", "event": "a"}, *rules],
            **attributes,
        }
    )


def ask_plain(calendar, definition, *facts, settings=None):
    return answer(
        definition,
        [fact(one) for one in facts],
        calendar,
        settings or {},
        definitions={"c": definition},
    )


def test_the_fixed_clocks_are_drawn_and_resolve(clocks, settings):
    for procedure, names in FIXED.items():
        assert set(names) <= set(clocks[procedure])
    for drawn in clocks.values():
        assert check_references(drawn, settings) == []


def test_a_definition_survives_being_stored_as_json(clocks):
    for drawn in clocks.values():
        for definition in drawn.values():
            stored = json.loads(json.dumps(definition.to_mapping()))
            assert ClockDefinition.from_mapping(stored).to_mapping() == definition.to_mapping()


def test_no_number_event_or_article_of_law_stands_in_the_code(project, clocks):
    names = {
        name for drawn in clocks.values() for one in drawn.values() for name in one.event_names
    }
    # `published` and the like are words of other trades too; the test is about quoted names.
    for path in [
        *(project / "engine" / "statutory_clock").glob("*.py"),
        project / "engine" / "receipt.py",
    ]:
        code = re.sub(r'""".*?"""|#.*', "", path.read_text("utf-8"), flags=re.DOTALL)
        quoted = set(re.findall(r'"([^"]*)"', code))
        assert not quoted & names, path.name
        assert not re.findall(r"第[一二三四五六七八九十百]+条", code), path.name
        assert not re.findall(r"(?<![\w.])(15|20|60)(?![\w])", code), path.name


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ({}, "id"),
        ({"id": "c", "length": "P1D", "rules": []}, "gk:starts"),
        ({"id": "c", "rules": [{"kind": "starts", "event": "a"}]}, "length"),
        ({"id": "c", "length": "P1D", "colour": "red", "rules": []}, "colour"),
        ({"id": "c", "length": "P1D", "rules": [{"kind": "begins", "event": "a"}]}, "begins"),
        ({"id": "c", "length": "P1D", "rules": [{"kind": "starts"}]}, "event"),
        (
            {
                "id": "c",
                "length": "P1D",
                "rules": [{"kind": "starts", "event": "a", "untill": "b"}],
            },
            "untill",
        ),
        (
            {
                "id": "c",
                "length": "P1D",
                "rules": [{"kind": "starts", "event": "a", "when": "fee"}],
            },
            "fee",
        ),
        (
            {
                "id": "c",
                "length": "P1D",
                "nature": "soft",
                "rules": [{"kind": "starts", "event": "a"}],
            },
            "nature",
        ),
        ({"id": "c", "length": "P1D", "rules": "starts"}, "列表"),
        ({"id": "c", "length": "P1D", "rules": ["starts"]}, "格式"),
    ],
)
def test_a_definition_that_cannot_be_executed_is_refused_in_a_sentence(source, says):
    with pytest.raises(ClockInvalid) as refused:
        ClockDefinition.from_mapping(source)
    assert says in refused.value.sentence


@pytest.mark.parametrize(
    ("rule", "length"),
    [
        ({"kind": "suspends", "from": "b", "until": "c", "late": "never"}, "P20WD"),
        ({"kind": "waits", "from": "b", "until": "c", "times": "some"}, "P20WD"),
        ({"kind": "falls", "on": "31-01"}, "P20WD"),
        ({"kind": "extends", "event": "b", "atMost": "soon"}, "P20WD"),
        ({"kind": "warns", "at": "-P1WD"}, "P0WD"),
        ({"kind": "warns", "at": "-P1WD"}, "-P5WD"),
    ],
)
def test_a_value_that_cannot_be_used_is_refused_when_it_is_asked(calendar, rule, length):
    with pytest.raises(ClockInvalid):
        ask_plain(calendar, clock(rule, length=length), "a 2026-03-02 Mon")


def test_a_setting_that_is_not_there_is_named(calendar):
    with pytest.raises(SettingMissing) as refused:
        ask_plain(calendar, clock(length="@patience"), "a 2026-03-02 Mon")
    assert "patience" in refused.value.sentence


def test_clocks_that_ask_each_other_in_a_circle_are_found_and_refused(calendar):
    both = {
        one: ClockDefinition.from_mapping(
            {
                "id": one,
                "length": "P5WD",
                "rules": [
                    {"kind": "starts", "event": "a"},
                    {"kind": "waits", "from": "b", "until": "c", "within": other},
                ],
            }
        )
        for one, other in (("first", "second"), ("second", "first"))
    }
    assert {problem.clock for problem in check_references(both)} == set(both)
    with pytest.raises(ClockInvalid) as refused:
        answer(
            both["first"],
            [fact("a 2026-03-02 Mon"), fact("b 2026-03-03 Tue")],
            calendar,
            {},
            definitions=both,
        )
    assert "循环" in refused.value.sentence


def test_unknown_clocks_and_settings_are_found_before_anything_runs():
    lonely = clock(
        {"kind": "waits", "from": "b", "until": "c", "limit": "nowhere", "times": "@rounds"}
    )
    problems = [str(one) for one in check_references({"c": lonely}, {"fee"})]
    assert any("nowhere" in one for one in problems)
    assert any("rounds" in one for one in problems)


def test_an_extension_in_another_unit_is_refused(calendar):
    mixed = clock({"kind": "extends", "event": "b", "length": "P30D"})
    with pytest.raises(LengthMixed) as refused:
        ask_plain(calendar, mixed, "a 2026-03-02 Mon", "b 2026-03-03 Tue")
    assert refused.value.sentence == f"期限“{mixed.id}”的单位与 P30D 不一致"


def test_months_are_moved_by_the_days_of_a_pause(calendar):
    monthly = clock({"kind": "suspends", "from": "b", "until": "c"}, length="P1M")
    assert ask_plain(calendar, monthly, "a 2026-01-31 Sat").due == day("2026-02-28 Sat")
    found = ask_plain(calendar, monthly, "a 2026-03-02 Mon", "b 2026-03-10 Tue", "c 2026-03-15 Sun")
    assert found.due == day("2026-04-07 Tue")
    assert ask_plain(calendar, monthly, "a 2026-03-02 Mon", "b 2026-03-10 Tue").due is None
    assert ask_plain(calendar, monthly, "a 2026-03-02 Mon", "b 2026-04-10 Fri").due == day(
        "2026-04-02 Thu"
    )


def test_the_29th_of_february_exists_in_common_years_as_the_last_of_the_month(calendar):
    leap = ClockDefinition.from_mapping(
        {"id": "c", "rules": [{"kind": "starts", "event": "a"}, {"kind": "falls", "on": "--02-29"}]}
    )
    assert ask_plain(calendar, leap, "a 2026-01-01 Thu").due == day("2026-02-28 Sat")
    assert ask_plain(calendar, leap, "a 2023-03-01 Wed").due == day("2024-02-29 Thu")


def test_two_clocks_with_one_id_are_refused():
    drawn = b"""<d xmlns:gk="urn:gongkai:bpmn:1"><gk:clock id="c" length="P1D"><gk:starts event="a"/></gk:clock>
    <gk:clock id="c" length="P1D"><gk:starts event="a"/><!-- a remark --></gk:clock></d>"""
    with pytest.raises(ClockInvalid):
        read_clocks(load_xml(drawn, "x.bpmn"))


def test_every_kind_of_rule_is_explained_in_the_handbook(project):
    text = (project / "docs" / "clocks.md").read_text("utf-8")
    for kind, (must, may) in VOCABULARY.items():
        assert f"`{kind}`" in text
        for attribute in must | may:
            assert f"`{attribute}`" in text, attribute


def test_events_know_their_instant_and_their_numbers():
    assert CaseEvent("a", day("2026-03-02 Mon"), {"at": "nonsense"}).at is None
    aware = CaseEvent("a", day("2026-03-02 Mon"), {"at": "2026-03-02T02:00:00+00:00"}).at
    assert aware is not None
    assert aware.isoformat() == "2026-03-02T10:00:00+08:00"
    assert CaseEvent("a", day("2026-03-02 Mon"), {"n": "12"}).number("n") == 12
