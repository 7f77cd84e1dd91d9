"""The one place that asks what time it is, and the one place that knows the office's zone.

Instants are aware and kept in UTC; legal days are dates in Asia/Shanghai. Everything else is given
its time by whoever calls it.
"""

from __future__ import annotations

import time as machine
import uuid
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

OFFICE_ZONE = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True)
class Stopwatch:
    """Seconds that passed since the machine was started, sleep included; nobody can set it.

    ``started`` tells one start from another: seconds of different starts cannot be compared.
    """

    started: str
    seconds: float


class TimeSource(Protocol):
    """Tells the present instant, aware, in UTC, and how much time passed whatever the clock says."""

    def now(self) -> datetime: ...

    def stopwatch(self) -> Stopwatch: ...


class SystemTime:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def stopwatch(self) -> Stopwatch:
        # CLOCK_MONOTONIC stands still while a machine sleeps; where there is none of the other kind, it must do.
        clock = getattr(machine, "CLOCK_BOOTTIME", machine.CLOCK_MONOTONIC)
        return Stopwatch(_start_of_machine(), machine.clock_gettime(clock))


@cache
def _start_of_machine() -> str:
    """What the system calls this start; where it has no name, nothing is comparable beyond this process."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        return str(uuid.uuid4())


class FixedTime:
    """A clock that stands until it is set: tests, scenarios and the demonstration use it."""

    def __init__(self, instant: datetime) -> None:
        self.ahead, self.started = timedelta(0), "fixed"
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

    def jump(self, by: timedelta) -> None:
        """Set the clock to another time, without time passing."""
        self._instant += by
        self.ahead += by

    def stopwatch(self) -> Stopwatch:
        """Seconds that passed: ``set`` and ``advance`` let time pass, ``jump`` does not."""
        return Stopwatch(self.started, (self._instant - self.ahead).timestamp())


def legal_day(instant: datetime) -> date:
    """Return the legal day of an instant: its date in the office's zone."""
    return instant.astimezone(OFFICE_ZONE).date()


def office_instant(day: date, at: time = time(0)) -> datetime:
    """Return the instant (UTC) of an office time of day on a legal day."""
    return datetime.combine(day, at, tzinfo=OFFICE_ZONE).astimezone(UTC)
