"""Runs scenarios step by step and says where one went another way than it should.

Expectations compare and change nothing; actions change the world or fail. A failed action is forgiven
only by ``fails: true`` right after it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

from engine.bpmn import NotWaiting, StepFailed, execute, moments
from engine.errors import BadInput, EngineError
from engine.feel import to_json
from engine.scenarios.files import Act, Scenario, ScenarioRun
from engine.scenarios.subject import Refused, Subject, load_subject
from engine.scenarios.world import Instance, World, read_instant
from engine.timesource import OFFICE_ZONE

DEFAULT_NOW = datetime(2026, 1, 5, 9, 0, tzinfo=OFFICE_ZONE)
MAX_COMPLETIONS = 60


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run went: ``step`` is where it stopped (its last one where all is well)."""

    run: str
    ok: bool
    step: int | None = None
    expected: Any = None
    got: Any = None
    refused: tuple[Mapping[str, Any], ...] | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the outcome as the command line prints it."""
        if self.refused is not None:
            return {"run": self.run, "ok": self.ok, "refused": list(self.refused)}
        return {
            "run": self.run,
            "ok": self.ok,
            "step": self.step,
            "expected": self.expected,
            "got": self.got,
        }


class Unexpected(Exception):
    """An expectation does not hold, or a step cannot be done as written."""

    def __init__(self, expected: Any, got: Any) -> None:
        super().__init__(f"expected {expected!r}, got {got!r}")
        self.expected, self.got = expected, got


def run_scenario(path: Path, scenario: Scenario, extra: tuple[Path, ...] = ()) -> list[Outcome]:
    """Run every run of a scenario against a file or folder.

    Raises:
        BadInput: the file or folder cannot be read at all.
    """
    try:
        subject = load_subject(path, extra, process=scenario.process)
    except Refused as refused:
        return [_refused(run, refused) for run in scenario.runs]
    return [run_one(subject, scenario, run) for run in scenario.runs]


def _refused(run: ScenarioRun, refused: Refused) -> Outcome:
    expected = next((a.value for a in run.steps if a.word == "refused"), None)
    rules = sorted({f.rule for f in refused.findings if f.severity == "error"})
    if expected is None:
        return Outcome(run.name, False, refused=tuple(f.as_dict() for f in refused.findings))
    ok = expected is True or expected in rules
    return Outcome(run.name, ok, 0, expected, rules)


def run_one(
    subject: Subject, scenario: Scenario, run: ScenarioRun, world: type[World] = World
) -> Outcome:
    """Run one run from the beginning; tests give a ``world`` that saves and restores."""
    process = scenario.process or subject.definition.main
    if process not in subject.definition.processes:
        known = sorted(subject.definition.processes)
        return Outcome(run.name, False, 0, process, f"no such process; there are {known}")
    try:
        player = Player(subject.under(run.settings), process, world)
    except BadInput as error:
        return Outcome(run.name, False, 0, dict(run.settings), error.sentence)
    failure: str | None = None
    for number, act in enumerate(run.steps):
        if act.word == "fails":
            if (failure is not None) != (act.value is not False):
                return Outcome(
                    run.name, False, number, "the step before fails", failure or "it went well"
                )
            failure = None
            continue
        if failure is not None:
            return Outcome(run.name, False, number - 1, run.steps[number - 1].word, failure)
        try:
            player.play(act)
        except Unexpected as wrong:
            if player.is_action(act):
                failure = f"{wrong.got}"
                continue
            return Outcome(run.name, False, number, wrong.expected, wrong.got)
        except EngineError as error:
            failure = str(error)
    last = len(run.steps) - 1
    if failure is not None:
        return Outcome(run.name, False, last, run.steps[last].word, failure)
    return Outcome(run.name, True, max(last, 0))


class Player:
    """Plays the steps of one run in its own world."""

    EXPECTATIONS = frozenset(
        ("tasks", "offered", "due", "variables", "letters", "ended", "refused")
    )

    def __init__(self, subject: Subject, process: str, world: type[World] = World) -> None:
        self.world = world(subject, process, DEFAULT_NOW)
        self.subject, self.process = subject, process

    def is_action(self, act: Act) -> bool:
        """Return whether a step does something (rather than comparing)."""
        return act.word not in self.EXPECTATIONS

    def play(self, act: Act) -> None:
        """Play one step.

        Raises:
            Unexpected: an expectation does not hold. EngineError: an action failed.
        """
        method: Callable[[Act], None] = getattr(self, f"_{act.word}")
        method(act)

    # ------------------------------------------------------------ actions

    def _now(self, act: Act) -> None:
        at = read_instant(act.value, DEFAULT_NOW.timetz().replace(tzinfo=None))
        self.world.set_time(at)
        if not self.world.instances:
            self.world.began = at

    def _start(self, act: Act) -> None:
        variables = _mapping(act.value)
        self.world.began = self.world.now
        if self.subject.procedure is not None or self.subject.definition.clocks:
            self.world.fields.update(variables)
        self.world.by_hand = True
        self.world.start(self.process, variables)

    def _complete(self, act: Act) -> None:
        given = act.value if isinstance(act.value, dict) else {"task": act.value}
        task, by = str(given.get("task")), given.get("as", act.by)
        instance, item = self._open(task)
        self.world.complete(
            instance, item, _mapping(given.get("data")), None if by is None else str(by), fill=False
        )

    def _open(self, task: str) -> tuple[Instance, Any]:
        for instance, item in self.world.open_tasks():
            if item.activity_id == task:
                return instance, item
        raise NotWaiting("task", task)

    def _complete_all(self, act: Act) -> None:
        if act.value is False:
            return
        data = act.value if isinstance(act.value, dict) else {}
        for _ in range(MAX_COMPLETIONS):
            tasks = self.world.open_tasks()
            if not tasks:
                return
            self.world.complete(*tasks[0], _mapping(data), None, fill=True)
        if left := self.world.open_tasks():
            raise StepFailed(
                left[0][1].activity_id, f"still open after {MAX_COMPLETIONS} completions"
            )

    def _fact(self, act: Act) -> None:
        given = _mapping(act.value)
        kind = str(given.pop("kind", ""))
        if not kind:
            raise StepFailed("fact", "a fact needs a kind")
        at = given.pop("date", None)
        moment = self.world.now if at is None else read_instant(at, time(12, 0))
        on = moment.astimezone(OFFICE_ZONE).date()
        self.world.fact(kind, on, given)
        self.world.look_again()

    def _fire(self, act: Act) -> None:
        name = str(act.value)
        if not any(n.id == name for d in self._definitions() for n in d.all_nodes() if _timed(n)):
            raise StepFailed(name, "the definition has no such timer")
        for instance in self.world.instances:
            if instance.ended:
                continue
            for timer in execute.frontier(instance.definition, instance.state, self.world).timers:
                if timer.activity_id == name:
                    self.world.fire(instance, timer)
                    return
        for _, instance_or_none, timer_or_node in self.world.due_timers():
            of = (str(timer_or_node), str(timer_or_node).rpartition("#")[0])
            if instance_or_none is None and name in of:
                self.world.fire(None, str(timer_or_node))
                return

    def _advance(self, act: Act) -> None:
        length = moments.duration(str(act.value))
        self.world.pass_time(moments.after(self.world.began, length, self.world.calendar))

    def _until(self, act: Act) -> None:
        self.world.pass_time(read_instant(act.value, time(12, 0)))

    def _message(self, act: Act) -> None:
        given = act.value if isinstance(act.value, dict) else {"name": act.value}
        name, data = self._known(str(given.get("name")), "message"), _mapping(given.get("data"))
        key = given.get("correlation", given.get("key"))
        key = self._key(name, data) if key is None else str(key)
        for instance in self.world.instances:
            if not instance.ended and self.world._awaits(instance, name, key):
                if key is not None:
                    instance.keys.add(key)
                data = self._action_data(instance, name, data, key)
                step = execute.deliver(
                    instance.definition,
                    self.world,
                    instance.state,
                    message=name,
                    values=data,
                    correlation=key,
                )
                self._keep(data)
                self.world.act(instance, step)
                return
        self.world.start_by("message", name, data, None, key=key)

    def _action_data(
        self, instance: Instance, name: str, data: Mapping[str, Any], key: str | None
    ) -> dict[str, Any]:
        """Pass the data of a drawn action through its form, where it has one."""
        wait = execute.receiver(
            instance.definition, self.world, instance.state, name, correlation=key
        )
        if wait is not None and wait.action is not None:
            form = self.world.form_of(wait.action.form, instance.process_id)
            if form is not None:
                return dict(self.world.judged(form, wait.activity_id, data, fill=False))
        return dict(data)

    def _key(self, name: str, data: Mapping[str, Any]) -> str | None:
        """Return the key that a message from outside carries, by the correlation properties drawn."""
        for definition in self._definitions():
            for value in definition.correlations.get(name, {}).values():
                if value.expression is not None:
                    found = to_json(value.expression.evaluate(data))
                    if found is not None:
                        return str(found)
        return None

    def _keep(self, data: Mapping[str, Any]) -> None:
        if self.subject.procedure is not None:
            self.world.fields.update(data)

    def _signal(self, act: Act) -> None:
        given = act.value if isinstance(act.value, dict) else {"name": act.value}
        name, data = self._known(str(given.get("name")), "signal"), _mapping(given.get("data"))
        gathered = self.world.gathered()
        for instance in list(self.world.instances):
            if not instance.ended:
                step = execute.deliver(
                    instance.definition, self.world, instance.state, signal=name, values=data
                )
                self.world.act(instance, step)
        self.world.start_by("signal", name, data, None, gathered=gathered)

    def _known(self, name: str, kind: str) -> str:
        """Return the name of a message or signal given by name or id."""
        for definition in self._definitions():
            names = definition.messages if kind == "message" else definition.signals
            ids = definition.message_ids if kind == "message" else definition.signal_ids
            if name in names:
                return name
            if name in ids:
                return str(ids[name])
        raise StepFailed(name, f"the definition has no such {kind}")

    def _definitions(self) -> list[Any]:
        others = {id(s.definition): s.definition for s in self.subject.library.values()}
        return [self.subject.definition, *others.values()]

    def _set(self, act: Act) -> None:
        values = _mapping(act.value)
        if self.subject.procedure is not None:
            self.world.fields.update(values)
        for instance in list(self.world.instances):
            if not instance.ended:
                step = execute.set_variables(
                    instance.definition, self.world, instance.state, values
                )
                self.world.act(instance, step)
        self.world.start_by_condition(values)

    def _begin(self, act: Act) -> None:
        for instance in self.world.instances:
            waiting = execute.frontier(instance.definition, instance.state, self.world)
            if not instance.ended and act.value in waiting.begin:
                step = execute.begin(
                    instance.definition, self.world, instance.state, str(act.value)
                )
                self.world.act(instance, step)
                return
        raise NotWaiting("activity", str(act.value))

    def _cancel(self, act: Act) -> None:
        if act.value is False:
            return
        for instance in self.world.instances:
            if not instance.ended:
                step = execute.cancel(instance.definition, self.world, instance.state)
                self.world.act(instance, step)

    # ------------------------------------------------------------ expectations

    def _tasks(self, act: Act) -> None:
        expected = sorted(_texts(act.value))
        got = sorted(item.activity_id for _, item in self.world.open_tasks())
        if Counter(expected) != Counter(got):
            raise Unexpected(expected, got)

    def _offered(self, act: Act) -> None:
        for task, expected in _mapping(act.value).items():
            items = [i for _, i in self.world.open_tasks() if i.activity_id == task]
            if not items:
                raise Unexpected({task: expected}, {task: None})
            item = items[0]
            people = [*item.groups, *item.users, *([item.assignee] if item.assignee else [])]
            if sorted(set(people)) != sorted(set(_texts(expected))):
                raise Unexpected({task: expected}, {task: sorted(set(people))})

    def _due(self, act: Act) -> None:
        given = _mapping(act.value)
        if "task" in given:
            self._task_due(given)
            return
        clock, party = str(given.get("clock")), given.get("party")
        if self.world.file is None or clock not in self.world.file.clocks:
            raise Unexpected(act.value, "no such clock")
        answer = self.world.file.clock(clock, None if party is None else str(party))
        due = answer.due.isoformat() if answer is not None and answer.due is not None else None
        expected = given.get("date")
        if due != (None if expected is None else str(expected)):
            raise Unexpected(expected, due)

    def _task_due(self, given: Mapping[str, Any]) -> None:
        """The own limit of an open task; ``unit`` or ``item`` says which, where it is open several times."""
        unit, expected = given.get("unit"), given.get("date")
        for instance, item in self.world.open_tasks():
            meant = item.activity_id == given["task"] and unit in (None, item.unit)
            if meant and ("item" not in given or _equal(given["item"], to_json(item.item))):
                due = self.world.due_on(instance, item)
                if (due and due.isoformat()) != (None if expected is None else str(expected)):
                    raise Unexpected(expected, due and due.isoformat())
                return
        raise Unexpected(dict(given), "no such open task")

    def _variables(self, act: Act) -> None:
        expected, got = _mapping(act.value), {}
        for name in expected:
            got[name] = self._variable(name)
        if not _equal(expected, got):
            raise Unexpected(expected, got)

    def _variable(self, name: str) -> Any:
        for instance in self.world.instances:
            if name in instance.state["v"]:
                return to_json(instance.state["v"][name])
        if name in self.world.fields:
            return to_json(self.world.fields[name])
        for instance in self.world.instances:
            for row in instance.state["s"].values():
                if name in (row.get("v") or {}):
                    return to_json(row["v"][name])
        return None

    def _letters(self, act: Act) -> None:
        expected = _texts(act.value)
        if expected != self.world.letters:
            raise Unexpected(expected, list(self.world.letters))

    def _ended(self, act: Act) -> None:
        ended = bool(self.world.instances) and all(i.ended for i in self.world.instances)
        if ended != (act.value is not False):
            raise Unexpected(act.value, ended)

    def _refused(self, act: Act) -> None:
        if act.value is not False:
            raise Unexpected(act.value, "deployment accepts it")


def _timed(node: Any) -> bool:
    return any(e.kind == "timer" for e in node.events)


def _texts(value: object) -> list[str]:
    """Return a list of ids or keys; one that stands alone is a list of one."""
    listed = value if isinstance(value, list) else [] if value is None else [value]
    return [str(one) for one in listed]


def _mapping(value: object) -> dict[str, Any]:
    """Return a mapping of a scenario as plain data; nothing where there is none."""
    if value is None or value is True:
        return {}
    if not isinstance(value, dict):
        raise StepFailed("scenario", f"{value!r} is no mapping")
    return {str(k): _plain(v) for k, v in value.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_plain(v) for v in value]
    return value.isoformat() if isinstance(value, date | datetime) else value


def _equal(expected: Any, got: Any) -> bool:
    """Compare as data: numbers by value, texts as they are, truth values only with truth values."""
    if isinstance(expected, bool) or isinstance(got, bool):
        return expected is got
    numbers = int | float | Decimal
    if isinstance(expected, numbers) and isinstance(got, numbers):
        return Decimal(str(expected)) == Decimal(str(got))
    if isinstance(expected, dict) and isinstance(got, dict):
        return expected.keys() <= got.keys() and all(_equal(v, got[k]) for k, v in expected.items())
    if isinstance(expected, list) and isinstance(got, list):
        return len(expected) == len(got) and all(map(_equal, expected, got))
    return bool(expected == got)
