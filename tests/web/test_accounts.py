"""Accounts: a one-time password must be changed first, posts decide what one sees, and every act is recorded."""

from __future__ import annotations

import re

import pytest

from engine import commands, people, queries
from engine.accounts import SignInRefused, sign_in
from engine.errors import Denied
from engine.people import PasswordRefused, PersonInvalid
from tests.web.conftest import Client, look_over
from tests.web.fakes import PASSWORD
from tests.web.real import RealOffice
from tests.web.test_pages import text
from webui import create_app

GOOD = "Liu-an-2026-xincun"


@pytest.fixture
def bai(real: RealOffice) -> Client:
    return real.browser("bai")


def opened(real: RealOffice) -> people.Created:
    return people.create_person(real.env, real.actor("bai"), "sulan", "苏岚")


def enter(real: RealOffice, login: str, password: str) -> Client:
    client = Client(create_app(real.env).test_client())
    client.http.get("/sign-in")
    answer = client.post("/sign-in", {"account": login, "password": password}, page="/sign-in")
    assert answer.status_code == 303, answer.text[-300:]
    return client


def test_an_account_is_opened_with_a_code_that_is_shown_once(real: RealOffice, bai: Client) -> None:
    answer = bai.post("/accounts", {"login": "Sulan", "name": "苏岚"}, page="/accounts")
    page = look_over(answer)
    code = text(page.select_one(".code"))
    assert len(code) >= 12
    assert text(page.h1) == "苏岚"
    assert code not in bai.get("/accounts").text
    assert "苏岚 sulan 没有 还没有改一次性密码" in text(bai.get("/accounts").main)
    assert sign_in(real.env, "sulan", code, "")
    again = bai.post("/accounts", {"login": "sulan", "name": "苏岚"}, page="/accounts")
    assert again.status_code == 422
    assert "已经有了" in again.text


def test_a_one_time_password_must_be_changed_before_anything_else(real: RealOffice) -> None:
    made = opened(real)
    people.give_post(
        real.env, real.actor("bai"), made.person_id, "disclosure_officer", "",
        real.time.now().date(), "任职文件第1号",
    )  # fmt: skip
    client = enter(real, "sulan", made.code)
    for path in ("/", "/cases", "/display", "/start/visit"):
        answer = client.http.get(path)
        assert (answer.status_code, answer.location) == (303, "/password"), path
    fetched = client.http.get("/arrivals?since=x", headers={"X-Requested-With": "fetch"})
    assert fetched.status_code == 403
    page = client.get("/password")
    assert "您用的是一次性密码" in text(page.select_one(".why"))
    weak = {"old": made.code, "new": "short", "again": "short"}
    answer = client.post("/password", weak, page="/password")
    assert answer.status_code == 422
    assert "新密码应为10至128位，现为5位" in text(look_over(answer).select_one(".errors"))
    good = {"old": made.code, "new": GOOD, "again": GOOD}
    assert client.post("/password", good, page="/password").status_code == 303
    assert text(client.get("/").h1) == "待办"
    assert enter(real, "sulan", GOOD).get("/")


def test_changing_the_password_ends_other_sessions(real: RealOffice) -> None:
    made = opened(real)
    here, there = enter(real, "sulan", made.code), enter(real, "sulan", made.code)
    here.post("/password", {"old": made.code, "new": GOOD, "again": GOOD}, page="/password")
    assert there.http.get("/password").location.startswith("/sign-in")
    assert here.http.get("/password").status_code == 200


@pytest.mark.parametrize(
    ("old", "new", "again", "told"),
    [
        ("wrong", GOOD, GOOD, "原来的密码不对"),
        (PASSWORD, GOOD, GOOD + "x", "两次输入的新密码不一样"),
        (PASSWORD, PASSWORD, PASSWORD, "和原来的一样"),
        (PASSWORD, "onlylowercase", "onlylowercase", "至少3种"),
        (PASSWORD, "Zhou-2026-xyz!", "Zhou-2026-xyz!", "不要有账号或者姓名"),
        (PASSWORD, "Aa1Aa1Aa1Aa1", "Aa1Aa1Aa1Aa1", "重复的字符太多"),
    ],
)
def test_a_weak_or_wrong_password_is_refused(
    real: RealOffice, old: str, new: str, again: str, told: str
) -> None:
    with pytest.raises(PasswordRefused) as refused:
        people.change_password(real.env, real.actor("zhou"), old, new, again)
    assert told in refused.value.sentence
    assert sign_in(real.env, "zhou", PASSWORD, "")


