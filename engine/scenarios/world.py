"""The world of one run: a case in memory, its instances, a simulated clock, and whoever acts.

Carries out what the executor asks for by remembering it. Messages and signals thrown by one instance
reach the others here, as message flows, names and keys say.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Any, cast

from engine import case_moments
from engine.bpmn import (
    Definition,
    Effect,
    Step,
    StepFailed,
    Thrown,
    Timer,
    WorkItem,
    execute,
    moments,
)
from engine.bpmn.model import Expression, Process, Value
from engine.bpmn.moments import as_instant
from engine.done_steps import DoneStep, Issued
from engine.errors import Denied, EngineError, NotFound
from engine.feel import to_json
from engine.identity import Post
from engine.office.directory import login_of
from engine.scenarios.subject import Subject
from engine.timesource import OFFICE_ZONE, legal_day
from engine.words import say

if TYPE_CHECKING:
    from engine.deployed import Deployed
    from engine.forms import Form
    from engine.institution import Institution

MAX_DISPATCH = 1_000
MAX_FIRINGS = 20_000
OPENING = time(8, 30)


@dataclass
class Instance:
    """One running process; ``partners`` are the instances that it has exchanged messages with."""

    number: int
    process_id: str
    definition: Definition
    state: dict[str, Any]
    ended: bool = False
    partners: set[int] = field(default_factory=set)
    keys: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class _BareProcedure:
    """Stands in for a procedure where a single file is tried: no forms, values as they are."""

    key: str
    facts: Mapping[str, str] = field(default_factory=dict)

    def typed(self, values: Mapping[str, Any]) -> dict[str, object]:
        return dict(values)

    def labels(self, values: Mapping[str, object], name_of: Callable[[str], str]) -> dict[str, str]:
        return {}


@dataclass(frozen=True)
class _Bare:
    """What a case file needs of a deployed version, from a single file."""

    clocks: Any
    decisions: Any
    procedure: Any


class World:
    """Everything that a run changes; also the host of its steps."""

    def __init__(self, subject: Subject, process: str, now: datetime) -> None:
        self.subject, self.process = subject, process
        self.now = self.began = now
        self.instances: list[Instance] = []
        self.letters: list[str] = []
        self.actors: dict[str, str] = {}
        self.done: list[DoneStep] = []
        self._issued: list[Issued] = []
        self.by_hand = False  # somebody has started the process: its start timers rest
        self.start_timers: dict[str, tuple[datetime, int | None, str]] | None = None
        self._imaginary = 0
        self._opened_on: dict[tuple[int, str], date] = {}  # open tasks by instance and token
        self.fields: dict[str, Any] = {}
        self.file = self._case_file()

    # ------------------------------------------------------------ the host of a step

    def _case_file(self) -> Any:
        institution = self.subject.institution
        if institution is None:
            return None
        from engine.case_file import CaseFile

        subject = self.subject
        deployed = _Bare(
            subject.clocks, subject.decisions, subject.procedure or _BareProcedure(self.process)
        )
        return CaseFile(
            number="试算",
            procedure=deployed.procedure.key,
            deployed=cast("Deployed", deployed),
            institution=institution,
            fields=self.fields,
            events=[],
            now=self.now,
            steps=lambda: self.done,
            letters=lambda: self._issued,
        )

    def set_time(self, now: datetime) -> None:
        """Move the simulated clock; what has happened stays."""
        self.now = now
        if self.file is not None and self.file.today != legal_day(now):
            events = self.file.events
            self.file = self._case_file()
            for event in events:
                self.file.record(event)

    @property
    def institution(self) -> Institution:
        """The office; only where there is a case file."""
        return cast("Institution", self.subject.institution)

    @property
    def calendar(self) -> Any:
        """The business calendar, None where there is no office."""
        institution = self.subject.institution
        return institution.calendar if institution else self.subject.calendar

    @property
    def functions(self) -> Mapping[str, Callable[..., object]]:
        """The named functions that FEEL may call."""
        if self.file is not None:
            return cast("Mapping[str, Callable[..., object]]", self.file.functions)
        today = legal_day(self.now)
        if self.subject.calendar is not None:
            from engine.office_functions import functions_of

            return functions_of(today, self.subject.calendar)
        return {"today": lambda: today}

    def names(self) -> Mapping[str, object]:
        """What expressions see besides the instance's variables."""
        return self.file.names() if self.file is not None else self.fields

    def written(self, name: str, value: object) -> None:
        """Take a variable of the case into its record; a file that is tried alone has none."""
        if self.subject.procedure is not None:
            self.fields[name] = value

    def typed(self, name: str, value: Any, process_id: str, version: str | None) -> object:
        """Return a value of the state as the forms of its own procedure say: dates as dates."""
        procedure = self._folder_of(process_id).procedure
        return value if procedure is None else procedure.typed({name: value})[name]

    def record(
        self, kind: str, on: date | None, fields: Mapping[str, object], activity_id: str
    ) -> None:
        """Record a case event."""
        del activity_id
        self.fact(kind, on or legal_day(self.now), fields)

    def fact(self, kind: str, on: date, fields: Mapping[str, object]) -> None:
        """Take a dated legal fact into the case's file."""
        if self.file is None:
            return
        from engine.statutory_clock import CaseEvent

        plain = {k: to_json(v) for k, v in fields.items() if v is not None}
        plain.setdefault("id", str(len(self.file.events) + 1))
        self.file.record(self.file.corrected(CaseEvent(kind, on, plain)))

    def perform(self, effect: Effect) -> Mapping[str, object] | None:
        """Accept an effect: letters are remembered, numbers are imaginary."""
        given = dict(effect.arguments)
        if effect.name == "issue_letter":
            key = str(given.get("letter") or "")
            procedure = self._folder_of(effect.process_id).procedure
            if not key or (procedure is not None and key not in procedure.letters):
                raise StepFailed(
                    effect.activity_id,
                    f"no letter {key!r}",
                    say("没有“{key}”这种文书，请检查文书名称", key=key),
                )
            self.letters.append(key)
            title = key
            if procedure is not None:
                title = procedure.letter_title(key, self.names(), self.functions)
            number = f"试算〔{self.now.year}〕{len(self.letters)}号"
            self._issued.append(Issued(key, title, number, legal_day(self.now)))
            return {"number": number, "title": title}
        if effect.name == "allot_number":
            self._imaginary += 1
            return {"number": f"试算〔{self.now.year}〕{self._imaginary}号"}
        if effect.name == "record_outcome":
            return {"code": given.get("outcome") or given.get("code")}
        return None

    def decide(
        self, decision: str, names: Mapping[str, object], process_id: str, version: str | None
    ) -> object:
        """Evaluate a decision of the process's own folder."""
        decisions = self._folder_of(process_id).decisions
        if decisions is None:
            raise NotFound("decision", decision)
        return decisions.evaluate(decision, names, self.functions).value

    def _folder_of(self, process_id: str) -> Subject:
        """Return what lies beside the drawing of a process: a called one brings its own tables and letters."""
        if process_id in self.subject.definition.processes:
            return self.subject
        return self.subject.library.get(process_id, self.subject)

    def called(self, process_id: str, version: str | None = None) -> Definition:
        """Return the definition of a called process."""
        del version
        if process_id in self.subject.definition.processes:
            return self.subject.definition
        if process_id not in self.subject.library:
            raise NotFound("process", process_id)
        return self.subject.library[process_id].definition

    # ------------------------------------------------------------ steps

    def start(
        self,
        process_id: str,
        variables: Mapping[str, Any] | None = None,
        *,
        event: str | None = None,
        sender: Instance | None = None,
        key: str | None = None,
    ) -> Instance:
        """Start an instance and let what it throws reach the others."""
        definition = self.called(process_id)
        step = execute.start(definition, self, variables, process_id=process_id, event=event)
        instance = Instance(len(self.instances), process_id, definition, step.state)
        if sender is not None:
            instance.partners.add(sender.number)
            sender.partners.add(instance.number)
        if key is not None:
            instance.keys.add(key)
        self.instances.append(instance)
        self._took(instance, step)
        return instance

    def act(self, instance: Instance, step: Step) -> None:
        """Take over a step of an instance; a case that would wait for nothing has failed."""
        instance.state = step.state
        self._took(instance, step)

    def _took(self, instance: Instance, step: Step) -> None:
        instance.ended = step.ended
        for item in step.opened:
            self._opened_on[(instance.number, item.token)] = legal_day(self.now)
        if not step.ended:
            waiting = execute.frontier(instance.definition, step.state, self)
            if not (waiting.tasks or waiting.timers or waiting.waits or waiting.begin):
                raise StepFailed(
                    instance.process_id,
                    "the case would wait for nothing",
                    say("案件停下了，没有任何人或事可等"),
                )
        self._dispatch(instance, step)

    def _dispatch(self, sender: Instance, step: Step) -> None:
        pending: deque[tuple[Instance, Thrown]] = deque()
        pending.extend((sender, t) for t in (*step.messages, *step.signals))
        for _ in range(MAX_DISPATCH):
            if not pending:
                return
            source, thrown = pending.popleft()
            if thrown.kind == "signal":
                self._broadcast(source, thrown)
            else:
                self._send(source, thrown)
        raise StepFailed(sender.process_id, "messages without end", say("消息往来没有尽头"))

    def _broadcast(self, source: Instance, thrown: Thrown) -> None:
        gathered = self.gathered()
        for other in list(self.instances):
            if other is not source and not other.ended:
                step = execute.deliver(other.definition, self, other.state, signal=thrown.name)
                self.act(other, step)
        self.start_by("signal", thrown.name, None, source, gathered=gathered)

    def gathered(self) -> frozenset[str]:
        """Return the definitions for which some instance waits at a start event that needs several."""
        keys = {
            event.key
            for process in self._startable()
            for node in process.body.triggers
            if node.together
            for event in node.events
        }
        return frozenset(
            key
            for key in keys
            if any(execute.gathers(i.state, key) for i in self.instances if not i.ended)
        )

    def _startable(self) -> list[Process]:
        """Return the processes that an event may begin: those under trial, and those given with them."""
        found: dict[str, Process] = {}
        for subject in (self.subject, *self.subject.beside):
            found = {**subject.definition.processes, **found}
        return list(found.values())

    def _send(self, source: Instance, thrown: Thrown) -> None:
        """A message goes where its message flow leads; else to whoever waits for its name."""
        flows = [
            f
            for f in source.definition.message_flows
            if f.source in (thrown.activity_id, self._pool(source)) and f.target_process
        ]
        drawn = [f for f in flows if f.source == thrown.activity_id] or flows
        targets = {f.target_process for f in drawn}
        names = {thrown.name} | {
            n for f in drawn for n in self._names_at(source.definition, f.target)
        }
        if thrown.correlation is not None:
            source.keys.add(thrown.correlation)
        for name in [thrown.name, *sorted(names - {thrown.name})]:
            if self._deliver(source, name, thrown, targets):
                return
            started = self.start_by(
                "message",
                name,
                thrown.values,
                source,
                processes=targets or None,
                key=thrown.correlation,
            )
            if started:
                return

    @staticmethod
    def _pool(source: Instance) -> str | None:
        return source.definition.processes[source.process_id].participant

    @staticmethod
    def _names_at(definition: Definition, element: str) -> list[str]:
        for process in definition.processes.values():
            if element in process.nodes:
                return [
                    e.name for e in process.nodes[element].events if e.kind == "message" and e.name
                ]
        return []

    def _deliver(
        self, source: Instance, name: str, thrown: Thrown, targets: set[str | None]
    ) -> bool:
        waiting = [
            i
            for i in self.instances
            if not i.ended
            and (not targets or i.process_id in targets)
            and self._awaits(i, name, thrown.correlation)
        ]
        others = [i for i in waiting if i is not source] or waiting
        close = [i for i in others if i.number in source.partners] or others
        for receiver in close[:1]:
            if receiver is not source:
                receiver.partners.add(source.number)
                source.partners.add(receiver.number)
            if thrown.correlation is not None:
                receiver.keys.add(thrown.correlation)
            step = execute.deliver(
                receiver.definition,
                self,
                receiver.state,
                message=name,
                values=thrown.values,
                correlation=thrown.correlation,
            )
            self.act(receiver, step)
        return bool(close)

    def _awaits(self, instance: Instance, name: str, key: str | None) -> bool:
        if key is not None and instance.keys and key not in instance.keys:
            return False
        subscribed = instance.definition.processes[instance.process_id].body.keys
        for value in subscribed.values() if key is not None else ():
            if value.expression is not None:
                own = to_json(value.expression.evaluate({**self.names(), **instance.state["v"]}))
                if own is not None and str(own) != key:
                    return False
        taker = execute.receiver(instance.definition, self, instance.state, name, correlation=key)
        return taker is not None

    def start_by(
        self,
        kind: str,
        name: str,
        values: Mapping[str, Any] | None,
        sender: Instance | None,
        *,
        processes: set[str | None] | None = None,
        key: str | None = None,
        gathered: frozenset[str] = frozenset(),
    ) -> bool:
        """Start every process (a message: the first) that begins with this message or signal.

        gathered: keys of definitions that an instance has just taken while it waited at its start.
        """
        started = False
        for process in self._startable():
            if processes is not None and process.id not in processes:
                continue
            if sender is not None and processes is None and process.id == sender.process_id:
                continue
            for node in process.body.triggers:
                event = next((e for e in node.events if e.kind == kind and e.name == name), None)
                if event is not None and event.key not in gathered:
                    self.start(process.id, values, event=event.key, sender=sender, key=key)
                    started = True
                    break
            if started and kind == "message":
                return True
        return started

    # ------------------------------------------------------------ people

    def open_tasks(self) -> list[tuple[Instance, WorkItem]]:
        """Return the open tasks of all instances, oldest first within each."""
        return [
            (i, t)
            for i in self.instances
            if not i.ended
            for t in sorted(
                execute.frontier(i.definition, i.state, self).tasks, key=lambda t: int(t.token)
            )
        ]

    def form(self, item: WorkItem) -> Form | None:
        """Return the form of a task, None where it has none."""
        return self.form_of(item.form, item.process_id)

    def form_of(self, key: str | None, process_id: str) -> Form | None:
        """Return a form of the procedure that a process belongs to."""
        if key is None:
            return None
        for subject in (self.subject, *self.subject.library.values()):
            if process_id in subject.definition.processes and subject.procedure is not None:
                return subject.procedure.forms.get(key)
        return None

    def complete(
        self,
        instance: Instance,
        item: WorkItem,
        data: Mapping[str, Any],
        by: str | None,
        *,
        fill: bool,
    ) -> None:
        """A person completes a task with a form's answers, or with variables where there is no form.

        Raises:
            Denied: the person may not. StepFailed: the answers are refused, or what follows fails.
        """
        self._may(item, by)
        form = self.form(item)
        values: Mapping[str, Any] = data
        if form is not None:
            names = execute.visible(instance.definition, self, instance.state, item.token)
            values = self.judged(form, item.activity_id, data, names, fill=fill)
        before = dict(self.fields)
        if form is not None and item.process_id == self.process:
            self.fields.update(values)
        self.done.append(self._done(item, by, values))
        try:
            step = execute.complete(
                instance.definition,
                self,
                instance.state,
                item.token,
                values,
                everything=form is None,
            )
            self.act(instance, step)
        except EngineError:
            self.fields.clear()
            self.fields.update(before)
            self.done.pop()
            raise
        self._imaginary += 1
        self.actors[item.activity_id] = by or f"somebody {self._imaginary}"

    def _done(self, item: WorkItem, by: str | None, values: Mapping[str, Any]) -> DoneStep:
        role = by if by in item.groups else next(iter(item.groups), None)
        post = Post(role, item.unit) if role else None
        login = by or login_of(role or "", item.unit)
        return DoneStep(item.activity_id, item.name, login, post, legal_day(self.now), values)

    def judged(
        self,
        form: Form,
        activity_id: str,
        data: Mapping[str, Any],
        names: Mapping[str, object] | None = None,
        *,
        fill: bool,
    ) -> Mapping[str, Any]:
        """Return the values of a submission.

        Args:
            names: what conditions see besides the form: as at the task, else what the case knows.

        Raises:
            StepFailed: the form refuses it.
        """
        today, names = legal_day(self.now), self.names() if names is None else names
        given = {**form.initial(today=today, names=names, functions=self.functions), **data}
        if fill:
            given = form.required_defaults(
                today=today, names=names, functions=self.functions, given=given
            )
        judged = form.validate(given, today=today, names=names, functions=self.functions)
        if not judged.ok:
            said = "; ".join(f"{k}: {v}" for k, v in judged.errors.items())
            raise StepFailed(
                activity_id, f"the form is refused: {said}", say("表单未通过：{said}", said=said)
            )
        return judged.values

    def _may(self, item: WorkItem, by: str | None) -> None:
        if by is None:
            return
        for other in item.separation:
            if self.actors.get(other) == by:
                raise Denied("separation", say("“{item}”必须由另一个人办理", item=item.name))
        roles = self._roles()
        if by in roles:
            if item.groups and roles[by] not in item.groups:
                raise Denied("role", say("岗位“{by}”不能办理“{item}”", by=by, item=item.name))
            if not item.groups and (item.users or item.assignee):
                raise Denied("person", say("“{item}”只由指定的人办理", item=item.name))
        named = {*item.users, item.assignee} - {None}
        if by not in roles and not item.groups and named and by not in named:
            raise Denied("person", say("“{by}”不能办理“{item}”", by=by, item=item.name))

    def _roles(self) -> dict[str, str]:
        """Return what counts as a role: the office's ids and titles, and every group that is drawn."""
        office = self.subject.institution.office if self.subject.institution else None
        roles = {**office.role_ids(), **{k: k for k in office.roles}} if office else {}
        for subject in (self.subject, *self.subject.library.values()):
            for activity in subject.definition.activities.values():
                roles.update({g: g for g in activity.groups})
        return roles

    # ------------------------------------------------------------ time

    def due_timers(self) -> list[tuple[datetime, Instance | None, Timer | str]]:
        """Return every armed timer that has a moment, earliest first."""
        found: list[tuple[datetime, Instance | None, Timer | str]] = []
        for instance in self.instances:
            if instance.ended:
                continue
            for timer in execute.frontier(instance.definition, instance.state, self).timers:
                due = self.moment(timer)
                if due is not None:
                    found.append((due, instance, timer))
        found += [(due, None, node) for node, due in self._start_timers()]
        return sorted(found, key=lambda f: f[0])

    def _start_timers(self) -> list[tuple[str, datetime]]:
        """Return start events by timer of the process under trial, unless somebody has started it."""
        if self.by_hand:
            return []
        if self.start_timers is None:
            triggers = self.subject.definition.processes[self.process].body.triggers
            self.start_timers = {
                event.key if node.together else node.id: found
                for node in triggers
                for event in node.events
                if event.kind == "timer" and event.text is not None
                if (found := _first_moment(event.timer or "", event.text, self)) is not None
            }
        gathered = self.gathered()
        return [(n, found[0]) for n, found in self.start_timers.items() if n not in gathered]

    def _start_timer_fired(self, node: str) -> None:
        """A start timer that repeats waits for its next round; another is over."""
        due, left, every = (self.start_timers or {}).pop(node, (self.now, 0, ""))
        if self.start_timers is not None and every and left != 0:
            with suppress(moments.NoMoreMoments):
                again = moments.after(due, moments.interval(every), self.calendar)
                self.start_timers[node] = (again, None if left is None else left - 1, every)

    def moment(self, timer: Timer) -> datetime | None:
        """Return when a timer is due; one that hangs on a clock moves with it."""
        if timer.clock is None:
            return timer.due_at
        if self.file is None:
            return None
        hanging = case_moments.Hanging(timer.clock, timer.offset, timer.party)
        return case_moments.timer_due(hanging, self)

    def due_on(self, instance: Instance, item: WorkItem) -> date | None:
        """Return the task's own limit, None where it has none (or no office says what a working day is)."""
        if self.file is None:
            return None
        opened = self._opened_on[(instance.number, item.token)]
        return case_moments.task_due(item.due, self, opened)

    def fire(self, instance: Instance | None, timer: Timer | str) -> None:
        """Fire one timer; a start timer starts the process."""
        if instance is None or isinstance(timer, str):
            node = timer if isinstance(timer, str) else timer.activity_id
            self._start_timer_fired(node)
            self.start(self.process, {}, event=node)
            return
        if self.start_timers is not None:
            key = timer.id.partition(".")[2].rpartition(".")[0]
            self.start_timers.pop(key, None)  # an instance waited for it at its start
        self.act(instance, execute.fire(instance.definition, self, instance.state, timer.id))

    def pass_time(self, until: datetime) -> None:
        """Move the clock and fire what becomes due on the way, each at its own moment."""
        for _ in range(MAX_FIRINGS):
            due = [d for d in self.due_timers() if d[0] <= until]
            if not due:
                self.set_time(max(until, self.now))
                self.look_again()
                return
            moment, instance, timer = due[0]
            self.set_time(max(moment, self.now))
            self.fire(instance, timer)
        raise StepFailed(self.process, "timers fire without end", say("定时事件没有尽头"))

    def start_by_condition(self, values: Mapping[str, Any]) -> None:
        """Start every process whose conditional start event holds now and that is not running."""
        for process in self._startable():
            if any(i.process_id == process.id and not i.ended for i in self.instances):
                continue
            for node in process.body.triggers:
                names = {**self.names(), **values}
                event = next((e for e in node.events if self._holds(e.condition, names)), None)
                if event is not None:
                    self.start(process.id, values, event=event.key)
                    break

    def _holds(self, condition: Expression | None, names: Mapping[str, object]) -> bool:
        return condition is not None and condition.evaluate(names, self.functions) is True

    def look_again(self) -> None:
        """Time or facts have moved: conditional events may hold now."""
        for instance in list(self.instances):
            if not instance.ended and instance.state["q"]:
                step = execute.set_variables(instance.definition, self, instance.state, {})
                self.act(instance, step)


def _first_moment(kind: str, text: Value, world: World) -> tuple[datetime, int | None, str] | None:
    """Return when a start timer fires first, how many rounds follow, and every how long."""
    said: object = text.text
    if text.expression is not None:
        said = to_json(text.expression.evaluate(world.names(), world.functions))
    try:
        if kind == "date":
            return moments.as_instant(said), 0, ""
        if kind == "duration":
            return moments.after(world.began, moments.as_duration(said), world.calendar), 0, ""
        cycle = moments.cycle(str(said))
        first = cycle.start or moments.after(world.began, cycle.every, world.calendar)
        return first, None if cycle.times is None else cycle.times - 1, cycle.interval
    except moments.MomentUnreadable:
        return None


def read_instant(value: object, at: time) -> datetime:
    """Read a date (then at this office time) or a date-time of a scenario."""
    text = str(value).strip().replace(" ", "T")
    instant = as_instant(text)
    if "T" in text:
        return instant
    return datetime.combine(instant.astimezone(OFFICE_ZONE).date(), at, OFFICE_ZONE).astimezone(UTC)
