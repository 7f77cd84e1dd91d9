"""An open case is carried over to another version by hand, whole or not at all; the others keep theirs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from engine import commands, queries
from engine.bpmn.migrate import NotMovable
from engine.errors import BadInput, Denied, RevisionConflict
from engine.store import awaited, cases
from engine.unit_of_work import UnitOfWork
from tests.integration.conftest import Desk

VALUES = {"title": "危房鉴定报告", "kind": "a", "received_on": "2026-03-02"}
SECOND = (
    '<bpmn:userTask id="second" name="复核" camunda:candidateGroups="office_head">'
    '<bpmn:extensionElements><gk:form key="review"/></bpmn:extensionElements></bpmn:userTask>'
    '<bpmn:sequenceFlow id="f9" sourceRef="second" targetRef="archive"/>'
    '<bpmn:userTask id="archive"'
)


def at_review(desk: Desk, **other: str) -> str:
    values = {**VALUES, **other}
    return commands.start_case(desk.env, desk.actor("zhou"), "leave", values).case_id


def deploy(desk: Desk, *changes: tuple[str, str]) -> None:
    file = desk.env.config.processes / "leave" / "leave.bpmn"
    text = file.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    file.write_text(text)
    warnings = ("changed-id:review", "changed-id:register")
    commands.deploy_folder(
        desk.env, desk.actor("zhang"), file.parent, "局务会纪要", accepted=warnings
    )


def stored(desk: Desk, case_id: str) -> tuple[cases.CaseRow, list[Any], list[Any]]:
    with UnitOfWork(desk.env.database, writing=False) as uow:
        case = cases.load(uow.connection, case_id)
        assert case is not None
        items = cases.case_items(uow.connection, case_id)
        timers = awaited.case_timers(uow.connection, case_id)
    return case, [row for row in items if row["status"] == "open"], timers


def move(desk: Desk, case_id: str, **how: Any) -> commands.Moved:
    return commands.migrate_case(desk.env, desk.actor("zhang"), case_id, "按新流程复核", **how)


def complete(desk: Desk, who: str, task: str, values: Mapping[str, Any]) -> None:
    commands.complete_task(desk.env, desk.actor(who), task, values)


def test_an_open_case_takes_the_new_path_with_its_draft_its_holder_and_its_dates(desk):
    case_id = at_review(desk)
    case, (review,), (timer,) = stored(desk, case_id)
    commands.claim(desk.env, desk.actor("zhao"), review["id"])
    commands.save_draft(desk.env, desk.actor("zhao"), review["id"], {"decision": "agree"})
    deploy(
        desk,
        ('<bpmn:userTask id="archive"', SECOND),
        ('sourceRef="agreed" targetRef="archive"', 'sourceRef="agreed" targetRef="second"'),
    )
    moved = move(desk, case_id)
    after, (now,), (armed,) = stored(desk, case_id)
    assert after.version_id == desk.env.version_in_force("leave") != case.version_id
    assert (after.revision, after.fields) == (case.revision + 1, case.fields)
    assert {**now, "version_id": None} == {
        **review,
        "version_id": None,
        "assignee": desk.actor("zhao").person_id,
    }
    assert armed == timer
    page = queries.task_page(desk.env, desk.actor("zhao"), now["id"])
    assert page.values["decision"] == "agree"
    complete(desk, "zhao", now["id"], {"decision": "agree"})
    _, (second,), _ = stored(desk, case_id)
    assert second["activity_id"] == "second"
    assert moved.case_id == case_id
    assert commands.verify_audit(desk.env) == []


def test_the_trail_says_who_moved_it_from_which_version_to_which_and_why(desk):
    case_id = at_review(desk)
    deploy(desk, ('name="归档"', 'name="立卷归档"'))
    move(desk, case_id)
    page = queries.audit_page(desk.env, desk.actor("meng"), {"kind": "CaseMigrated"})
    (row,) = page.rows
    assert (row.who, row.reason) == ("张维", "按新流程复核")
    assert "从第 1 版程序转到第 2 版" in row.change


def test_a_case_whose_step_is_gone_stays_where_it_is_and_the_step_is_named(desk):
    case_id = at_review(desk)
    before = stored(desk, case_id)
    deploy(desk, ('"review"', '"examine"'), ('key="examine"', 'key="review"'))
    with pytest.raises(NotMovable) as stopped:
        move(desk, case_id)
    assert "“审核”（review）在新版本里没有了" in stopped.value.sentence
    assert stored(desk, case_id) == before
    (row,) = queries.migrations(desk.env, desk.actor("zhang"), "leave").stuck
    assert (row.version, row.steps, [o.element for o in row.obstacles]) == (1, ["审核"], ["review"])


def test_a_mapping_says_what_the_step_is_called_now_and_four_eyes_hold(desk):
    case_id = at_review(desk)
    deploy(
        desk,
        ('"review"', '"examine"'),
        ('key="examine"', 'key="review"'),
        ('id="register"', 'id="enter"'),
        ('targetRef="register"', 'targetRef="enter"'),
        ('sourceRef="register"', 'sourceRef="enter"'),
        ('notSameAs="register"', 'notSameAs="enter"'),
    )
    names = {"review": "examine", "register": "enter"}
    assert queries.migrations(desk.env, desk.actor("zhang"), "leave", names).stuck == []
    move(desk, case_id, mapping=names)
    case, (task,), (timer,) = stored(desk, case_id)
    assert (task["activity_id"], timer["activity_id"]) == ("examine", "late")
    assert case.doers == {"enter": [desk.actor("zhou").person_id]}
    complete(desk, "zhao", task["id"], {"decision": "agree"})
    assert [row["activity_id"] for row in stored(desk, case_id)[1]] == ["archive"]


def test_the_clock_of_the_new_version_counts_from_the_same_facts(desk):
    case_id = at_review(desk)
    deploy(desk, ('length="P20WD"', 'length="P15WD"'))
    move(desk, case_id)
    page = queries.case_page(desk.env, desk.actor("zhou"), case_id)
    assert page.head.clock.due.isoformat() == "2026-03-23"  # Monday, the 15th working day
    _, (task,), (timer,) = stored(desk, case_id)
    assert task["due_on"].isoformat() == "2026-03-11"  # Wednesday, 8 working days before
    assert timer["due_at"].date().isoformat() == "2026-03-18"  # Wednesday, 3 working days before


def test_a_case_that_moved_on_since_it_was_looked_at_is_not_moved(desk):
    case_id = at_review(desk)
    deploy(desk, ('name="归档"', 'name="立卷归档"'))
    (row,) = queries.migrations(desk.env, desk.actor("zhang"), "leave").movable
    complete(desk, "zhao", stored(desk, case_id)[1][0]["id"], {"decision": "agree"})
    with pytest.raises(RevisionConflict):
        move(desk, case_id, revision=row.revision)
    assert stored(desk, case_id)[0].version_id != desk.env.version_in_force("leave")


def test_only_an_administrator_moves_a_case_and_only_with_a_reason_to_another_version(desk):
    case_id = at_review(desk)
    with pytest.raises(BadInput, match="runs under"):
        move(desk, case_id)
    deploy(desk, ('name="归档"', 'name="立卷归档"'))
    with pytest.raises(Denied):
        commands.migrate_case(desk.env, desk.actor("zhou"), case_id, "理由")
    with pytest.raises(BadInput, match="no reason"):
        commands.migrate_case(desk.env, desk.actor("zhang"), case_id, " ")


def test_several_are_moved_each_by_itself(desk):
    first, second = at_review(desk), at_review(desk, title="另一件")
    complete(desk, "zhao", stored(desk, second)[1][0]["id"], {"decision": "agree"})
    deploy(desk, ('"review"', '"examine"'), ('key="examine"', 'key="review"'))
    page = queries.migrations(desk.env, desk.actor("zhang"), "leave")
    assert [row.case_id for row in page.movable] == [second]
    revisions = {row.case_id: row.revision for row in page.rows}
    done = commands.migrate_cases(desk.env, desk.actor("zhang"), revisions, "按新流程")
    assert [one.case_id for one in done.moved] == [second]
    assert list(done.left) == [first]
    assert "在新版本里没有了" in done.left[first]
    assert queries.migrations(desk.env, desk.actor("zhang"), "leave").movable == []
