"""The ticks of one machine: APScheduler inside the process. The only module that meets it.

It holds no deadline. A tick that fails is logged and comes again; the next one finds what was missed.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from engine.timesource import SystemTime

log = logging.getLogger(__name__)


class EmbeddedJobs:
    """``engine.jobs.Jobs`` within this process. Whoever starts it holds the data folder."""

    def __init__(self) -> None:
        # misfire_grace_time: by default a job that is a second late is skipped without a word.
        self._scheduler = BackgroundScheduler(
            executors={"default": ThreadPoolExecutor(2)},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
            timezone=UTC,
        )

    def every(self, name: str, seconds: int, work: Callable[[], None]) -> None:
        """Do ``work`` now and every ``seconds``."""
        self._scheduler.add_job(
            _guarded(name, work),
            "interval",
            seconds=seconds,
            id=name,
            next_run_time=SystemTime().now(),  # the scheduler's own time, no legal one
        )

    def start(self) -> None:
        """Begin ticking."""
        self._scheduler.start()

    def stop(self) -> None:
        """Let what runs end, and stop."""
        self._scheduler.shutdown(wait=True)


def _guarded(name: str, work: Callable[[], None]) -> Callable[[], None]:
    def run() -> None:
        try:
            work()
        except Exception:  # the edge: a tick must come again whatever happened in this one
            log.exception("background work %s failed; it is tried again at the next tick", name)

    return run
