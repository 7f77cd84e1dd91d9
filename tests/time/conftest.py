"""What the tests of time share: the shipped calendar, clocks and settings, and a way to ask in one line."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from engine.bpmn.clocks import read_clocks
from engine.bpmn.load import load_xml
from engine.business_calendar import BusinessCalendar
from engine.lengths import parse_length
from engine.office.settings import OfficeSettings
from engine.statutory_clock import ClockAnswer, ClockDefinition, answer
from tests.time.calculations import assert_reviewed, story
from tests.time.weekdays import day, fact

PROCESSES = Path(__file__).resolve().parents[2] / "processes"


@pytest.fixture(autouse=True)
def nothing_worked_out_before() -> None:
    """No test lives on a length that another one read; under `make mutation` it would be another code's."""
    parse_length.cache_clear()


@pytest.fixture(scope="session")
def calendar() -> BusinessCalendar:
    return BusinessCalendar.load(PROCESSES / "_office" / "calendar")


@pytest.fixture(scope="session")
def settings() -> OfficeSettings:
    return OfficeSettings.load(PROCESSES / "_office")


@pytest.fixture(scope="session")
def clocks() -> dict[str, dict[str, ClockDefinition]]:
    """The clocks drawn in each procedure, ``{procedure: {id: definition}}``."""
    drawn = {}
    for path in PROCESSES.glob("*/*.bpmn"):
        drawn[path.parent.name] = read_clocks(load_xml(path.read_bytes(), path.name))
    return drawn


@pytest.fixture
def ask(calendar, settings, clocks) -> Callable[..., ClockAnswer]:
    """``ask("reply", "received 2025-09-25 Thu", ..., today=..., fee="pause")``, held against ``calculations.txt``."""

    def asked(
        clock: str,
        *facts: object,
        today: str | date | None = None,
        party: str | None = None,
        **chosen: object,
    ):
        procedure = next(name for name, drawn in clocks.items() if clock in drawn)
        definitions = clocks[procedure]
        events = [fact(one) if isinstance(one, str) else one for one in facts]
        upto = day(today) if isinstance(today, str) else today
        found = answer(
            definitions[clock],
            events,
            calendar,
            settings.changed(chosen),
            definitions=definitions,
            today=upto,
            party=party,
        )
        assert_reviewed(story(clock, events, upto, party, chosen), found)
        return found

    return asked
