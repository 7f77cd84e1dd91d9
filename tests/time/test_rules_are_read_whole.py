"""Each attribute of a rule is read under its own name; what cannot be used is refused by clock, place and sentence."""

from __future__ import annotations

from dataclasses import asdict

import pytest

from engine.lengths import parse_length
from engine.statutory_clock import ClockDefinition, ClockInvalid, answer
from engine.statutory_clock.definition import read_conditions
from engine.statutory_clock.resolved import Effect, length_of, resolve
from tests.time.weekdays import fact

STARTS = {"kind": "starts", "event": "begun"}


def clock(*rules: dict[str, str], **more: str) -> ClockDefinition:
    return ClockDefinition.from_mapping(
        {"id": "c", "length": "P20WD", "article": "第一条", "rules": [STARTS, *rules], **more}
    )


def effect(rule: dict[str, str], settings: dict[str, object] | None = None) -> Effect:
    """The one effect that a rule becomes."""
    found = resolve(clock(rule), settings or {})
    effects = {id(one): one for pairs in found.by_event.values() for _, one in pairs}
    (read,) = [one for one in effects.values() if one.kind == rule["kind"]]
    return read


@pytest.mark.parametrize(
    ("rule", "read"),
    [
        (
            {"kind": "suspends", "from": "sent asked", "until": "came gone"},
            Effect(
                "suspends",
                "",
                "第一条",
                events=("sent", "asked"),
                until=frozenset(("came", "gone")),
                notice_rule="ignored",
            ),
        ),
        (
            {
                "kind": "suspends",
                "from": "sent",
                "until": "came",
                "limit": "other",
                "per": "party",
                "firstDay": "excluded",
                "lastDay": "counted",
                "late": "opinion",
                "title": "征求意见",
                "article": "第三条",
            },
            Effect(
                "suspends",
                "征求意见",
                "第三条",
                events=("sent",),
                until=frozenset(("came",)),
                limit="other",
                per="party",
                first_day_out=True,
                last_day_counts=True,
                late_counts=True,
                notice_rule="ignored",
            ),
        ),
        (
            {
                "kind": "waits",
                "from": "asked",
                "until": "came",
                "limit": "l",
                "times": "2",
                "within": "w",
                "before": "unextended",
            },
            Effect(
                "waits",
                "",
                "第一条",
                events=("asked",),
                until=frozenset(("came",)),
                limit="l",
                times=2,
                within="w",
                before_unextended=True,
                notice_rule="ignored",
            ),
        ),
        (
            {
                "kind": "extends",
                "event": "approved",
                "by": "days",
                "atMost": "P20WD",
                "times": "1",
                "notice": "told",
                "noticeRule": "required",
            },
            Effect(
                "extends",
                "",
                "第一条",
                events=("approved",),
                by="days",
                at_most=parse_length("P20WD"),
                times=1,
                notice="told",
                notice_rule="required",
            ),
        ),
        (
            {
                "kind": "restarts",
                "event": "paid",
                "where": "whole=true|yes",
                "length": "P5WD",
                "lengthField": "days",
                "reopens": "true",
            },
            Effect(
                "restarts",
                "",
                "第一条",
                events=("paid",),
                where=(("whole", frozenset(("true", "yes"))),),
                length=parse_length("P5WD"),
                length_field="days",
                reopens=True,
                notice_rule="ignored",
            ),
        ),
    ],
    ids=lambda one: one.kind if isinstance(one, Effect) else "",
)
def test_a_rule_is_read_whole(rule, read):
    assert asdict(effect(rule)) == asdict(read)


def test_a_setting_takes_the_place_of_a_value():
    rule = {"kind": "suspends", "from": "@begin", "until": "came", "late": "@late"}
    read = effect(rule, {"begin": "sent", "late": "opinion"})
    assert (read.events, read.late_counts) == (("sent",), True)


@pytest.mark.parametrize("nature", ["limit", "reminder", "expected"])
def test_the_nature_of_a_clock_is_kept(nature):
    assert clock(nature=nature).nature == nature


def refused(read) -> tuple[str, str, str]:
    with pytest.raises(ClockInvalid) as error:
        read()
    return error.value.clock, str(error.value), error.value.sentence


def test_a_clock_without_a_name_is_refused():
    name, message, sentence = refused(lambda: ClockDefinition.from_mapping({"length": "P1D"}))
    assert name == "?"
    assert message.endswith("no id")
    assert sentence.endswith("缺少 id")


