"""A form names another case: only one that is there and that one may see, and both cases show it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from engine import commands, queries
from engine.commands.errors import SubmissionInvalid
from engine.queries.pages import RelatedCase
from engine.store import cases
from engine.unit_of_work import UnitOfWork
from tests.integration.conftest import Desk, open_desk

LOOP = {"title": "危房鉴定报告", "kind": "a", "received_on": "2026-03-02"}


@pytest.fixture
def desk(tmp_path) -> Iterator[Desk]:
    office = open_desk(tmp_path, "loop", "follow", "enquiry")
    yield office
    office.env.database.dispose()


def a_loop(desk: Desk) -> commands.Moved:
    return commands.start_case(desk.env, desk.actor("zhou"), "loop", LOOP)


def follow(desk: Desk, login: str = "zhou", **values: Any) -> commands.Moved:
    answers = {"title": "跟进鉴定报告", **values}
    return commands.start_case(desk.env, desk.actor(login), "follow", answers)


def refused(desk: Desk, login: str = "zhou", **values: Any) -> dict[str, str]:
    with pytest.raises(SubmissionInvalid) as wrong:
        follow(desk, login, **values)
    return dict(wrong.value.errors)


def related(desk: Desk, login: str, case_id: str) -> list[RelatedCase]:
    return list(queries.case_page(desk.env, desk.actor(login), case_id).related)


def open_task(desk: Desk, case_id: str) -> str:
    with UnitOfWork(desk.env.database, writing=False) as uow:
        rows = cases.case_items(uow.connection, case_id)
    [task] = [row["id"] for row in rows if row["status"] == "open"]
    return str(task)


def test_both_cases_show_the_reference_and_link_to_each_other(desk):
    loop = a_loop(desk)
    case = follow(desk, about=f" {loop.number} ")
    [there] = related(desk, "zhou", case.case_id)
    assert (there.case_id, there.number, there.words) == (loop.case_id, loop.number, "涉及案件")
    [back] = related(desk, "zhou", loop.case_id)
    assert (back.case_id, back.procedure) == (case.case_id, "跟进")
    assert back.words == "其中的“涉及案件”是本件"
    [(_, facts)] = queries.case_page(desk.env, desk.actor("zhou"), case.case_id).facts
    [fact] = [one for one in facts if one.label == "涉及案件"]
    assert (fact.value, fact.url) == (loop.number, f"/cases/{loop.case_id}")


def test_a_number_that_no_case_has_is_refused_and_what_is_near_is_said(desk):
    loop = a_loop(desk)
    assert refused(desk, about="2026-9999") == {
        "about": "没有编号“2026-9999”的案件，或者您没有经办过它，请核对编号"
    }
    near = refused(desk, about="危房")["about"]
    assert near == (f"没有编号“危房”的案件，请填写完整的编号，相近的有：{loop.number} 危房鉴定报告")


def test_a_case_of_another_procedure_is_refused(desk):
    answers = {"title": "栏目没有更新", "enquirers": ["zhao", "li"]}
    other = commands.start_case(desk.env, desk.actor("zhou"), "enquiry", answers)
    said = refused(desk, about=other.number)["about"]
    title = desk.env.deployed(desk.env.version_in_force("loop")).procedure.title
    assert said == f"{other.number}是“两人调查”的案件，这里应填写“{title}”的案件"


def test_a_case_that_one_may_not_see_is_as_if_it_were_not_there(desk):
    loop = a_loop(desk)
    assert "没有经办过它" in refused(desk, "li", about=loop.number)["about"]
    assert queries.case_choices(desk.env, desk.actor("li"), loop.number, ["loop"]) == []
    case = follow(desk, about=loop.number)
    assert related(desk, "li", case.case_id) == []


def test_who_goes_on_with_a_reference_need_not_see_the_case(desk):
    """The section could not submit what the officer had filled in."""
    loop = a_loop(desk)
    case = follow(desk, about=loop.number)
    task = open_task(desk, case.case_id)
    commands.complete_task(desk.env, desk.actor("li"), task, {"about": loop.number})
    [there] = related(desk, "zhou", case.case_id)
    assert there.case_id == loop.case_id


def test_another_answer_replaces_the_reference_and_none_ends_it(desk):
    first, second = a_loop(desk), a_loop(desk)
    case = follow(desk, about=first.number, others=[{"which": second.number, "note": "一并"}])
    assert {one.number for one in related(desk, "zhou", case.case_id)} == {
        first.number,
        second.number,
    }
    commands.complete_task(desk.env, desk.actor("li"), open_task(desk, case.case_id), {})
    assert [one.number for one in related(desk, "zhou", case.case_id)] == [second.number]
    assert related(desk, "zhou", first.case_id) == []


def test_a_cell_of_a_table_is_judged_like_a_field(desk):
    loop = a_loop(desk)
    errors = refused(desk, about=loop.number, others=[{"which": "咨2026-0099", "note": "没有"}])
    assert list(errors) == ["others-0-which"]


def test_a_case_started_by_another_is_linked_with_it(desk):
    loop = a_loop(desk)
    commands.start_case(
        desk.env,
        desk.actor("zhou"),
        "follow",
        variables={"from_case": loop.number},
        via_form=False,
    )
    [back] = related(desk, "zhou", loop.case_id)
    assert back.words == "由本件引起"
    [there] = related(desk, "zhou", back.case_id)
    assert (there.number, there.words) == (loop.number, "本件由它引起")


def test_a_reference_that_was_taken_back_is_gone(desk):
    first, second = a_loop(desk), a_loop(desk)
    case = follow(desk, "zhou", about=first.number)
    task = open_task(desk, case.case_id)
    commands.start_case(
        desk.env, desk.actor("zhou"), "follow", {"title": "别的", "about": second.number}
    )
    li = desk.actor("li")
    commands.complete_task(desk.env, li, task, {})
    assert related(desk, "zhou", case.case_id) == []
    commands.take_back(desk.env, li, case.case_id, "选错了")
    assert [one.number for one in related(desk, "zhou", case.case_id)] == [first.number]


def test_cases_to_choose_from_are_found_by_number_or_subject(desk):
    loop = a_loop(desk)
    for typed in (loop.number, "鉴定"):
        [found] = queries.case_choices(desk.env, desk.actor("zhou"), typed, ["loop"])
        assert (found.number, found.subject) == (loop.number, "危房鉴定报告")
    assert queries.case_choices(desk.env, desk.actor("zhou"), "鉴定", ["enquiry"]) == []
    assert queries.case_choices(desk.env, desk.actor("zhou"), "100%") == []
