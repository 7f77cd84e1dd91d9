"""kill -9 at a commit or at any instant of a case, and everything that must hold afterwards.

A run is walked once without harm; before each act the office is kept (``Walk``). Each trial forks from this
warm process, dies, and is judged by what a new process finds: what was answered is there, nothing is there twice
(the ledger equals that of the walk), the audit chain holds, and the case goes on.
"""

from __future__ import annotations

import os
import random
import signal
import time
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from sqlalchemy import select

from engine import audit, tables
from engine.environment import Environment
from engine.invariants import violations
from engine.scenarios import read_scenario
from engine.scenarios.files import Act
from engine.store import audit as trail
from engine.store import cases
from engine.unit_of_work import UnitOfWork
from tests.chaos.office import (
    Snapshot,
    difference,
    end_sessions,
    ledger,
    restarted,
    snapshot,
)
from tests.chaos.player import Player, playable

Ledger = dict[str, list[str]]


@dataclass
class Walk:
    """A run played without harm: the office before each act, its commits, its ledger and seconds after."""

    procedure: str
    acts: list[Act]
    before: list[Snapshot] = field(default_factory=list)
    commits: list[int] = field(default_factory=list)
    after: list[Ledger] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def remove(self) -> None:
        """Forget the kept offices."""
        for one in self.before:
            one.remove()


@dataclass
class Count:
    """What was tried and found."""

    kills: int = 0
    answered: int = 0  # acts that had returned before a kill; each was looked for afterwards
    survived: int = 0  # random instants that fell after the last act
    ended: int = 0  # runs then played on to their last act

    def add(self, other: Count) -> None:
        """Add what another run of trials came to."""
        self.kills += other.kills
        self.answered += other.answered
        self.survived += other.survived
        self.ended += other.ended

    def __str__(self) -> str:
        return (
            f"{self.kills} kills, after {self.answered} answered acts, "
            f"{self.ended} runs played to their last act, {self.survived} ended before the kill"
        )


def whole_case() -> list[Act]:
    """Return the acts of the case that is killed at every commit."""
    file = Path(__file__).with_name("whole_case.yaml")
    (run,) = read_scenario(file.read_bytes(), file.name).runs
    return playable(run.steps)


def walk(first: Snapshot, procedure: str, steps: Sequence[Act]) -> Walk:
    """Play a run once and keep the office before each act.

    Raises:
        NotPlayable, EngineError: the run cannot be played in the product.
    """
    done = Walk(procedure, playable(steps))
    try:
        with first.opened() as env:
            player = Player(env, procedure, done.acts)
            for place in range(len(done.acts)):
                done.before.append(snapshot(env, first))
                began = time.perf_counter()
                with _counted() as committed:
                    player.play(place)
                done.seconds.append(time.perf_counter() - began)
                done.commits.append(len(committed))
                done.after.append(ledger(env))
    except BaseException:
        done.remove()
        raise
    return done


def kill_at_every_commit(walked: Walk, *, every_end: bool) -> Count:
    """Kill before and after each commit of each act.

    Args:
        every_end: play on to the end after each kill; else once an act, for equal ledgers go on equally.
    """
    count = Count()
    for place, commits in enumerate(walked.commits):
        for number in range(1, commits + 1):
            for after in (False, True):
                ends = every_end or (number == commits and after)
                _trial(
                    walked,
                    place,
                    place + 1,
                    partial(_die_at, number, after=after),
                    count,
                    ends=ends,
                    when=f"act {place} {walked.acts[place].word}, "
                    f"{'after' if after else 'before'} commit {number}",
                )
    return count


def kill_at_random(walked: Walk, kills: int, dice: random.Random, *, acts: int = 3) -> Count:
    """Kill at random instants within ``acts`` acts in a row."""
    count = Count()
    for _ in range(kills):
        place = dice.randrange(len(walked.acts))
        until = min(place + acts, len(walked.acts))
        delay = dice.uniform(0, 1.2 * sum(walked.seconds[place:until]))
        _trial(
            walked,
            place,
            until,
            None,
            count,
            delay=delay,
            ends=dice.random() < 0.05,
            when=f"acts {place} to {until}, after {delay * 1000:.1f} ms",
        )
    return count


