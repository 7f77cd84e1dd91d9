"""Keeping a checkpoint of the audit trail outside the machine: on demand, and once a day.

What is written and where stands in ``config.yaml`` (``audit_checkpoint_file``), what a line means in
``engine.audit.checkpoints``. That it was done is an audit event itself.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from pathlib import Path

from engine import audit
from engine.audit.checkpoints import (
    Checkpoint,
    CheckpointsUnusable,
    append_checkpoint,
    misfits,
    read_checkpoints,
)
from engine.commands.noting import note
from engine.environment import Environment
from engine.identity import SYSTEM, Actor
from engine.store import audit as trail
from engine.store import outbox
from engine.timesource import legal_day
from engine.unit_of_work import UnitOfWork
from engine.words import say

KEPT = "checkpoint"  # heartbeat: when the last one was kept, and where
FAILED = "checkpoint-failed"  # heartbeat: when keeping it failed last, and why
AGAIN_AFTER = timedelta(hours=1)

log = logging.getLogger(__name__)


def take_checkpoint(env: Environment) -> Checkpoint:
    """Return the end of the trail as it is now."""
    with UnitOfWork(env.database, writing=False) as uow:
        head = trail.head(uow.connection)
    return Checkpoint(env.time.now(), head.seq, head.hash)


def keep_checkpoint(env: Environment, file: Path, actor: Actor = SYSTEM) -> Checkpoint:
    """Add a checkpoint to a file outside the machine and return it.

    Raises:
        CheckpointsUnusable: the file cannot be written, or is not where it was.
    """
    with UnitOfWork(env.database, writing=False) as uow:
        last = outbox.heartbeats(uow.connection).get(KEPT)
    begun = last is not None and last["note"] == str(file)
    taken = take_checkpoint(env)
    append_checkpoint(file, taken, begun=begun)
    with UnitOfWork(env.database, writing=True) as uow:
        outbox.beat(uow.connection, KEPT, taken.at, str(file))
        body = {"rows": taken.rows, "hash": taken.hash, "file": str(file)}
        note(env, uow.connection, actor, audit.AuditEvent("CheckpointKept", "audit", body=body))
        uow.commit()
    return taken


def keep_daily(env: Environment) -> None:
    """Keep the first checkpoint of each day where one is configured; tell the supervisors where that fails."""
    file = env.config.audit_checkpoint_file
    if file is None:
        return
    now = env.time.now()
    with UnitOfWork(env.database, writing=False) as uow:
        beats = outbox.heartbeats(uow.connection)
    last, failed = beats.get(KEPT), beats.get(FAILED)
    if last and last["note"] == str(file) and legal_day(last["at"]) == legal_day(now):
        return
    if failed and now - failed["at"] < AGAIN_AFTER and (last is None or last["at"] < failed["at"]):
        return
    try:
        keep_checkpoint(env, file)
    except CheckpointsUnusable as error:
        log.warning("no checkpoint was kept: %s", error)
        told = failed is not None and legal_day(failed["at"]) == legal_day(now)
        _tell(env, error.sentence, told=told)


def _tell(env: Environment, sentence: str, *, told: bool) -> None:
    """Remember the failure, and say it once a day to those who may verify the trail."""
    now, rules = env.time.now(), env.institution().rules
    roles = sorted(role for role, rights in rules.items() if "audit.verify" in rights.may)
    to = {"case_id": None, "person_id": None, "unit": None, "at": now}
    with UnitOfWork(env.database, writing=True) as uow:
        outbox.beat(uow.connection, FAILED, now, sentence)
        if not told:
            text = say("今天的审计留底没有写成：{sentence}", sentence=sentence)
            outbox.tell(uow.connection, [{**to, "role": role, "text": text} for role in roles])
        uow.commit()


def kept_misfits(env: Environment, file: Path) -> list[audit.Break]:
    """Return what in a file of checkpoints the trail no longer fits; looks at those rows only.

    Raises:
        CheckpointsUnusable: the file cannot be read.
    """
    kept = read_checkpoints(file)
    with UnitOfWork(env.database, writing=False) as uow:
        found = trail.hashes(uow.connection, [one.rows for one in kept])
        rows = trail.head(uow.connection).seq
    return misfits(kept, found, rows)
