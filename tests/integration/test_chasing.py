"""Warnings: who is told, when nobody is disturbed, internal limits of steps, and that a chase stops with its cause."""

from __future__ import annotations

from datetime import date, datetime, time

import pytest
from sqlalchemy import text

from engine import accounts, commands, queries
from engine.bootstrap import build_environment
from engine.bpmn.step import Step
from engine.commands import chasing, writing
from engine.office.ladder import Quiet
from engine.timesource import OFFICE_ZONE
from engine.unit_of_work import UnitOfWork
from tests.integration.conftest import Desk
from tests.integration.test_passing_time import at, registered, rungs


def told(desk: Desk, login: str) -> list[str]:
    return [line.text for line in queries.notices(desk.env, desk.actor(login)).lines]


@pytest.mark.parametrize(
    ("now", "waits"),
    [
        ("2026-03-23T08:29", True),
        ("2026-03-23T08:30", False),
        ("2026-03-23T17:59", False),
        ("2026-03-23T18:00", True),
        ("2026-03-21T10:00", True),  # Saturday
    ],
)
def test_after_hours_and_on_rest_days_nobody_is_disturbed(now, waits):
    quiet = Quiet(time(18), time(8, 30), rest_days=True, not_for=frozenset({"leak_report"}))
    at_ = datetime.fromisoformat(now).replace(tzinfo=OFFICE_ZONE)
    working = at_.weekday() < 5
    assert quiet.holds(at_, "reply", is_working_day=working) is waits
    assert not quiet.holds(at_, "leak_report", is_working_day=working)


def test_quiet_hours_within_one_day_end_on_that_day():
    quiet = Quiet(time(12), time(14))
    assert quiet.holds(datetime(2026, 3, 23, 13, tzinfo=OFFICE_ZONE), "reply", is_working_day=True)
    assert not quiet.holds(
        datetime(2026, 3, 23, 15, tzinfo=OFFICE_ZONE), "reply", is_working_day=True
    )


def test_a_warning_that_falls_into_the_night_goes_out_when_the_office_opens(desk):
    registered(desk)  # due Monday 2026-03-30
    at(desk, date(2026, 3, 23), 7)
    commands.tick(desk.env)
    assert rungs(desk) == []
    at(desk, date(2026, 3, 23), 9)
    commands.tick(desk.env)
    assert rungs(desk) == [("1", 0)]


def test_whoever_holds_the_case_sees_the_reminder_until_it_was_looked_at(desk):
    registered(desk)
    at(desk, date(2026, 3, 23))
    commands.tick(desk.env)
    login = "zhao"  # the review lies with the head of the office
    actor = desk.actor(login)
    (line,) = told(desk, login)
    assert "第一次提醒" in line
    assert "2026-03-30" in line
    assert queries.shell(desk.env, actor).notices == 1
    accounts.set_display(desk.env, actor, {"text": "large"})
    accounts.see_notices(desk.env, actor, queries.notices(desk.env, actor).newest)
    assert queries.shell(desk.env, actor).notices == 0
    assert queries.shell(desk.env, actor).large_text
    assert told(desk, login) == [line]


def test_a_limit_that_ran_out_stands_above_every_page_until_it_was_seen(desk):
    registered(desk)
    at(desk, date(2026, 3, 31))
    commands.tick(desk.env)
    page = queries.shell(desk.env, desk.actor("meng"))  # the supervisor
    assert len(page.banners) == 1
    assert "已经逾期" in page.banners[0]
    (line,) = queries.notices(desk.env, desk.actor("meng")).lines
    assert (line.card, line.is_new) == ("black", True)


def test_above_the_page_a_case_says_only_what_it_said_last(desk):
    registered(desk)
    registered(desk)
    for day in (date(2026, 3, 30), date(2026, 3, 31)):
        at(desk, day)
        commands.tick(desk.env)
    for login in ("zhao", "meng"):
        banners = queries.shell(desk.env, desk.actor(login)).banners
        assert len(banners) == 2, login
        assert all("已经逾期" in one for one in banners), banners


