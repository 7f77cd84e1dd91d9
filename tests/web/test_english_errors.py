"""Pages that tell of an error, and those before anybody signed in, in English."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from bs4 import BeautifulSoup
from werkzeug.test import TestResponse

from engine import commands
from engine.bpmn.step import StepFailed
from engine.errors import BadInput
from tests.web.conftest import Client
from tests.web.real import RealOffice
from tests.web.test_english_refusals import HAN
from tests.web.test_pages import text


def english(real: RealOffice, login: str) -> Client:
    browser = real.browser(login)
    browser.post("/display", {"language": "en"})
    return browser


def said(answer: TestResponse) -> str:
    page = BeautifulSoup(answer.text, "html.parser")
    assert page.html is not None
    assert page.html["lang"] == "en"
    return text(page.main)


def not_there(zhou: Client) -> TestResponse:
    return zhou.http.get("/nowhere")


def nobodys(zhou: Client) -> TestResponse:
    return zhou.http.get("/cases/0123456789abcdef0123456789abcdef")


def forbidden(zhou: Client) -> TestResponse:
    return zhou.http.get("/accounts")


def foreign(zhou: Client) -> TestResponse:
    return zhou.http.post("/start/visit", data={"csrf_token": "x"})


def too_much(zhou: Client) -> TestResponse:
    data = {f"f{n}": "x" for n in range(2100)}
    return zhou.post("/start/visit", data, content_type="multipart/form-data")


def wrong_way(zhou: Client) -> TestResponse:
    return zhou.http.post("/audit", data={"csrf_token": zhou.token()})


@pytest.mark.parametrize(
    ("asked", "status", "told"),
    [
        (not_there, 404, "There is no such page"),
        (nobodys, 404, "Not found"),
        (forbidden, 403, "You may not do this"),
        (foreign, 403, "This submission was not accepted"),
        (too_much, 413, "The submission is too large"),
        (wrong_way, 405, "This cannot be opened directly"),
    ],
)
def test_an_error_is_told_in_english(
    real: RealOffice, asked: Callable[[Client], TestResponse], status: int, told: str
) -> None:
    answer = asked(english(real, "zhou"))
    assert answer.status_code == status
    assert told in said(answer)
    assert not HAN.search(said(answer))


def test_a_step_that_fails_is_told_to_each_reader_in_their_language(
    real: RealOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its sentence is kept with the incident in the office's language; the page said it so in English too."""
    case = real.start(title="Roof").case_id
    li = english(real, "li")
    task = real.task(case)

    def broken(*_given: object) -> None:
        raise StepFailed("provide", "no", "“科室提供”没有办成，请核对所用的数据后重试")

    monkeypatch.setattr("engine.bpmn.execute.complete", broken)
    form = li.get(f"/tasks/{task}")
    data = {one["name"]: one["value"] for one in form.select("form input[type=hidden][name]")}
    answer = li.http.post(f"/tasks/{task}", data={**data, "found": "2"})
    assert answer.status_code == 500, said(answer)
    assert '"Section provides" failed; please check the data' in said(answer)
    assert not HAN.search(said(answer))
    page = english(real, "zhou").get(f"/cases/{case}")
    assert "“科室提供”没有办成" not in text(page.main)
    with pytest.raises(commands.CaseStopped) as stopped:
        real.do("li", case)
    assert "没有办成" in stopped.value.sentence


def test_the_door_tells_in_english_that_it_is_locked(real: RealOffice) -> None:
    zhou = english(real, "zhou")
    zhou.post("/sign-out")
    for _ in range(8):
        answer = zhou.post("/sign-in", {"account": "zhou", "password": "wrong"}, page="/sign-in")
        assert not HAN.search(said(answer))
    assert "locked" in said(answer)


def test_a_session_that_ended_is_told_in_english(real: RealOffice) -> None:
    zhou = english(real, "zhou")
    token = zhou.token()
    real.at("2026-11-23")
    answer = zhou.http.post(
        "/start/visit", data={"csrf_token": token}, headers={"Sec-Fetch-Site": "same-origin"}
    )
    assert answer.status_code == 401
    assert "You were signed out" in said(answer)
    assert not HAN.search(said(answer))


def test_bad_input_of_the_engine_is_no_chinese_page(real: RealOffice) -> None:
    with pytest.raises(BadInput) as refused:
        commands.deploy_folder(real.env, real.actor("zhang"), real.processes / "visit", " ")
    assert refused.value.sentence == "请写明启用的理由，例如会议纪要编号"
