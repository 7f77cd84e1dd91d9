"""Abuse 22: whoever can write the database can write the whole trail anew; what was kept outside still tells."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import text

from engine import audit, commands, queries
from engine.audit.checkpoints import Checkpoint, CheckpointsUnusable, read_checkpoints
from engine.cli import whole
from engine.commands.checkpoints import keep_checkpoint, keep_daily
from engine.config import ConfigInvalid, load_config
from engine.doctor import examine
from engine.store import audit as trail
from engine.store import outbox
from engine.unit_of_work import UnitOfWork
from tests.integration.conftest import Desk, open_desk

REGISTER = {"title": "危房鉴定报告", "kind": "a", "name": "顾小明", "received_on": "2026-03-02"}


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    """A file on what is meant to be a memory stick."""
    folder = tmp_path / "stick"
    folder.mkdir()
    return folder / "留底.txt"


def a_case(desk: Desk, title: str) -> None:
    commands.start_case(desk.env, desk.actor("zhou"), "leave", {**REGISTER, "title": title})


def write_anew(desk: Desk, seq: int, **changed: str) -> None:
    """Change a row as an insider with the database would: every hash behind it fits again."""
    with UnitOfWork(desk.env.database, writing=True) as uow:
        rows = [dict(row) for row in trail.rows(uow.connection)]
        triggers = (
            [f"DROP TRIGGER audit_event_no_{verb}" for verb in ("update", "delete")]
            if desk.env.database.dialect.name == "sqlite"
            else ["DROP TRIGGER audit_event_no_change ON audit_event"]
        )
        for statement in triggers:
            uow.connection.execute(text(statement))
        uow.connection.execute(text("delete from audit_personal"))
        uow.connection.execute(text("delete from audit_event"))
        rows[seq - 1].update(changed)
        last, cases = audit.GENESIS, {}
        for row in rows:
            row["prev"] = last
            if row["case_id"]:
                row["case_prev"] = cases.get(row["case_id"], audit.GENESIS)
            row["hash"] = last = audit.row_hash(row)
            cases[row["case_id"]] = last
        trail._INSERT(uow.connection, rows)
        uow.commit()


def rows_of(desk: Desk) -> int:
    with UnitOfWork(desk.env.database, writing=False) as uow:
        return trail.head(uow.connection).seq


def test_abuse_22_a_trail_written_anew_by_an_insider_does_not_fit_what_was_kept(desk, stick):
    a_case(desk, "一")
    first = keep_checkpoint(desk.env, stick)
    a_case(desk, "二")
    second = keep_checkpoint(desk.env, stick)
    a_case(desk, "三")
    assert commands.verify_audit(desk.env, kept=read_checkpoints(stick)) == []

    write_anew(desk, first.rows + 1, actor_name="别人")
    assert commands.verify_audit(desk.env) == []  # by itself it holds
    (found,) = commands.verify_audit(desk.env, kept=read_checkpoints(stick))
    assert found.seq == second.rows
    assert f"第{first.rows + 1}条至第{second.rows}条之间被改写过" in found.sentence
    desk.env.config = replace(desk.env.config, audit_checkpoint_file=stick)
    assert "之间被改写过" in said(desk)


def test_abuse_22_a_tail_cut_off_is_told_by_how_many_rows_there_were(desk, stick):
    a_case(desk, "一")
    kept = keep_checkpoint(desk.env, stick)
    with UnitOfWork(desk.env.database, writing=True) as uow:
        drop = "" if desk.env.database.dialect.name == "sqlite" else " ON audit_event"
        name = "audit_event_no_delete" if not drop else "audit_event_no_change"
        uow.connection.execute(text(f"DROP TRIGGER {name}{drop}"))
        for table in ("audit_personal", "audit_event"):
            uow.connection.execute(
                text(f"delete from {table} where seq >= :seq"),  # noqa: S608
                {"seq": kept.rows - 1},
            )
        uow.commit()
    assert commands.verify_audit(desk.env) == []
    desk.time.advance(timedelta(minutes=1))  # that it was verified is a row again, one too few
    (found,) = commands.verify_audit(desk.env, kept=read_checkpoints(stick))
    assert found.seq == kept.rows
    assert f"留底时有{kept.rows}条，现在只有{kept.rows - 1}条" in found.sentence


def test_the_command_appends_a_line_and_verifies_against_it(stick, tmp_path):
    desk = open_desk(tmp_path, "leave")
    config = tmp_path / "config.yaml"
    config.write_text(f"audit_checkpoint_file: {stick}\n")
    run = CliRunner().invoke

    def gongkai(*arguments: str) -> tuple[int, str]:
        done = run(whole(), ["audit", *arguments, "--config", str(config)])
        return done.exit_code, done.output

    a_case(desk, "一")
    assert gongkai("checkpoint")[0] == 0
    a_case(desk, "二")
    code, output = gongkai("checkpoint")
    lines = [line for line in stick.read_text().splitlines() if not line.startswith("#")]
    assert code == 0
    assert len(lines) == 2
    assert lines[1] in output
    assert gongkai("verify", "--against", str(stick)) == (0, "审计链完好，和2次留底都相符\n")
    write_anew(desk, 1, actor_name="别人")
    code, output = gongkai("verify", "--against", str(stick), "--json")
    assert code == 1
    assert json.loads(output)["breaks"][0]["seq"] == int(lines[0].split()[1])
    stick.write_text("不是留底\n")
    code, output = gongkai("verify", "--against", str(stick))
    assert code == 1
    assert "第1行不是留底" in output
    assert "读不出" in gongkai("verify", "--against", str(tmp_path / "none"))[1]


def test_one_is_kept_by_itself_each_day(desk, stick):
    keep_daily(desk.env)  # none is configured: nothing happens
    desk.env.config = replace(desk.env.config, audit_checkpoint_file=stick)
    for hours in (0, 1, 20, 3):  # 9:00, 10:00, the next day 6:00 and 9:00
        desk.time.advance(timedelta(hours=hours))
        commands.tick(desk.env)
    assert len(read_checkpoints(stick)) == 2


def test_a_stick_that_is_not_connected_is_told_once_a_day_and_no_second_file_is_begun(desk, stick):
    desk.env.config = replace(desk.env.config, audit_checkpoint_file=stick)
    commands.tick(desk.env)
    away = stick.rename(stick.with_name("away"))
    desk.time.advance(timedelta(days=1))
    for _ in range(5):
        commands.tick(desk.env)
        desk.time.advance(timedelta(hours=2))
    assert not stick.exists()
    with UnitOfWork(desk.env.database, writing=False) as uow:
        since = desk.time.now() - timedelta(days=1)
        meng = desk.actor("meng").person_id
        told = outbox.notices(uow.connection, [("supervisor", None)], meng, since, limit=9)
    (sentence,) = [one["text"] for one in told if "留底没有写成" in one["text"]]
    assert f"找不到以前的留底文件 {stick}" in sentence
    assert "找不到以前的留底文件" in said(desk) or "读不出留底文件" in said(desk)
    away.rename(stick)
    commands.tick(desk.env)
    assert len(read_checkpoints(stick)) == 2


def test_a_folder_that_is_not_there_is_not_made_on_this_machine(desk, tmp_path):
    with pytest.raises(CheckpointsUnusable):
        keep_checkpoint(desk.env, tmp_path / "not mounted" / "留底.txt")
    assert not (tmp_path / "not mounted").exists()


def test_checkpoints_inside_the_data_folder_are_refused(tmp_path):
    (tmp_path / "config.yaml").write_text("audit_checkpoint_file: data/kept.txt\n")
    with pytest.raises(ConfigInvalid, match="inside the data folder"):
        load_config(tmp_path / "config.yaml")


def test_the_page_shows_the_line_that_is_to_be_kept(desk, stick):
    a_case(desk, "一")
    page = queries.audit_page(desk.env, desk.actor("meng"), {})
    assert page.kept_sentence == "还没有在本机以外留底"
    stick.write_text(page.checkpoint + "\n")  # typed from the printed sheet
    (typed,) = read_checkpoints(stick)
    assert typed == Checkpoint(desk.time.now(), rows_of(desk), typed.hash)
    assert commands.verify_audit(desk.env, kept=[typed]) == []
    keep_checkpoint(desk.env, stick)
    page = queries.audit_page(desk.env, desk.actor("meng"), {})
    assert page.kept_sentence == "最近一次留底在2026-03-02 09:00"


def said(desk: Desk) -> str:
    return next(one.sentence for one in examine(desk.env) if one.name == "checkpoints")
