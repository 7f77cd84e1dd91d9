"""A post is handed over from a day on, the tasks taken follow it, and what its holders lack is computed."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from engine import commands, people, queries
from engine.identity import Post
from engine.people import PersonInvalid
from engine.store import accounts, cases
from engine.store import people as store
from engine.timesource import legal_day
from engine.unit_of_work import UnitOfWork
from tests.web.conftest import look_over
from tests.web.real import RealOffice
from tests.web.test_pages import text


def post_of(real: RealOffice, login: str) -> int:
    with UnitOfWork(real.env.database, writing=False) as uow:
        row = accounts.by_login(uow.connection, login)
        return store.posts(uow.connection, row["id"])[0]["id"]


def person(real: RealOffice, login: str) -> str:
    with UnitOfWork(real.env.database, writing=False) as uow:
        return accounts.by_login(uow.connection, login)["id"]


def today(real: RealOffice) -> date:
    return legal_day(real.time.now())


def taken_by_li(real: RealOffice) -> str:
    """A task of the housing section's staff that 李国梁 has taken."""
    task = real.task(real.start().case_id)
    commands.claim(real.env, real.actor("li"), task)
    return task


def assignee(real: RealOffice, task_id: str) -> str | None:
    with UnitOfWork(real.env.database, writing=False) as uow:
        held = {row["id"]: row["assignee"] for row in store.claimed(uow.connection)}
    return held.get(task_id)


def trail(real: RealOffice) -> list[str]:
    page = queries.audit_page(real.env, real.actor("meng"), {})
    return [one.change for one in page.rows]


def test_a_post_is_handed_over_from_a_day_on_in_one_act(real: RealOffice) -> None:
    bai, day = real.browser("bai"), today(real)
    address = f"/organisation/{post_of(real, 'zhou')}"
    tomorrow = day + timedelta(days=1)
    form = {"person": person(real, "fang"), "since": str(tomorrow), "reason": ""}
    refused = bai.post(address, form, page="/organisation")
    assert refused.status_code == 422
    assert "请写明理由" in text(look_over(refused).select_one(".errors"))
    form["reason"] = "任免文件第3号"
    assert bai.post(address, form, page="/organisation").status_code == 303
    with UnitOfWork(real.env.database, writing=False) as uow:
        before = accounts.posts(uow.connection, person(real, "zhou"), day)
        after = accounts.posts(uow.connection, person(real, "zhou"), tomorrow)
        new = accounts.posts(uow.connection, person(real, "fang"), tomorrow)
    assert Post("disclosure_officer") in before
    assert Post("disclosure_officer") not in after
    assert Post("disclosure_officer") in new
    said = trail(real)
    assert f"白静登记：方玲自{tomorrow}任信息公开专员" in said
    assert f"白静登记：周敏任信息公开专员至{day}" in said


def test_what_was_taken_goes_back_when_its_holder_leaves_the_post(real: RealOffice) -> None:
    task = taken_by_li(real)
    day = today(real)
    people.hand_over(
        real.env, real.actor("bai"), post_of(real, "li"), person(real, "zhou"), day, "轮岗"
    )
    assert assignee(real, task) is None
    assert "系统退回待签" in trail(real)


def test_what_was_taken_goes_back_on_the_day_the_post_ends_by_itself(real: RealOffice) -> None:
    task = taken_by_li(real)
    day = today(real)
    people.end_post(
        real.env, real.actor("bai"), person(real, "li"), post_of(real, "li"), day, "退休"
    )
    commands.tick(real.env)
    assert assignee(real, task) == person(real, "li")
    real.time.set(real.time.now() + timedelta(days=1))
    commands.tick(real.env)
    assert assignee(real, task) is None


def test_a_deputy_holds_the_post_for_some_days_and_the_holder_keeps_it(real: RealOffice) -> None:
    task, day = taken_by_li(real), today(real)
    until = day + timedelta(days=7)
    people.give_deputy(
        real.env, real.actor("bai"), person(real, "zhao"), post_of(real, "li"), day, until, "病假"
    )
    assert assignee(real, task) is None
    said = text(real.browser("zhou").get("/organisation").main)
    assert "代理李国梁" in said
    assert f"白静登记：赵启明自{day}至{until}代理李国梁（房屋安全管理科科室经办人）" in trail(real)
    with UnitOfWork(real.env.database, writing=False) as uow:
        zhao = person(real, "zhao")
        held = accounts.posts(uow.connection, zhao, until)
        later = accounts.posts(uow.connection, zhao, until + timedelta(days=1))
    assert Post("section_staff", "housing", deputy_for="li") in held
    assert [one.role for one in later] == ["office_head"]


@pytest.mark.parametrize(
    ("who", "shift", "sentence"),
    [
        ("zhou", -1, "换人最早从今天开始"),
        ("li", 0, "已经担任这个岗位"),
        ("bai", 0, "不能给自己任职"),
    ],
)
def test_a_hand_over_that_does_not_fit_is_refused(real, who, shift, sentence) -> None:
    day = today(real) + timedelta(days=shift)
    with pytest.raises(PersonInvalid) as refused:
        people.hand_over(
            real.env, real.actor("bai"), post_of(real, "li"), person(real, who), day, "轮岗"
        )
    assert sentence in refused.value.sentence
    with UnitOfWork(real.env.database, writing=False) as uow:
        assert accounts.posts(uow.connection, person(real, "li"), today(real) + timedelta(days=9))


def test_who_lacks_training_is_computed_from_posts_and_recorded_facts(real: RealOffice) -> None:
    def lacking() -> list[str]:
        return [one.name for one in queries.organisation_page(real.env, real.actor("zhou")).lacking]

    assert "李国梁" in lacking()
    case = real.start().case_id
    with UnitOfWork(real.env.database, writing=True) as uow:
        row = {
            "case_id": case,
            "kind": "training_held",
            "day": today(real),
            "fields": {"people": ["li"]},
            "recorded_by": "system",
            "recorded_at": real.time.now(),
        }
        cases.append_events(uow.connection, [row])
        uow.commit()
    assert "李国梁" not in lacking()
    assert "周敏" in lacking()
    real.time.set(real.time.now() + timedelta(days=370))
    assert "李国梁" in lacking()


def test_a_colleague_sees_only_what_he_lacks_himself(real: RealOffice) -> None:
    page = real.browser("li").get("/organisation")
    shown = page.select("#lacking ~ table")[0].select("tbody tr")
    assert [text(one) for one in shown] == [
        "李国梁 房屋安全管理科科室经办人 ◐ 政府信息公开培训 条例第四十八条"
    ]