def _trial(
    walked: Walk,
    place: int,
    until: int,
    arm: Callable[[], None] | None,
    count: Count,
    *,
    delay: float | None = None,
    ends: bool,
    when: str,
) -> None:
    with walked.before[place].opened() as env:
        answered, killed = _killed(env, walked, place, until, arm, delay)
        assert killed or arm is None, f"{when}: not killed"
        end_sessions(env.database)
        count.kills += killed
        count.survived += not killed
        count.answered += answered
        env = restarted(env)
        try:
            holds(env, when)
            _is_there(env, walked, place, place + answered, when)
            player = Player(env, walked.procedure, walked.acts)
            player.moment_of(place + answered)
            for act in range(place + answered, until):
                player.play(act)
            _equal(env, walked.after[until - 1], when)
            if ends:
                for act in range(until, len(walked.acts)):
                    player.play(act)
                _equal(env, walked.after[-1], when)
                count.ended += 1
            holds(env, when)
        finally:
            env.database.dispose()


def _killed(
    env: Environment,
    walked: Walk,
    place: int,
    until: int,
    arm: Callable[[], None] | None,
    delay: float | None,
) -> tuple[int, bool]:
    """Play acts in a child that dies; return how many were answered, and whether it was killed."""
    env.database.dispose()
    reading, writing = os.pipe()
    child = _fork(partial(_live_and_die, env, walked, place, until, arm, writing))
    os.close(writing)
    if delay is not None:
        os.read(reading, 1)  # it begins
        time.sleep(delay)
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    with os.fdopen(reading, "rb") as journal:
        answered = journal.read().count(b".")
    killed = os.WIFSIGNALED(status)
    assert killed or os.WEXITSTATUS(status) == 0, "the child failed by itself"
    return answered, killed


def forked(act: Callable[[], int]) -> int:
    """Do something in a child process that ends with its answer; return the status it ended with."""
    return os.waitpid(_fork(act), 0)[1]


def _fork(act: Callable[[], int]) -> int:
    with warnings.catch_warnings():
        # The tests' own threads hold nothing that the child needs.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        code = 99
        try:
            code = act()
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)  # nothing of the parent's is cleaned up twice
    return child


def _live_and_die(
    env: Environment,
    walked: Walk,
    place: int,
    until: int,
    arm: Callable[[], None] | None,
    journal: int,
) -> int:
    if arm is not None:
        arm()
    else:
        os.write(journal, b"b")
    player = Player(env, walked.procedure, walked.acts)
    for act in range(place, until):
        player.play(act)
        os.write(journal, b".")
    return 0


@contextmanager
def _counted() -> Iterator[list[UnitOfWork]]:
    """Collect the writing transactions that are committed meanwhile."""
    real, seen = UnitOfWork.commit, []

    def commit(uow: UnitOfWork) -> None:
        real(uow)
        seen.append(uow)

    UnitOfWork.commit = commit  # type: ignore[method-assign]
    try:
        yield seen
    finally:
        UnitOfWork.commit = real  # type: ignore[method-assign]


def _die_at(number: int, *, after: bool) -> None:
    """Kill this process at its n-th commit, before the database is told or after it has answered."""
    real, seen = UnitOfWork.commit, [0]

    def commit(uow: UnitOfWork) -> None:
        seen[0] += 1
        if seen[0] == number and not after:
            os.kill(os.getpid(), signal.SIGKILL)
        real(uow)
        if seen[0] == number:
            os.kill(os.getpid(), signal.SIGKILL)

    UnitOfWork.commit = commit  # type: ignore[method-assign]


def holds(env: Environment, when: str) -> None:
    """Check what must hold of every case, and the audit chain."""
    with UnitOfWork(env.database, writing=False) as uow:
        known = list(uow.connection.scalars(select(tables.cases.c.id)))
        broken = list(audit.breaks(trail.rows(uow.connection)))
    assert violations(env, known) == [], when
    assert not broken, (when, broken)


def _is_there(env: Environment, walked: Walk, place: int, until: int, when: str) -> None:
    """Each act that was answered with a step stands in history under its key."""
    steps = [n for n, one in enumerate(walked.acts) if one.word in ("start", "complete", "message")]
    with UnitOfWork(env.database, writing=False) as uow:
        for act in range(place, until):
            # A message that nothing waited for was no step.
            if act in steps and walked.commits[act]:
                key = "act-start" if act == steps[0] else f"act-{act}"
                assert cases.history_by_key(uow.connection, key), f"{when}: act {act} was lost"


def _equal(env: Environment, expected: Ledger, when: str) -> None:
    differs = difference(expected, ledger(env))
    assert not differs, "\n".join([when, *differs[:20]])
