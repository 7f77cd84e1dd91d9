"""A database server that goes away under load and comes back: nothing acknowledged is lost, nothing is there twice."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine import commands, unit_of_work
from engine.identity import Actor
from engine.storage_faults import fault_of
from engine.store import cases
from engine.unit_of_work import DatabaseError, UnitOfWork
from tests.chaos.kills import holds
from tests.integration.conftest import Desk, PostgresServer, open_desk
from tests.integration.test_crashes import REGISTER

CUTS = 2
CLERKS = 3
PATIENCE = 60  # seconds; nobody waits that long unless something is broken


@pytest.fixture
def own_server() -> Iterator[PostgresServer]:
    """A server that may be cut off, and keeps what it has acknowledged."""
    server = PostgresServer(durable=True)
    yield server
    server.stop()


class Clerk(threading.Thread):
    """Registers one application after another; each form is sent again until it is acknowledged."""

    def __init__(self, desk: Desk, actor: Actor, name: str) -> None:
        super().__init__(daemon=True, name=name)
        self.desk, self.actor = desk, actor
        self.acknowledged: dict[str, str] = {}
        self.told: list[str] = []
        self.wrong: BaseException | None = None
        self.over = threading.Event()

    def run(self) -> None:
        try:
            while not self.over.is_set():
                self._register(f"{self.name}-{len(self.acknowledged)}")
        except BaseException as error:
            self.wrong = error

    def _register(self, key: str) -> None:
        give_up = time.monotonic() + PATIENCE
        while time.monotonic() < give_up:
            try:
                moved = commands.start_case(self.desk.env, self.actor, "leave", REGISTER, key=key)
            except Exception as error:
                fault = fault_of(error)
                if fault is None:
                    raise
                self.told.append(fault.kind)
                time.sleep(0.02)
            else:
                self.acknowledged[key] = moved.case_id
                return
        raise AssertionError(f"{key} was not taken within {PATIENCE} seconds")


def test_fault_r6_a_database_that_goes_away_under_load_costs_nothing_and_needs_no_restart(
    tmp_path: Path, own_server: PostgresServer
):
    desk = open_desk(tmp_path, "leave", server=own_server)
    clerks = [Clerk(desk, desk.actor("zhou"), f"clerk{number}") for number in range(CLERKS)]
    for clerk in clerks:
        clerk.start()
    for _ in range(CUTS):
        _until_each_has_more(clerks)
        own_server.cut()
        _until_each_was_told(clerks)
        own_server.start_again()
    _until_each_has_more(clerks)
    for clerk in clerks:
        clerk.over.set()
        clerk.join(PATIENCE)
        assert clerk.wrong is None, clerk.wrong
        assert not clerk.is_alive()
        # Gone; or, while the server reads its log anew, busy. Never a failure of the program.
        assert set(clerk.told) <= {"gone", "busy"}
    acknowledged = {case for clerk in clerks for case in clerk.acknowledged.values()}
    assert len(acknowledged) == sum(len(clerk.acknowledged) for clerk in clerks)
    with UnitOfWork(desk.env.database, writing=False) as uow:
        assert cases.count_cases(uow.connection) == len(acknowledged)
        assert all(cases.load(uow.connection, case) is not None for case in acknowledged)
    assert commands.verify_audit(desk.env) == []
    holds(desk.env, "after the cuts")


def test_fault_r8_a_writer_that_stands_still_holds_nobody_up_and_its_late_commit_fails(
    postgres: PostgresServer, tmp_path: Path, monkeypatch
) -> None:
    """A stopped process kept the writers' lock for as long as it stood: on PostgreSQL the whole office waited."""
    monkeypatch.setattr(unit_of_work, "PAUSED_SECONDS", 1)
    desk = open_desk(tmp_path, "leave", server=postgres).restart()
    before = commands.start_case(desk.env, desk.actor("zhou"), "leave", REGISTER)
    others = []

    def stand_still() -> None:
        with UnitOfWork(desk.env.database, writing=True) as paused:
            paused.connection.exec_driver_sql("update cases set subject = 'late'")
            # Somebody else waits for the lock, and goes on.
            others.append(commands.start_case(desk.env, desk.actor("zhou"), "leave", REGISTER))
            paused.commit()

    with pytest.raises(DatabaseError) as late:
        stand_still()
    assert fault_of(late.value) is not None
    with UnitOfWork(desk.env.database, writing=False) as uow:
        found = [cases.load(uow.connection, one.case_id) for one in (before, *others)]
    assert len(found) == 2
    assert all(one is not None and one.subject != "late" for one in found)
    assert commands.verify_audit(desk.env) == []


def _until_each_has_more(clerks: list[Clerk]) -> None:
    before = [len(clerk.acknowledged) for clerk in clerks]
    _wait(clerks, lambda at: len(clerks[at].acknowledged) >= before[at] + 3)


def _until_each_was_told(clerks: list[Clerk]) -> None:
    before = [len(clerk.told) for clerk in clerks]
    _wait(clerks, lambda at: len(clerks[at].told) > before[at])


def _wait(clerks: list[Clerk], reached) -> None:
    give_up = time.monotonic() + PATIENCE
    while not all(reached(at) for at in range(len(clerks))):
        assert all(clerk.wrong is None for clerk in clerks), [clerk.wrong for clerk in clerks]
        assert time.monotonic() < give_up, "a clerk stands still"
        time.sleep(0.02)
