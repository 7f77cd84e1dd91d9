"""A step against the physical limit: load, complete one user task, save, audit, commit, by one worker.

On SQLite with ``synchronous=FULL`` and on a PostgreSQL that owes the disk nothing. The peer is the bare
commit of the same database in the same run: one small UPDATE and a commit, rounds alternating. Ratios mean
something where that takes 0.2 to 0.6 ms. What SQLite itself takes of a step is measured beside it: the recorded
statements of real steps, run again on a copy of the database by its driver alone.
"""

from __future__ import annotations

import gc
import itertools
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from sqlalchemy import text

from engine import commands
from engine.store import cases
from engine.unit_of_work import UnitOfWork, open_database
from tests.integration.conftest import Desk, PostgresServer, open_desk
from tests.integration.counting import counting

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
        """Send the case back once: one completed user task, at a moment of its own."""
        self.desk.time.advance(timedelta(milliseconds=10))
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
    """Return (statements, commits) of one act; what begins a transaction is not counted."""
    counted = counting(desk.env.database)
    act()
    return len(counted.statements), counted.commits


def by_hand(desk: Desk, case: Case, folder: Path) -> None:
    """Print what the statements of steps take without the program that makes them, and a bare commit so."""
    with desk.env.database.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    copy = folder / "by_hand.sqlite"
    shutil.copy(desk.env.database.url.database or "", copy)
    counted = counting(desk.env.database)
    for _ in range((ROUNDS + 1) * STEPS):
        case.step()
    tape = iter(counted.tape)
    database = open_database(f"sqlite:///{copy}")
    connection = database.raw_connection()
    driver = connection.driver_connection
    assert driver is not None
    numbers = itertools.count()

    def step() -> None:
        for statement, given in tape:
            driver.execute(statement, given).fetchall()
            if statement == "COMMIT":
                return

    def bare() -> None:
        driver.execute("BEGIN IMMEDIATE")
        note = (f"by hand {next(numbers)}",)
        driver.execute("update heartbeat set note = ? where name = 'bench'", note)
        driver.execute("COMMIT")

    median_ms(step, STEPS)
    rows = [(median_ms(bare, STEPS), median_ms(step, STEPS)) for _ in range(ROUNDS)]
    connection.close()
    database.dispose()
    floor, taken = (statistics.median(column) for column in zip(*rows, strict=True))
    print(
        f"the same statements by hand: {taken:.2f} ms, a bare commit by hand {floor:.2f} ms"
        f" ({floor / taken:.0%} of its rate)"
    )


def durable(server: PostgresServer) -> None:
    """Have a server of the tests keep its word to the disk again, as an office's does."""
    with server.admin.connect() as connection:
        for name in ("fsync", "full_page_writes", "synchronous_commit"):
            connection.execute(text(f"ALTER SYSTEM SET {name} = on"))
        connection.execute(text("SELECT pg_reload_conf()"))


def compare(name: str, desk: Desk) -> Case:
    """Print a step against the bare commit of its database, medians of the rounds."""
    with UnitOfWork(desk.env.database, writing=True) as uow:
        uow.connection.execute(
            text("insert into heartbeat (name, at, note) values ('bench', '2026-01-01', '')")
        )
        uow.commit()
    bare, young = bare_commit(desk), Case(desk)
    for _ in range(30):
        young.step()
        bare()
    gc.freeze()  # as the server does once it has started
    rows = [(median_ms(bare, STEPS), median_ms(young.step, STEPS)) for _ in range(ROUNDS)]
    floor, step = (statistics.median(column) for column in zip(*rows, strict=True))
    print(
        f"{name}: step / bare commit {step / floor:.2f} ({step:.2f} ms / {floor:.2f} ms),"
        f" {1000 / step:.0f} steps a second, {floor / step:.0%} of the bare rate,"
        f" CPU {cpu_ms(young.step, STEPS):.2f} ms, bare {cpu_ms(bare, STEPS):.2f} ms"
    )
    return young


def growth(desk: Desk) -> float:
    """Return how much dearer a step is behind 1,000 completed tasks than behind 10."""
    old = Case(desk)
    for _ in range(1000):
        old.step()
    ages = []
    for _ in range(ROUNDS):
        fresh = Case(desk)
        for _ in range(10):
            fresh.step()
        ages.append((median_ms(fresh.step, STEPS), median_ms(old.step, STEPS)))
    return statistics.median(o / y for y, o in ages)


def main() -> None:
    """Measure and print, SQLite first."""
    print(f"load of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as folder:
        desk = open_desk(Path(folder), "loop")
        young = compare("SQLite", desk)
        by_hand(desk, young, Path(folder))
        print(f"step at 1,000 completed tasks / at 10: {growth(desk):.3f}")
        print("statements and commits of a step: {}, {}".format(*statements_of(desk, young.step)))
    server = PostgresServer()
    durable(server)
    try:
        with tempfile.TemporaryDirectory() as folder:
            desk = open_desk(Path(folder), "loop", server=server)
            young = compare("PostgreSQL", desk)
            found = statements_of(desk, young.step)
            print("statements and commits of a step: {}, {}".format(*found))
            desk.env.database.dispose()
    finally:
        server.stop()


if __name__ == "__main__":
    main()
