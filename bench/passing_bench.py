"""What time costs the office: firing due timers, and every open clock anew after a calendar came in.

The peer of a firing is a person's step in the same kind of case: it completes the task on which the timer sits,
disarms it and opens the next task; a firing disarms the timer, runs an effect and ends a branch, without a form. The crowd is one walked case and copies of its rows (``tests/integration/crowd.py``); its import is
``commands.import_calendar`` with one more day off, which moves every date.
"""

from __future__ import annotations

import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

from sqlalchemy import text

from bench.step_bench import durable
from engine import commands
from engine.commands import recomputing
from engine.identity import Actor
from engine.store import awaited, cases
from engine.unit_of_work import UnitOfWork
from tests.integration.conftest import MORNING, Desk, PostgresServer, open_desk
from tests.integration.counting import counting
from tests.integration.crowd import multiply
from tests.integration.test_crashes import REGISTER

ROUNDS = 5
STEPS = 40
CROWD = 10_000


def started(desk: Desk, times: int) -> list[str]:
    """Start a case and copies of it; return their ids."""
    case_id = commands.start_case(desk.env, desk.actor("zhou"), "leave", REGISTER).case_id
    return [case_id, *multiply(desk.env, case_id, times - 1)]


def rate(acts: Sequence[Callable[[], object]]) -> float:
    """Return how many acts a second are done."""
    begun = time.perf_counter()
    for act in acts:
        act()
    return len(acts) / (time.perf_counter() - begun)


def firing(name: str, desk: Desk) -> None:
    """Print the rate of firing against that of completing, rounds alternating."""
    ids = started(desk, 2 * ROUNDS * STEPS + 2)
    with UnitOfWork(desk.env.database, writing=False) as uow:
        timers = [awaited.case_timers(uow.connection, one)[0]["id"] for one in ids]
        tasks = [
            next(
                row["id"]
                for row in cases.case_items(uow.connection, one)
                if row["status"] == "open"
            )
            for one in ids
        ]
    head = desk.actor("zhao")
    desk.time.set(MORNING + timedelta(days=25))

    def fire(timer: str) -> Callable[[], object]:
        return lambda: commands.fire_timer(desk.env, timer)

    def complete(task: str) -> Callable[[], object]:
        return lambda: commands.complete_task(desk.env, head, task, {"decision": "agree"})

    fire(timers[-1])()
    complete(tasks[-2])()
    rates = []
    for number in range(ROUNDS):
        start = number * 2 * STEPS
        fired = rate([fire(one) for one in timers[start : start + STEPS]])
        done = rate([complete(one) for one in tasks[start + STEPS : start + 2 * STEPS]])
        rates.append((fired, done))
    fired, done = (statistics.median(column) for column in zip(*rates, strict=True))
    print(
        f"{name}: {fired:.0f} timers a second, {done:.0f} steps, {fired / done:.0%} of their rate"
    )


def recomputed(name: str, desk: Desk) -> None:
    """Print what the import of a calendar costs a crowd, and the statements of its recomputation."""
    started(desk, CROWD)
    with UnitOfWork(desk.env.database, writing=True) as uow:
        # As after a while in service: a database that was never told how much it holds reads it all.
        uow.connection.execute(text("ANALYZE"))
        uow.commit()
    path = desk.env.config.processes / "_office" / "calendar" / "2026.json"
    year = json.loads(path.read_text())
    year["days"].append({"name": "停工日", "date": "2026-03-20", "isOffDay": True})
    begun = time.perf_counter()
    moved = commands.recompute_clocks(desk.env)
    unmoved = time.perf_counter() - begun
    assert not moved, moved[:3]
    zhang, data = desk.actor("zhang"), json.dumps(year).encode()
    previewed(name, desk, zhang, data)
    counted = counting(desk.env.database)
    begun, used = time.perf_counter(), time.process_time()
    commands.import_calendar(desk.env, zhang, data, "2026.json", "试验")
    taken, used = time.perf_counter() - begun, time.process_time() - used
    print(
        f"{name}: {CROWD} clocks moved by an import in {taken:.1f} s ({used:.1f} s of CPU here),"
        f" {len(counted.statements) / (CROWD / 100):.1f} statements per 100 cases"
        f" (the import's own among them; {recomputing.BATCH} cases a transaction);"
        f" looked at where nothing moves: {unmoved:.1f} s"
    )


def previewed(name: str, desk: Desk, actor: Actor, data: bytes) -> None:
    """Print how long somebody waits to see what the import would move, and until the page first tells how far it is."""
    begun = time.perf_counter()
    told: list[tuple[float, int, int]] = []

    def progress(done: int, total: int) -> None:
        told.append((time.perf_counter() - begun, done, total))

    seen = commands.preview_calendar(desk.env, actor, data, "2026.json", progress)
    taken = time.perf_counter() - begun
    assert len(seen.moving) == CROWD, len(seen.moving)
    assert told[-1][1:] == (CROWD, CROWD), told[-1]
    print(
        f"{name}: preview of {CROWD} clocks in {taken:.1f} s, told how far after {told[0][0]:.1f} s and"
        f" {len(told)} times in all"
    )


def main() -> None:
    """Measure and print, both databases."""
    print(f"load of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    server = PostgresServer()
    durable(server)
    try:
        for name, where in (("SQLite", None), ("PostgreSQL", server)):
            for measured in (firing, recomputed):
                with tempfile.TemporaryDirectory() as folder:
                    desk = open_desk(Path(folder), "leave", server=where)
                    measured(name, desk)
                    desk.env.database.dispose()
    finally:
        server.stop()


if __name__ == "__main__":
    main()
