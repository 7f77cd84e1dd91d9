"""Every clock of open cases computed again, after a calendar, a setting or a rule of the office changed.

In batches: many cases are read, computed and written in a dozen statements. Timers and internal
limits that hang on a clock move with it; each moved date is in the trail of its case.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from engine import audit, case_moments
from engine.commands.case_host import clock_rows
from engine.commands.noting import note
from engine.environment import Environment
from engine.identity import SYSTEM
from engine.institution import Institution
from engine.store import accounts, batches, cases, outbox, warnings
from engine.store.cases import CaseRow
from engine.stored_case import case_file
from engine.timesource import legal_day
from engine.unit_of_work import Connection, UnitOfWork

WAITING = "recompute"  # in meta: the version of the office's data that open clocks wait for
_one_at_a_time = threading.Lock()
LAPSED = "lapsed-clocks"  # heartbeat: the day on which rows of clocks that ran out were looked at
BATCH = 250  # few statements a case, and nobody who works waits behind it for long


@dataclass(frozen=True)
class Moving:
    """One date that moves: case number, clock, party, and the date before and after.

    A date that stays moves too where it is no longer provisional (暂定), or is so from now on: ``provisional`` says
    which it is then.
    """

    case: str
    clock: str
    party: str
    before: date | None
    after: date | None
    provisional: bool = False

    @property
    def stays(self) -> bool:
        """Whether only what is known of the date changes."""
        return self.before == self.after

    def to_json(self) -> list[str | bool | None]:
        """Return it as plain values, for the end of work that is kept."""
        days = (day.isoformat() if day else None for day in (self.before, self.after))
        return [self.case, self.clock, self.party, *days, self.provisional]

    @classmethod
    def from_json(cls, kept: Sequence[Any]) -> Moving:
        """Read what ``to_json`` returned."""
        case, clock, party, *days, provisional = kept
        before, after = (date.fromisoformat(day) if day else None for day in days)
        return cls(case, clock, party, before, after, provisional)


def recompute_clocks(
    env: Environment,
    case_ids: Sequence[str] | None = None,
    *,
    progress: Callable[[int, int], object] = lambda done, total: None,
) -> list[Moving]:
    """Compute again and write what moved; return it in the order of the cases.

    Args:
        case_ids: which cases; None: all open ones.
        progress: told after each batch how many of how many are done.
    """
    return _run(env, env.institution(), case_ids, progress, write=True)


def must_recompute(connection: Connection, version_id: str) -> None:
    """Remember, in the transaction that puts a version of the office's data into force, that clocks wait for it."""
    accounts.set_meta(connection, WAITING, version_id)


def finish_recomputing(
    env: Environment,
    progress: Callable[[int, int], object] = lambda done, total: None,
    *,
    wait: bool = True,
) -> list[Moving]:
    """Compute again what waits since the office's data changed; nothing waits: do nothing.

    Args:
        wait: one at a time in a process: whoever comes second waits for the first, or leaves it to the first.
    """
    with UnitOfWork(env.database, writing=False) as uow:
        version_id = accounts.get_meta(uow.connection, WAITING)
    if version_id is None or not _one_at_a_time.acquire(blocking=wait):
        return []
    try:
        moved = recompute_clocks(env, progress=progress)
    finally:
        _one_at_a_time.release()
    with UnitOfWork(env.database, writing=True) as uow:
        if accounts.get_meta(uow.connection, WAITING) == version_id:
            accounts.drop_meta(uow.connection, WAITING)
        uow.commit()
    return moved


def settle_lapsed(env: Environment) -> int:
    """Once a day let the rows of clocks that ran out say so, though nobody wrote; return how many cases had one.

    What is due because a clock ran out is fired before; this is for lists and for clocks that no timer hangs on.
    """
    today = legal_day(env.time.now())
    with UnitOfWork(env.database, writing=False) as uow:
        said = outbox.heartbeats(uow.connection).get(LAPSED)
        if said is not None and said["note"] == str(today):
            return 0
        lapsed = warnings.lapsed_cases(uow.connection, today)
    recompute_clocks(env, lapsed)
    with UnitOfWork(env.database, writing=True) as uow:
        outbox.beat(uow.connection, LAPSED, env.time.now(), str(today))
        uow.commit()
    return len(lapsed)


