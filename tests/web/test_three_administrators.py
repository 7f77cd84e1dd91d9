"""Abuse 28: system, security and audit administration are never in one hand, by whatever two steps."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import permutations

import pytest

from engine import people
from engine.people import PersonInvalid
from engine.store import people as store
from engine.timesource import legal_day
from engine.unit_of_work import UnitOfWork
from tests.web.real import RealOffice

ADMINISTRATIONS = ("system_admin", "security_admin", "audit_admin")
WHY = "局人字〔2026〕3号"


def today(real: RealOffice) -> date:
    return legal_day(real.time.now())


def give(real: RealOffice, person_id: str, role: str, since: date) -> None:
    people.give_post(real.env, real.actor("bai"), person_id, role, "", since, WHY)


@pytest.fixture
def sulan(real: RealOffice) -> str:
    return people.create_person(real.env, real.actor("bai"), "sulan", "苏岚").person_id


@pytest.mark.parametrize(("first", "second"), list(permutations(ADMINISTRATIONS, 2)))
@pytest.mark.parametrize("days", [-3, 0, 400])
def test_abuse_28_two_of_the_three_were_given_to_one_person(
    real: RealOffice, sulan: str, first: str, second: str, days: int
) -> None:
    give(real, sulan, first, today(real))
    with pytest.raises(PersonInvalid) as refused:
        give(real, sulan, second, today(real) + timedelta(days=days))
    assert "不能由一个人兼任" in refused.value.sentence


def test_abuse_28_nor_in_the_other_order_of_days(real: RealOffice, sulan: str) -> None:
    give(real, sulan, "audit_admin", today(real) + timedelta(days=30))
    with pytest.raises(PersonInvalid):
        give(real, sulan, "system_admin", today(real))


def test_abuse_28_nor_as_a_deputy_for_a_day(real: RealOffice, sulan: str) -> None:
    give(real, sulan, "audit_admin", today(real))
    with UnitOfWork(real.env.database, writing=False) as uow:
        lin = next(row for row in store.posts(uow.connection) if row["role"] == "system_admin")
    day = today(real)
    with pytest.raises(PersonInvalid) as refused:
        people.give_deputy(real.env, real.actor("bai"), sulan, lin["id"], day, day, "请假一天")
    assert "不能由一个人兼任" in refused.value.sentence


def test_after_one_has_ended_another_can_begin(real: RealOffice, sulan: str) -> None:
    give(real, sulan, "audit_admin", today(real))
    with UnitOfWork(real.env.database, writing=False) as uow:
        (post,) = store.posts(uow.connection, sulan)
    people.end_post(real.env, real.actor("bai"), sulan, post["id"], today(real), WHY)
    give(real, sulan, "system_admin", today(real) + timedelta(days=1))
    give(real, sulan, "supervisor", today(real))  # other posts are nobody's business here