def test_warnings_stop_when_the_case_is_answered(desk):
    case_id = registered(desk)
    at(desk, date(2026, 3, 23))
    commands.tick(desk.env)
    with UnitOfWork(desk.env.database, writing=True) as uow:
        uow.connection.execute(text("update cases set status = 'closed'"))
        uow.commit()
    at(desk, date(2026, 4, 2))
    commands.tick(desk.env)
    assert case_id
    assert rungs(desk) == [("1", 0)]


def answered(desk: Desk) -> None:
    with UnitOfWork(desk.env.database, writing=True) as uow:
        uow.connection.execute(text("update clock set state = 'stopped'"))
        uow.connection.execute(text("update work_item set status = 'completed'"))
        uow.commit()


def moved(desk: Desk) -> None:
    with UnitOfWork(desk.env.database, writing=True) as uow:
        uow.connection.execute(
            text("update clock set due = :due where due is not null"), {"due": date(2026, 4, 30)}
        )
        uow.connection.execute(text("update work_item set due_on = null"))
        uow.commit()


@pytest.mark.parametrize("gone", [answered, moved])
def test_a_red_card_whose_cause_is_gone_stands_above_no_page(desk, gone):
    registered(desk)
    at(desk, date(2026, 3, 30))  # the last day
    commands.tick(desk.env)
    zhao = desk.actor("zhao")
    assert len(queries.shell(desk.env, zhao).banners) == 1
    gone(desk)
    assert list(queries.shell(desk.env, zhao).banners) == []
    told_by_the_diagram = "请尽快审核"
    lines = [
        line for line in queries.notices(desk.env, zhao).lines if line.text != told_by_the_diagram
    ]
    assert lines
    assert all(line.is_over and not line.is_new for line in lines)


def test_two_parties_with_the_same_last_day_are_each_chased(desk):
    registered(desk)
    with UnitOfWork(desk.env.database, writing=True) as uow:
        case_id = uow.connection.execute(text("select id from cases")).scalar_one()
        for party in ("甲公司", "乙公司"):
            uow.connection.execute(
                text(
                    "insert into clock (case_id, clock, party, due, state, provisional, held) values"
                    " (:case, 'third_party_opinion', :party, :due, 'running', false, '[]')"
                ),
                {"case": case_id, "party": party, "due": date(2026, 3, 16)},
            )
        uow.commit()
    at(desk, date(2026, 3, 16))
    commands.tick(desk.env)
    commands.tick(desk.env)
    last = [line for line in told(desk, "zhao") if "今天届满" in line]
    assert len(last) == 2
    assert {name for name in ("甲公司", "乙公司") for line in last if name in line} == {
        "甲公司",
        "乙公司",
    }


def test_after_a_restart_nothing_is_sent_again(desk):
    registered(desk)
    at(desk, date(2026, 3, 25))
    commands.tick(desk.env)
    before = rungs(desk)
    again = build_environment(desk.env.config, time=desk.env.time)
    try:
        commands.tick(again)
    finally:
        again.database.dispose()
    assert rungs(desk) == before == [("1", 2), ("2", 0)]


def with_limit(desk: Desk, due: str, unit: str) -> None:
    """Give the open step an internal limit (of a section), as a diagram would."""
    with UnitOfWork(desk.env.database, writing=True) as uow:
        uow.connection.execute(
            text(
                "update work_item set due_on = :due, unit = :unit, role = :role, candidates = '{}'"
                " where status = 'open'"
            ),
            {"due": date.fromisoformat(due), "unit": unit, "role": "section_staff"},
        )
        uow.commit()


def chases(desk: Desk) -> list[tuple[str, int]]:
    with UnitOfWork(desk.env.database, writing=False) as uow:
        found = uow.connection.execute(
            text("select rung, late_days from warning where clock like 'task:%' order by rung")
        )
        return [(row.rung, row.late_days) for row in found]


