"""Deputies (代理): tasks reach them while they stand in, and the trail says in whose place they acted."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from engine import people, queries
from engine.errors import Denied
from engine.people import PersonInvalid
from engine.store import accounts
from engine.store import people as store
from engine.unit_of_work import UnitOfWork
from tests.web.conftest import Client
from tests.web.real import RealOffice
from tests.web.test_pages import text


def the_post(real: RealOffice, login: str) -> int:
    with UnitOfWork(real.env.database, writing=False) as uow:
        person = accounts.by_login(uow.connection, login)
        assert person is not None
        return int(store.posts(uow.connection, person["id"])[0]["id"])


def newcomer(real: RealOffice) -> str:
    return people.create_person(real.env, real.actor("bai"), "sulan", "苏岚").person_id


def stand_in(real: RealOffice, person_id: str, holder: str, since: date, until: date) -> None:
    people.give_deputy(
        real.env, real.actor("bai"), person_id, the_post(real, holder), since, until, "外出培训"
    )


def today(real: RealOffice) -> date:
    return real.time.now().date()


def test_a_task_of_the_holder_reaches_the_deputy_and_the_trail_says_for_whom(real: RealOffice):
    person_id, day = newcomer(real), today(real)
    stand_in(real, person_id, "li", day, day + timedelta(days=4))
    moved = real.start()
    done = real.do("sulan", moved.case_id)
    assert done.case_id == moved.case_id
    page = queries.audit_page(real.env, real.actor("meng"), {"case": moved.number})
    assert "苏岚（代李国梁）" in {row.who for row in page.rows}
    seen = queries.case_page(real.env, real.actor("zhou"), moved.case_id)
    assert "苏岚（代李国梁）" in str(seen.timeline)


def test_before_and_after_the_days_the_deputy_holds_nothing(real: RealOffice):
    person_id, day = newcomer(real), today(real)
    stand_in(real, person_id, "zhou", day + timedelta(days=1), day + timedelta(days=2))
    with UnitOfWork(real.env.database, writing=False) as uow:
        held = [
            accounts.posts(uow.connection, person_id, day + timedelta(days=n)) for n in range(4)
        ]
    assert [len(one) for one in held] == [0, 1, 1, 0]
    assert held[1][0].deputy_for == "zhou"


def test_whose_own_post_it_is_acts_for_nobody(real: RealOffice):
    zhou = real.actor("zhou")
    assert [zhou.acts_for(role) for role in zhou.roles] == [None] * len(zhou.roles)


def test_a_holder_who_leaves_takes_the_deputies_along(real: RealOffice):
    person_id, day = newcomer(real), today(real)
    stand_in(real, person_id, "zhou", day, day + timedelta(days=30))
    with UnitOfWork(real.env.database, writing=False) as uow:
        zhou = accounts.by_login(uow.connection, "zhou")
    assert zhou is not None
    people.end_post(
        real.env, real.actor("bai"), zhou["id"], the_post(real, "zhou"), day, "免职文件第2号"
    )
    with UnitOfWork(real.env.database, writing=False) as uow:
        (post,) = store.posts(uow.connection, person_id)
    assert post["until_day"] == day


@pytest.mark.parametrize(
    ("since", "until", "reason", "said"),
    [
        (1, 0, "外出", "不能早于第一天"),
        (-9, -8, "外出", "已经过去"),
        (-4000, 1, "外出", "任职的期间以内"),
        (0, 1, "", "写明理由"),
    ],
)
def test_days_and_reasons_that_do_not_hold_are_refused(
    real: RealOffice, since, until, reason, said
):
    person_id, day = newcomer(real), today(real)
    with pytest.raises(PersonInvalid) as refused:
        people.give_deputy(
            real.env, real.actor("bai"), person_id, the_post(real, "zhou"),
            day + timedelta(days=since), day + timedelta(days=until), reason,
        )  # fmt: skip
    assert said in refused.value.sentence


def test_nobody_stands_in_for_himself_nor_twice(real: RealOffice):
    day = today(real)
    with UnitOfWork(real.env.database, writing=False) as uow:
        zhou = accounts.by_login(uow.connection, "zhou")
    assert zhou is not None
    with pytest.raises(PersonInvalid) as refused:
        stand_in(real, zhou["id"], "zhou", day, day)
    assert "本人" in refused.value.sentence
    person_id = newcomer(real)
    stand_in(real, person_id, "zhou", day, day)
    with pytest.raises(PersonInvalid):
        stand_in(real, person_id, "zhou", day, day)


def test_only_who_keeps_accounts_names_a_deputy(real: RealOffice):
    person_id, day = newcomer(real), today(real)
    with pytest.raises(Denied):
        people.give_deputy(
            real.env, real.actor("zhou"), person_id, the_post(real, "zhou"), day, day, "外出"
        )


def test_the_page_names_a_deputy_and_shows_it(real: RealOffice):
    person_id, day = newcomer(real), today(real)
    bai: Client = real.browser("bai")
    path = f"/accounts/{person_id}"
    choices = [text(one) for one in bai.get(path).select("#lent option")]
    assert any(one.endswith("：周敏") for one in choices)
    values = {
        "post": str(the_post(real, "zhou")),
        "since": str(day),
        "until": str(day),
        "reason": "外出培训",
    }
    assert bai.post(f"{path}/deputy", values, page=path).status_code == 303
    assert "代理周敏" in text(bai.get(path).main)
    wrong = bai.post(f"{path}/deputy", {**values, "until": "2020-01-01"}, page=path)
    assert wrong.status_code == 422
