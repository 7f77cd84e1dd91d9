"""How often a command asks the database, counted at the driver on both databases.

On PostgreSQL the queue of writers is a lock, sent along with the statement that begins a transaction: it is no
round trip of its own and not counted.
"""

from __future__ import annotations

from contextlib import ExitStack, suppress

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import InternalError

from engine import commands
from engine.commands import recomputing
from engine.store import cases
from engine.store.prepared import to_driver
from engine.tables import clock, heartbeat, timer, work_item
from engine.unit_of_work import IntegrityError, UnitOfWork, glance
from tests.integration.conftest import Desk, PostgresServer, open_desk
from tests.integration.counting import counting
from tests.integration.crowd import multiply
from tests.integration.test_crashes import REGISTER

LOOP = {"title": "危房鉴定报告", "kind": "a", "received_on": "2026-03-02"}


def open_tasks(desk: Desk, case_id: str) -> list[str]:
    with UnitOfWork(desk.env.database, writing=False) as uow:
        rows = cases.case_items(uow.connection, case_id)
    return [str(row["id"]) for row in rows if row["status"] == "open"]


def test_a_step_without_effects_takes_six_statements_and_one_commit(tmp_path, database):
    desk = open_desk(tmp_path, "loop", server=database)
    head = desk.actor("zhao")
    case_id = commands.start_case(desk.env, desk.actor("zhou"), "loop", LOOP).case_id
    (task,) = open_tasks(desk, case_id)
    counted = counting(desk.env.database)
    for key in (None, "form-1", "form-2"):
        counted.clear()
        moved = commands.complete_task(desk.env, head, task, {"decision": "return"}, key=key)
        (task,) = [str(row["id"]) for row in moved.opened]
        assert len(counted.statements) <= 6, counted.statements
        assert counted.commits == 1


def forget_dates(desk: Desk) -> None:
    """Every stored date is gone, so that each has to be written again."""
    with UnitOfWork(desk.env.database, writing=True) as uow:
        uow.connection.execute(text("update clock set due = null"))
        uow.connection.execute(text("update timer set due_at = null"))
        uow.connection.execute(text("update work_item set due_on = null"))
        uow.commit()


def test_moving_every_clock_takes_six_statements_a_hundred_cases(desk):
    case_id = commands.start_case(desk.env, desk.actor("zhou"), "leave", REGISTER).case_id
    multiply(desk.env, case_id, 2 * recomputing.BATCH - 1)
    forget_dates(desk)
    counted = counting(desk.env.database)
    moved = commands.recompute_clocks(desk.env)
    of_hundred = len(counted.statements) / (2 * recomputing.BATCH / 100)
    assert len(moved) == 2 * recomputing.BATCH
    assert of_hundred <= 6, counted.statements
    with UnitOfWork(desk.env.database, writing=False) as uow:
        for table, column in ((clock, "due"), (timer, "due_at"), (work_item, "due_on")):
            unmoved = select(table).where(table.c[column].is_(None))
            if table is work_item:
                unmoved = unmoved.where(work_item.c.status == "open")
            assert not uow.connection.execute(unmoved).all(), table.name


def test_clocks_that_stand_right_are_read_and_not_written(desk):
    case_id = commands.start_case(desk.env, desk.actor("zhou"), "leave", REGISTER).case_id
    multiply(desk.env, case_id, recomputing.BATCH - 1)
    counted = counting(desk.env.database)
    assert commands.recompute_clocks(desk.env) == []
    assert all(one.lower().startswith("select") for one in counted.statements)


# ---------------------------------------------------------------- what a transaction keeps


def test_what_is_not_committed_is_gone(desk):
    with UnitOfWork(desk.env.database, writing=True) as uow:
        uow.connection.execute(text("update person set name = 'x'"))
    with UnitOfWork(desk.env.database, writing=False) as uow:
        names = uow.connection.scalars(text("select name from person")).all()
    assert "x" not in names


@pytest.fixture
def on_postgres(tmp_path, postgres: PostgresServer) -> Desk:
    return open_desk(tmp_path, "leave", server=postgres)


def test_a_reading_transaction_cannot_write(on_postgres):
    with (
        UnitOfWork(on_postgres.env.database, writing=False) as uow,
        pytest.raises(InternalError, match="read-only"),
    ):
        uow.connection.execute(text("update person set name = 'x'"))


def test_a_connection_that_the_server_closed_is_replaced(on_postgres):
    database = on_postgres.env.database
    with UnitOfWork(database, writing=False) as uow:
        first = uow.connection.execute(text("select pg_backend_pid()")).scalar_one()
    with UnitOfWork(on_postgres.restart().env.database, writing=False) as other:
        other.connection.execute(text("select pg_terminate_backend(:pid, 5000)"), {"pid": first})
    with UnitOfWork(database, writing=False) as uow:
        second = uow.connection.execute(text("select pg_backend_pid()")).scalar_one()
    assert second != first


def test_steps_that_each_hold_a_connection_find_a_second_one(desk):
    """Twenty threads would have waited for each other, and given up after half a minute."""
    with ExitStack() as held:
        for _ in range(20):
            held.enter_context(glance(desk.env.database))
        with UnitOfWork(desk.env.database, writing=True) as uow:
            to_driver(uow.connection, BEAT)
            uow.commit()
    assert beats(desk) == ["x"]


def test_a_connection_rests_between_transactions_until_its_database_is_closed(desk):
    """Taking one from the library and giving it back costs as much as five statements."""
    database = desk.env.database
    with UnitOfWork(database, writing=False) as uow:
        first = uow.connection
    with glance(database) as second:
        assert second is first
    with suppress(KeyError), UnitOfWork(database, writing=False) as uow:
        raise KeyError
    assert first.closed  # after an error the library looks to it
    with glance(database) as third:
        third.execute(select(heartbeat)).all()
    assert not third.in_transaction()
    database.dispose()
    assert third.closed


BEAT = "insert into heartbeat (name, at, note) values ('x', '2026-01-01', '')"


def beat_twice(desk: Desk, *, read: bool) -> None:
    """Break a rule of the table; PostgreSQL tells it when something is read or committed, SQLite at once."""
    with UnitOfWork(desk.env.database, writing=True) as uow:
        to_driver(uow.connection, BEAT)
        to_driver(uow.connection, BEAT)
        if read:
            uow.connection.execute(select(heartbeat)).all()
        uow.commit()


@pytest.mark.parametrize("read", [False, True])
def test_an_error_of_the_driver_comes_as_the_librarys(desk, read):
    with pytest.raises(IntegrityError, match="heartbeat"):
        beat_twice(desk, read=read)
    assert beats(desk) == []


def test_a_connection_serves_on_after_its_transaction_failed_or_was_left(desk):
    with suppress(IntegrityError):
        beat_twice(desk, read=False)
    with suppress(KeyError), UnitOfWork(desk.env.database, writing=True) as uow:
        to_driver(uow.connection, BEAT)
        raise KeyError
    with UnitOfWork(desk.env.database, writing=True) as uow:
        to_driver(uow.connection, BEAT)
    assert beats(desk) == []
    with UnitOfWork(desk.env.database, writing=True) as uow:
        to_driver(uow.connection, BEAT)
        uow.commit()
    assert beats(desk) == ["x"]


def beats(desk: Desk) -> list[str]:
    with glance(desk.env.database) as connection:
        return list(connection.scalars(select(heartbeat.c.name).order_by(heartbeat.c.name)))
