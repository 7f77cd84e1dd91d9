"""The engine and the plain reference clock live through the same random facts: no difference, and the laws hold."""

from __future__ import annotations

import dataclasses
import itertools
import json
import os
from datetime import date, timedelta

import hypothesis.strategies as st
from hypothesis import example, given, settings
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from engine.bpmn.clocks import read_clocks
from engine.bpmn.load import load_xml
from engine.business_calendar import BusinessCalendar
from engine.business_calendar.years import parse_year, read_statutory, read_years
from engine.office.settings import OfficeSettings
from engine.statutory_clock import CaseEvent, ClockDefinition, answer
from tests.time.conftest import PROCESSES
from tests.time.reference_clock import Request

# `make soak` asks for more; a check keeps to what fits into seconds.
EXAMPLES = int(os.environ.get("SOAK_EXAMPLES", "200"))
STEPS = int(os.environ.get("SOAK_STEPS", "30"))

FIRST_DAY = date(2026, 8, 3)
DAYS = st.integers(0, 150).map(lambda n: FIRST_DAY + timedelta(days=n))
PARTIES = st.sampled_from([None, "甲", "乙"])
PLAIN = [
    "reply_sent",
    "withdrawn",
    "answered_on_spot",
    "correction_notice_sent",
    "fee_notice_received",
    "fee_paid",
    "extension_notified",
    "mailed",
]
CONSULTING = [
    "third_party_sent",
    "third_party_received",
    "third_party_opinion",
    "agency_consult_sent",
    "agency_consult_received",
    "agency_opinion",
]
CONVENTIONS = {
    "pause_from": ("sent", "received"),
    "late_opinion": ("limit", "opinion"),
    "late_correction_notice": ("restart", "continue"),
    "fee": ("restart", "pause"),
    "restart_extension": ("falls", "survives"),
    "restart_suspension": ("falls", "survives"),
}
FACTS = st.one_of(
    st.builds(dict, kind=st.sampled_from(CONSULTING), date=DAYS, party=PARTIES),
    st.builds(dict, kind=st.sampled_from(CONSULTING), date=DAYS),
    st.builds(dict, kind=st.sampled_from(PLAIN), date=DAYS),
    st.builds(
        dict,
        kind=st.just("correction_notice_received"),
        date=DAYS,
        period_working_days=st.integers(1, 20),
    ),
    st.builds(
        dict,
        kind=st.just("correction_received"),
        date=DAYS,
        justified=st.sampled_from([None, True, False]),
    ),
    st.builds(dict, kind=st.just("extension_approved"), date=DAYS, working_days=st.integers(1, 25)),
    st.builds(
        dict, kind=st.just("delayed_period_set"), date=DAYS, working_days_total=st.integers(5, 60)
    ),
)
CHOSEN = st.fixed_dictionaries(
    {name: st.sampled_from(values) for name, values in CONVENTIONS.items()}
)

YEARS = read_years(PROCESSES / "_office" / "calendar")
STATUTORY = read_statutory(PROCESSES / "_office" / "calendar")
SETTINGS = OfficeSettings.load(PROCESSES / "_office")
DRAWN = read_clocks(
    load_xml((PROCESSES / "on_request" / "on_request.bpmn").read_bytes(), "on_request.bpmn")
)
NOTICE_2027 = json.dumps(
    {
        "year": 2027,
        "days": [
            {"name": "元旦", "date": "2026-12-31", "isOffDay": True},
            {"name": "元旦", "date": "2027-01-01", "isOffDay": True},
            {"name": "元旦", "date": "2027-01-02", "isOffDay": True},
            {"name": "元旦", "date": "2026-12-26", "isOffDay": False},
            *({"name": "春节", "date": f"2027-02-{d:02}", "isOffDay": True} for d in range(5, 13)),
            {"name": "春节", "date": "2027-01-30", "isOffDay": False},
            {"name": "春节", "date": "2027-02-20", "isOffDay": False},
        ],
    }
).encode()


def business_calendar(announced):
    years = {**YEARS, 2027: parse_year(NOTICE_2027, "2027.json")} if announced else YEARS
    return BusinessCalendar(years, STATUTORY)


CALENDARS = {announced: business_calendar(announced) for announced in (False, True)}


def plain_table(announced):
    """Working days by a look-up of their own, as far as any of these stories reaches."""
    listed = {d.date: not d.is_off for file in YEARS.values() for d in file.days}
    if announced:
        listed.update({d.date: not d.is_off for d in parse_year(NOTICE_2027, "x").days})
    for d in STATUTORY:
        if d.year > 2027 or (d.year == 2027 and not announced):
            listed[d] = False
    return lambda d: listed.get(d, d.weekday() < 5)


WORKS = {announced: plain_table(announced) for announced in (False, True)}


def case_events(facts):
    return [
        CaseEvent(
            one["kind"], one["date"], {k: v for k, v in one.items() if k not in ("kind", "date")}
        )
        for one in facts
    ]


