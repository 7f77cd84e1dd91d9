"""A demonstration killed while it was loading is loaded again; no office that somebody uses is ever emptied."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from engine import accounts
from engine.accounts import SignInRefused
from engine.demo import load_demo
from engine.demo.unfinished import MARK, drop_unfinished, is_unfinished
from engine.errors import BadInput
from engine.identity import Post
from engine.store import accounts as store
from engine.unit_of_work import UnitOfWork
from tests.integration.conftest import Desk, office_folder

# The n-th commit of the loading is the last that this process makes.
KILLED_AT = """
import os, signal, sys
from engine.cli import main
from engine.demo import unfinished
from engine.unit_of_work import UnitOfWork

left, begun = int(sys.argv.pop(1)), []
commit, mark = UnitOfWork.commit, unfinished.mark

def counted(uow):
    global left
    commit(uow)
    left -= bool(begun)
    if not left:
        os.kill(os.getpid(), signal.SIGKILL)

def begins(env, connection):
    begun.append(True)
    mark(env, connection)

UnitOfWork.commit, unfinished.mark = counted, begins
main()
"""


def gongkai(folder: Path, *arguments: str, killed_at: int = 0) -> subprocess.CompletedProcess[str]:
    program = ["-c", KILLED_AT, str(killed_at)] if killed_at else ["-m", "engine"]
    command = [sys.executable, *program, *arguments, "--config", str(folder / "config.yaml")]
    return subprocess.run(command, capture_output=True, check=False, text=True, timeout=300)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An office with one procedure, of which the demonstration has two cases, and nothing loaded."""
    office_folder(tmp_path / "processes", "training")
    (tmp_path / "config.yaml").write_text("processes: processes\n")
    return tmp_path


def found(folder: Path) -> dict[str, int]:
    with sqlite3.connect(folder / "data" / "gongkai.sqlite") as database:
        tables = ("person", "cases", "procedure_version")
        counts = {
            table: database.execute(f"select count(*) from {table}").fetchone()[0]  # noqa: S608
            for table in tables
        }
        done = database.execute("select count(*) from meta where key = 'demo'").fetchone()[0]
    return {**counts, "done": done}


@pytest.mark.timeout(300)
def test_a_demonstration_killed_while_loading_left_half_an_office_for_ever(folder):
    whole = folder / "whole"
    whole.mkdir()
    office_folder(whole / "processes", "training")
    (whole / "config.yaml").write_text("processes: processes\naudit_checkpoint_file: kept.txt\n")
    today = ("--today", "2026-11-24")
    assert gongkai(whole, "demo", *today).returncode == 0
    assert not (whole / "kept.txt").exists()  # its invented days keep no checkpoints

    for commit in (1, 60):  # when the first accounts are there; in the middle of a case
        killed = gongkai(folder, "demo", *today, killed_at=commit)
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        assert not found(folder)["done"]
    for command in ("run", "web", "worker", "init"):  # nobody is to work in half an office
        refused = gongkai(folder, command)
        assert refused.returncode == 1
        assert "没有装完" in refused.stderr
    again = gongkai(folder, "demo", *today)
    assert again.returncode == 0, again.stderr
    assert "重新装入" in again.stdout
    assert found(folder) == found(whole)
    assert gongkai(folder, "audit", "verify").returncode == 0
    twice = gongkai(folder, "demo")
    assert twice.returncode == 1
    assert "已有账号" in twice.stderr


def test_an_unfinished_demonstration_is_emptied_with_what_it_published(desk: Desk):
    load_nothing_and_stop(desk)
    site = desk.env.config.data / "publication"
    (site / "items").mkdir(parents=True)
    assert drop_unfinished(desk.env)
    assert not site.exists()
    assert not is_unfinished(desk.env)
    with UnitOfWork(desk.env.database, writing=False) as uow:
        assert store.count_people(uow.connection) == 0


def test_an_unfinished_demonstration_that_somebody_used_is_never_emptied(desk: Desk):
    load_nothing_and_stop(desk)
    with UnitOfWork(desk.env.database, writing=True) as uow:
        store.add_person(
            uow.connection,
            login="tester",
            name="试",
            password_hash=accounts.hash_password("secret-2026"),
            is_demo=True,
        )
        uow.commit()
    with pytest.raises(SignInRefused):  # a wrong password is no use
        accounts.sign_in(desk.env, "tester", "wrong", "")
    accounts.sign_out(desk.env, accounts.sign_in(desk.env, "tester", "secret-2026", ""))
    refuses_to_empty(desk)


def test_real_accounts_are_never_emptied_whatever_the_mark_says(desk: Desk):
    load_nothing_and_stop(desk)
    with UnitOfWork(desk.env.database, writing=True) as uow:
        person = store.add_person(uow.connection, login="real", name="真")
        store.add_post(uow.connection, person, Post("supervisor"), desk.time.now().date())
        uow.commit()
    refuses_to_empty(desk)


def test_the_demonstration_is_not_loaded_among_real_accounts(desk: Desk):
    """``gongkai demo`` added its people to whatever office was there."""
    with pytest.raises(BadInput, match="accounts exist"):
        load_demo(desk.env, seed=1)
    assert not is_unfinished(desk.env)


def load_nothing_and_stop(desk: Desk) -> None:
    """Leave the desk as a load leaves it that dies before its end: only invented people, and the mark."""
    with UnitOfWork(desk.env.database, writing=True) as uow:
        uow.connection.exec_driver_sql("update person set is_demo = true")
        store.set_meta(uow.connection, MARK, "2026-03-02T01:00:00+00:00")
        uow.commit()


def refuses_to_empty(desk: Desk) -> None:
    with UnitOfWork(desk.env.database, writing=False) as uow:
        before = store.count_people(uow.connection)
    with pytest.raises(BadInput) as refused:
        drop_unfinished(desk.env)
    assert "不能自动清除" in refused.value.sentence
    with UnitOfWork(desk.env.database, writing=False) as uow:
        assert store.count_people(uow.connection) == before
