"""What the tests of time share: the shipped calendar, read once."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.business_calendar import BusinessCalendar

ROOT = Path(__file__).resolve().parents[2]
CALENDAR_FOLDER = ROOT / "processes" / "_office" / "calendar"


@pytest.fixture(scope="session")
def calendar() -> BusinessCalendar:
    return BusinessCalendar.load(CALENDAR_FOLDER)
