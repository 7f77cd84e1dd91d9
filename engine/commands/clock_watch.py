"""Is the machine's clock to be believed? It is compared with what was seen and with the machine's own stopwatch.

A clock that stands before what was seen already is not believed. Nor is one that has gone further than the time that
passed, by more than ``clock_jump_hours``: nothing that time does to a case happens until the clock is mended or the
system administrator has confirmed it. A machine that slept or was off has not jumped: the stopwatch goes on while
it sleeps, and says nothing about the time before it was started. Why: docs/adr/0011-a-clock-that-jumps.md.
"""

from __future__ import annotations

import json
import platform
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from engine import audit
from engine.access import require
from engine.commands.noting import note
from engine.environment import Environment
from engine.errors import BadInput
from engine.identity import SYSTEM, Actor
from engine.store import outbox
from engine.timesource import OFFICE_ZONE
from engine.unit_of_work import Connection, UnitOfWork
from engine.words import say

SCHEDULER = "scheduler"
SET_BACK = "clock-set-back"
JUMPED = "clock-jumped"
CONFIRM = "machine.confirm_clock"

ASKED = (
    "机器时钟从{before}跳到了{now}，比实际经过的时间多了{hours}小时。到期事项已经停办："
    "请校准时钟；时钟是对的，请在“体检”页确认"
)
TOLD = "机器时钟从{before}跳到了{now}，比实际经过的时间多了{minutes}分钟，请核对时钟；核对后在“体检”页确认"


@dataclass(frozen=True)
class ClockState:
    """What is known of the machine's clock.

    ``kind``: ``good``; ``set_back``, before ``seen``; ``held``, ahead of the stopwatch by ``ahead`` and nothing fires;
    ``jumped``, ahead by less than what holds, and nobody has looked at it yet.
    """

    kind: Literal["good", "set_back", "held", "jumped"]
    seen: datetime | None = None
    ahead: timedelta = timedelta(0)

    @property
    def is_believed(self) -> bool:
        """Whether time may do anything to cases."""
        return self.kind in ("good", "jumped")


def clock_state(env: Environment) -> ClockState:
    """Look at the clock; nothing is written."""
    with UnitOfWork(env.database, writing=False) as uow:
        return _state(env, outbox.heartbeats(uow.connection))


def is_believed(env: Environment) -> bool:
    """Look at the clock for a tick; what is new goes into the trail and to who keeps the machine."""
    with UnitOfWork(env.database, writing=False) as uow:
        beats = outbox.heartbeats(uow.connection)
    state = _state(env, beats)
    ahead = _ahead(env, beats)
    if state.kind == "good" and JUMPED in beats:
        with UnitOfWork(env.database, writing=True) as uow:
            outbox.forget_beat(uow.connection, JUMPED)
            uow.commit()
    elif state.kind == "set_back":
        _tell_of_set_back(env, state, beats)
    elif ahead is not None and ahead[1] > _tolerance(env):
        _tell_of_jump(env, *ahead, beats)
    return state.is_believed


def believe(env: Environment, connection: Connection, words: str) -> None:
    """Note at the end of a tick when it was, and what the stopwatch showed: the next one is compared with that."""
    now, stopwatch = env.time.now(), env.time.stopwatch()
    outbox.beat(connection, SCHEDULER, now, words)
    outbox.beat(connection, _OWN, now, f"{stopwatch.started} {stopwatch.seconds}")


def confirm_clock(env: Environment, actor: Actor, reason: str) -> None:
    """Somebody has looked: the clock as it stands now is right, and what waits for it goes on at the next tick.

    Raises:
        Denied: the actor may not. BadInput: nobody said how it was checked.
    """
    require(env.institution().rules, actor, CONFIRM)
    if not reason.strip():
        raise BadInput("no reason", sentence=say("请写明怎样核对的，例如与授时网站相差几秒"))
    now = env.time.now()
    with UnitOfWork(env.database, writing=True) as uow:
        beats = outbox.heartbeats(uow.connection)
        state = _state(env, beats)
        for name in (SET_BACK, JUMPED):
            outbox.forget_beat(uow.connection, name)
        believe(env, uow.connection, beats[SCHEDULER]["note"] if SCHEDULER in beats else "")
        note(
            env,
            uow.connection,
            actor,
            audit.AuditEvent(
                "ClockConfirmed",
                "machine",
                body={"was": state.kind, "now": audit.stamp(now)},
                reason=reason.strip(),
            ),
        )
        uow.commit()


