"""What time does: warnings once each, breaches with who held the case, a clock set back stops firing."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import text

from engine import commands, queries
from engine.commands.chasing import record_breaches
from engine.doctor import examine
from engine.store import warnings
from engine.timesource import OFFICE_ZONE
from engine.unit_of_work import UnitOfWork
from tests.integration.conftest import Desk
from tests.integration.test_crashes import REGISTER


def registered(desk: Desk) -> str:
    return commands.start_case(desk.env, desk.actor("zhou"), "leave", REGISTER).case_id


def at(desk: Desk, day: date, hour: int = 9) -> None:
    desk.time.set(datetime(day.year, day.month, day.day, hour, tzinfo=OFFICE_ZONE))


def rungs(desk: Desk) -> list[tuple[str, int]]:
    with UnitOfWork(desk.env.database, writing=False) as uow:
        found = uow.connection.execute(text("select rung, late_days from warning order by rung"))
        return [(row.rung, row.late_days) for row in found]


def test_each_rung_is_climbed_on_its_day_and_only_once(desk):
    registered(desk)  # due Mon 2026-03-30
    at(desk, date(2026, 3, 23))  # Monday, five working days before
    commands.tick(desk.env)
    commands.tick(desk.env)
    assert rungs(desk) == [("1", 0)]


def test_after_a_weekend_off_what_was_missed_is_done_once_and_says_how_late(desk):
    registered(desk)
    at(desk, date(2026, 4, 2))  # Thursday: the machine stood still for ten days and over the limit
    commands.tick(desk.env)
    assert [rung for rung, _ in rungs(desk)] == ["1", "2", "3", "4", "5"]
    assert dict(rungs(desk))["1"] == 10
    assert dict(rungs(desk))["4"] == 3
    commands.tick(desk.env)
    assert len(rungs(desk)) == 5


def test_a_breach_is_recorded_once_with_who_held_the_case_how_long(desk):
    case_id = registered(desk)
    at(desk, date(2026, 3, 30), 20)  # the due day itself, in the evening: still in time
    assert record_breaches(desk.env) == 0
    at(desk, date(2026, 3, 31))
    assert record_breaches(desk.env) == 1
    assert record_breaches(desk.env) == 0
    with UnitOfWork(desk.env.database, writing=False) as uow:
        (breach,) = warnings.breaches(uow.connection, case_id)
    assert breach["due"] == date(2026, 3, 30)
    assert [(share["activity"], share["working_days"]) for share in breach["held"]] == [
        ("review", 21),
        ("register", 0),
    ]


def test_a_machine_clock_set_back_stops_firing_and_is_told(desk):
    registered(desk)
    at(desk, date(2026, 3, 27))
    commands.tick(desk.env)
    at(desk, date(2026, 3, 20))
    commands.tick(desk.env)
    commands.tick(desk.env)
    assert not next(one for one in examine(desk.env) if one.name == "clock").ok
    page = queries.audit_page(desk.env, desk.actor("meng"), {"kind": "ClockSetBack"})
    assert page.total == 1


def test_a_year_that_is_not_announced_is_asked_for_once_a_day_from_november(desk):
    at(desk, date(2026, 11, 3))
    for _ in range(3):
        commands.tick(desk.env)
    desk.time.advance(timedelta(days=1))
    commands.tick(desk.env)
    with UnitOfWork(desk.env.database, writing=False) as uow:
        found = uow.connection.execute(
            text("select count(*) from notice where role = 'office_head' and text like '2027%'")
        )
        assert found.scalar() == 2