def engine_says(facts, chosen, announced, today=None, definitions=DRAWN):
    return answer(
        definitions["reply"],
        case_events(facts),
        CALENDARS[announced],
        SETTINGS.changed(chosen),
        definitions=definitions,
        today=today,
    )


def compare(facts, chosen, announced, today, definitions=DRAWN):
    found = engine_says(facts, chosen, announced, today, definitions)
    expected = Request(facts, WORKS[announced], chosen, today).outcome()
    assert (found.due, found.original, found.state, found.allowance) == expected, facts
    assert_lawful(found, announced)


def assert_lawful(found, announced):
    calendar = CALENDARS[announced]
    assert sum(one.counted for one in found.explanation) == found.allowance
    if found.due is None:
        return
    assert calendar.is_working_day(found.due)
    assert found.provisional == (not announced and found.due.year == 2027)
    # The stretches lie one after the other, up to the due date, and count nothing twice.
    stretches = [one for one in found.explanation if one.counted]
    for before, after in itertools.pairwise(stretches):
        assert before.last < after.first
    assert stretches[-1].last == found.due
    for one in stretches:
        assert calendar.working_days_between(one.first - timedelta(days=1), one.last) == one.counted
    out = sum(one.skipped for one in found.explanation if one.rule == "suspends" and one.effective)
    days = calendar.working_days_between(found.started_on, found.due)
    if not any(one.rule == "replaces" for one in found.explanation):
        assert days == found.allowance + out


# A pause that ended on the day of a restart which it survives: asked again on that day, it is still the same pause.
ASKED_AGAIN_ON_THE_DAY_OF_THE_RESTART = [
    {"kind": "third_party_received", "date": date(2026, 8, 24)},
    {"kind": "correction_received", "date": date(2026, 9, 14), "justified": None},
    {"kind": "third_party_received", "date": date(2026, 9, 14)},
]

# Of several parties one is not named: its consultation is one of its own, beside that of the first.
ONE_OF_SEVERAL_WITHOUT_A_NAME = [
    {"kind": "third_party_sent", "date": FIRST_DAY, "party": "乙"},
    {"kind": "third_party_received", "date": FIRST_DAY, "party": "甲"},
    {"kind": "third_party_received", "date": FIRST_DAY + timedelta(days=1)},
]

# A new total contains what was taken out before: a letter sent after it begins a pause, whatever was open then.
SENT_AGAIN_AFTER_A_NEW_TOTAL = [
    {"kind": "third_party_sent", "date": FIRST_DAY},
    {"kind": "correction_received", "date": FIRST_DAY + timedelta(days=1), "justified": None},
    {
        "kind": "delayed_period_set",
        "date": FIRST_DAY + timedelta(days=1),
        "working_days_total": 5,
    },
    {"kind": "third_party_sent", "date": FIRST_DAY + timedelta(days=2)},
]
# Withdrawn when it had lapsed already; a second notice of the fee after that does not bring it back.
NOTIFIED_AGAIN_AFTER_THE_END = [
    {"kind": "fee_notice_received", "date": FIRST_DAY},
    {"kind": "withdrawn", "date": date(2026, 9, 1)},
    {"kind": "fee_notice_received", "date": date(2026, 9, 2)},
]
SURVIVING = {name: values[0] for name, values in CONVENTIONS.items()} | {
    "restart_suspension": "survives"
}


@given(st.lists(FACTS, max_size=12), CHOSEN, st.booleans(), st.one_of(st.none(), DAYS))
@example(SENT_AGAIN_AFTER_A_NEW_TOTAL, SURVIVING, False, None)
@example(NOTIFIED_AGAIN_AFTER_THE_END, SURVIVING, False, None)
@example(
    ONE_OF_SEVERAL_WITHOUT_A_NAME,
    {name: values[0] for name, values in CONVENTIONS.items()} | {"pause_from": "received"},
    False,
    None,
)
@example(
    ASKED_AGAIN_ON_THE_DAY_OF_THE_RESTART,
    SURVIVING | {"pause_from": "received"},
    False,
    None,
)
@settings(max_examples=EXAMPLES * 4)
def test_random_stories_end_on_the_same_day(facts, chosen, announced, today):
    received = {"kind": "received", "date": FIRST_DAY}
    latest = max([one["date"] for one in facts], default=FIRST_DAY)
    compare([received, *facts], chosen, announced, today and max(today, latest))


