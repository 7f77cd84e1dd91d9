"""What time does to cases: due timers fire, and everything else that a tick of the scheduler does.

A tick of the scheduler calls these, again and again; each is safe to call twice. After a standstill
everything that was missed is done once, with its true moment and its lateness.
"""

from __future__ import annotations

from typing import Any

from engine import audit
from engine.bpmn import execute
from engine.bpmn.step import NotWaiting, Step
from engine.commands import clock_watch, stepping
from engine.commands.case_host import CaseHost
from engine.commands.cause import Cause, Moved
from engine.commands.chasing import climb_ladder, record_breaches
from engine.commands.checkpoints import keep_daily
from engine.commands.delivering import deliver_outbox
from engine.commands.erasing import drop_unnamed_daily
from engine.commands.errors import CaseStopped
from engine.commands.recomputing import finish_recomputing, settle_lapsed
from engine.commands.releasing import release_daily
from engine.commands.renewing import renew_written_rules
from engine.commands.starting import start_due
from engine.environment import Environment
from engine.errors import NotFound, RevisionConflict
from engine.identity import SYSTEM
from engine.store import awaited as awaited_store
from engine.store import cases, drafts, outbox
from engine.store.cases import CaseRow
from engine.timesource import legal_day
from engine.unit_of_work import Connection, UnitOfWork, glance

BATCH = 200
MAX_FAILURES = 5

HOLIDAYS_AWAITED = "{year}年放假安排还没有导入，跨年的期限都是暂定，请导入"


def fire_due_timers(env: Environment) -> int:
    """Fire every timer that is due, oldest first, each in its own transaction; return how many fired.

    A timer whose step fails becomes an incident and does not hold up the others; after a few failures
    it waits for a person.
    """
    fired = 0
    while True:
        with UnitOfWork(env.database, writing=False) as uow:
            due = awaited_store.due_timers(
                uow.connection, env.time.now(), limit=BATCH, max_failures=MAX_FAILURES
            )
        done = sum(_fire_one(env, timer_id) for timer_id in due)
        fired += done
        if len(due) < BATCH or not done:
            return fired


def _fire_one(env: Environment, timer_id: str) -> bool:
    try:
        return fire_timer(env, timer_id) is not None
    except CaseStopped:
        with UnitOfWork(env.database, writing=True) as uow:
            awaited_store.count_timer_failure(uow.connection, timer_id)
            uow.commit()
        return False
    except (NotFound, NotWaiting, RevisionConflict):
        return False  # somebody acted meanwhile; the next look finds what is left


def fire_timer(env: Environment, timer_id: str, *, resolves: tuple[str, ...] = ()) -> Moved | None:
    """Fire one armed timer that is due; None where it is neither any more.

    Raises:
        CaseStopped: its step failed; an incident was recorded.
    """
    now = env.time.now()
    with glance(env.database) as connection:
        found = cases.load_with_timer(connection, timer_id)
    if found is None:
        return None
    case, row = found
    if row["due_at"] is None or row["due_at"] > now or case.status != "open":
        return None
    definition = env.deployed(case.version_id).definition

    def read(connection: Connection) -> tuple[CaseRow, bool]:
        again = cases.load_with_timer(connection, timer_id)
        if again is None:
            raise NotFound("timer", timer_id)
        return again[0], False

    def act(host: CaseHost, state: dict[str, Any]) -> Step:
        return execute.fire(definition, host, state, row["timer"])

    late = int((now - row["due_at"]).total_seconds())
    return stepping.run(
        env,
        SYSTEM,
        read,
        act,
        Cause(
            "fire",
            "TimerFired",
            {"do": "fire", "timer": timer_id},
            activity_id=row["activity_id"],
            body={"due_at": audit.stamp(row["due_at"]), "late_seconds": late},
            resolves=resolves,
        ),
        first=case,
    )


def remind_of_calendar(env: Environment) -> None:
    """From the month in which the notice is due, say once a day that next year's is not in yet."""
    today = legal_day(env.time.now())
    awaited = env.institution().calendar.notice_awaited(today)
    if awaited is None:
        return
    name = f"calendar:{awaited}"
    with UnitOfWork(env.database, writing=False) as uow:
        said = outbox.heartbeats(uow.connection).get(name)
    if said is not None and said["note"] == str(today):
        return
    rules = env.institution().rules
    roles = sorted(role for role, rights in rules.items() if "calendar.import" in rights.may)
    with UnitOfWork(env.database, writing=True) as uow:
        now = env.time.now()
        text = HOLIDAYS_AWAITED.format(year=awaited)
        outbox.settle(uow.connection, text)  # of each day's only the newest holds
        outbox.tell_roles(uow.connection, roles, text, now)
        outbox.beat(uow.connection, name, now, str(today))
        uow.commit()


def tick(env: Environment) -> None:
    """Do everything that is due now: what the scheduler calls."""
    env.refresh()
    if not clock_watch.is_believed(env):
        return
    finish_recomputing(env, wait=False)
    fired = fire_due_timers(env)
    settle_lapsed(env)
    start_due(env)
    warned = climb_ladder(env)
    record_breaches(env)
    remind_of_calendar(env)
    renew_written_rules(env)
    sent = deliver_outbox(env)
    release_daily(env)
    keep_daily(env)
    drop_unnamed_daily(env)
    with UnitOfWork(env.database, writing=True) as uow:
        drafts.drop_stale_drafts(uow.connection)
        words = f"fired {fired}, warned {warned}, sent {sent}"
        clock_watch.believe(env, uow.connection, words)
        uow.commit()