def test_a_wrong_old_password_counts_toward_the_lock(real: RealOffice) -> None:
    """Whoever found a session open could guess the password at /password without end."""
    allowed = real.env.institution().sign_in.failures
    for left in reversed(range(allowed)):
        with pytest.raises(PasswordRefused) as refused:
            people.change_password(real.env, real.actor("zhou"), "wrong", GOOD, GOOD)
        assert ("已锁定" in refused.value.sentence) is (left == 0)
    with pytest.raises(PasswordRefused):  # nor with the right one, while it is locked
        people.change_password(real.env, real.actor("zhou"), PASSWORD, GOOD, GOOD)
    with pytest.raises(SignInRefused):
        sign_in(real.env, "zhou", PASSWORD, "")


def test_a_post_decides_what_one_sees_and_ends_with_its_day(real: RealOffice, bai: Client) -> None:
    made = opened(real)
    address = f"/accounts/{made.person_id}"
    assert "还没有岗位" in text(bai.get(address).main)
    post = {"role": "section_staff", "unit": "", "since": "2026-11-02", "reason": "文件第2号"}
    answer = bai.post(f"{address}/posts", post, page=address)
    assert answer.status_code == 422
    assert "请选择科室" in text(look_over(answer).select_one(".errors"))
    assert bai.post(f"{address}/posts", {**post, "unit": "works"}, page=address).status_code == 303
    assert "市政公用科科室经办人" in text(bai.get("/accounts").main)
    case = real.start(lead="works")
    sulan = real.actor("sulan")
    assert queries.case_page(real.env, sulan, case.case_id).head.number == case.number
    action = bai.get(address).select_one("td form")["action"]
    early = bai.post(action, {"until": "2026-10-01", "reason": "文件第3号"}, page=address)
    assert early.status_code == 422
    assert "最早为昨天" in early.text
    assert (
        bai.post(action, {"until": "2026-11-02", "reason": "文件第3号"}, page=address).status_code
        == 303
    )
    real.at("2026-11-03")
    assert real.actor("sulan").roles == frozenset()
    trail = queries.audit_page(real.env, real.actor("meng"), {"group": "people"})
    assert [row.act for row in trail.rows if "登录" not in row.act] == ["免职", "任职", "开设账号"]
    assert commands.verify_audit(real.env) == []


def test_a_closed_account_is_out_at_once_and_a_reset_one_begins_anew(
    real: RealOffice, bai: Client
) -> None:
    li = real.browser("li")
    li_id = real.actor("li").person_id
    address = f"/accounts/{li_id}"
    assert bai.post(f"{address}/close", {"reason": ""}, page=address).status_code == 422
    assert bai.post(f"{address}/close", {"reason": "调离"}, page=address).status_code == 303
    assert li.http.get("/").location.startswith("/sign-in")
    assert bai.post(f"{address}/open", {"reason": "调回"}, page=address).status_code == 303
    page = look_over(bai.post(f"{address}/reset", {"reason": "忘记密码"}, page=address))
    code = text(page.select_one(".code"))
    assert re.fullmatch(r"[\w-]{12,}", code)
    assert enter(real, "li", code).http.get("/").location == "/password"
    assert bai.post(f"{address}/delete", {"reason": "x"}, page=address).status_code == 404


def test_nobody_helps_himself(real: RealOffice, bai: Client) -> None:
    bai_id = real.actor("bai").person_id
    with pytest.raises(PersonInvalid) as refused:
        people.give_post(
            real.env, real.actor("bai"), bai_id, "director", "", real.time.now().date(), "自荐"
        )
    assert "不能给自己任职" in refused.value.sentence
    with pytest.raises(PersonInvalid):
        people.set_active(real.env, real.actor("bai"), bai_id, "休假", active=False)
    assert bai.get(f"/accounts/{bai_id}").select("select[name=role]") == []


@pytest.mark.parametrize("login", ["zhou", "meng", "zhang"])
def test_only_keepers_of_accounts_see_them(real: RealOffice, login: str) -> None:
    real.browser(login).get("/accounts", 403)
    with pytest.raises(Denied):
        people.create_person(real.env, real.actor(login), "x1", "某人")


def test_the_system_administrator_sees_but_does_not_change(real: RealOffice) -> None:
    lin = real.browser("lin")
    page = lin.get("/accounts")
    assert page.select("form[action='/accounts']") == []
    assert "今天无人担任" in text(page.select_one(".why"))
    assert (
        lin.post("/accounts", {"login": "x1", "name": "某人"}, page="/accounts").status_code == 403
    )
    assert lin.http.get("/").location == "/calendar"
