"""The year's training by the posts that people hold: who left needs none, and what they attended stays."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest

from engine import commands, queries
from engine.commands.errors import SubmissionInvalid
from engine.identity import Post
from engine.store import accounts, cases
from engine.timesource import OFFICE_ZONE
from engine.unit_of_work import UnitOfWork
from tests.integration.conftest import Desk, open_desk
from tests.integration.test_publishing import do
from tests.integration.test_steps import open_tasks

DEPUTY, STAFF = Post("deputy_director"), Post("section_staff", "housing")
LEFT_ON = date(2026, 3, 20)  # a Friday
TRAINEES = [
    {"person": "zhou", "unit": "office", "post": "信息公开专员"},
    {"person": "fang", "unit": "housing", "post": "科室经办人"},
    {"person": "li", "unit": "housing", "post": "科室经办人"},
]
SESSION = {"title": "条例学习", "planned_on": "2026-03-10", "hours": 4, "way": "course"}


@pytest.fixture
def desk(tmp_path) -> Desk:
    desk = open_desk(tmp_path, "training")
    with UnitOfWork(desk.env.database, writing=True) as uow:
        for login, post, until in (("deputy", DEPUTY, None), ("fang", STAFF, LEFT_ON)):
            person = accounts.add_person(uow.connection, login=login, name=login)
            accounts.add_post(uow.connection, person, post, date(2026, 1, 1), until)
        uow.commit()
    return desk


def planned(desk: Desk) -> str:
    """A year's plan with one session; the clock stands on a day after somebody has left."""
    plan = {"training_year": 2026, "sessions": [SESSION], "trainees": TRAINEES}
    case_id = commands.start_case(desk.env, desk.actor("zhou"), "training", plan).case_id
    do(desk, "deputy", case_id, "approve", {"plan_decision": "agree"})
    desk.time.set(datetime(2026, 3, 23, 9, tzinfo=OFFICE_ZONE))  # a Monday
    return case_id


def held(desk: Desk, case_id: str, *present: str, on: str = "2026-03-10") -> None:
    attendance: list[dict[str, Any]] = [{"person": one, "result": "present"} for one in present]
    do(desk, "zhou", case_id, "hold", {"training_on": on, "attendance": attendance})


def test_who_left_is_not_asked_to_make_up_what_was_missed(desk):
    """The section of somebody who had left was told to train them."""
    case_id = planned(desk)
    held(desk, case_id, "zhou", "li")
    assert list(open_tasks(desk, case_id)) == ["sum_up"]
    page = queries.task_page(desk.env, desk.actor("zhou"), open_tasks(desk, case_id)["sum_up"])
    assert page.values["shown_left"] == "fang"
    assert page.values["not_trained_count"] == 0


def test_who_is_still_in_post_makes_it_up(desk):
    case_id = planned(desk)
    held(desk, case_id, "zhou", "fang")
    with UnitOfWork(desk.env.database, writing=False) as uow:
        rows = cases.case_items(uow.connection, case_id)
    items = [row["item"]["item"]["person"] for row in rows if row["status"] == "open"]
    assert items == ["li"]


def test_the_attendance_of_who_left_since_is_registered_and_stays(desk):
    """Only who was in post on the day of the typing could be registered."""
    case_id = planned(desk)
    page = queries.task_page(desk.env, desk.actor("zhou"), open_tasks(desk, case_id)["hold"])
    shown = [row["person"] for row in page.values["attendance"]]
    assert shown == ["zhou", "fang", "li"]
    held(desk, case_id, "fang", "li", "zhou")
    with UnitOfWork(desk.env.database, writing=False) as uow:
        [fact] = [
            one for one in cases.events(uow.connection, case_id) if one["kind"] == "training_held"
        ]
    assert fact["fields"]["people"] == ["fang", "li", "zhou"]


def test_who_was_no_longer_in_post_on_the_day_is_refused(desk):
    case_id = planned(desk)
    with pytest.raises(SubmissionInvalid) as refused:
        held(desk, case_id, "fang", on="2026-03-23")
    assert list(refused.value.errors) == ["attendance-0-person"]
