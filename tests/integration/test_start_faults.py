"""What stops a server from starting is one sentence and exit status 1: the disk, the folder, a damaged file (R5, R22)."""

from __future__ import annotations

import os
import random
import resource
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from engine import commands
from engine.bootstrap import FolderUnusable, prepare_data
from engine.config import load_config
from engine.doctor import examine
from engine.storage_faults import StorageFault
from tests.chaos.kills import forked
from tests.integration.conftest import Desk, office_folder, open_desk

REGISTER = {"title": "危房鉴定报告", "kind": "a", "name": "顾小明", "received_on": "2026-03-02"}
PAGE = 4096


def refused(folder: Path, *arguments: str, before: Callable[[], None] | None = None) -> str:
    """Run the command, which must say one sentence and end with status 1."""
    command = [sys.executable, "-m", "engine", *arguments, "--config", str(folder / "config.yaml")]
    done = subprocess.run(
        command, capture_output=True, check=False, text=True, timeout=100, preexec_fn=before
    )
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    office_folder(tmp_path / "processes", "leave")
    (tmp_path / "config.yaml").write_text("processes: processes\n")
    return tmp_path


@pytest.mark.parametrize("room", [0, 60_000])
def test_a_disk_that_is_full_at_the_start_is_told(folder, room):
    def no_room() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))

    told = refused(folder, "init", before=no_room)
    assert "磁盘" in told


def test_a_file_in_the_place_of_the_data_folder_is_told(folder):
    (folder / "data").write_text("no folder")
    told = refused(folder, "run")
    assert str(folder / "data") in told
    assert "不能用" in told


def test_a_data_folder_that_may_only_be_read_is_told(tmp_path):
    """As it is when somebody else owns it, or its disk went read-only."""
    config = replace(load_config(None), data=tmp_path / "data")

    def somebody_else() -> int:
        if os.geteuid() == 0:
            os.setuid(65534)
        else:
            os.chmod(tmp_path, 0o500)
        try:
            prepare_data(config)
        except FolderUnusable as error:
            return 0 if "检查权限" in error.sentence else 3
        return 4

    assert os.waitstatus_to_exitcode(forked(somebody_else)) == 0


def database_of(desk: Desk) -> Path:
    return Path(desk.env.config.database.removeprefix("sqlite:///"))


def used_pages(file: Path) -> list[int]:
    """Pages that hold part of a table or an index."""
    with closing(sqlite3.connect(file)) as database:
        database.execute("pragma wal_checkpoint(truncate)")
        pages = database.execute("pragma page_count").fetchone()[0]
    return list(range(2, pages + 1))


def test_a_database_whose_pages_were_overwritten_is_named_and_nothing_starts(folder):
    """R22: 25 places, each the head of a page, as a failing disk leaves them."""
    desk = open_desk(folder, "leave")
    for title in ("一", "二", "三"):
        commands.start_case(desk.env, desk.actor("zhou"), "leave", {**REGISTER, "title": title})
    desk.env.database.dispose()
    file = database_of(desk)
    pages = used_pages(file)
    whole = file.read_bytes()
    told = 0
    for page in random.Random(22).sample(pages, min(25, len(pages))):
        at = (page - 1) * PAGE
        file.write_bytes(whole[:at] + b"\xff" * 64 + whole[at + 64 :])
        damage = {one.name: one for one in examine(desk.env)}
        told += not damage["database"].ok
        desk.env.database.dispose()
    assert told == min(25, len(pages))
    assert "已损坏" in refused(folder, "run")
    file.write_bytes(whole)
    assert all(one.ok for one in examine(desk.env) if one.name in ("database", "audit", "cases"))


def test_doctor_goes_on_where_one_look_meets_a_failing_disk(tmp_path, monkeypatch):
    desk = open_desk(tmp_path, "leave")

    def failing(*_: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("engine.doctor.commands.verify_audit", failing)
    found = {one.name: one for one in examine(desk.env)}
    assert found["audit"].sentence == StorageFault("disk", "").condition
    assert found["version"].ok
