"""People chosen in a form do the work: each gets a task of one's own, and only people in post can be chosen."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine import commands, queries
from engine.commands import RegisterQuery
from engine.commands.errors import SubmissionInvalid
from engine.errors import Denied
from engine.store import cases
from engine.unit_of_work import UnitOfWork
from tests.integration.conftest import Desk, open_desk


@pytest.fixture
def desk(tmp_path) -> Iterator[Desk]:
    office = open_desk(tmp_path, "enquiry")
    yield office
    office.env.database.dispose()


def started(desk: Desk, *logins: str) -> str:
    answers = {"title": "栏目没有更新", "enquirers": list(logins)}
    return commands.start_case(desk.env, desk.actor("zhou"), "enquiry", answers).case_id


def open_tasks(desk: Desk, case_id: str) -> dict[str, str]:
    """{login of the assignee: task id}"""
    ids = {desk.actor(one).person_id: one for one in ("zhou", "zhao", "li", "meng")}
    with UnitOfWork(desk.env.database, writing=False) as uow:
        rows = cases.case_items(uow.connection, case_id)
    return {ids[row["assignee"]]: row["id"] for row in rows if row["status"] == "open"}


def test_each_of_those_chosen_gets_a_task_of_one_s_own(desk):
    case_id = started(desk, "zhao", "li")
    tasks = open_tasks(desk, case_id)
    assert set(tasks) == {"zhao", "li"}
    with pytest.raises(Denied):
        commands.complete_task(desk.env, desk.actor("li"), tasks["zhao"], {"facts": "查明"})
    page = queries.task_page(desk.env, desk.actor("zhao"), tasks["zhao"])
    assert page.values["shown_enquirer"] == "赵启明"
    for login, task in tasks.items():
        commands.complete_task(desk.env, desk.actor(login), task, {"facts": "查明"})
    assert open_tasks(desk, case_id) == {}


@pytest.mark.parametrize(
    ("logins", "sentence"),
    [
        (("zhao",), "由两名以上人员调查，请再选"),
        (("zhao", "meng"), "调查人：“meng”今天不在可选的岗位上，请重新选择"),
        (("zhao", "nobody"), "调查人：“nobody”今天不在可选的岗位上，请重新选择"),
    ],
)
def test_who_cannot_be_chosen_is_refused_by_the_server(desk, logins, sentence):
    with pytest.raises(SubmissionInvalid) as refused:
        started(desk, *logins)
    assert refused.value.errors["enquirers"] == sentence


def test_the_page_offers_those_in_post_and_the_register_names_them(desk):
    page = queries.start_page(desk.env, desk.actor("zhou"), "enquiry")
    field = next(one for one in page.form.fields if one.key == "enquirers")
    assert [one.label for one in field.options] == [
        "赵启明（办公室主任）",
        "李国梁（房屋安全管理科科室经办人）",
    ]
    started(desk, "zhao", "li")
    found = queries.register_page(desk.env, desk.actor("zhou"), RegisterQuery("enquiry"))
    assert any("赵启明、李国梁" in str(row) for row in found.rows)


def test_what_was_submitted_names_people_and_not_their_accounts(desk):
    """The case page and the left side of the next step said “li” and “section_head.policy”."""
    case_id = started(desk, "zhao", "li")
    task = open_tasks(desk, case_id)["zhao"]
    page = queries.task_page(desk.env, desk.actor("zhao"), task)
    shown = {str(one.label): str(one.value) for one in page.source_facts}
    assert "赵启明、李国梁" in shown.values()
    commands.complete_task(desk.env, desk.actor("zhao"), task, {"facts": "查明"})
    facts = queries.case_page(desk.env, desk.actor("zhou"), case_id).facts
    assert "赵启明、李国梁" in {str(one.value) for _step, own in facts for one in own}
