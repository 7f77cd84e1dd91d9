"""The procedure of correcting a record as it is shipped: a timer in working days on a stored case."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from engine import commands, queries
from engine.commands import passing_time
from engine.identity import Post
from engine.store import accounts, cases, documents
from engine.timesource import OFFICE_ZONE
from engine.unit_of_work import UnitOfWork
from tests.integration.conftest import Desk, open_desk
from tests.integration.test_published_documents import POSTS as PUBLISHERS
from tests.integration.test_published_documents import PREPARED, file, published
from tests.integration.test_published_documents import REGISTER as PUBLIC
from tests.integration.test_publishing import do
from tests.integration.test_steps import open_tasks

POSTS = {"staff": Post("section_staff", "policy"), "line": Post("line_leader", "policy")}
REGISTER = {
    "applicant_name": "顾某",
    "id_kind": "other",
    "id_number": "1",
    "phone": "13900000000",
    "address": "某市某区某路1号",
    "requested_on": "2026-03-02",
    "record_title": "房屋面积登记",
    "error_text": "面积应为86平方米。",
}
WANTED = {
    "own_record": "own",
    "examine_result": "more",
    "evidence_wanted": "测绘报告。",
    "evidence_days": "10",
}


@pytest.fixture
def desk(tmp_path) -> Desk:
    desk = open_desk(tmp_path, "rectification")
    with UnitOfWork(desk.env.database, writing=True) as uow:
        for login, post in POSTS.items():
            person = accounts.add_person(uow.connection, login=login, name=login)
            accounts.add_post(uow.connection, person, post, date(2026, 1, 1))
        uow.commit()
    return desk


def started(desk: Desk) -> str:
    return commands.start_case(desk.env, desk.actor("zhou"), "rectification", REGISTER).case_id


def letters(desk: Desk, case_id: str) -> list[str]:
    with UnitOfWork(desk.env.database, writing=False) as uow:
        return [row["letter"] for row in documents.case_documents(uow.connection, case_id)]


def test_evidence_that_does_not_come_within_ten_working_days_ends_in_a_refusal(desk):
    case_id = started(desk)
    do(desk, "zhou", case_id, "examine", WANTED)
    desk.time.set(datetime(2026, 3, 13, 12, tzinfo=OFFICE_ZONE))  # a Friday, the ninth working day
    passing_time.fire_due_timers(desk.env)
    assert list(open_tasks(desk, case_id)) == ["wait_evidence"]
    desk.time.set(datetime(2026, 3, 17, 12, tzinfo=OFFICE_ZONE))  # a Tuesday, the eleventh
    passing_time.fire_due_timers(desk.env)
    assert list(open_tasks(desk, case_id)) == ["serve"]
    assert letters(desk, case_id) == ["evidence", "refusal"]


def test_the_inbox_shows_the_internal_limit_of_a_step(desk):
    case_id = started(desk)
    rows = queries.inbox(desk.env, desk.actor("zhou")).rows
    assert [row.step_due for row in rows if row.case_id == case_id] == [date(2026, 3, 5)]


def test_a_record_is_verified_corrected_and_told(desk):
    case_id = started(desk)
    ours = {"own_record": "own", "examine_result": "ours", "holding_section": "policy"}
    do(desk, "zhou", case_id, "examine", ours)
    verified = {"accuracy": "wrong", "finding": "确有误。", "correction_text": "改为86平方米。"}
    do(desk, "staff", case_id, "verify", verified)
    do(desk, "line", case_id, "approve", {"rect_decision": "correct"})
    corrected = {"corrected_on": "2026-03-02", "corrected_where": ["system"]}
    do(desk, "staff", case_id, "correct", corrected)
    served = {"service_way": "hand", "served_on": "2026-03-02"}
    assert do(desk, "zhou", case_id, "serve", served).ended
    assert letters(desk, case_id) == ["corrected"]


@pytest.fixture
def publishing(tmp_path) -> Desk:
    folders = ("proactive_disclosure", "confidentiality_review", "review_and_approval")
    desk = open_desk(tmp_path, "rectification", *folders)
    with UnitOfWork(desk.env.database, writing=True) as uow:
        for login, post in PUBLISHERS.items():
            person = accounts.add_person(uow.connection, login=login, name=login)
            accounts.add_post(uow.connection, person, post, date(2026, 1, 1))
        uow.commit()
    return desk


def made_public(desk: Desk) -> commands.Moved:
    """Publish a text; return its case, which waits for what becomes of it."""
    started, _entry = published(desk, PUBLIC, PREPARED, file("publish_files"))
    posted = {"published_on": "2026-03-02", "published_url": "https://cg.example.gov.cn/8.html"}
    do(desk, "web", started.case_id, "post_online", {**posted, "page_check": "same"})
    given = {"delivered_to": ["archive"], "delivered_on": "2026-03-02"}
    do(desk, "zhou", started.case_id, "deliver", given)
    assert open_tasks(desk, started.case_id) == {}
    return started


def rectified(desk: Desk, **public: object) -> commands.Moved:
    """Rectify a record that was published."""
    moved = commands.start_case(desk.env, desk.actor("zhou"), "rectification", REGISTER)
    ours = {"own_record": "own", "examine_result": "ours", "holding_section": "enforcement"}
    do(desk, "zhou", moved.case_id, "examine", ours)
    verified = {"accuracy": "wrong", "finding": "确有误。", "correction_text": "改为86平方米。"}
    do(desk, "staff", moved.case_id, "verify", verified)
    do(desk, "line", moved.case_id, "approve", {"rect_decision": "correct"})
    corrected = {"corrected_on": "2026-03-02", "corrected_where": ["system", "public"], **public}
    do(desk, "staff", moved.case_id, "correct", corrected)
    passing_time.deliver_outbox(desk.env)
    return moved


def linked(desk: Desk, case_id: str) -> set[str]:
    return {one.number for one in queries.case_page(desk.env, desk.actor("zhou"), case_id).related}


def test_a_published_record_that_is_rectified_is_corrected_in_its_publication(publishing):
    """Somebody had to remember to start the correction of the published text."""
    desk = publishing
    public = made_public(desk)
    other = made_public(desk)
    record = rectified(desk, published_case=public.number)
    assert list(open_tasks(desk, public.case_id)) == ["prepare"]
    assert open_tasks(desk, other.case_id) == {}  # each hears only what is meant for it
    assert linked(desk, public.case_id) == {record.number}
    assert linked(desk, record.case_id) == {public.number}
    with UnitOfWork(desk.env.database, writing=False) as uow:
        changed = cases.events(uow.connection, public.case_id)[-1]
    assert (changed["kind"], changed["fields"]["reason"]) == ("info_changed", "改为86平方米。")


def test_a_rectified_record_whose_publication_no_case_has_begins_one(publishing):
    desk = publishing
    record = rectified(desk)
    with UnitOfWork(desk.env.database, writing=False) as uow:
        [begun] = cases.open_cases(uow.connection, "proactive_disclosure")
    task = open_tasks(desk, begun.id)["register"]
    page = queries.task_page(desk.env, desk.actor("zhou"), task)
    assert page.values["info_title"] == "房屋面积登记"
    assert page.values["rectified_by"] == record.number
    assert linked(desk, record.case_id) == {begun.number}
