"""Background work behind one small interface; a job only says "look now", deadlines are rows of ours.

One machine: the ticks of ``engine.scheduler`` inside the process. Several nodes get an implementation
of the same interface over PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol


class Jobs(Protocol):
    """Runs named work again and again, one run of a name at a time."""

    def every(self, name: str, seconds: int, work: Callable[[], None]) -> None:
        """Do ``work`` now and every ``seconds``; a run that takes longer delays the next."""

    def start(self) -> None:
        """Begin; returns at once."""

    def stop(self) -> None:
        """Let what runs end, and stop."""
