"""The word on a step's button follows the answers, and the server holds what was pressed against them."""

from __future__ import annotations

import pytest

from tests.web.conftest import Client, look_over
from tests.web.real import RealOffice
from tests.web.test_pages import text


@pytest.fixture
def review(real: RealOffice) -> tuple[Client, str]:
    """The review of a case, in the browser of who decides."""
    case = real.start(kind="a")
    real.do("li", case.case_id, {"found": 2})
    return real.browser("zhao"), f"/tasks/{real.task(case.case_id)}"


def sent(browser: Client, path: str, **values: str) -> dict[str, str]:
    page = browser.get(path)
    hidden = {one["name"]: one["value"] for one in page.select("#task-form input[type=hidden]")}
    return {**hidden, "do": "complete", **values}


def test_without_an_answer_the_button_says_what_is_done_in_any_case(review) -> None:
    browser, path = review
    page = browser.get(path)
    assert text(page.select_one(".actions [data-button]")) == "提交审核意见"
    assert text(page.select_one("#why-not")) == "之后归档"


def test_the_server_says_the_word_and_what_comes_then_for_the_answers_so_far(review) -> None:
    browser, path = review
    for decision, word, then in (
        ("agree", "同意，送归档", "之后归档，再不能退回"),
        ("back", "退回重办", "退回主办科室重新提供"),
    ):
        answer = browser.http.post(
            f"{path}/visible",
            data=sent(browser, path, decision=decision),
            headers={"X-Requested-With": "fetch"},
        )
        assert answer.json["button"] == {"word": word, "label": word, "then": then}


def test_pressed_under_another_word_nothing_is_done_and_the_right_button_stands_there(
    review, real: RealOffice
) -> None:
    """同意 was read on the button, and the case would have gone back."""
    browser, path = review
    values = {"decision": "back", "opinion": "缺附件", "pressed": "同意，送归档"}
    answer = browser.http.post(path, data=sent(browser, path, **values))
    assert answer.status_code == 422
    page = look_over(answer)
    assert "这一步是“退回重办”，不是“同意，送归档”" in text(page.select_one(".errors"))
    assert text(page.select_one(".actions [data-button]")) == "退回重办"
    hidden = {one["name"]: one["value"] for one in page.select("#task-form input[type=hidden]")}
    assert hidden["pressed"] == "退回重办"
    again = browser.http.post(
        path, data={**hidden, "do": "complete", **values, "pressed": "退回重办"}
    )
    assert again.status_code == 303


@pytest.mark.parametrize("pressed", ["提交审核意见", "", "同意，送归档"])
def test_the_word_that_says_no_more_than_that_it_is_submitted_is_always_taken(
    review, pressed
) -> None:
    browser, path = review
    values = sent(browser, path, decision="agree", pressed=pressed)
    assert browser.http.post(path, data=values).status_code == 303
