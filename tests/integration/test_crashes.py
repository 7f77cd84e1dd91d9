"""kill -9, failing statements, a torn log, a full disk: nothing lost, nothing twice, and the case goes on.

One case with a third party and an extension (``tests/chaos/whole_case.yaml``); ``make chaos`` does the same
to every worked case and at random instants.
"""

from __future__ import annotations

import os
import resource
import shutil
import signal
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.exc import DBAPIError

from engine import commands
from engine.commands import delivering
from engine.environment import Environment
from engine.store import cases, outbox
from engine.unit_of_work import UnitOfWork, open_database
from tests.chaos.kills import Walk, forked, holds, kill_at_every_commit, walk, whole_case
from tests.chaos.office import PROCEDURES, difference, ledger, new_office, restarted
from tests.chaos.player import Player
from tests.integration.conftest import Desk
from tests.integration.counting import counting

REGISTER = {"title": "危房鉴定报告", "kind": "a", "name": "顾小明", "received_on": "2026-03-02"}


def open_item(desk: Desk, activity_id: str) -> str | None:
    with UnitOfWork(desk.env.database, writing=False) as uow:
        for case_id in cases.open_case_ids(uow.connection):
            for row in cases.case_items(uow.connection, case_id):
                if row["status"] == "open" and row["activity_id"] == activity_id:
                    return str(row["id"])
    return None


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def walked(request: pytest.FixtureRequest) -> Iterator[Walk]:
    """The case played without harm, once a database."""
    server = request.getfixturevalue("postgres") if request.param == "postgresql" else None
    office = new_office(PROCEDURES, server)
    done = walk(office, "on_request", whole_case())
    yield done
    done.remove()
    office.remove()


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_killed_before_and_after_every_commit_the_case_is_whole_and_ends(walked: Walk):
    count = kill_at_every_commit(walked, every_end=True)
    print(count)  # noqa: T201  # how much was tried is part of the answer
    assert count.kills == count.ended == 2 * sum(walked.commits) > 60


def acts_to_fail(walked: Walk) -> list[int]:
    """The start, a step with letters and numbers, an action, a tick with warnings, the last step."""
    words = [act.word for act in walked.acts]
    ticks = [place for place, word in enumerate(words) if word == "until"]
    examine = next(
        place
        for place, act in enumerate(walked.acts)
        if act.word == "complete" and act.value["task"] == "examine"
    )
    busiest = max(ticks, key=lambda place: walked.commits[place])
    return [words.index("start"), examine, words.index("message"), busiest, len(words) - 1]


class Breaking:
    """Lets the n-th statement from now fail as a database fails that is gone."""

    def __init__(self, env: Environment) -> None:
        self.left = 0
        self._error = (
            sqlite3.OperationalError("disk I/O error")
            if env.database.dialect.name == "sqlite"
            else psycopg.OperationalError("the connection is lost")
        )
        counting(env.database).ran = self._ran  # type: ignore[method-assign]

    def at(self, number: int) -> None:
        self.left = number

    def _ran(self, _: object, __: object = ()) -> None:
        self.left -= 1
        if self.left == 0:
            raise self._error


@pytest.mark.slow
def test_whichever_statement_of_an_act_fails_nothing_half_is_stored_and_it_can_be_done_again(
    walked: Walk,
):
    failed = 0
    for place in acts_to_fail(walked):
        with walked.before[place].opened() as env:
            breaking = Breaking(env)
            player = Player(env, walked.procedure, walked.acts)
            before = ledger(env)
            number, done = 1, False
            while not done:
                player.moment_of(place)
                breaking.at(number)
                try:
                    player.play(place)
                    done = True
                except DBAPIError:
                    failed += 1
                breaking.at(0)
                # A tick is many transactions: what it had done stands, whole.
                if not done and walked.commits[place] == 1:
                    assert difference(before, ledger(env)) == [], (place, number)
                number += 1
            breaking.at(0)
            holds(env, f"act {place}")
            assert difference(walked.after[place], ledger(env)) == [], place
    print(f"{failed} statements failed")  # noqa: T201
    assert failed > 50


FRAME, HEADER, PAGE = 24, 32, 4096