@pytest.mark.parametrize(
    ("rule", "message", "sentence"),
    [
        (
            {"kind": "extends", "event": "e", "length": "P0WD"},
            "length 'P0WD'",
            "长度“P0WD”不能用",
        ),
        (
            {"kind": "suspends", "from": "a", "until": "b", "late": "maybe"},
            "suspends late='maybe'",
            "“late”应为 limit、opinion 之一，现为“maybe”",
        ),
        (
            {"kind": "extends", "event": "e", "length": "P1WD", "noticeRule": "requird"},
            "extends noticeRule='requird'",
            "“noticeRule”应为 ignored、recorded、required 之一，现为“requird”",
        ),
        (
            {"kind": "keeps", "what": "extension"},
            "keeps what='extension'",
            "“what”应为 extensions、suspensions 之一，现为“extension”",
        ),
        (
            {"kind": "rolls", "to": "monday"},
            "rolls to='monday'",
            "“to”应为 next_working_day 之一，现为“monday”",
        ),
        (
            {"kind": "internal", "on": "friday"},
            "internal on='friday'",
            "“on”应为 last_working_day 之一，现为“friday”",
        ),
        (
            {"kind": "waits", "from": "a", "until": "b", "times": "many"},
            "times='many'",
            "次数应为整数或 unlimited，现为“many”",
        ),
        (
            {"kind": "falls", "on": "--13-01"},
            "on='--13-01'",
            "固定日期应写成 --01-31，现为“--13-01”",
        ),
    ],
)
def test_a_value_that_cannot_be_used_is_named(rule, message, sentence):
    found = refused(lambda: resolve(clock(rule), {}))
    assert found[0] == "c"
    assert found[1].endswith(message)
    assert found[2].endswith(sentence)


@pytest.mark.parametrize(
    "rule",
    [
        {"kind": "stops", "event": "e", "where": "whole"},
        {"kind": "lapses", "outcome": "abandoned", "unless": "=true"},
        {"kind": "stops", "event": "e", "when": "fee="},
    ],
)
def test_a_condition_is_checked_when_it_is_read_not_when_it_is_needed(rule):
    assert "条件" in refused(lambda: clock(rule))[2]


@pytest.mark.parametrize("amounts", [{}, {"by": "days", "length": "P1WD"}])
def test_an_extension_says_once_by_how_much(amounts):
    found = refused(lambda: clock({"kind": "extends", "event": "e", **amounts}))
    assert found[2].endswith("规则“extends”应写明 by 或 length，只写其中一个")


def test_a_clock_that_nobody_drew_is_named_by_the_one_that_asks(calendar):
    definition = clock({"kind": "suspends", "from": "sent", "until": "came", "limit": "nobody"})
    events = [fact("begun 2026-03-02 Mon"), fact("sent 2026-03-04 Wed")]
    found = refused(
        lambda: answer(definition, events, calendar, {}, definitions={definition.id: definition})
    )
    assert found[0] == "c"
    assert "no clock nobody" in found[1]
    assert "没有叫“nobody”的期限" in found[2]


def test_a_lapse_reads_what_it_brings_and_where_it_does_not():
    rule = {"kind": "lapses", "outcome": "abandoned", "unless": "justified=true"}
    lapses = resolve(clock(rule), {}).lapses
    assert lapses is not None
    assert (lapses.outcome, lapses.where) == (
        "abandoned",
        (("justified", frozenset(("true",))),),
    )


def test_a_rule_without_an_outcome_has_none():
    assert effect({"kind": "stops", "event": "sent"}).outcome == ""


def test_a_clock_is_read_once_for_each_choice_of_the_office():
    definition = clock({"kind": "extends", "event": "approved", "by": "days", "times": "@times"})
    read = [resolve(definition, {"times": n}) for n in range(64)]
    assert len({id(one) for one in read}) == 64
    assert all(resolve(definition, {"times": n}) is one for n, one in enumerate(read))


def test_what_was_read_under_other_choices_is_not_kept_for_ever():
    definition = clock({"kind": "extends", "event": "approved", "by": "days", "times": "@times"})
    for n in range(1000):
        assert resolve(definition, {"times": n}).by_event["approved"][0][1].times == n
        assert len(definition.resolved) <= 64


def test_the_first_period_bounds_a_wait_by_the_facts_known_then(calendar):
    """A limit of the wait that begins again later does not make a late wait one in time."""
    within = ClockDefinition.from_mapping(
        {
            "id": "w",
            "length": "P5WD",
            "rules": [STARTS, {"kind": "restarts", "event": "again", "reopens": "true"}],
        }
    )
    definition = clock({"kind": "waits", "from": "asked", "until": "came", "within": "w"})
    facts = ["begun 2026-03-02 Mon", "asked 2026-03-10 Tue", "again 2026-03-10 Tue"]
    found = answer(
        definition,
        [fact(one) for one in facts],
        calendar,
        {},
        definitions={"c": definition, "w": within},
    )
    assert (found.state, str(found.due)) == ("running", "2026-03-30")


