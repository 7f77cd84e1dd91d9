"""A limit that ran out while nobody wrote: its stored row says so the next day, and its timer is not lost."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from engine import commands
from engine.environment import Environment
from engine.store import awaited as awaited_store
from engine.tables import clock
from engine.unit_of_work import UnitOfWork
from tests.chaos.office import PROCEDURES, Snapshot, moment, new_office
from tests.integration.test_two_at_once import acts_of, kept


@pytest.fixture(scope="module")
def awaited() -> Iterator[Snapshot]:
    """A request whose correction is awaited until 7 December 2026; nothing has fired since."""
    office = new_office(PROCEDURES, None)
    acts = acts_of("correction.yaml", "逾期不补正，视为放弃申请", ("until", "2026-12-08"))
    done = kept(office, acts)
    yield done
    done.remove()
    office.remove()


def states(env: Environment) -> dict[str, str]:
    with UnitOfWork(env.database, writing=False) as uow:
        rows = uow.connection.execute(clock.select().order_by(clock.c.clock))
        return {row.clock: row.state for row in rows}


def due_timers(env: Environment) -> list[Any]:
    with UnitOfWork(env.database, writing=False) as uow:
        return list(
            awaited_store.due_timers(uow.connection, env.time.now(), limit=9, max_failures=5)
        )


def test_the_timer_of_a_limit_that_ran_out_survives_a_recomputation_before_it_fires(awaited):
    with awaited.opened() as env:
        env.time.set(moment("2026-12-10"))
        before = due_timers(env)
        assert len(before) == 1
        commands.recompute_clocks(env)
        assert due_timers(env) == before
        assert commands.fire_due_timers(env) == 1
        assert states(env)["reply"] == "abandoned"


def test_rows_of_clocks_that_ran_out_say_so_although_nobody_wrote(awaited):
    with awaited.opened() as env:
        assert states(env)["correction"] == "running"
        assert states(env)["reply"] == "waiting"
        env.time.set(moment("2026-12-10"))
        assert commands.settle_lapsed(env) == 1
        assert states(env)["correction"] == states(env)["reply"] == "abandoned"
        assert commands.settle_lapsed(env) == 0  # once a day
        env.time.advance(timedelta(days=1))
        assert commands.settle_lapsed(env) == 0  # nothing is left to be said
        assert commands.fire_due_timers(env) == 1
        assert commands.verify_audit(env) == []
