"""A wrong date in a closed case is corrected, and a breach that it had caused is taken back and told."""

from datetime import date

import pytest
from sqlalchemy import text

from engine import commands, queries
from engine.errors import BadInput, Denied
from engine.store import audit as trail
from engine.store import awaited, cases
from engine.store import warnings as store
from engine.unit_of_work import UnitOfWork
from tests.integration.conftest import open_desk
from tests.integration.test_several import ACCEPTED, REQUEST, task_of


@pytest.fixture
def desk(tmp_path):
    return open_desk(
        tmp_path, "on_request", "confidentiality_review", "review_and_approval", "accountability"
    )


def at(desk, day: str) -> None:
    desk.time.set(desk.time.now().replace(year=int(day[:4]), month=int(day[5:7]), day=int(day[8:])))


def withdrawn_late(desk) -> str:
    """A request that the applicant withdrew, told late and written down a month late, so that a breach was recorded."""
    zhou = desk.actor("zhou")
    moved = commands.start_case(desk.env, zhou, "on_request", {**REQUEST, "info_title": "甲"})
    task = task_of(desk, moved.case_id)
    commands.complete_task(desk.env, zhou, task["id"], ACCEPTED)
    at(desk, "2026-04-10")
    commands.tick(desk.env)
    commands.tick(desk.env)
    with UnitOfWork(desk.env.database, writing=False) as uow:
        waits = awaited.case_waits(uow.connection, moved.case_id)
    wait = next(one for one in waits if one["name"] == "撤回申请")
    commands.deliver_action(
        desk.env, zhou, moved.case_id, wait["wait"], {"withdrawn_on": "2026-04-10"}
    )
    for values in (
        {"closing_sent_on": "2026-04-10", "closing_way": "hand"},
        {"file_complete": "complete", "retention": "10"},
    ):
        commands.complete_task(desk.env, zhou, task_of(desk, moved.case_id)["id"], values)
    return moved.case_id


def breach_of(desk, case_id: str):
    with UnitOfWork(desk.env.database, writing=False) as uow:
        return {one["clock"]: one for one in store.breaches(uow.connection, case_id)}["reply"]


def corrected(desk, case_id: str, kind: str, right: str | None, login: str = "zhao") -> None:
    who = desk.actor(login)
    fact = next(one for one in queries.correctable(desk.env, who, case_id) if one.kind == kind)
    day = date.fromisoformat(right) if right else None
    commands.correct_fact(
        desk.env, who, case_id, fact.id, day, reason="信封上为3月", evidence="信封"
    )


def actions(desk, case_id: str) -> list[str]:
    with UnitOfWork(desk.env.database, writing=False) as uow:
        return [row["action"] for row in trail.rows(uow.connection, case_id=case_id)]


def test_a_breach_from_a_wrong_date_is_taken_back_and_told(desk):
    case_id = withdrawn_late(desk)
    assert breach_of(desk, case_id)["withdrawn_at"] is None
    commands.tick(desk.env)
    with UnitOfWork(desk.env.database, writing=False) as uow:
        started = uow.connection.execute(
            text("select id from cases where procedure = 'accountability'")
        ).scalar_one()
    corrected(desk, case_id, "withdrawn", "2026-03-20")
    assert breach_of(desk, case_id)["withdrawn_at"] is not None
    assert "FactCorrected" in actions(desk, case_id)
    assert "BreachWithdrawn" in actions(desk, case_id)
    with UnitOfWork(desk.env.database, writing=False) as uow:
        assert cases.load(uow.connection, case_id).status == "closed"
    commands.tick(desk.env)
    with UnitOfWork(desk.env.database, writing=False) as uow:
        facts = cases.events(uow.connection, started)
    assert [one["kind"] for one in facts] == ["breach_withdrawn"]
    texts = [one.text for one in queries.notices(desk.env, desk.actor("zhao")).lines]
    assert any("逾期记录已经撤销" in one for one in texts)
    supervisor = [one.text for one in queries.notices(desk.env, desk.actor("meng")).lines]
    assert any("更正了登记的日期：信封上为3月" in one for one in supervisor)
    page = queries.case_page(desk.env, desk.actor("zhao"), case_id)
    assert any("原记载2026-04-10，更正为2026-03-20" in one.text for one in page.calculation.rows)
    # Corrected back, the breach stands again.
    corrected(desk, case_id, "withdrawn", "2026-04-10")
    assert breach_of(desk, case_id)["withdrawn_at"] is None


def test_a_breach_that_a_correction_does_not_touch_stands(desk):
    case_id = withdrawn_late(desk)
    corrected(desk, case_id, "withdrawn", "2026-04-08")
    assert breach_of(desk, case_id)["withdrawn_at"] is None


def test_who_corrects_second_is_told(desk):
    case_id = withdrawn_late(desk)
    zhao = desk.actor("zhao")
    facts = queries.correctable(desk.env, zhao, case_id)
    fact = next(one for one in facts if one.kind == "withdrawn")
    given = {"reason": "信封上为3月", "evidence": "信封"}
    commands.correct_fact(desk.env, zhao, case_id, fact.id, date(2026, 3, 20), **given)
    with pytest.raises(BadInput, match="no such fact"):
        commands.correct_fact(desk.env, zhao, case_id, fact.id, date(2026, 3, 21), **given)


def test_what_must_not_be_corrected_is_refused(desk):
    case_id = withdrawn_late(desk)
    with pytest.raises(Denied):
        queries.correctable(desk.env, desk.actor("zhou"), case_id)
    with pytest.raises(BadInput) as refused:
        corrected(desk, case_id, "submitted", None)
    assert refused.value.sentence == "起算的日期只能更正，不能取消"
    with pytest.raises(BadInput, match="future"):
        corrected(desk, case_id, "withdrawn", "2026-05-20")
