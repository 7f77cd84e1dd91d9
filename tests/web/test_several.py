"""Several rows of the inbox at once: what is shown before, and what is said of each case afterwards."""

import pytest

from tests.web.real import open_office


@pytest.fixture
def office(tmp_path):
    return open_office(tmp_path)


def tasks(office, *titles):
    return [office.task(office.start(title=title).case_id) for title in titles]


def test_tasks_are_handed_over_after_they_were_shown(office):
    ids = tasks(office, "甲", "乙")
    li, fang = office.browser("li"), office.browser("fang")
    page = li.post("/hand-over", {"task": ids}).get_data(as_text=True)
    assert "可转办2件，不可转办0件" in page
    assert "方玲" in page
    assert "李国梁（" not in page  # one's own name is no choice
    unchosen = li.post("/hand-over", {"task": ids, "do": "give"}).get_data(as_text=True)
    assert "请选择转给谁办理" in unchosen
    person = office.actor("fang").person_id
    li.post("/hand-over", {"task": ids, "do": "give", "person": person})
    assert "由李国梁转来" in fang.get("/notices").text
    assert "已转办2件" in li.get("/").text


def test_a_step_that_is_done_case_by_case_says_so(office):
    page = office.browser("li").post("/together", {"task": tasks(office, "甲", "乙")})
    text = page.get_data(as_text=True)
    assert text.count("这一步要逐件办理") == 2
    assert "可办理0件，不可办理2件" in text


def test_nothing_picked_is_said(office):
    li = office.browser("li")
    li.post("/together", {})
    assert "还没有选" in li.get("/").text