# One stopwatch for each machine: of several nodes each compares with its own.
_OWN = f"stopwatch:{platform.node()}"


def _tolerance(env: Environment) -> timedelta:
    return timedelta(seconds=env.config.clock_tolerance_seconds)


def _state(env: Environment, beats: dict[str, Any]) -> ClockState:
    now = env.time.now()
    last = beats.get(SCHEDULER)
    if last is not None and now < last["at"] - _tolerance(env):
        return ClockState("set_back", last["at"])
    holds = timedelta(hours=env.config.clock_jump_hours)
    ahead = _ahead(env, beats)
    if ahead is not None and ahead[1] > holds:
        return ClockState("held", *ahead)
    told = beats.get(JUMPED)
    if told is None:
        return ClockState("good")
    said = json.loads(told["note"])
    by, seen = timedelta(seconds=said["ahead"]), datetime.fromisoformat(said["seen"])
    if ahead is None and by > holds:
        # The machine was started anew since: its stopwatch cannot take back what was seen.
        return ClockState("held", seen, by)
    if ahead is not None and by > holds and ahead[1] <= _tolerance(env):
        return ClockState("good")  # mended
    return ClockState("jumped", seen, by)


def _ahead(env: Environment, beats: dict[str, Any]) -> tuple[datetime, timedelta] | None:
    """When the clock was believed last, and how far it has gone beyond the time that passed since.

    None: the machine was started anew since then, or was never looked at.
    """
    last = beats.get(_OWN)
    if last is None:
        return None
    started, _, seconds = last["note"].rpartition(" ")
    stopwatch = env.time.stopwatch()
    if started != stopwatch.started:
        return None
    passed = timedelta(seconds=stopwatch.seconds - float(seconds))
    return last["at"], env.time.now() - last["at"] - passed


def _tell_of_set_back(env: Environment, state: ClockState, beats: dict[str, Any]) -> None:
    """The first tick that sees it leaves a row in the trail."""
    told = beats.get(SET_BACK)
    if told is not None and told["note"] == str(state.seen):
        return
    now = env.time.now()
    with UnitOfWork(env.database, writing=True) as uow:
        outbox.beat(uow.connection, SET_BACK, now, str(state.seen))
        _record(
            env, uow.connection, "ClockSetBack", {"seen": state.seen and audit.stamp(state.seen)}
        )
        uow.commit()


def _tell_of_jump(
    env: Environment, seen: datetime, ahead: timedelta, beats: dict[str, Any]
) -> None:
    """Once for each jump: in the trail, and to every post that may confirm the clock."""
    told = beats.get(JUMPED)
    if told is not None and json.loads(told["note"])["seen"] == str(seen):
        return
    now = env.time.now()
    held = ahead > timedelta(hours=env.config.clock_jump_hours)
    text = (ASKED if held else TOLD).format(
        before=f"{seen.astimezone(OFFICE_ZONE):%Y-%m-%d %H:%M}",
        now=f"{now.astimezone(OFFICE_ZONE):%Y-%m-%d %H:%M}",
        hours=round(ahead.total_seconds() / 3600),
        minutes=round(ahead.total_seconds() / 60),
    )
    rules = env.institution().rules
    with UnitOfWork(env.database, writing=True) as uow:
        said = {"seen": str(seen), "ahead": ahead.total_seconds()}
        outbox.beat(uow.connection, JUMPED, now, json.dumps(said))
        roles = [role for role, rights in sorted(rules.items()) if CONFIRM in rights.may]
        outbox.tell_roles(uow.connection, roles, text, now)
        body = {
            "seen": audit.stamp(seen),
            "ahead_seconds": int(ahead.total_seconds()),
            "held": held,
        }
        _record(env, uow.connection, "ClockJumped", body)
        uow.commit()


def _record(env: Environment, connection: Connection, action: str, body: dict[str, Any]) -> None:
    event = audit.AuditEvent(
        action, "machine", body={**body, "now": audit.stamp(env.time.now())}, result="failed"
    )
    note(env, connection, SYSTEM, event)
