"""The one place that asks what time it is, and the one place that knows the office's zone.

Instants are aware and kept in UTC; legal days are dates in Asia/Shanghai. Everything else is given
its time by whoever calls it.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

OFFICE_ZONE = ZoneInfo("Asia/Shanghai")


class TimeSource(Protocol):
    """Tells the present instant, aware, in UTC."""

    def now(self) -> datetime: ...


class SystemTime:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class FixedTime:
    """A clock that stands until it is set: tests, scenarios and the demonstration use it."""

    def __init__(self, instant: datetime) -> None:
        self.set(instant)

    def now(self) -> datetime:
        return self._instant

    def set(self, instant: datetime) -> None:
        """Move to ``instant`` (aware)."""
        if instant.tzinfo is None:
            raise ValueError("an instant needs a zone")
        self._instant = instant.astimezone(UTC)

    def advance(self, by: timedelta) -> None:
        """Move forward by ``by``."""
        self._instant += by


def legal_day(instant: datetime) -> date:
    """Return the legal day of an instant: its date in the office's zone."""
    return instant.astimezone(OFFICE_ZONE).date()


def office_instant(day: date, at: time = time(0)) -> datetime:
    """Return the instant (UTC) of an office time of day on a legal day."""
    return datetime.combine(day, at, tzinfo=OFFICE_ZONE).astimezone(UTC)
