"""Abuse 20: the machine's clock jumps back and forth; no timer fires twice or is lost, no due date moves.

A clock that ran away by more than a day fires nothing until it is mended or confirmed: an application that is
wrongly taken for abandoned is the worst that this program could do (docs/adr/0011-a-clock-that-jumps.md).
"""

from __future__ import annotations

import random
from collections import Counter
from datetime import date, datetime, timedelta

import pytest

from engine import commands
from engine.doctor import examine
from engine.errors import BadInput, Denied
from engine.store import audit as trail
from engine.tables import clock, notice
from engine.timesource import OFFICE_ZONE
from engine.unit_of_work import UnitOfWork
from tests.integration.conftest import Desk

REGISTER = {"title": "危房鉴定报告", "kind": "a", "name": "顾小明"}
RECEIVED = [date(2026, 2, 9), date(2026, 2, 24), date(2026, 3, 2)]


def due_dates(desk: Desk) -> list[tuple[str, date, date]]:
    with UnitOfWork(desk.env.database, writing=False) as uow:
        rows = uow.connection.execute(clock.select().order_by(clock.c.case_id, clock.c.clock))
        return [(row.case_id, row.due, row.original) for row in rows]


def fired(desk: Desk) -> Counter[str]:
    with UnitOfWork(desk.env.database, writing=False) as uow:
        rows, _ = trail.search(uow.connection, {"action": "TimerFired"}, limit=999)
    return Counter(row["case_id"] for row in rows)


@pytest.mark.parametrize("seed", range(2))
def test_abuse_20_fifty_jumps_of_the_clock_change_no_date_and_fire_each_timer_once(desk, seed):
    choose = random.Random(seed)
    opened = [
        commands.start_case(
            desk.env, desk.actor("zhou"), "leave", {**REGISTER, "received_on": str(day)}
        ).case_id
        for day in RECEIVED
    ]
    before = due_dates(desk)
    commands.tick(desk.env)
    latest = desk.time.now()
    for _ in range(50):
        desk.time.jump(timedelta(hours=choose.choice((-96, -24, -1, 0, 1, 5, 24, 40)), seconds=1))
        had = sum(fired(desk).values())
        state = commands.clock_state(desk.env)
        assert state.kind != "good" or desk.time.now() >= latest - timedelta(seconds=60)
        commands.tick(desk.env)
        looked = next(one for one in examine(desk.env) if one.name == "clock")
        assert looked.ok is (commands.clock_state(desk.env).kind == "good")
        if state.is_believed:
            latest = desk.time.now()
        else:  # nothing is fired by a clock that is not believed
            assert sum(fired(desk).values()) == had
        assert due_dates(desk) == before
    desk.time.set(
        datetime(2026, 5, 1, 10, 0, tzinfo=OFFICE_ZONE)
    )  # later than all of them, and looked at
    commands.confirm_clock(desk.env, desk.actor("gao"), "与授时网站一致")
    commands.tick(desk.env)
    commands.tick(desk.env)
    assert fired(desk) == Counter(opened)
    assert due_dates(desk) == before
    assert commands.verify_audit(desk.env) == []


def clock_remark(desk: Desk) -> str:
    return next(one.sentence for one in examine(desk.env) if one.name == "clock")


def events(desk: Desk, action: str) -> list[dict[str, object]]:
    with UnitOfWork(desk.env.database, writing=False) as uow:
        rows, _ = trail.search(uow.connection, {"action": action}, limit=99)
    return list(rows)


def told(desk: Desk) -> list[str]:
    with UnitOfWork(desk.env.database, writing=False) as uow:
        rows = uow.connection.execute(notice.select().where(notice.c.role == "system_admin"))
        return [row.text for row in rows if "时钟" in row.text]


def a_case_due_on_30_march(desk: Desk) -> str:
    started = commands.start_case(
        desk.env, desk.actor("zhou"), "leave", {**REGISTER, "received_on": "2026-03-02"}
    )
    commands.tick(desk.env)
    return str(started.case_id)