def test_a_log_that_a_power_cut_tore_anywhere_gives_back_whole_steps_and_no_answered_one_is_missing(
    tmp_path: Path,
):
    office = new_office(PROCEDURES, None)
    acts = whole_case()[:5]  # of people: one commit each; the days that pass after them are many
    with office.opened() as env:
        player = Player(env, "on_request", acts)
        database = env.config.data / "gongkai.sqlite"
        wal = database.with_name("gongkai.sqlite-wal")
        known, sizes = [ledger(env)], [wal.stat().st_size]
        for place in range(len(acts)):
            player.play(place)
            known.append(ledger(env))
            sizes.append(wal.stat().st_size)
        assert wal.stat().st_size < 4_000_000  # no checkpoint has fallen in between
        log, base = wal.read_bytes(), database.read_bytes()
        frames = range(sizes[0], len(log) + 1, FRAME + PAGE)
        cuts = [at + off for at in frames for off in (0, 7, FRAME + 100) if at + off <= len(log)]
        for at in cuts[:: max(1, len(cuts) // 120)]:
            torn = tmp_path / "torn"
            shutil.rmtree(torn, ignore_errors=True)
            torn.mkdir()
            (torn / "gongkai.sqlite").write_bytes(base)
            (torn / "gongkai.sqlite-wal").write_bytes(log[:at])
            copy = replace(env, database=open_database(f"sqlite:///{torn / 'gongkai.sqlite'}"))
            found = ledger(copy)
            holds(copy, f"cut at {at}")
            copy.database.dispose()
            answered = sum(size <= at for size in sizes) - 1
            assert found in known[answered : answered + 2], f"cut at {at}"
    office.remove()


def test_on_a_full_disk_an_act_fails_whole_and_works_again_when_there_is_room():
    office = new_office(PROCEDURES, None)
    walked = walk(office, "on_request", whole_case()[:9])
    place = len(walked.acts) - 1
    refused = 0
    for limit in (0, 1, 4096, 30_000, 60_000, 90_000, 120_000, 400_000):
        with walked.before[place].opened() as env:
            before = ledger(env)
            env.database.dispose()
            status = forked(lambda env=env, limit=limit: _without_room(env, walked, place, limit))
            assert os.WIFEXITED(status), limit
            assert os.WEXITSTATUS(status) in (0, 1), limit
            refused += os.WEXITSTATUS(status)
            again = restarted(env)
            holds(again, f"limit {limit}")
            expected = walked.after[place]
            assert difference(expected, ledger(again)) == [], (limit, difference(before, expected))
            again.database.dispose()
    assert 3 <= refused < 8
    walked.remove()
    office.remove()


def _without_room(env: Environment, walked: Walk, place: int, limit: int) -> int:
    """Do an act with files limited to some bytes, then with room; 1 where it was refused at first."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    player = Player(env, walked.procedure, walked.acts)
    before = ledger(env)
    refused = 0
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, most))
    try:
        player.play(place)
    except (DBAPIError, OSError):
        refused = 1
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    if refused:
        assert difference(before, ledger(env)) == []
        player.play(place)
    return refused


def test_a_form_that_comes_in_again_because_its_answer_was_lost_acts_once(walked: Walk):
    """Also an action: what it waited on is gone by then."""
    place = [act.word for act in walked.acts].index("message")
    with walked.before[place].opened() as env:
        player = Player(env, walked.procedure, walked.acts)
        wait = player.wait(walked.acts[place].value["name"])["wait"]
        player.play(place)
        again = commands.deliver_action(
            env, player.actor("disclosure_officer"), player.case_id(), wait, {}, key=f"act-{place}"
        )
        assert again.repeated
        assert difference(walked.after[place], ledger(env)) == []


class Killed(BaseException):
    """Stands for the end of the process."""


def test_a_message_taken_before_the_kill_does_not_begin_a_case_as_well(
    walked: Walk, monkeypatch: pytest.MonkeyPatch
):
    """Whoever took it waits no more; that nobody waits must not be read as nobody has taken it."""
    place = [act.word for act in walked.acts].index("message")
    begun: list[object] = []
    monkeypatch.setattr(delivering, "_start_by", lambda _, message, **__: begun.append(message))
    with walked.before[place].opened() as env:
        with UnitOfWork(env.database, writing=True) as uow:
            row = {
                "key": "message:elsewhere:1:0",
                "case_id": "elsewhere",
                "kind": "message",
                "body": {
                    "name": "撤回申请",
                    "values": {"withdrawn_on": "2026-11-03"},
                    "correlation": None,
                },
                "created_at": env.time.now(),
                "attempts": 0,
            }
            outbox.add(uow.connection, [row])
            uow.commit()
        with monkeypatch.context() as until_the_kill:

            def killed(*_: object) -> None:
                raise Killed

            until_the_kill.setattr(outbox, "sent", killed)
            with pytest.raises(Killed):
                commands.tick(env)
        once = ledger(env)["history"]
        commands.tick(env)
        assert ledger(env)["history"] == once
        assert begun == []
        assert sum('"cause": "message"' in line for line in once) == 1
        with UnitOfWork(env.database, writing=False) as uow:
            assert outbox.pending(uow.connection, env.time.now(), limit=9) == []
        holds(env, "afterwards")
