"""Time limits set by law: a due date is a pure function of dated facts, nothing else.

Lengths, events, suspensions and articles come from the diagram (``gk:clock``); choices of the office from its
settings; working days from BusinessCalendar. No database, no web, no BPMN, no present time: facts go in,
an answer with its explanation comes out. docs/clocks.md explains the rules one by one.
"""

from engine.statutory_clock.answers import (
    STATES,
    ClockAnswer,
    answer,
    instant_of,
    shift,
    warning_days,
)
from engine.statutory_clock.course import LengthMixed
from engine.statutory_clock.definition import ClockDefinition, ClockInvalid, check_references
from engine.statutory_clock.entries import Entry
from engine.statutory_clock.facts import CaseEvent, FactUnusable, Supersession, in_force
from engine.statutory_clock.resolved import SettingMissing, length_of

__all__ = [
    "STATES",
    "CaseEvent",
    "ClockAnswer",
    "ClockDefinition",
    "ClockInvalid",
    "Entry",
    "FactUnusable",
    "LengthMixed",
    "SettingMissing",
    "Supersession",
    "answer",
    "check_references",
    "in_force",
    "instant_of",
    "length_of",
    "shift",
    "warning_days",
]
