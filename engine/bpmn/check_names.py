"""The deployment check of names: whether what a drawing refers to is there, in the drawing itself and in the office.

Errors where a form, clock, effect, letter, decision, process or setting does not exist; warnings where nobody can take
a task, or where a field or a case event is probably a slip of the pen.
"""

from __future__ import annotations

from collections.abc import Iterable

from engine.bpmn.findings import Known, Report, named
from engine.bpmn.model import Definition, Node, Process, Value
from engine.bpmn.reading import Reading

_COUNTERS = frozenset(
    (
        "loopCounter",
        "nrOfInstances",
        "nrOfActiveInstances",
        "nrOfCompletedInstances",
        "numberOfInstances",
        "numberOfActiveInstances",
        "numberOfCompletedInstances",
        "numberOfTerminatedInstances",
        "activationCount",
        "waitingForStart",
        "item",
        "partial",
    )
)


class NameChecker:
    """Checks the names of one definition, file by file."""

    def __init__(self, definition: Definition, known: Known) -> None:
        self.definition, self.known = definition, known
        self.produced = _produced(definition)
        self.events = _Events(definition, known)

    def process(self, report: Report, process: Process) -> None:
        """Check what the steps of a process name."""
        for node in process.nodes.values():
            _people(report, node, self.known, process)
            _references(report, node, self.definition, self.known)
            self.events.recorded(report, node)

    def file(self, reading: Reading) -> None:
        """Check what the expressions of a file read."""
        _fields(reading.report, reading, self.produced, self.known)
        _settings(reading.report, reading, self.known)

    def clocks(self, report: Report) -> None:
        """Check what the clocks of the definition listen for."""
        self.events.awaited(report)


def _people(report: Report, node: Node, known: Known, process: Process) -> None:
    work = node.work
    if node.kind != "user" or work is None:
        return
    if not (work.groups or work.users or work.assignee):
        report.warning(
            "nobody",
            node.id,
            node.line,
            f"任务{_said(node)}没有人可以办理：不在泳道里，也没有指定岗位或人",
            f"{node.id}: nobody can take it: no lane, group or person",
        )
    ids = set((known.roles or {}).values())
    for group in work.groups if known.roles is not None else ():
        if group.expression is None and group.text not in ids:
            report.warning(
                "unknown-role",
                node.id,
                node.line,
                f"任务{_said(node)}的岗位“{group.text}”不在岗位表里，没有人可以办理",
                f"{node.id}: the group {group.text!r} is no role of the office",
            )
    for other in work.separation:
        if other not in process.nodes:
            report.error(
                "separation",
                node.id,
                node.line,
                f"任务{_said(node)}要求与“{other}”不同人，但没有这个任务",
                f"{node.id}: separation from {other!r}, which does not exist",
            )
    if known.forms is not None and not work.form:
        report.warning(
            "no-form",
            node.id,
            node.line,
            f"任务{_said(node)}没有表单",
            f"{node.id}: the user task has no form",
        )


def _references(report: Report, node: Node, definition: Definition, known: Known) -> None:
    """Errors where a form, clock, effect, letter, decision or process does not exist."""
    form = node.work.form if node.work else (node.action.form if node.action else None)
    _resolve(report, node, "unknown-form", "表单", "form", form, known.forms)
    clocks = frozenset(definition.clocks) | (known.clocks or frozenset())
    for event in node.events:
        if event.timer == "clock":
            _resolve(report, node, "unknown-clock", "时限", "clock", event.clock, clocks)
    due = (node.work.due or {}).get("clock") if node.work else None
    _resolve(report, node, "unknown-clock", "时限", "clock", _constant(due), clocks)
    for effect in node.effects:
        _resolve(report, node, "unknown-effect", "动作", "effect", effect.name, known.effects)
        letter = _constant(effect.arguments.get("letter"))
        _resolve(report, node, "unknown-letter", "文书", "letter", letter, known.letters)
        if effect.name == "notify":
            steps = frozenset(definition.activities) | {"case", "read"}
            until, clock = (_constant(effect.arguments.get(one)) for one in ("until", "clock"))
            _resolve(report, node, "unknown-step", "步骤", "step", until, steps)
            _resolve(report, node, "unknown-clock", "时限", "clock", clock, clocks)
    _resolve(
        report,
        node,
        "unknown-decision",
        "决策",
        "decision",
        _constant(node.decision),
        known.decisions,
    )
    if node.call is not None:
        _called(report, node, _constant(node.call.process), definition, known)


def _called(
    report: Report, node: Node, process_id: str | None, definition: Definition, known: Known
) -> None:
    """An error where a called process does not exist, or cannot be begun by a call."""
    if known.processes is not None:
        there = known.processes | frozenset(definition.processes)
        _resolve(report, node, "called-process", "被调用流程", "called process", process_id, there)
    process = definition.processes.get(process_id or "")
    if process is not None and process.body.only_by_event():
        report.error(
            "called-process",
            node.id,
            node.line,
            f"{_said(node)}调用的流程“{process.id}”没有空开始事件，只能由事件开始",
            f"{node.id}: the called process {process.id!r} begins by an event only; a call needs a plain start",
        )


def _resolve(
    report: Report,
    node: Node,
    rule: str,
    zh: str,
    en: str,
    name: str | None,
    existing: frozenset[str] | None,
) -> None:
    if name is not None and existing is not None and name not in existing:
        report.error(
            rule,
            node.id,
            node.line,
            f"{_said(node)}的{zh}“{name}”不存在",
            f"{node.id}: the {en} {name!r} does not exist",
        )


def _constant(value: Value | None) -> str | None:
    return value.text if value is not None and value.expression is None else None


