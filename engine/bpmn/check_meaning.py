"""The second half of the deployment check: what needs the compiled graph, or the office's own data.

Errors where a reference does not resolve; warnings where a drawing runs but is probably not meant so.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lxml import etree

from engine.bpmn.findings import Known, Report
from engine.bpmn.model import Body, Definition, Node, Process, Value
from engine.bpmn.reading import Reading

_WAITS = frozenset(("user", "receive", "catch", "race"))
_TO_ONE = frozenset(
    ("error", "escalation", "cancel", "message")
)  # what is caught by one event only
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

Compiled = Sequence[tuple[etree._Element, Reading, list[Process]]]


def meaning(definition: Definition, compiled: Compiled, known: Known) -> None:
    """Check a compiled definition."""
    produced = _produced(definition)
    events = _Events(definition, known)
    for _, reading, processes in compiled:
        report = reading.report
        for process in processes:
            for body in process.bodies.values():
                _reach(report, body)
                _loops(report, body)
                _twice(report, body, process)
            for node in process.nodes.values():
                _ways(report, node)
                _people(report, node, known, process)
                _references(report, node, definition, known)
                events.recorded(report, node)
        _fields(report, reading, produced, known)
        _settings(report, reading, known)
        if any(process.id == definition.main for process in processes):
            events.awaited(report)
            _changed(report, definition, known)


def _say(node: Node) -> str:
    return f"“{node.name}”（{node.id}）" if node.name else f"“{node.id}”"


def _ways(report: Report, node: Node) -> None:
    """Warn where it may happen that no flow can be taken, or always the same."""
    gateway = node.kind in ("exclusive", "inclusive", "complex")
    if node.default is not None and node.default.condition is not None:
        report.warning(
            "default-condition",
            node.id,
            node.line,
            f"{_say(node)}的默认分支“{node.default.id}”写了条件，默认分支不看条件",
            f"{node.id}: its default flow {node.default.id} has a condition, which is not looked at",
        )
    if gateway and len(node.out) < 2 and all(f.condition is None for f in node.out):
        return
    unconditional = [f for f in node.out if f.condition is None and f is not node.default]
    if node.kind == "exclusive" and unconditional:
        report.warning(
            "flow-without-condition",
            node.id,
            node.line,
            f"网关{_say(node)}的分支“{unconditional[0].id}”既无条件又不是默认分支，总会被选中",
            f"{node.id}: the flow {unconditional[0].id} has no condition and is not the default; it always holds",
        )
    elif node.out and node.default is None and not unconditional:
        report.warning(
            "no-default",
            node.id,
            node.line,
            f"{'网关' if gateway else ''}{_say(node)}没有默认分支，条件都不成立时案件会停下",
            f"{node.id}: no default flow; where no condition holds the case stops with an incident",
        )


def _twice(report: Report, body: Body, process: Process) -> None:
    """An error where of two events that catch the same only the first would ever be reached."""
    caught = [(node.boundary, _TO_ONE) for node in body.nodes.values()]
    starts = [
        n for h in body.handlers if h.body for n in h.body.nodes.values() if n.kind == "start"
    ]
    caught.append((starts, _TO_ONE))
    if body is process.body:
        caught.append((body.triggers, frozenset(("message", "signal"))))
    for nodes, kinds in caught:
        seen: dict[tuple[str, str | None], Node] = {}
        for node in nodes:
            for event in () if node.together else node.events:
                if event.kind not in kinds or event.correlation is not None:
                    continue
                first = seen.setdefault((event.kind, event.name), node)
                if first is not node:
                    report.error(
                        "caught-twice",
                        node.id,
                        node.line,
                        f"{_say(node)}与{_say(first)}接收同样的事件，只有前一个会发生",
                        f"{node.id}: catches the same as {first.id}; only that one would ever happen",
                    )


def _people(report: Report, node: Node, known: Known, process: Process) -> None:
    work = node.work
    if node.kind != "user" or work is None:
        return
    if not (work.groups or work.users or work.assignee):
        report.warning(
            "nobody",
            node.id,
            node.line,
            f"任务{_say(node)}没有人可以办理：不在泳道里，也没有指定岗位或人",
            f"{node.id}: nobody can take it: no lane, group or person",
        )
    ids = set((known.roles or {}).values())
    for group in work.groups if known.roles is not None else ():
        if group.expression is None and group.text not in ids:
            report.warning(
                "unknown-role",
                node.id,
                node.line,
                f"任务{_say(node)}的岗位“{group.text}”不在岗位表里，没有人可以办理",
                f"{node.id}: the group {group.text!r} is no role of the office",
            )
    for other in work.separation:
        if other not in process.nodes:
            report.error(
                "separation",
                node.id,
                node.line,
                f"任务{_say(node)}要求与“{other}”不同人，但没有这个任务",
                f"{node.id}: separation from {other!r}, which does not exist",
            )
    if known.forms is not None and not work.form:
        report.warning(
            "no-form",
            node.id,
            node.line,
            f"任务{_say(node)}没有表单",
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
            f"{_say(node)}调用的流程“{process.id}”没有空开始事件，只能由事件开始",
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
            f"{_say(node)}的{zh}“{name}”不存在",
            f"{node.id}: the {en} {name!r} does not exist",
        )


def _constant(value: Value | None) -> str | None:
    return value.text if value is not None and value.expression is None else None


# ---------------------------------------------------------------- the graph


def _reach(report: Report, body: Body) -> None:
    """Warn of nodes that no token can come to."""
    begin = [*body.starts, *body.triggers]
    if body.adhoc is not None:
        begin += [body.nodes[n] for n in body.adhoc.enabled]
    begin += [n for n in body.nodes.values() if n.by_event or (n.kind == "start" and n.events)]
    begin += [n.handler for n in body.nodes.values() if n.handler is not None]
    hosted: dict[str, list[Node]] = {}
    for node in body.nodes.values():
        if node.host is not None:
            hosted.setdefault(node.host.id, []).append(node)
    seen: set[str] = set()
    stack = list(begin)
    while stack:
        node = stack.pop()
        if node.id in seen:
            continue
        seen.add(node.id)
        stack += [f.target for f in node.out]
        stack += hosted.get(node.id, ())
    for node in body.nodes.values():
        if node.id not in seen:
            report.warning(
                "unreachable",
                node.id,
                node.line,
                f"{_say(node)}永远到不了，请检查连线",
                f"{node.id}: no token can come here",
            )


def _loops(report: Report, body: Body) -> None:
    """Warn of a circle of flows in which nobody and nothing is waited for."""
    left = {n.id: n for n in body.nodes.values() if not _pauses(n)}
    into: dict[str, list[str]] = {key: [] for key in left}
    ways = dict.fromkeys(left, 0)
    for key, node in left.items():
        for flow in node.out:
            if flow.target.id in left:
                into[flow.target.id].append(key)
                ways[key] += 1
    nowhere = [key for key, count in ways.items() if count == 0]
    while nowhere:  # what leads nowhere is on no circle
        key = nowhere.pop()
        del left[key]
        for before in into[key]:
            ways[before] -= 1
            if ways[before] == 0:
                nowhere.append(before)
    if not left:
        return
    at, seen = next(iter(left.values())), set()
    while at.id not in seen:
        seen.add(at.id)
        at = next(f.target for f in at.out if f.target.id in left)
    report.warning(
        "loop-without-person",
        at.id,
        at.line,
        f"经过{_say(at)}的循环里没有人办理也不等待，可能停不下来",
        f"{at.id}: a loop in which nothing waits may never end",
    )


def _pauses(node: Node) -> bool:
    if node.kind in _WAITS or node.kind == "call":
        return True
    if node.body is not None:
        return any(_pauses(n) for n in node.body.nodes.values())
    return False


# ---------------------------------------------------------------- names


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
                    f"{_say(node)}记录的法律事实“{one.event}”没有时限用到，是不是“{meant}”",
                    f"{node.id}: no clock knows the case event {one.event!r}; is it {meant!r}",
                )
            elif self.fixed is not None and one.event not in self.fixed | self.heard.keys():
                report.info(
                    "own-event",
                    node.id,
                    node.line,
                    f"{_say(node)}记录的法律事实“{one.event}”是本流程自己的名称，没有时限用到",
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


def standing_ids(definition: Definition) -> frozenset[str]:
    """Return the ids at which a case can stand: what waits, what holds something inside, what joins."""
    return frozenset(
        node.id
        for node in definition.all_nodes()
        if node.kind in _WAITS | {"subprocess", "call"}
        or (node.kind in ("parallel", "inclusive", "complex") and len(node.incoming) > 1)
    )


def _changed(report: Report, definition: Definition, known: Known) -> None:
    if known.previous_ids is None:
        return
    present = {n.id for n in definition.all_nodes()}
    for missing in sorted(known.previous_ids - present):
        report.warning(
            "changed-id",
            missing,
            None,
            f"上一版本里的“{missing}”不见了：在办案件若停在那里需要迁移",
            f"{missing} of the version in force is gone; cases standing there must be migrated",
        )