class ClockMachine(RuleBasedStateMachine):
    """A case over months: facts come in any order, are corrected, the notice comes out, the process restarts."""

    facts_so_far = Bundle("facts_so_far")

    @initialize(chosen=CHOSEN, received=st.integers(0, 20))
    def open_a_case(self, chosen, received):
        self.chosen, self.announced, self.definitions = chosen, False, DRAWN
        self.facts = [{"kind": "received", "date": FIRST_DAY + timedelta(days=received), "id": "0"}]
        self.today = None

    @rule(target=facts_so_far, fact=FACTS)
    def something_happens(self, fact):
        identity = str(len(self.facts))
        self.facts.append({**fact, "id": identity})
        return identity

    @rule(identity=facts_so_far, day=DAYS)
    def a_fact_is_corrected(self, identity, day):
        old = next(one for one in self.facts if one["id"] == identity)
        if any(one.get("supersedes") == identity for one in self.facts):
            return
        self.facts.append({**old, "date": day, "id": str(len(self.facts)), "supersedes": identity})

    @precondition(lambda self: not self.announced)
    @rule()
    def the_notice_comes_out(self):
        before = engine_says(self.facts, self.chosen, False, self.today)
        after = engine_says(self.facts, self.chosen, True, self.today)
        # A date that was not provisional moves only through days of late December.
        if before.due and not before.provisional and before.due < date(2026, 12, 26):
            assert after.due == before.due
        self.announced = True

    @rule()
    def the_process_is_restarted(self):
        stored = json.loads(
            json.dumps([self.definitions[name].to_mapping() for name in self.definitions])
        )
        self.definitions = {one["id"]: ClockDefinition.from_mapping(one) for one in stored}
        text = json.dumps(self.facts, default=str)
        self.facts = [{**one, "date": date.fromisoformat(one["date"])} for one in json.loads(text)]

    @rule(days=st.integers(0, 200))
    def days_pass(self, days):
        latest = max(one["date"] for one in self.facts)
        self.today = max(latest, FIRST_DAY + timedelta(days=days))

    @invariant()
    def both_clocks_agree(self):
        if not hasattr(self, "facts"):
            return
        latest = max(one["date"] for one in self.facts)
        today = None if self.today is None else max(self.today, latest)
        compare(self.facts, self.chosen, self.announced, today, self.definitions)


ClockMachine.TestCase.settings = settings(max_examples=EXAMPLES, stateful_step_count=STEPS)
TestClockMachine = ClockMachine.TestCase


# ---------------------------------------------------------------- laws


BASE = {"kind": "received", "date": FIRST_DAY}
DEFAULTS = {name: values[0] for name, values in CONVENTIONS.items()}
PAUSES = st.lists(
    st.tuples(st.integers(0, 15), st.integers(0, 15), st.sampled_from("甲乙丙丁")),
    max_size=4,
    unique_by=lambda p: p[2],
)


def paused(pauses):
    facts = [BASE]
    for start, length, party in pauses:
        sent = FIRST_DAY + timedelta(days=start)
        facts.append({"kind": "third_party_sent", "date": sent, "party": party})
        facts.append(
            {"kind": "third_party_opinion", "date": sent + timedelta(days=length), "party": party}
        )
    return facts


@given(PAUSES, st.randoms(use_true_random=False))
def test_the_union_of_pauses_does_not_depend_on_their_order(pauses, random):
    facts = paused(pauses)
    shuffled = [BASE, *random.sample(facts[1:], len(facts) - 1)]
    # Within one day the order listed is the order of the facts: an answer follows its letter.
    shuffled.sort(key=lambda one: "sent" not in one["kind"])
    assert (
        engine_says([BASE, *shuffled], DEFAULTS, True).due == engine_says(facts, DEFAULTS, True).due
    )


@given(PAUSES, st.tuples(st.integers(0, 15), st.integers(0, 15), st.just("戊")))
def test_a_pause_more_never_makes_the_date_earlier(pauses, more):
    assert (
        engine_says(paused([*pauses, more]), DEFAULTS, True).due
        >= engine_says(paused(pauses), DEFAULTS, True).due
    )


@given(PAUSES, st.integers(1, 20), st.integers(1, 20))
def test_an_extension_adds_exactly_its_days_and_at_most_twenty(pauses, first, second):
    facts = paused(pauses)
    once = [*facts, {"kind": "extension_approved", "date": FIRST_DAY, "working_days": first}]
    twice = [*once, {"kind": "extension_approved", "date": FIRST_DAY, "working_days": second}]
    assert engine_says(once, DEFAULTS, True).allowance == 20 + first
    assert engine_says(twice, DEFAULTS, True) == dataclasses.replace(
        engine_says(once, DEFAULTS, True),
        explanation=engine_says(twice, DEFAULTS, True).explanation,
    )
    both = engine_says(twice, {**DEFAULTS, "extension_times": 2}, True)
    assert both.allowance == 20 + min(20, first + second)


@given(st.integers(0, 200), st.integers(0, 60))
def test_later_receipt_never_means_an_earlier_date(start, later):
    first = {"kind": "received", "date": FIRST_DAY + timedelta(days=start)}
    second = {"kind": "received", "date": FIRST_DAY + timedelta(days=start + later)}
    assert engine_says([first], DEFAULTS, True).due <= engine_says([second], DEFAULTS, True).due


@given(PAUSES, st.integers(16, 40))
def test_a_restart_after_any_days_is_a_fresh_start(pauses, days):
    fresh = FIRST_DAY + timedelta(days=days)
    restarted = engine_says(
        [*paused(pauses), {"kind": "correction_received", "date": fresh}], DEFAULTS, True
    )
    assert restarted.due == engine_says([{"kind": "received", "date": fresh}], DEFAULTS, True).due
