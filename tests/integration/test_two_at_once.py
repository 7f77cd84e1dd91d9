"""Two at the same moment, in a fixed order: one wins, the other is told by the right error, nothing is lost.

Threads stop at named points, the doors of a writing transaction, so each run takes the same course:

- ``door``: the second has read, judged and computed, then the first does everything, then the second writes;
- ``commit``: the first has written and not committed when the second comes to the door.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine import commands
from engine.commands.errors import CaseClosed, FormOutdated
from engine.commands.passing_time import fire_timer
from engine.environment import Environment
from engine.errors import BadInput, Denied, EngineError, NotFound, TaskAlreadyCompleted
from engine.scenarios import read_scenario
from engine.scenarios.files import Act
from engine.store import awaited, cases, definitions
from engine.store import incidents as incident_store
from engine.unit_of_work import UnitOfWork, open_database
from tests.chaos.kills import holds
from tests.chaos.office import (
    PROCEDURES,
    Snapshot,
    difference,
    ledger,
    moment,
    new_office,
    snapshot,
)
from tests.chaos.player import Player, playable
from tests.integration.conftest import ROOT
from tests.integration.test_crashes import REGISTER

SECONDS = 60  # nobody waits that long unless something is broken
HERE = threading.local()


class Clerk(threading.Thread):
    """Does one thing, and stops once where it is told to until it may go on."""

    def __init__(self, act: Callable[[], Any], stop: str) -> None:
        super().__init__(daemon=True)
        self._act, self._stop_at = act, stop
        self._there, self._may_go, self.stopped = threading.Event(), threading.Event(), False
        self.outcome: Any = None

    def run(self) -> None:
        HERE.clerk = self
        try:
            self.outcome = self._act()
        except Exception as error:
            self.outcome = error
        finally:
            self._there.set()

    def at(self, point: str) -> None:
        if point == self._stop_at and not self.stopped:
            self.stopped = True
            self._there.set()
            self._may_go.wait(SECONDS)

    def begin(self) -> None:
        """Start, and return when it stands where it should."""
        self.start()
        assert self._there.wait(SECONDS)
        assert self.stopped, f"never came to {self._stop_at}: {self.outcome!r}"

    def go_on(self) -> None:
        self._may_go.set()

    def done(self) -> Any:
        """Return what came of it: an answer, or the error that it was told."""
        self.join(SECONDS)
        assert not self.is_alive()
        assert (
            self.outcome is None
            or not isinstance(self.outcome, Exception)
            or isinstance(self.outcome, EngineError)
        ), self.outcome
        return self.outcome


@pytest.fixture(autouse=True)
def points(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let clerks notice where they are; production code knows nothing of it."""
    enter, commit = UnitOfWork.__enter__, UnitOfWork.commit

    def at(point: str) -> None:
        clerk = getattr(HERE, "clerk", None)
        if clerk is not None:
            clerk.at(point)

    def entering(uow: UnitOfWork) -> UnitOfWork:
        if uow._writing:
            at("door")
        return enter(uow)

    def committing(uow: UnitOfWork) -> None:
        if uow._writing:
            at("commit")
        commit(uow)

    monkeypatch.setattr(UnitOfWork, "__enter__", entering)
    monkeypatch.setattr(UnitOfWork, "commit", committing)


def at_once(first: Callable[[], Any], second: Callable[[], Any], stop: str) -> tuple[Any, Any]:
    """Do both at the same moment so that ``first`` is first; return what came of each."""
    if stop == "door":
        late, early = Clerk(second, "door"), Clerk(first, "nowhere")
        late.begin()
        early.start()
        outcome = early.done()
        late.go_on()
        return outcome, late.done()
    early, late = Clerk(first, "commit"), Clerk(second, "door")
    early.begin()
    late.begin()
    late.go_on()  # into the queue of writers: it gets in when the first is out
    early.go_on()
    return early.done(), late.done()


@pytest.fixture(params=["door", "commit"])
def stop(request: pytest.FixtureRequest) -> str:
    return str(request.param)


