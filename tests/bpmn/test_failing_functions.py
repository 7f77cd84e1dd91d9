"""What the office hands to FEEL may fail: the step fails on the element, in a sentence."""

from datetime import date, timedelta

import pytest

from engine.bpmn import StepFailed
from engine.business_calendar import CalendarNotCovered
from tests.bpmn.drawing import MemoryHost, Run, doc, fails, flows, node, user

S, E = node("startEvent", "s"), node("endEvent", "e")
CHOICE = doc(
    S
    + node("exclusiveGateway", "g", default="g_b")
    + user("a", "b")
    + flows("s>g", 'g>a?add working days(held_on, 3) > date("2026-01-01")', "g>b")
)


CLOCK = (
    '<bpmn:extensionElements><gk:clock id="c" title="c" length="P20WD" article="a">'
    '<gk:starts event="received"/></gk:clock></bpmn:extensionElements>'
)


class Typing(MemoryHost):
    """A host whose forms say that ``held_on`` is a date."""

    def typed(self, name: str, value: object, process_id: str, version: str | None) -> object:
        assert (process_id, version) == ("p", None)
        return date.fromisoformat(value) if name == "held_on" and type(value) is str else value


def run_with(function, host: MemoryHost | None = None) -> Run:
    run = Run(CHOICE)
    run.host = host or MemoryHost()
    run.host.functions = {"add working days": function}
    return run


def three_days(day: date, count: object) -> date:
    return day.replace(day=day.day) + timedelta(days=int(count))


def test_a_text_that_a_form_calls_a_date_is_one():
    run = run_with(three_days, Typing())
    assert run.start({"held_on": "2026-01-05"}).tasks() == ["a"]
    assert run.state["v"] == {"held_on": "2026-01-05"}


@pytest.mark.parametrize("held_on", [None, "no date", 7, True])
def test_a_function_that_cannot_use_its_argument_gives_null_and_raised_instead(held_on):
    run = run_with(three_days)
    failed = fails(lambda: run.start({"held_on": held_on}))
    assert (failed.element_id, failed.cause) == (
        "g_a",
        "the condition is neither true nor false but None",
    )


def test_a_function_that_breaks_fails_the_step_and_raised_through_it():
    def broken(*_: object) -> date:
        raise RuntimeError("no calendar")

    failed = fails(lambda: run_with(broken).start({"held_on": None}))
    assert failed.element_id == "g_a"
    assert failed.cause == "an expression failed: RuntimeError: no calendar"
    assert isinstance(failed.__cause__, RuntimeError)


def test_a_refusal_of_the_calendar_is_said_in_the_sentence():
    def refused(*_: object) -> date:
        raise CalendarNotCovered(2025, 2027)

    failed = fails(lambda: run_with(refused).start({"held_on": None}))
    assert failed.element_id == "g_a"
    assert isinstance(failed.__cause__, CalendarNotCovered)


def test_an_effect_that_breaks_fails_the_step_and_raised_through_it():
    effect = '<bpmn:extensionElements><gk:effect name="notify"/></bpmn:extensionElements>'
    run = Run(doc(S + node("serviceTask", "n", effect) + E + flows("s>n", "n>e")))
    run.host.answers["notify"] = KeyError("address")
    failed = fails(run.start)
    assert (failed.element_id, failed.cause) == ("n", "KeyError: 'address'")


def test_an_offset_that_is_not_known_arms_no_timer():
    at = (
        '<bpmn:extensionElements><gk:at clock="c" offset="= early"/></bpmn:extensionElements>'
        "<bpmn:timerEventDefinition/>"
    )
    run = Run(doc(CLOCK + S + node("intermediateCatchEvent", "t", at) + E + flows("s>t", "t>e")))
    with pytest.raises(StepFailed, match="None"):
        run.start()
    assert run.start({"early": "-P3WD"}).step.timers_armed[0].offset == "-P3WD"
