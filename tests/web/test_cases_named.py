"""The field that names another case: what one types into it, what it offers, and the link on both pages."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from engine import commands
from engine.identity import SYSTEM
from tests.web.real import RealOffice

FOLLOW = Path(__file__).parents[1] / "integration" / "procedures" / "follow"


@pytest.fixture
def follow(real: RealOffice) -> RealOffice:
    """The office with a procedure whose first form names a case of another one."""
    folder = real.processes / "follow"
    shutil.copytree(FOLLOW, folder)
    form = folder / "forms" / "register.yaml"
    form.write_text(form.read_text().replace("of: [loop]", "of: [visit]"))
    commands.deploy_folder(real.env, SYSTEM, folder, "试")
    return real


def test_the_field_offers_cases_by_number_or_words_of_the_title(follow):
    visit = follow.start()
    browser = follow.browser("zhou")
    field = browser.get("/start/follow").find(id="f-about")
    assert field["list"] == "f-about-cases"
    assert field["data-cases"] == "/cases/choices?of=visit"
    for typed in (visit.number, "鉴定"):
        found = browser.http.get("/cases/choices", query_string={"of": "visit", "q": typed}).json
        assert [one["number"] for one in found["cases"]] == [visit.number]
    assert browser.http.get("/cases/choices?of=follow&q=鉴定").json == {"cases": []}
    hidden = follow.browser("lin").http.get("/cases/choices?of=visit&q=鉴定").json
    assert hidden == {"cases": []}  # who may see no case is offered none


def test_what_was_typed_stays_beside_the_sentence_that_says_what_to_do(follow):
    follow.start()
    answer = follow.browser("zhou").post(
        "/start/follow", {"title": "跟进", "about": "2026-9999", "do": "complete"}
    )
    assert answer.status_code == 422
    assert "没有编号“2026-9999”的案件" in answer.text
    assert 'value="2026-9999"' in answer.text


def test_both_pages_link_to_each_other(follow):
    visit = follow.start()
    values = {"title": "跟进", "about": visit.number}
    case = commands.start_case(follow.env, follow.actor("zhou"), "follow", values)
    browser = follow.browser("zhou")
    there = browser.get(f"/cases/{case.case_id}")
    assert there.find("dl", class_="pairs").find("a", href=f"/cases/{visit.case_id}")
    back = browser.get(f"/cases/{visit.case_id}").find("h2", id="related").find_next("ul")
    assert back.find("a")["href"] == f"/cases/{case.case_id}"
    assert "其中的“涉及案件”是本件" in back.get_text()
