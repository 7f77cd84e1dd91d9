"""A step against the physical limit: load, complete one user task, save, audit, commit, on SQLite FULL.

The peer is the bare commit of the same database in the same run: one small UPDATE and a commit. Ratios
mean something where that takes 0.2 to 0.6 ms.
"""

from __future__ import annotations

import itertools
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import event, text

from engine import commands
from engine.store import cases
from engine.unit_of_work import UnitOfWork
from tests.integration.conftest import Desk, open_desk

ROUNDS = 5
STEPS = 60
REGISTER = {"title": "危房鉴定报告", "kind": "a", "received_on": "2026-03-02"}


def median_ms(act: Callable[[], object], times: int) -> float:
    """Return the median time of one act, in ms."""
    taken = []
    for _ in range(times):
        begun = time.perf_counter()
        act()
        taken.append((time.perf_counter() - begun) * 1000)
    return statistics.median(taken)


class Case:
    """One case in a loop of sending back, as often as wanted."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.officer, self.head = desk.actor("zhou"), desk.actor("zhao")
        self.case_id = commands.start_case(desk.env, self.officer, "loop", REGISTER).case_id
        with UnitOfWork(desk.env.database, writing=False) as uow:
            self.task = self._open(cases.case_items(uow.connection, self.case_id))

    @staticmethod
    def _open(rows: list[dict[str, object]]) -> str:
        return str(next(row["id"] for row in rows if row["status"] == "open"))

    def step(self) -> None:
        """Send the case back once: one completed user task."""
        moved = commands.complete_task(self.desk.env, self.head, self.task, {"decision": "return"})
        self.task = str(moved.opened[0]["id"])


def bare_commit(desk: Desk) -> Callable[[], None]:
    """Return the peer: the smallest durable change of the same database."""

    change = text("update heartbeat set note = :note where name = 'bench'")
    numbers = itertools.count()

    def act() -> None:
        with UnitOfWork(desk.env.database, writing=True) as uow:
            # A new value each time: SQLite writes nothing where nothing changes.
            uow.connection.execute(change, {"note": str(next(numbers))})
            uow.commit()

    return act


def cpu_ms(act: Callable[[], object], times: int) -> float:
    """Return the mean CPU of one act, in ms."""
    begun = time.process_time()
    for _ in range(times):
        act()
    return (time.process_time() - begun) * 1000 / times


def statements_of(desk: Desk, act: Callable[[], object]) -> tuple[int, int]:
    """Return (statements, commits) of one act; BEGIN is not counted."""
    seen, committed = [], []
    event.listen(desk.env.database, "before_cursor_execute", lambda *a: seen.append(a[2]))
    event.listen(desk.env.database, "commit", lambda c: committed.append(c))
    act()
    return len([one for one in seen if not one.startswith("BEGIN")]), len(committed)


def main() -> None:
    """Print the medians of the rounds."""
    with tempfile.TemporaryDirectory() as folder:
        desk = open_desk(Path(folder), "loop")
        with UnitOfWork(desk.env.database, writing=True) as uow:
            uow.connection.execute(
                text("insert into heartbeat (name, at, note) values ('bench', '2026-01-01', '')")
            )
            uow.commit()
        bare, young = bare_commit(desk), Case(desk)
        rows = []
        for _ in range(10):
            young.step()
        for _ in range(ROUNDS):
            rows.append((median_ms(bare, STEPS), median_ms(young.step, STEPS)))
        old = Case(desk)
        for _ in range(1000):
            old.step()
        ages = []
        for _ in range(ROUNDS):
            fresh = Case(desk)
            for _ in range(10):
                fresh.step()
            ages.append((median_ms(fresh.step, STEPS), median_ms(old.step, STEPS)))
        cpu = cpu_ms(young.step, STEPS)
        statements = statements_of(desk, young.step)
    floor = statistics.median(b for b, _ in rows)
    step = statistics.median(s for _, s in rows)
    growth = statistics.median(o / y for y, o in ages)
    print(
        f"step / bare commit: {step / floor:.2f}  ({step:.2f} ms / {floor:.2f} ms, CPU {cpu:.2f} ms)"
    )
    print(f"step at 1,000 completed tasks / at 10: {growth:.3f}")
    print(f"statements of a step: {statements[0]}, commits: {statements[1]}")


if __name__ == "__main__":
    main()