def _produced(definition: Definition) -> set[str]:
    """Return the names that the diagram itself writes."""
    names = set(_COUNTERS)
    for node in definition.all_nodes():
        if node.result:
            names.add(node.result)
        if node.decision is not None:
            names.add(node.decision.text)
        names.update(e.result for e in node.effects if e.result)
        if node.repeat is not None:
            names.update(n for n in (node.repeat.item, node.repeat.output) if n)
        if node.activation is not None:
            names.update(node.incoming)
        mapped = [*node.inputs, *node.outputs]
        if node.call is not None:
            mapped += [*node.call.inputs, *node.call.outputs]
        names.update(m.target for m in mapped)
    for process in definition.processes.values():
        for body in process.bodies.values():
            names.update(body.data)
    return names


def _fields(report: Report, reading: Reading, produced: set[str], known: Known) -> None:
    if known.form_fields is None:
        return
    fields = set().union(*known.form_fields.values()) | produced | set(known.fields or ())
    fields |= set(reading.data.values())
    for name, uses in reading.used.items():
        if name in fields or name in known.form_fields:
            continue
        where, at = uses[0]
        report.warning(
            "unknown-field",
            where,
            at,
            f"“{where}”用到的“{name}”不是任何表单的字段",
            f"{where}: {name!r} is no field of any form",
        )


def _settings(report: Report, reading: Reading, known: Known) -> None:
    """An error where a setting is read that the office does not have: it would be null for ever."""
    for name, (where, at) in reading.settings.items() if known.settings is not None else ():
        if name in (known.settings or ()):
            continue
        report.error(
            "unknown-setting", where, at, *no_such_setting(where, name, known.settings or ())
        )


class _Events:
    """Names of case events that are nobody's.

    A procedure may have events of its own: its steps record them, or the rule of a clock that hears them gives
    them a title, for they come by hand or from another case. What differs from a known one by a letter is
    taken for a slip of the pen.
    """

    def __init__(self, definition: Definition, known: Known) -> None:
        self.definition, self.fixed = definition, known.events
        nodes = definition.all_nodes()
        self.written = {one.event for node in nodes for one in node.records if one.kind is None}
        self.heard = {
            name: clock_id
            for clock_id, clock in definition.clocks.items()
            for name in getattr(clock, "event_names", ())
        }
        self.titled = {
            name
            for clock in definition.clocks.values()
            for name in getattr(clock, "titled_events", ())
        }

    def recorded(self, report: Report, node: Node) -> None:
        """Look at what a node records."""
        for one in node.records:
            if one.kind is not None:
                continue  # known only when it is recorded
            meant = self._meant(one.event, self.heard)
            if meant is not None:
                report.warning(
                    "unknown-event",
                    node.id,
                    node.line,
                    f"{_said(node)}记录的法律事实“{one.event}”没有时限用到，是不是“{meant}”",
                    f"{node.id}: no clock knows the case event {one.event!r}; is it {meant!r}",
                )
            elif self.fixed is not None and one.event not in self.fixed | self.heard.keys():
                report.info(
                    "own-event",
                    node.id,
                    node.line,
                    f"{_said(node)}记录的法律事实“{one.event}”是本流程自己的名称，没有时限用到",
                    f"{node.id}: the case event {one.event!r} is the procedure's own; no clock hears it",
                )

    def awaited(self, report: Report) -> None:
        """Look at what the clocks listen for."""
        for name, clock_id in self.heard.items():
            meant = self._meant(name, self.written)
            if meant is not None and name not in self.written:
                report.warning(
                    "unknown-event",
                    clock_id,
                    None,
                    f"时限“{clock_id}”等待的法律事实“{name}”没有步骤记录，是不是“{meant}”",
                    f"{clock_id}: nothing records the case event {name!r}; is it {meant!r}",
                )
            elif self.fixed is not None and name not in self.fixed | self.written | self.titled:
                report.warning(
                    "unknown-event",
                    clock_id,
                    None,
                    f"时限“{clock_id}”等待的法律事实“{name}”没有步骤记录，也没有通用的名称；由人登记的，请在规则上写 title",
                    f"{clock_id}: nothing records the case event {name!r}; if a person does, give the rule a title",
                )

    def _meant(self, name: str, others: Iterable[str]) -> str | None:
        if self.fixed is None or name in self.fixed or name in self.heard.keys() & self.written:
            return None
        return _slip_of(name, {*self.fixed, *others})


def no_such_setting(element: str, name: str, settings: Iterable[str]) -> tuple[str, str]:
    """Say in Chinese and in English that an element reads a setting that does not exist, and which was meant."""
    meant = _slip_of(name, settings)
    return (
        f"“{element}”用到的设置“{name}”不存在，"
        + (f"是不是“{meant}”" if meant else "请核对 processes/_office/settings.yaml"),
        f"{element}: there is no setting {name!r}"
        + (f"; is it {meant!r}" if meant else " in processes/_office/settings.yaml"),
    )


def _slip_of(name: str, others: Iterable[str]) -> str | None:
    """Return the one of ``others`` that was probably meant by a name, None where none is near."""
    return next((one for one in sorted({*others} - {name}) if _is_slip(name, one)), None)


def _is_slip(name: str, other: str) -> bool:
    """One letter wrong: written twice, left out, changed, or a neighbour before its turn."""
    if min(len(name), len(other)) < 6 or abs(len(name) - len(other)) > 1:
        return False
    before, row = [0] * (len(other) + 1), list(range(len(other) + 1))
    for i, letter in enumerate(name, start=1):
        last, before, row = before, row, [i]
        for j, wanted in enumerate(other, start=1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != wanted))
            if i > 1 and j > 1 and letter == other[j - 2] and name[i - 2] == wanted:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
    return row[-1] <= 1


def _said(node: Node) -> str:
    return named(node.id, node.name)
