"""A backup holds everything, is proven when it is made, and refuses to be used when one byte is wrong."""

from __future__ import annotations

import zipfile
from dataclasses import replace

import pytest

from engine import commands, queries
from engine.backup import BackupRefused, check_backup, restore_backup, write_backup
from engine.bootstrap import build_environment
from tests.integration.conftest import Desk, open_desk
from tests.integration.test_crashes import REGISTER


@pytest.fixture
def office(tmp_path) -> Desk:
    desk = open_desk(tmp_path / "office", "leave")
    commands.start_case(desk.env, desk.actor("zhou"), "leave", REGISTER)
    desk.env.blobs.put(b"a file")
    return desk


def test_a_restored_office_goes_on_where_the_backup_was_made(office, tmp_path):
    made = write_backup(office.env.config, tmp_path / "b.zip", office.env.time.now())
    home = tmp_path / "elsewhere"
    home.mkdir()
    config = replace(
        office.env.config,
        data=home / "data",
        database=f"sqlite:///{home / 'data' / 'gongkai.sqlite'}",
    )
    assert restore_backup(tmp_path / "b.zip", config) == made
    key = office.env.config.secret_key_file.read_bytes()
    config.secret_key_file.write_bytes(key)
    again = Desk(build_environment(config, time=office.time), office.time)
    listed = queries.inbox(again.env, again.actor("zhao"))
    assert [row.subject for row in listed.rows] == ["危房鉴定报告"]
    assert commands.verify_audit(again.env) == []


def test_the_key_and_personal_values_are_not_in_a_backup(office, tmp_path):
    write_backup(office.env.config, tmp_path / "b.zip", office.env.time.now())
    with zipfile.ZipFile(tmp_path / "b.zip") as archive:
        assert not [name for name in archive.namelist() if "key" in name]
        assert "顾小明".encode() not in archive.read("gongkai.sqlite")


def test_one_changed_byte_makes_a_backup_unusable(office, tmp_path):
    write_backup(office.env.config, tmp_path / "b.zip", office.env.time.now())
    with zipfile.ZipFile(tmp_path / "b.zip") as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts["gongkai.sqlite"] = parts["gongkai.sqlite"][:-1] + b"\x01"
    with zipfile.ZipFile(tmp_path / "bad.zip", "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    with pytest.raises(BackupRefused):
        check_backup(tmp_path / "bad.zip")


def test_nothing_is_restored_over_a_living_office_and_no_backup_is_overwritten(office, tmp_path):
    write_backup(office.env.config, tmp_path / "b.zip", office.env.time.now())
    with pytest.raises(BackupRefused):
        restore_backup(tmp_path / "b.zip", office.env.config)
    with pytest.raises(BackupRefused):
        write_backup(office.env.config, tmp_path / "b.zip", office.env.time.now())
