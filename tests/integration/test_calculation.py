"""The calculation of a stored case: who approved, who corrected and why."""

from __future__ import annotations

from datetime import date

from engine import queries
from engine.store import cases
from engine.tables import case_event
from engine.unit_of_work import UnitOfWork
from tests.integration.conftest import Desk
from tests.integration.test_passing_time import at, registered


def test_the_calculation_says_who_corrected_a_fact_and_why(desk: Desk):
    case_id = registered(desk)
    wrong = "2026-03-02"
    with UnitOfWork(desk.env.database, writing=True) as uow:
        (first, *_) = cases.events(uow.connection, case_id)
        fields = {"reason": "登记时看错日期", "evidence": "登记表"}
        uow.connection.execute(
            case_event.insert(),
            {
                "case_id": case_id,
                "kind": first["kind"],
                "day": date(2026, 3, 3),
                "fields": fields,
                "activity_id": first["activity_id"],
                "recorded_by": desk.actor("zhao").person_id,
                "recorded_at": desk.env.time.now(),
                "supersedes": first["id"],
            },
        )
        uow.commit()
    at(desk, date(2026, 3, 4))
    _, found = queries.calculation(desk.env, desk.actor("zhou"), case_id, "reply")
    row = next(row for row in found.rows if row.what == "更正")
    name = desk.actor("zhao").name
    assert row.text == f"收到：原记载{wrong}，更正为2026-03-03（登记时看错日期），由{name}更正"
    assert row.evidence == "登记表"
    assert "更正前为2026-03-30" in found.rows[-1].text
