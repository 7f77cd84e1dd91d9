"""kill -9 before and after every commit of a case: nothing lost, nothing twice, and the case ends on resuming."""

from __future__ import annotations

import os
import signal
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import event

from engine import commands
from engine.errors import EngineError
from engine.invariants import violations
from engine.store import cases
from engine.unit_of_work import UnitOfWork
from tests.integration.conftest import Desk, PostgresServer, open_desk

REGISTER = {"title": "危房鉴定报告", "kind": "a", "name": "顾小明", "received_on": "2026-03-02"}


def open_item(desk: Desk, activity_id: str) -> str | None:
    with UnitOfWork(desk.env.database, writing=False) as uow:
        for case_id in cases.open_case_ids(uow.connection):
            for row in cases.case_items(uow.connection, case_id):
                if row["status"] == "open" and row["activity_id"] == activity_id:
                    return str(row["id"])
    return None


def play(desk: Desk) -> None:
    """Carry the one case to its end, from wherever it stands."""
    commands.start_case(desk.env, desk.actor("zhou"), "leave", REGISTER, key="only-once")
    for activity, login, values in (
        ("review", "zhao", {"decision": "return"}),
        ("review", "zhao", {"decision": "agree"}),
        ("archive", "zhou", {}),
    ):
        desk.time.advance(timedelta(days=26))
        commands.tick(desk.env)
        task = open_item(desk, activity)
        if task is not None:
            commands.complete_task(desk.env, desk.actor(login), task, values)


def commits_of_a_whole_case(folder: Path, server: PostgresServer | None) -> int:
    desk = open_desk(folder, "leave", server=server)
    counted = []
    event.listen(desk.env.database, "commit", lambda connection: counted.append(connection))
    play(desk)
    desk.env.database.dispose()
    return len(counted)


def die_at(desk: Desk, number: int, *, after: bool) -> None:
    """Kill this process at its n-th commit, before or after the database was told."""
    dialect = desk.env.database.dialect
    real, seen = dialect.do_commit, [0]

    def commit(connection: object) -> None:
        seen[0] += 1
        if seen[0] == number and not after:
            os.kill(os.getpid(), signal.SIGKILL)
        real(connection)
        if seen[0] == number:
            os.kill(os.getpid(), signal.SIGKILL)

    dialect.do_commit = commit


@pytest.mark.slow
def test_killed_at_any_commit_a_case_goes_on_and_ends(tmp_path, database):
    total = commits_of_a_whole_case(tmp_path / "whole", database)
    assert total > 8
    for number in range(1, total + 1):
        for after in (False, True):
            folder = tmp_path / f"{number}-{after}"
            folder.mkdir()
            desk = open_desk(folder, "leave", server=database)
            desk.env.database.dispose()
            child = os.fork()
            if child == 0:
                try:
                    die_at(desk, number, after=after)
                    play(desk)
                except EngineError:
                    os._exit(3)
                finally:
                    os._exit(0)
            _, status = os.waitpid(child, 0)
            assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, (number, after)
            _resumed(desk.restart(), f"killed {'after' if after else 'before'} commit {number}")


def _resumed(desk: Desk, when: str) -> None:
    assert violations(desk.env) == [], when
    assert commands.verify_audit(desk.env) == [], when
    play(desk)
    if open_item(desk, "archive"):  # the kill fell between two steps; one more round ends it
        play(desk)
    with UnitOfWork(desk.env.database, writing=False) as uow:
        assert cases.count_cases(uow.connection) == 1, when
        assert cases.open_case_ids(uow.connection) == [], when
        case_id = cases.id_of_number(uow.connection, "2026-0001")
        assert case_id is not None
        steps = [row["activity_id"] for row in cases.case_history(uow.connection, case_id)]
    assert steps.count("register") == 1, when
    assert steps.count("archive") == 1, when
    assert violations(desk.env, [case_id]) == [], when
    assert commands.verify_audit(desk.env) == [], when
    desk.env.database.dispose()
