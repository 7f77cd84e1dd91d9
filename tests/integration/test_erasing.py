"""What keeps a closed case from being erased; that nothing is left of one that is, test_canaries says."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import text

from engine import commands
from engine.errors import BadInput
from engine.store import cases
from engine.unit_of_work import UnitOfWork
from tests.integration.conftest import Desk
from tests.integration.test_passing_time import registered


@pytest.mark.parametrize("in_a_table", [False, True], ids=["field", "table"])
def test_a_case_that_an_open_one_names_in_a_table_could_be_erased(
    desk: Desk, in_a_table: bool
) -> None:
    closed, naming = registered(desk), registered(desk)
    with UnitOfWork(desk.env.database, writing=True) as uow:
        number = str(getattr(cases.load(uow.connection, closed), "number", ""))
        named = {"problems": [{"about_case": number}]} if in_a_table else {"subject_case": number}
        uow.connection.execute(
            text("update cases set status = 'closed' where id = :id"), {"id": closed}
        )
        uow.connection.execute(
            text("update cases set fields = :fields where id = :id"),
            {"fields": json.dumps(named), "id": naming},
        )
        uow.commit()
    with pytest.raises(BadInput) as refused:
        commands.preview_erasure(desk.env, number)
    assert "有关，办结以后再删除个人信息" in refused.value.sentence