def test_a_clock_that_runs_ahead_by_a_month_fires_nothing_until_it_is_confirmed(desk):
    case_id = a_case_due_on_30_march(desk)
    desk.time.jump(timedelta(days=40))
    for _ in range(3):
        commands.tick(desk.env)
        desk.time.advance(timedelta(seconds=5))
    assert fired(desk) == Counter()
    assert "已停办" in clock_remark(desk)
    assert len(events(desk, "ClockJumped")) == 1
    assert len(told(desk)) == 1
    assert "960小时" in told(desk)[0]
    commands.confirm_clock(desk.env, desk.actor("gao"), "与授时网站一致")
    commands.tick(desk.env)
    assert fired(desk) == Counter([case_id])
    assert clock_remark(desk) == "机器时钟没有倒退，也没有跳动"
    assert len(events(desk, "ClockConfirmed")) == 1


def test_a_clock_that_ran_ahead_and_is_mended_goes_on_by_itself(desk):
    case_id = a_case_due_on_30_march(desk)
    desk.time.jump(timedelta(days=40))
    commands.tick(desk.env)
    desk.time.jump(timedelta(days=-40))
    commands.tick(desk.env)
    assert commands.clock_state(desk.env).kind == "good"
    desk.time.started = "next start"
    commands.tick(desk.env)
    assert commands.clock_state(desk.env).kind == "good"
    assert fired(desk) == Counter()
    desk.time.set(datetime(2026, 3, 31, 9, 0, tzinfo=OFFICE_ZONE))
    commands.tick(desk.env)
    assert fired(desk) == Counter([case_id])


def test_a_held_clock_is_not_believed_because_the_machine_was_started_anew(desk):
    a_case_due_on_30_march(desk)
    desk.time.jump(timedelta(days=40))
    commands.tick(desk.env)
    desk.time.started = "next start"
    commands.tick(desk.env)
    assert commands.clock_state(desk.env).kind == "held"
    assert fired(desk) == Counter()


def test_a_machine_that_slept_or_was_off_has_not_jumped(desk):
    case_id = a_case_due_on_30_march(desk)
    desk.time.advance(timedelta(days=3))  # slept: its stopwatch went on
    commands.tick(desk.env)
    assert commands.clock_state(desk.env).kind == "good"
    desk.time.jump(timedelta(days=40))  # was off: what its stopwatch shows begins anew
    desk.time.started = "next start"
    commands.tick(desk.env)
    assert commands.clock_state(desk.env).kind == "good"
    assert told(desk) == []
    assert fired(desk) == Counter([case_id])


def test_a_jump_of_hours_is_told_and_holds_nothing_up(desk):
    a_case_due_on_30_march(desk)
    desk.time.set(datetime(2026, 3, 30, 22, 0, tzinfo=OFFICE_ZONE))
    commands.tick(desk.env)
    desk.time.jump(timedelta(hours=3))
    commands.tick(desk.env)
    commands.tick(desk.env)
    assert sum(fired(desk).values()) == 1
    assert "180分钟" in clock_remark(desk)
    assert len(told(desk)) == len(events(desk, "ClockJumped")) == 1
    commands.confirm_clock(desk.env, desk.actor("gao"), "与授时网站一致")
    assert commands.clock_state(desk.env).kind == "good"


def test_a_correction_by_seconds_is_no_jump(desk):
    a_case_due_on_30_march(desk)
    desk.time.jump(timedelta(seconds=59))
    commands.tick(desk.env)
    assert commands.clock_state(desk.env).kind == "good"
    assert events(desk, "ClockJumped") == []


def test_a_clock_set_back_is_believed_once_it_is_confirmed(desk):
    a_case_due_on_30_march(desk)
    desk.time.jump(timedelta(days=-5))
    commands.tick(desk.env)
    assert commands.clock_state(desk.env).kind == "set_back"
    commands.confirm_clock(desk.env, desk.actor("gao"), "先前快了五天")
    commands.tick(desk.env)
    assert commands.clock_state(desk.env).kind == "good"


def test_the_clock_is_confirmed_with_a_reason_and_by_who_keeps_the_system(desk):
    with pytest.raises(BadInput):
        commands.confirm_clock(desk.env, desk.actor("gao"), " ")
    with pytest.raises(Denied):
        commands.confirm_clock(desk.env, desk.actor("zhou"), "看过了")