class Desk:
    """An office in which a case stands where two people reach for it."""

    def __init__(self, env: Environment, player: Player) -> None:
        self.env, self.player = env, player

    def item(self, activity: str) -> dict[str, Any]:
        return self.player.open_item(activity)

    def complete(self, activity: str, login: str, values: dict[str, Any]) -> Callable[[], Any]:
        item, actor = self.item(activity), self.player.actor(login)
        values, _ = self.player.values_for(item, values)
        return lambda: commands.complete_task(self.env, actor, item["id"], values)

    def claim(self, activity: str, login: str) -> Callable[[], Any]:
        item, actor = self.item(activity), self.player.actor(login)
        return lambda: commands.claim(self.env, actor, item["id"])

    def action(self, name: str, values: dict[str, Any]) -> Callable[[], Any]:
        actor, case = self.player.actor("disclosure_officer"), self.player.case_id()
        wait = self.player.wait(name)["wait"]
        return lambda: commands.deliver_action(self.env, actor, case, wait, values)

    def history(self) -> list[str]:
        with UnitOfWork(self.env.database, writing=False) as uow:
            rows = cases.case_history(uow.connection, self.player.case_id())
        return [f"{row['cause']} {row['activity_id'] or ''}".strip() for row in rows]

    def incidents(self) -> list[Any]:
        with UnitOfWork(self.env.database, writing=False) as uow:
            return incident_store.incidents(uow.connection)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def office(request: pytest.FixtureRequest) -> Iterator[Snapshot]:
    """One office a database for all pairs; each begins from what is kept of it."""
    server = request.getfixturevalue("postgres") if request.param == "postgresql" else None
    first = new_office(("leave", *PROCEDURES), server)
    yield first
    first.remove()


def acts_of(file: str, run: str, before: tuple[str, str]) -> list[Act]:
    """Return a worked case of on_request up to an act: (word, what its value holds)."""
    path = ROOT / "processes" / "on_request" / "scenarios" / file
    scenario = read_scenario(path.read_bytes(), path.name)
    found = next(one for one in scenario.runs if one.name == run)
    acts = playable(found.steps)
    word, text = before
    last = next(n for n, act in enumerate(acts) if act.word == word and text in str(act.value))
    return acts[:last]


def kept(office: Snapshot, acts: list[Act]) -> Snapshot:
    """Play a case to where it stands and keep it."""
    with office.opened() as env:
        player = Player(env, "on_request", acts)
        for place in range(len(acts)):
            player.play(place)
        return snapshot(env, office)


@pytest.fixture(scope="module")
def awaiting_correction(office: Snapshot) -> Iterator[Snapshot]:
    """A request whose correction is awaited; the time for it is about to run out."""
    acts = acts_of("correction.yaml", "逾期不补正，视为放弃申请", ("until", "2026-12-08"))
    done = kept(office, acts)
    yield done
    done.remove()


@pytest.fixture(scope="module")
def under_review(office: Snapshot) -> Iterator[Snapshot]:
    """A request whose answer is before the leaders, so that tasks of a called process are open."""
    acts = acts_of("withdrawn.yaml", "审核期间撤回，领导的任务也收回", ("message", "撤回申请"))
    done = kept(office, acts)
    yield done
    done.remove()


@pytest.fixture(scope="module")
def in_review(office: Snapshot) -> Iterator[Snapshot]:
    """The small procedure before its middle task."""
    with office.opened() as env:
        start(env, Player(env, "leave", []))
        done = snapshot(env, office)
    yield done
    done.remove()


@pytest.fixture(scope="module")
def before_its_end(in_review: Snapshot) -> Iterator[Snapshot]:
    """The small procedure before its last task."""
    with desk_in(in_review) as desk:
        desk.complete("review", "office_head", {"decision": "agree"})()
        done = snapshot(desk.env, in_review)
    yield done
    done.remove()


def start(env: Environment, player: Player) -> commands.Moved:
    env.time.set(moment("2026-03-02"))
    actor = player.actor("disclosure_officer")
    return commands.start_case(env, actor, "leave", REGISTER, key="act-start")


class desk_in:  # used like a function
    """Open a kept office; afterwards everything must hold that always holds."""

    def __init__(self, office: Snapshot) -> None:
        self._opened = office.opened()

    def __enter__(self) -> Desk:
        self._env = self._opened.__enter__()
        return Desk(self._env, Player(self._env, "leave", []))

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        try:
            if kind is None:
                holds(self._env, "afterwards")
        finally:
            self._opened.__exit__(kind, error, trace)


def test_two_complete_one_task_and_the_second_is_told_who_did_it(in_review, stop):
    with desk_in(in_review) as desk:
        agree = desk.complete("review", "office_head", {"decision": "agree"})
        back = desk.complete("review", "office_head_2", {"decision": "return"})
        won, lost = at_once(agree, back, stop)
        assert isinstance(won, commands.Moved)
        assert isinstance(lost, TaskAlreadyCompleted)
        assert lost.closed_by == "office_head"
        assert desk.history() == ["start register", "complete review"]
        assert [row["activity_id"] for row in desk.player.open_items()] == ["archive"]