def test_a_bound_that_nobody_drew_is_named_by_the_clock_that_asks(calendar):
    for attribute in ("within", "limit"):
        definition = clock({"kind": "waits", "from": "asked", "until": "came", attribute: "nobody"})
        events = [fact("begun 2026-03-02 Mon"), fact("asked 2026-03-04 Wed")]
        found = refused(lambda: answer(definition, events, calendar, {}, definitions={}))  # noqa: B023
        assert found[0] == "c"


def per_party(calendar, *facts: str) -> str:
    """The due date of a clock of 20 days with a pause for each party, which has 15 days from ``delivered``."""
    limit = ClockDefinition.from_mapping(
        {"id": "l", "length": "P15WD", "rules": [{"kind": "starts", "event": "delivered"}]}
    )
    pause = {"kind": "suspends", "from": "sent", "until": "came", "limit": "l", "per": "party"}
    definition = clock(pause)
    events = [fact(one) for one in facts]
    definitions = {"c": definition, "l": limit}
    return str(answer(definition, events, calendar, {}, definitions=definitions).due)


def test_whoever_received_a_letter_is_a_party_too(calendar):
    """Two received it: an opinion that names nobody ends no pause; 9-27 March are out."""
    facts = ["begun 2026-03-02 Mon", "sent 2026-03-06 Fri party=A"]
    received = ["delivered 2026-03-06 Fri party=A", "delivered 2026-03-06 Fri party=B"]
    came = "came 2026-03-11 Wed"
    assert per_party(calendar, *facts, received[0], came) == "2026-04-02"
    assert per_party(calendar, *facts, *received, came) == "2026-04-21"


def test_a_pause_for_each_party_needs_no_limit(calendar):
    pause = {"kind": "suspends", "from": "sent", "until": "came", "per": "party"}
    definition = clock(pause)
    facts = ["begun 2026-03-02 Mon", "sent 2026-03-06 Fri party=A", "sent 2026-03-06 Fri party=B"]
    came = ["came 2026-03-09 Mon party=A", "came 2026-03-11 Wed party=B"]
    events = [fact(one) for one in [*facts, *came]]
    found = answer(definition, events, calendar, {}, definitions={"c": definition})
    assert str(found.due) == "2026-04-02"


def test_how_long_a_clock_is_follows_the_settings():
    definition = ClockDefinition.from_mapping({"id": "c", "length": "@period", "rules": [STARTS]})
    assert length_of(definition, {"period": "P7WD"}) == parse_length("P7WD")
    assert length_of(definition, {"period": "P1M"}) == parse_length("P1M")


def test_what_events_are_called_is_read_from_the_rules_that_say_it():
    definition = clock(
        {"kind": "stops", "event": "sent served", "title": "答复"},
        {"kind": "stops", "event": "withdrawn"},
    )
    assert definition.titled_events == {"sent", "served"}
    named = [definition.title_of(name) for name in ("sent", "served", "withdrawn", "begun")]
    assert named == ["答复", "答复", "", ""]


def test_a_word_that_is_asked_for_may_hold_an_equals_sign():
    assert read_conditions("c", "way=a=b|c") == (("way", frozenset(("a=b", "c"))),)


def test_a_length_that_cannot_be_used_is_quoted_by_its_cause():
    with pytest.raises(ClockInvalid) as error:
        resolve(clock({"kind": "extends", "event": "e", "length": "P0WD"}), {})
    assert "P0WD" in str(error.value.__cause__)


def test_clocks_ask_each_other_five_deep_and_no_deeper(calendar):
    def chain(last: int) -> dict[str, ClockDefinition]:
        asks = {"kind": "suspends", "from": "begun", "until": "came"}
        return {
            f"c{n}": ClockDefinition.from_mapping(
                {
                    "id": f"c{n}",
                    "length": "P20WD",
                    "rules": [STARTS, asks if n == last else {**asks, "limit": f"c{n + 1}"}],
                }
            )
            for n in range(last + 1)
        }

    events = [fact("begun 2026-03-02 Mon")]
    deep = chain(5)
    assert answer(deep["c0"], events, calendar, {}, definitions=deep).state == "waiting"
    deeper = chain(6)
    found = refused(lambda: answer(deeper["c0"], events, calendar, {}, definitions=deeper))
    assert found[0] == "c5"
    assert found[2] == "期限“c5”：没有叫“c6”的期限，或期限之间循环引用"
