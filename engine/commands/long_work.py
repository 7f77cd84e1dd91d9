"""Work that takes longer than a page may: begun by somebody, done in the background, its progress to be read.

What runs keeps its own transactions: all of it is written, or it goes on after a kill by itself, or nothing was
done. Here is only who began it and how it went. The end is a row in ``meta``, so that it outlives the process;
how far it is lives in memory, since a write of its own would wait for the very transaction it tells about.
"""

from __future__ import annotations

import json
import logging
import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from engine.environment import Environment
from engine.errors import EngineError, NotFound
from engine.identity import Actor
from engine.store import accounts
from engine.unit_of_work import UnitOfWork

log = logging.getLogger(__name__)

Report = Callable[[int, int], object]
Work = Callable[[Report], Mapping[str, Any]]

KEPT = timedelta(days=7)
PREFIX = "work:"
RUNNING, DONE, FAILED, LOST = "running", "done", "failed", "lost"


@dataclass(frozen=True)
class Progress:
    """How a piece of work stands: ``done`` of ``total`` (0 where not known yet), at its end ``result`` or why not."""

    id: str
    kind: str
    state: str
    done: int = 0
    total: int = 0
    result: Mapping[str, Any] = field(default_factory=dict)
    sentence: str = ""


@dataclass
class Begun:
    """Work that was begun; ``wait`` gives those who are quick their answer at once."""

    id: str
    _thread: threading.Thread
    _ended: list[Mapping[str, Any] | BaseException]

    def wait(self, seconds: float) -> Mapping[str, Any] | None:
        """Return the result, None where it takes longer.

        Raises:
            What the work raised.
        """
        self._thread.join(seconds)
        if not self._ended:
            return None
        ended = self._ended[0]
        if isinstance(ended, BaseException):
            raise ended
        return ended


_counts: dict[str, tuple[int, int]] = {}  # of the work of this process


def begin(env: Environment, actor: Actor, kind: str, work: Work) -> Begun:
    """Begin ``work(report)`` in the background; ``report(done, total)`` moves its bar.

    Args:
        kind: what it is, for the page that shows it.
        work: returns what the page needs to go on, as plain JSON.
    """
    work_id = uuid.uuid4().hex
    head = {"kind": kind, "by": actor.person_id, "at": env.time.now().isoformat()}
    _keep(env, work_id, {**head, "state": RUNNING})
    _counts[work_id] = (0, 0)
    ended: list[Mapping[str, Any] | BaseException] = []

    def report(done: int, total: int) -> None:
        _counts[work_id] = (done, total)

    def run() -> None:
        try:
            result = work(report)
            _keep(env, work_id, {**head, "state": DONE, "result": dict(result)})
            ended.append(result)
        except Exception as error:  # the edge: whoever waits must be told
            if not isinstance(error, EngineError):
                log.exception("work %s %s failed", kind, work_id)
            sentence = str(getattr(error, "sentence", ""))
            _keep(env, work_id, {**head, "state": FAILED, "sentence": sentence})
            ended.append(error)
        finally:
            _counts.pop(work_id, None)

    thread = threading.Thread(target=run, name=f"work-{kind}", daemon=True)
    thread.start()
    return Begun(work_id, thread, ended)


def progress(env: Environment, actor: Actor, work_id: str) -> Progress:
    """Return how work stands that the actor began.

    Raises:
        NotFound: there is none, or somebody else began it.
    """
    with UnitOfWork(env.database, writing=False) as uow:
        text = accounts.get_meta(uow.connection, PREFIX + work_id)
    kept = json.loads(text) if text else {}
    if not kept or kept["by"] != actor.person_id:
        raise NotFound("work", work_id)
    counts = _counts.get(work_id)
    state = kept["state"]
    if state == RUNNING and counts is None:
        began = datetime.fromisoformat(kept["at"])
        if env.time.now() - began > timedelta(minutes=2):
            state = LOST  # the process that did it is gone
    done, total = counts or (0, 0)
    return Progress(
        work_id,
        kept["kind"],
        state,
        done,
        total,
        kept.get("result") or {},
        kept.get("sentence") or "",
    )


def _keep(env: Environment, work_id: str, values: Mapping[str, Any]) -> None:
    with UnitOfWork(env.database, writing=True) as uow:
        for key, text in accounts.metas(uow.connection, PREFIX).items():
            if env.time.now() - datetime.fromisoformat(json.loads(text)["at"]) > KEPT:
                accounts.drop_meta(uow.connection, key)
        accounts.set_meta(
            uow.connection, PREFIX + work_id, json.dumps(values, ensure_ascii=False, default=str)
        )
        uow.commit()