CORRECTED = {"corrected_on": "2026-12-07", "corrected_description": "柳岸新村2021年补偿方案。"}


@pytest.mark.parametrize("first", ["person", "timer"])
def test_a_person_and_the_timer_that_takes_the_task_away(awaiting_correction, first, stop):
    with desk_in(awaiting_correction) as desk:
        desk.env.time.set(moment("2026-12-08"))
        person = desk.complete("correction_reply", "disclosure_officer", CORRECTED)
        with UnitOfWork(desk.env.database, writing=False) as uow:
            due = [
                row["id"]
                for row in awaited.case_timers(uow.connection, desk.player.case_id())
                if row["due_at"] is not None and row["due_at"] <= desk.env.time.now()
            ]
        assert len(due) == 1

        def timer() -> object:
            return fire_timer(desk.env, due[0])

        before = desk.history()
        if first == "person":
            won, lost = at_once(person, timer, stop)
            assert isinstance(lost, NotFound)  # the tick takes it as done
            assert desk.history() == [*before, "complete correction_reply"]
            assert commands.fire_due_timers(desk.env) == 0
        else:
            won, lost = at_once(timer, person, stop)
            assert isinstance(lost, TaskAlreadyCompleted)
            assert lost.closed_by is None
            assert len(desk.history()) == len(before) + 1
            assert desk.item("correction_lapsed")
        assert isinstance(won, commands.Moved)
        assert desk.incidents() == []


WITHDRAWN = {"withdrawn_on": "2026-03-02"}


@pytest.mark.parametrize("first", ["person", "withdrawal"])
def test_a_leader_decides_while_the_applicant_withdraws(under_review, first, stop):
    with desk_in(under_review) as desk:
        leader = desk.item("review")["candidates"]["roles"][0]
        person = desk.complete("review", leader, {"review_result": "agree"})
        withdrawal = desk.action("撤回申请", WITHDRAWN)
        if first == "withdrawal":
            won, lost = at_once(withdrawal, person, stop)
            assert isinstance(lost, TaskAlreadyCompleted)
        else:  # both hold, one after the other: it is withdrawn from where it stands then
            won, second = at_once(person, withdrawal, stop)
            assert isinstance(second, commands.Moved)
        assert isinstance(won, commands.Moved)
        assert [row["activity_id"] for row in desk.player.open_items()] == ["notify_closing"]
        assert desk.incidents() == []


def test_an_action_taken_twice_is_taken_once(under_review, stop):
    with desk_in(under_review) as desk:
        before = desk.history()
        both = desk.action("撤回申请", WITHDRAWN), desk.action("撤回申请", WITHDRAWN)
        won, lost = at_once(*both, stop)
        assert isinstance(won, commands.Moved)
        assert isinstance(lost, NotFound)
        assert len(desk.history()) == len(before) + 1
        assert desk.incidents() == []


def test_two_take_one_task_and_one_has_it(in_review, stop):
    with desk_in(in_review) as desk:
        mine, yours = desk.claim("review", "office_head"), desk.claim("review", "office_head_2")
        won, lost = at_once(mine, yours, stop)
        assert won is None
        assert isinstance(lost, Denied)
        assert lost.reason == "assigned"
        assert desk.item("review")["assignee"] == desk.player.actor("office_head").person_id


def test_a_task_is_taken_while_it_is_completed(in_review, stop):
    with desk_in(in_review) as desk:
        done = desk.complete("review", "office_head", {"decision": "agree"})
        won, lost = at_once(done, desk.claim("review", "office_head_2"), stop)
        assert isinstance(won, commands.Moved)
        assert isinstance(lost, TaskAlreadyCompleted)
        assert lost.closed_by == "office_head"


def test_a_task_is_given_back_while_it_is_completed(in_review, stop):
    with desk_in(in_review) as desk:
        desk.claim("review", "office_head")()
        actor, item = desk.player.actor("office_head"), desk.item("review")
        done = desk.complete("review", "office_head", {"decision": "agree"})
        won, lost = at_once(done, lambda: commands.release(desk.env, actor, item["id"]), stop)
        assert isinstance(won, commands.Moved)
        assert isinstance(lost, TaskAlreadyCompleted)