def preview_clocks(
    env: Environment, institution: Institution, progress: Callable[[int, int], object]
) -> list[Moving]:
    """Return what would move in open cases under other office data; nothing is written."""
    return _run(env, institution, None, progress, write=False)


def _run(
    env: Environment,
    institution: Institution,
    case_ids: Sequence[str] | None,
    progress: Callable[[int, int], object],
    *,
    write: bool,
) -> list[Moving]:
    with UnitOfWork(env.database, writing=False) as uow:
        wanted = list(case_ids) if case_ids is not None else cases.open_case_ids(uow.connection)
    moved: list[Moving] = []
    for start in range(0, len(wanted), BATCH):
        with UnitOfWork(env.database, writing=write) as uow:
            batch = batches.read(uow.connection, wanted[start : start + BATCH])
            answers = [_Answered(env, institution, case, batch) for case in batch.cases]
            moved += [one for answer in answers for one in answer.moved]
            if write:
                _write(env, uow, [answer for answer in answers if answer.changed])
                uow.commit()
        progress(min(start + BATCH, len(wanted)), len(wanted))
    return moved


class _Answered:
    """One case under the new data: its clock rows, and what moves in it."""

    def __init__(
        self, env: Environment, institution: Institution, case: CaseRow, batch: batches.Batch
    ) -> None:
        self.case = case
        deployed = env.deployed(case.version_id)
        self.institution = institution
        self.file = case_file(
            env, deployed, case, batch.events.get(case.id, []), institution=institution
        )
        before = {(row["clock"], row["party"]): row for row in batch.clocks.get(case.id, [])}
        self.rows = clock_rows(case.id, self.file)
        self.moved = [
            Moving(case.number, *key, old.get("due"), row["due"], row["provisional"])
            for row in self.rows
            if (old := before.get(key := (row["clock"], row["party"]), {})).get("due") != row["due"]
            or (old and old["provisional"] != row["provisional"])
        ]
        self.changed = self._differ(before)
        self.timers = {
            row["id"]: moment
            for row in batch.timers.get(case.id, [])
            if row["clock"]
            and (moment := case_moments.timer_due(case_moments.Hanging.of_row(row), self))
            != row["due_at"]
        }
        self.due = {
            row["id"]: day
            for row in batch.items.get(case.id, [])
            if (spec := row["candidates"].get("due"))
            and (day := case_moments.task_due(spec, self, legal_day(row["opened_at"])))
            != row["due_on"]
        }

    def _differ(self, before: Mapping[tuple[str, str], Mapping[str, Any]]) -> bool:
        """Anything that lists show may have changed: dates, provisional marks, what is held."""
        shown = ("due", "due_at", "original", "state", "provisional", "held")
        return len(before) != len(self.rows) or any(
            before.get((row["clock"], row["party"]), {}).get(name) != row[name]
            for row in self.rows
            for name in shown
        )


def _write(env: Environment, uow: UnitOfWork, answers: Sequence[_Answered]) -> None:
    connection = uow.connection
    batches.replace_clocks(
        connection,
        [answer.case.id for answer in answers],
        [row for answer in answers for row in answer.rows],
    )
    batches.move_timers(connection, {k: v for one in answers for k, v in one.timers.items()})
    batches.move_due(connection, {k: v for one in answers for k, v in one.due.items()})
    note(
        env,
        connection,
        SYSTEM,
        *(
            audit.AuditEvent(
                "ClocksRecomputed",
                f"case:{answer.case.number}",
                answer.case.id,
                {
                    "moved": [
                        {
                            "clock": one.clock,
                            "party": one.party,
                            "before": str(one.before or ""),
                            "after": str(one.after or ""),
                            "provisional": one.provisional,
                        }
                        for one in answer.moved
                    ],
                    "calendar": answer.institution.calendar.version,
                },
            )
            for answer in answers
            if answer.moved
        ),
    )
