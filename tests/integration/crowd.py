"""A crowd of cases: one that was walked to where it stands, and copies of its rows."""

from __future__ import annotations

import uuid

from sqlalchemy import Connection, Table, insert, select

from engine.environment import Environment
from engine.tables import case_event, cases, clock, event_wait, timer, work_item
from engine.unit_of_work import UnitOfWork

CHUNK = 500


def multiply(env: Environment, case_id: str, times: int) -> list[str]:
    """Copy a case with its facts, clocks, timers and open work; return the ids of the copies.

    Copies have no history and no rows in the trail: enough for what reads live state only.
    """
    made: list[str] = []
    for start in range(0, times, CHUNK):
        numbers = range(start, min(start + CHUNK, times))
        copies = [(number, uuid.uuid4().hex) for number in numbers]
        with UnitOfWork(env.database, writing=True) as uow:
            for table in (cases, case_event, clock, timer, event_wait, work_item):
                _copy(uow.connection, table, case_id, copies)
            uow.commit()
        made += [copy for _, copy in copies]
    return made


def _copy(
    connection: Connection, table: Table, case_id: str, copies: list[tuple[int, str]]
) -> None:
    key = table.c.id if table is cases else table.c.case_id
    rows = [dict(row) for row in connection.execute(select(table).where(key == case_id)).mappings()]
    new = [_renamed(table, row, case_id, *copy) for copy in copies for row in rows]
    if new:
        connection.execute(insert(table), new)


def _renamed(
    table: Table, row: dict[str, object], case_id: str, number: int, copy: str
) -> dict[str, object]:
    if table is cases:
        return {**row, "id": copy, "number": f"{row['number']}之{number + 1}"}
    if table is case_event:
        row = {name: value for name, value in row.items() if name != "id"}
    elif table is work_item:
        row = {**row, "id": uuid.uuid4().hex}
    elif "id" in row:
        row = {**row, "id": str(row["id"]).replace(case_id, copy)}
    return {**row, "case_id": copy}
