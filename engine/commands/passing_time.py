"""What time does to cases: due timers fire, warnings climb their ladder, messages go out.

A tick of the scheduler calls these, again and again; each is safe to call twice. After a standstill
everything that was missed is done once, with its true moment and its lateness.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from engine import audit
from engine.bpmn import execute
from engine.bpmn.step import NotWaiting, Step
from engine.commands import acting, publishing, stepping
from engine.commands.acting import start_case
from engine.commands.case_host import CaseHost
from engine.commands.errors import CaseStopped
from engine.commands.noting import note
from engine.commands.stepping import Cause, Moved
from engine.environment import Environment
from engine.errors import EngineError, NotFound, RevisionConflict
from engine.identity import SYSTEM
from engine.lengths import parse_length
from engine.store import cases, outbox
from engine.store import warnings as warning_store
from engine.store.cases import CaseRow
from engine.timesource import legal_day
from engine.unit_of_work import Connection, UnitOfWork

BATCH = 200
MAX_FAILURES = 5


def fire_due_timers(env: Environment) -> int:
    """Fire every timer that is due, oldest first, each in its own transaction; return how many fired.

    A timer whose step fails becomes an incident and does not hold up the others; after a few failures
    it waits for a person.
    """
    fired = 0
    while True:
        with UnitOfWork(env.database, writing=False) as uow:
            due = cases.due_timers(
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
            cases.count_timer_failure(uow.connection, timer_id)
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
    with UnitOfWork(env.database, writing=False) as uow:
        row = cases.timer_row(uow.connection, timer_id)
        if row is None or row["due_at"] is None or row["due_at"] > now:
            return None
        case = cases.load(uow.connection, row["case_id"])
        if case is None or case.status != "open":
            return None
    definition = env.deployed(case.version_id).definition

    def read(connection: Connection) -> tuple[CaseRow, bool]:
        fresh = cases.load(connection, case.id)
        if fresh is None or cases.timer_row(connection, timer_id) is None:
            raise NotFound("timer", timer_id)
        return fresh, False

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
    )


def climb_ladder(env: Environment) -> int:
    """Send the warnings that are due for running clocks, each rung once; return how many.

    A rung that was missed while the machine was off is climbed now and says by how many days late.
    """
    today, sent = legal_day(env.time.now()), 0
    with UnitOfWork(env.database, writing=False) as uow:
        watched = warning_store.running_clocks(uow.connection)
        climbed = warning_store.climbed(uow.connection)
    for row in watched:
        sent += _climb_clock(env, row, today, climbed)
    return sent


def _climb_clock(
    env: Environment,
    row: Mapping[str, Any],
    today: date,
    done: set[tuple[str, str, date, str]],
) -> int:
    institution = env.institution()
    climbed = 0
    for step in institution.office.ladder:
        if step.clocks and row["clock"] not in step.clocks:
            continue
        if (row["case_id"], row["clock"], row["due"], str(step.level)) in done:
            continue
        day = institution.shift(row["due"], parse_length(step.at))
        if day > today:
            continue
        with UnitOfWork(env.database, writing=True) as uow:
            key = {
                "case_id": row["case_id"],
                "clock": row["clock"],
                "due": row["due"],
                "rung": str(step.level),
            }
            if warning_store.has_climbed(uow.connection, key):
                continue  # another tick was faster
            now = env.time.now()
            warning_store.climb(
                uow.connection,
                {**key, "planned_for": day, "sent_at": now, "late_days": (today - day).days},
            )
            outbox.tell(uow.connection, _told(uow.connection, row, step, now))
            note(
                env,
                uow.connection,
                SYSTEM,
                audit.AuditEvent(
                    "WarningSent",
                    f"clock:{row['clock']}",
                    row["case_id"],
                    {
                        "rung": step.level,
                        "title": step.title,
                        "due": str(row["due"]),
                        "planned_for": str(day),
                        "late_days": (today - day).days,
                    },
                ),
            )
            uow.commit()
            climbed += 1
    return climbed


def _told(
    connection: Connection, row: Mapping[str, Any], step: Any, now: Any
) -> list[dict[str, Any]]:
    """Return the notices of one rung: to whoever holds the case, and to the roles the ladder names."""
    notices = []
    text = f"{row['number']} {step.title}：法定届满 {row['due']}"
    base = {"case_id": row["case_id"], "text": text, "at": now}
    for target in step.to:
        if target != "holder":
            notices.append({**base, "person_id": None, "role": target, "unit": None})
            continue
        for item in cases.case_items(connection, row["case_id"]):
            if item["status"] == "open":
                notices.append(
                    {
                        **base,
                        "person_id": item["assignee"],
                        "role": None if item["assignee"] else item["role"],
                        "unit": None if item["assignee"] else item["unit"],
                    }
                )
    return notices


def deliver_outbox(env: Environment) -> int:
    """Carry out what steps left for afterwards; what fails is tried again later, never lost."""
    with UnitOfWork(env.database, writing=False) as uow:
        waiting = outbox.pending(uow.connection, env.time.now(), limit=BATCH)
    done = 0
    for message in waiting:
        try:
            _deliver(env, message)
        except EngineError as error:
            with UnitOfWork(env.database, writing=True) as uow:
                again = env.time.now() + timedelta(minutes=2 ** min(message["attempts"], 8))
                outbox.failed(uow.connection, message["id"], str(error)[:2000], again)
                uow.commit()
        else:
            with UnitOfWork(env.database, writing=True) as uow:
                outbox.sent(uow.connection, message["id"], env.time.now())
                uow.commit()
            done += 1
    return done


def _deliver(env: Environment, message: Mapping[str, Any]) -> None:
    body = message["body"]
    if message["kind"] == "start_case":
        # The message's key is the start's key: delivered twice, it starts one case.
        start_case(
            env,
            SYSTEM,
            body["procedure"],
            key=message["key"],
            variables={**body["values"], "from_case": body["from_case"]},
            via_form=False,
        )
    elif message["kind"] in {"message", "signal"}:
        _tell_others(env, message)
    elif message["kind"] == "publish":
        publishing.write_out(env, message)


def _tell_others(env: Environment, message: Mapping[str, Any]) -> None:
    """Deliver a message or signal that one case threw to the others that wait for it.

    Each takes it in a step of its own, whose key lets it happen once. A message that nobody waits for starts
    a case where a procedure begins with it.
    """
    kind, body = message["kind"], message["body"]
    with UnitOfWork(env.database, writing=False) as uow:
        waiting = [
            case_id
            for case_id in cases.waiting_cases(uow.connection, kind, body["name"])
            if case_id != message["case_id"]
        ]
    for case_id in waiting:
        _deliver_to(env, case_id, message)
    if kind == "message" and not waiting:
        _start_by_message(env, message)


def _deliver_to(env: Environment, case_id: str, message: Mapping[str, Any]) -> None:
    body, kind = message["body"], message["kind"]
    with UnitOfWork(env.database, writing=False) as uow:
        case = cases.load(uow.connection, case_id)
    if case is None or case.status != "open":
        return
    definition = env.deployed(case.version_id).definition

    def act(host: CaseHost, state: dict[str, Any]) -> Step:
        return execute.deliver(
            definition,
            host,
            state,
            message=body["name"] if kind == "message" else None,
            signal=body["name"] if kind == "signal" else None,
            values=body["values"],
            correlation=body["correlation"],
        )

    stepping.run(
        env,
        SYSTEM,
        acting.reading(case_id),
        act,
        Cause(
            kind,
            "EventDelivered",
            {},
            key=f"{message['key']}:{case_id}",
            body={"name": body["name"]},
        ),
    )


def _start_by_message(env: Environment, message: Mapping[str, Any]) -> None:
    body = message["body"]
    for key, version_id in env.procedures_in_force().items():
        definition = env.deployed(version_id).definition
        for node in definition.processes[definition.main].body.triggers:
            if any(one.kind == "message" and one.name == body["name"] for one in node.events):
                start_case(
                    env,
                    SYSTEM,
                    key,
                    key=message["key"],
                    variables=body["values"],
                    via_form=False,
                    event=node.id,
                )
                return


def tick(env: Environment) -> None:
    """Do everything that is due now: what the scheduler calls."""
    env.refresh()
    fired = fire_due_timers(env)
    warned = climb_ladder(env)
    sent = deliver_outbox(env)
    with UnitOfWork(env.database, writing=True) as uow:
        cases.drop_stale_drafts(uow.connection)
        outbox.beat(
            uow.connection,
            "scheduler",
            env.time.now(),
            f"fired {fired}, warned {warned}, sent {sent}",
        )
        uow.commit()