@pytest.mark.parametrize("first", ["person", "cancel"])
def test_a_case_is_cancelled_while_its_last_task_is_completed(before_its_end, first, stop):
    with desk_in(before_its_end) as desk:
        person = desk.complete("archive", "disclosure_officer", {})
        actor, case_id = desk.player.actor("supervisor"), desk.player.case_id()

        def cancel() -> object:
            return commands.cancel_case(desk.env, actor, case_id, "登记有误")

        if first == "person":
            won, lost = at_once(person, cancel, stop)
            assert isinstance(lost, CaseClosed)
            assert desk.history()[-1] == "complete archive"
        else:
            won, lost = at_once(cancel, person, stop)
            assert isinstance(lost, TaskAlreadyCompleted)
            assert lost.closed_by is None
            assert desk.history()[-1] == "cancel"
        assert isinstance(won, commands.Moved)
        assert won.ended
        with UnitOfWork(desk.env.database, writing=False) as uow:
            case = cases.load(uow.connection, case_id)
        assert case is not None
        assert case.how == ("completed" if first == "person" else "cancelled")
        assert desk.incidents() == []


def new_version(desk: Desk, tmp_path: Path, length: str) -> Callable[[], Any]:
    """Return what deploys the small procedure anew from another process."""
    folder = tmp_path / length / "leave"
    shutil.copytree(ROOT / "tests" / "integration" / "procedures" / "leave", folder)
    file = folder / "leave.bpmn"
    file.write_text(file.read_text().replace('length="P20WD"', f'length="{length}"'))
    other = replace(
        desk.env, database=open_database(desk.env.config.database), _in_force={}, _versions={}
    )
    actor = desk.player.actor("procedure_admin")

    def deploy() -> object:
        try:
            return commands.deploy_folder(other, actor, folder, "局务会纪要12号")
        finally:
            other.database.dispose()

    return deploy


@pytest.mark.parametrize("first", ["deploy", "start"])
def test_a_case_begins_while_a_version_comes_into_force(office, first, stop, tmp_path):
    with desk_in(office) as desk:
        deploy = new_version(desk, tmp_path, "P15WD")
        old = desk.env.version_in_force("leave")

        def begin() -> object:
            return start(desk.env, desk.player)

        if first == "deploy":
            won, lost = at_once(deploy, begin, stop)
            assert isinstance(lost, FormOutdated)
            moved = begin()  # and then it begins under the new one
        else:
            moved, won = at_once(begin, deploy, stop)
        assert isinstance(moved, commands.Moved)
        with UnitOfWork(desk.env.database, writing=False) as uow:
            case = cases.load(uow.connection, moved.case_id)
            in_force = definitions.in_force(uow.connection, "leave")
        assert case is not None
        assert in_force is not None
        assert in_force["id"] == won.version_id != old
        assert case.version_id == (won.version_id if first == "deploy" else old)
        assert case.number == "2026-0001"  # the refused start has used none


def test_two_deploy_one_change_and_the_second_is_told_it_is_in_force(office, stop, tmp_path):
    with desk_in(office) as desk:
        one, two = (new_version(desk, tmp_path / name, "P15WD") for name in ("one", "two"))
        won, lost = at_once(one, two, stop)
        assert won.number == 2
        assert isinstance(lost, BadInput)


def test_two_cases_begin_and_their_numbers_follow_each_other(office, stop):
    with desk_in(office) as desk:
        desk.env.time.set(moment("2026-03-02"))
        actor = desk.player.actor("disclosure_officer")

        def begin() -> object:
            return commands.start_case(desk.env, actor, "leave", REGISTER)

        assert [one.number for one in at_once(begin, begin, stop)] == ["2026-0001", "2026-0002"]


def test_one_form_posted_twice_begins_one_case(office, stop):
    with desk_in(office) as desk:
        first, second = at_once(
            lambda: start(desk.env, desk.player), lambda: start(desk.env, desk.player), stop
        )
        assert first.case_id == second.case_id
        assert [first.repeated, second.repeated] == [False, True]


def test_whoever_comes_second_leaves_no_trace(in_review, stop):
    """All that is stored is what the winner alone would have stored."""
    with desk_in(in_review) as desk:
        desk.complete("review", "office_head", {"decision": "agree"})()
        alone = ledger(desk.env)
    with desk_in(in_review) as desk:
        agree = desk.complete("review", "office_head", {"decision": "agree"})
        at_once(agree, desk.complete("review", "office_head_2", {"decision": "return"}), stop)
        assert difference(alone, ledger(desk.env)) == []


def test_twenty_posts_of_one_form_start_one_case_however_they_fall(office):
    """Not in a fixed order: what holds of two must hold of a crowd."""
    with desk_in(office) as desk:
        crowd = [Clerk(lambda: start(desk.env, desk.player), "nowhere") for _ in range(20)]
        for one in crowd:
            one.start()
        assert len({one.done().case_id for one in crowd}) == 1
