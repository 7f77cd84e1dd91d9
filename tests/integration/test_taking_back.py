"""One's own last step is taken back while nobody went on; what has left the case is not."""

import threading

import pytest

from engine import commands, invariants, queries
from engine.errors import BadInput, EngineError
from engine.store import cases
from engine.unit_of_work import UnitOfWork
from tests.integration.conftest import open_desk
from tests.integration.test_several import ACCEPTED, REQUEST, task_of

SECTIONS = {"assign_way": "direct", "lead_section": "housing"}
ENOUGH = {"examine_result": "enough", "excessive": "normal"}


@pytest.fixture
def desk(tmp_path):
    return open_desk(tmp_path, "on_request", "confidentiality_review", "review_and_approval")


def started(desk) -> str:
    zhou = desk.actor("zhou")
    moved = commands.start_case(desk.env, zhou, "on_request", {**REQUEST, "info_title": "甲"})
    return moved.case_id


def done(desk, case_id: str, login: str, values: dict) -> None:
    item = task_of(desk, case_id)
    commands.complete_task(desk.env, desk.actor(login), item["id"], values)


def loaded(desk, case_id: str):
    with UnitOfWork(desk.env.database, writing=False) as uow:
        return cases.load(uow.connection, case_id)


def at_research(desk) -> str:
    """A request that was accepted, assigned and is to be examined."""
    case_id = started(desk)
    done(desk, case_id, "zhou", ACCEPTED)
    done(desk, case_id, "zhou", SECTIONS)
    return case_id


def test_a_step_is_taken_back_and_done_again_with_what_was_typed(desk):
    case_id = at_research(desk)
    before = loaded(desk, case_id)
    done(desk, case_id, "zhou", ENOUGH)
    zhou = desk.actor("zhou")
    page = queries.case_page(desk.env, zhou, case_id)
    assert (page.taking_back.step, page.taking_back.why_not) == ("研究", "")
    task = commands.take_back(desk.env, zhou, case_id, "还要补查")
    after = loaded(desk, case_id)
    assert (after.state, after.fields, after.doers) == (before.state, before.fields, before.doers)
    form = queries.task_page(desk.env, zhou, task)
    assert form.name == "研究"
    assert form.values["examine_result"] == "enough"
    trail = queries.audit_page(desk.env, desk.actor("meng"), {})
    assert trail.rows[0].act == "收回"
    assert not invariants.violations(desk.env)
    commands.complete_task(desk.env, zhou, task, ENOUGH)
    assert task_of(desk, case_id)["activity_id"] == "first_review"
    with UnitOfWork(desk.env.database, writing=False) as uow:
        signed = cases.steps_of_people(uow.connection, case_id)
    assert [one["activity_id"] for one in signed].count("examine") == 1


def test_what_has_left_the_case_is_not_taken_back_and_the_page_says_why(desk):
    case_id = started(desk)
    done(desk, case_id, "zhou", ACCEPTED)  # records the fact that it was accepted
    zhou = desk.actor("zhou")
    taking = queries.case_page(desk.env, zhou, case_id).taking_back
    assert taking.why_not.startswith("已经记下有日期的事实")
    with pytest.raises(BadInput) as refused:
        commands.take_back(desk.env, zhou, case_id, "按错了")
    assert refused.value.sentence == taking.why_not
    assert queries.case_page(desk.env, desk.actor("zhao"), case_id).taking_back is None


def test_a_step_is_not_taken_back_from_whoever_went_on(desk):
    case_id = at_research(desk)
    done(desk, case_id, "zhou", ENOUGH)
    with UnitOfWork(desk.env.database, writing=True) as uow:
        cases.set_assignee(uow.connection, task_of(desk, case_id)["id"], "somebody", None)
        uow.commit()
    with pytest.raises(BadInput) as refused:
        commands.take_back(desk.env, desk.actor("zhou"), case_id, "按错了")
    assert refused.value.sentence == "后面的人已经开始办理"


def test_of_two_at_once_one_is_told(desk):
    case_id = at_research(desk)
    done(desk, case_id, "zhou", ENOUGH)
    head = desk.actor("zhao")
    task = task_of(desk, case_id)["id"]
    with UnitOfWork(desk.env.database, writing=True) as uow:
        cases.offer_again(
            uow.connection,
            [
                {
                    **task_of(desk, case_id),
                    "role": "office_head",
                    "unit": None,
                    "candidates": {"roles": ["office_head"], "users": [], "apart": []},
                }
            ],
        )
        uow.commit()
    told = []

    def attempt(what, *given):
        try:
            what(desk.env, *given)
        except EngineError as error:
            told.append(error.code)

    threads = [
        threading.Thread(
            target=attempt, args=(commands.take_back, desk.actor("zhou"), case_id, "按错了")
        ),
        threading.Thread(
            target=attempt, args=(commands.complete_task, head, task, {"first_result": "open"})
        ),
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(told) == 1
    assert not invariants.violations(desk.env)
    assert task_of(desk, case_id)["activity_id"] in {"examine", "second_review"}
