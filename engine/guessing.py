"""Wrong passwords at names that nobody has: counted and locked as accounts are, so that the answers tell nothing.

In the memory of one process and bounded; a restart forgets it, as it does no harm.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from datetime import datetime

MOST = 1_000  # names remembered; whoever tries more has the oldest forgotten


class Strangers:
    """How often a password was tried at each name, and until when the name is locked."""

    def __init__(self) -> None:
        self._tried: OrderedDict[str, tuple[int, datetime | None]] = OrderedDict()
        self._lock = threading.Lock()

    def is_locked(self, login: str, now: datetime) -> bool:
        """Whether the name is locked as an account would be."""
        with self._lock:
            until = self._tried.get(login, (0, None))[1]
        return until is not None and until > now

    def count_failure(self, login: str, allowed: int, locked_until: datetime) -> int:
        """Count a try; return how many are left before the name is locked."""
        with self._lock:
            failures = self._tried.pop(login, (0, None))[0] + 1
            locked = failures >= allowed
            self._tried[login] = (0, locked_until) if locked else (failures, None)
            if len(self._tried) > MOST:
                self._tried.popitem(last=False)
        return max(0, allowed - failures)