def test_a_section_is_chased_for_its_own_limit_and_no_longer_once_it_is_done(desk):
    registered(desk)
    with_limit(desk, "2026-03-06", "housing")  # Friday
    at(desk, date(2026, 3, 5))
    commands.tick(desk.env)
    assert chases(desk) == []
    at(desk, date(2026, 3, 6))
    commands.tick(desk.env)
    commands.tick(desk.env)
    assert chases(desk) == [("1", 0)]
    (line,) = told(desk, "li")  # of that section
    assert "本环节今天到期" in line
    assert told(desk, "zhou") == []
    at(desk, date(2026, 3, 9))  # Monday, the first working day after it
    commands.tick(desk.env)
    assert chases(desk) == [("1", 0), ("2", 0)]
    with UnitOfWork(desk.env.database, writing=True) as uow:
        uow.connection.execute(text("update work_item set status = 'completed'"))
        uow.commit()
    at(desk, date(2026, 3, 20))
    commands.tick(desk.env)
    assert chases(desk) == [("1", 0), ("2", 0)]


def test_who_is_told_by_name_and_by_post_reads_it_once(desk):
    registered(desk)
    with_limit(desk, "2026-03-06", None)
    zhou = desk.actor("zhou")
    with UnitOfWork(desk.env.database, writing=True) as uow:
        uow.connection.execute(
            text("update work_item set assignee = :who where status = 'open'"),
            {"who": zhou.person_id},
        )
        uow.commit()
    at(desk, date(2026, 3, 11))  # the third rung goes to the holder and to every disclosure officer
    commands.tick(desk.env)
    again = [line for line in told(desk, "zhou") if "再次催办" in line]
    assert len(again) == 1
    assert queries.shell(desk.env, zhou).notices == len(told(desk, "zhou"))


def test_another_section_is_not_told(desk):
    registered(desk)
    with_limit(desk, "2026-03-06", "works")
    at(desk, date(2026, 3, 6))
    commands.tick(desk.env)
    assert chases(desk) == [("1", 0)]
    assert told(desk, "li") == []


def test_what_a_diagram_told_is_settled_when_the_case_is_closed(desk):
    """Its notices never became 已了结."""
    registered(desk)
    with UnitOfWork(desk.env.database, writing=False) as uow:
        case_id = uow.connection.execute(text("select id from cases")).scalar_one()
    at(desk, date(2026, 3, 31))
    commands.tick(desk.env)
    (line,) = [
        one
        for one in queries.notices(desk.env, desk.actor("zhao")).lines
        if one.text == "请尽快审核"
    ]
    assert line.is_new
    commands.cancel_case(desk.env, desk.actor("zhou"), case_id, "重复登记")
    lines = queries.notices(desk.env, desk.actor("zhao")).lines
    assert "请尽快审核" in [one.text for one in lines]
    assert all(one.is_over and not one.is_new for one in lines)


def test_what_the_last_step_of_a_case_tells_holds_until_it_is_read():
    last, earlier = Step(state={}, ended=True), Step(state={})
    assert writing._lasting({"until": "case"}, last) == {"until": None}
    assert writing._lasting({"until": "case"}, earlier) == {"until": "case"}


def test_a_step_that_nobody_has_taken_chases_all_to_whom_it_is_offered(desk):
    """Only the first of several posts was told, and of people offered it by name nobody."""
    offered = {"roles": ["section_staff", "section_head"], "users": ["zhao", "nobody"]}
    item = {"assignee": None, "unit": "housing", "role": "section_staff", "candidates": offered}
    with UnitOfWork(desk.env.database, writing=False) as uow:
        free = chasing._holders(uow.connection, item)
        taken = chasing._holders(uow.connection, {**item, "assignee": "p1"})
    assert [(one["role"], one["unit"], one["person_id"]) for one in free] == [
        ("section_staff", "housing", None),
        ("section_head", "housing", None),
        (None, None, desk.actor("zhao").person_id),
    ]
    assert taken == [{"person_id": "p1", "role": None, "unit": None}]


def test_of_the_daily_reminder_of_next_years_holidays_only_the_newest_holds(desk):
    for day in (date(2026, 11, 23), date(2026, 11, 24)):
        at(desk, day)
        commands.tick(desk.env)
    lines = [
        one
        for one in queries.notices(desk.env, desk.actor("zhou")).lines
        if one.text.startswith("2027年放假安排")
    ]
    assert [one.is_over for one in lines] == [False, True]
