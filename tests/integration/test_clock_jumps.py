"""Abuse 20: the machine's clock jumps back and forth; no timer fires twice or is lost, no due date moves."""

from __future__ import annotations

import random
from collections import Counter
from datetime import date, datetime, timedelta

import pytest

from engine import commands
from engine.doctor import examine
from engine.store import audit as trail
from engine.tables import clock
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
        jump = timedelta(hours=choose.choice((-96, -24, -1, 0, 1, 5, 24, 40)), seconds=1)
        desk.time.advance(jump)
        had = sum(fired(desk).values())
        commands.tick(desk.env)
        set_back = desk.time.now() < latest - timedelta(seconds=60)
        looked = next(one for one in examine(desk.env) if one.name == "clock")
        assert looked.ok is not set_back
        if set_back:
            assert (
                sum(fired(desk).values()) == had
            )  # nothing is fired by a clock that is not believed
        latest = max(latest, desk.time.now())
        assert due_dates(desk) == before
    desk.time.set(
        datetime(2026, 5, 1, 10, 0, tzinfo=OFFICE_ZONE)
    )  # mended, and later than all of them
    commands.tick(desk.env)
    commands.tick(desk.env)
    assert fired(desk) == Counter(opened)
    assert due_dates(desk) == before
    assert commands.verify_audit(desk.env) == []
