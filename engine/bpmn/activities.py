"""Activities: tasks of every kind, subprocesses, call activities, ad hoc.

An activity is entered, perhaps repeated (``repetition``), begun, and done. Only what waits has a token.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from engine.bpmn import compensation, events, gateways, moments, repetition, throwing
from engine.bpmn.machine import WORK, Extra, Machine
from engine.bpmn.model import Definition, Flow, Mapped, Node, Recorded, Value, given
from engine.bpmn.step import BpmnError, Effect, NotWaiting, StepFailed
from engine.errors import EngineError, NotFound
from engine.feel import to_json
from engine.timesource import legal_day
from engine.words import say

MAX_CALL_DEPTH = 60


def enter(
    machine: Machine,
    scope: str,
    node: Node,
    flow: Flow | None,
    parent: str | None,
    frame: Extra | None,
) -> None:
    """Enter an activity; ``parent`` is the repetition or compensation it runs for."""
    if node.needs > 1 and flow is not None and not gateways.enough(machine, scope, node, flow):
        return
    machine.log(node, "entered", flow=flow.id if flow else None)
    if node.repeat is not None and not _is_instance(machine, node, parent):
        repetition.begin(machine, scope, node, parent, frame)
        return
    begin(machine, scope, node, parent, frame)


def begin(
    machine: Machine, scope: str, node: Node, parent: str | None, frame: Extra | None
) -> None:
    """Begin one instance of an activity; what is mapped in belongs to the instance."""
    kind = node.kind
    if node.inputs and node.call is None:
        frame = {**(frame or {}), **_mapped(machine, node.inputs, scope, frame, node)}
    if kind in WORK:
        _wait_for_person(machine, scope, node, parent, frame)
    elif kind == "subprocess":
        _open_subprocess(machine, scope, node, parent, frame)
    elif kind == "call":
        _open_call(machine, scope, node, parent, frame)
    elif kind == "task":
        done(machine, scope, node, parent, frame)
    else:
        _automatic(machine, scope, node, parent, frame)


def _is_instance(machine: Machine, node: Node, parent: str | None) -> bool:
    return (
        parent is not None and machine.t[parent][2] == "multi" and machine.t[parent][1] == node.id
    )


def done(
    machine: Machine,
    scope: str,
    node: Node,
    parent: str | None,
    frame: Mapping[str, Any] | None,
    token: str = "",
    inner: list[Any] | None = None,
) -> None:
    """One instance of an activity is done: record, map, remember for compensation, go on."""
    machine.log(node, "left", token)
    if node.outputs and node.call is None:
        map_data(machine, node.outputs, scope, frame, scope, node)
    if node.records:
        record(machine, node, node.records, scope, frame)
    repeated = parent is not None and machine.t[parent][2] == "multi"
    compensation.remember(machine, scope, node, frame, inner, parent if repeated else None)
    if parent is None:
        finish(machine, scope, node)
    elif repeated:
        repetition.instance_done(machine, parent, frame)
    else:
        compensation.go_on(machine, parent)


def finish(machine: Machine, scope: str, node: Node) -> None:
    """The activity as a whole is done: an ad hoc body looks whether it is over, else flows are taken."""
    body = node.parent
    if body is not None and body.adhoc is not None and _adhoc_over(machine, scope, node):
        return
    gateways.leave(machine, scope, node)


# ---------------------------------------------------------------- people


def _wait_for_person(
    machine: Machine, scope: str, node: Node, parent: str | None, frame: Extra | None
) -> None:
    extra: Extra = {}
    if parent is not None:
        extra["p"] = parent
    if frame:
        extra["f"] = frame
    work = node.work
    if work is not None and work.dynamic():
        extra["a"] = _evaluated(machine, scope, node, frame)
    token = machine.put(scope, node, node.kind, extra)
    machine.opened[token] = None
    if node.kind == "receive" and node.events:
        extra["w"] = {node.events[0].key: events.arm(machine, token, token, node, node.events[0])}
    if node.armed and not _is_instance(machine, node, parent):
        events.arm_boundary(machine, token, node)


def offer_again(machine: Machine, token: str) -> None:
    """Compute anew who may take an open task and by when: its drawing has changed under it."""
    scope, _, _, extra = machine.t[token]
    node = machine.node(token)
    if given(node.work).dynamic():
        extra["a"] = _evaluated(machine, scope, node, extra.get("f"))
    else:
        extra.pop("a", None)


def _evaluated(machine: Machine, scope: str, node: Node, frame: Extra | None) -> dict[str, Any]:
    """Evaluate who may take a task and by when, once, when it opens."""
    work = given(node.work)

    def one(value: Any) -> Any:
        return None if value is None else machine.value(value, scope, frame, node.id)

    def many(values: Any) -> list[str]:
        found: list[str] = []
        for value in values:
            result = machine.value(value, scope, frame, node.id)
            found += [str(r) for r in result] if isinstance(result, list) else _present(result)
        return found

    assignee = one(work.assignee)
    unit = one(work.unit)
    return {
        "g": many(work.groups),
        "u": many(work.users),
        "a": None if assignee is None else str(assignee),
        "n": None if unit is None else str(unit),
        "d": {k: one(v) for k, v in work.due.items()} if work.due else None,
        "p": one(work.priority),
    }


def _present(result: Any) -> list[str]:
    return [] if result is None else [str(result)]


def complete(
    machine: Machine, token: str, values: Mapping[str, object] | None, *, everything: bool = False
) -> None:
    """A person completes a task, or the message of a receive task has come.

    With a form only the names that route are kept; ``everything`` keeps all.

    Raises:
        NotWaiting: no such open task.
    """
    row = machine.t.get(token)
    if row is None or row[2] not in WORK:
        raise NotWaiting("task", token)
    scope, node = row[0], machine.node(token)
    frame, parent = row[3].get("f"), row[3].get("p")
    kept = dict(values or {})
    if node.work is not None and node.work.form and not everything:
        routing = machine.definition_of(machine.s[scope]).routing_names
        kept = {k: v for k, v in kept.items() if k in routing}
    machine.drop(token, "completed")
    if not node.keeps:
        own = _own_names(node) | {m.target for m in node.inputs}
        for name, value in kept.items():
            if frame is None or name not in own:
                machine.write(name, value, scope)
    if values:
        frame = {**(frame or {}), **values}
    done(machine, scope, node, parent, frame, token)


def _own_names(node: Node) -> set[str]:
    """Return the names that an instance of a repeated activity has to itself."""
    if node.repeat is None:
        return set()
    names = {"loopCounter"}
    if node.repeat.item:
        names.add(node.repeat.item)
    return names


# ---------------------------------------------------------------- what runs by itself


def _automatic(
    machine: Machine, scope: str, node: Node, parent: str | None, frame: Extra | None
) -> None:
    """Service, send and business rule tasks ask the host and keep the answer; script tasks compute it."""
    try:
        if node.kind == "rule":
            _decide(machine, scope, node, frame)
        elif node.kind == "formula":
            value = machine.value(given(node.formula), scope, frame, node.id)
            machine.write(given(node.result), value, scope)
        elif node.kind == "send":
            throwing.throw_message(machine, scope, node, node.events[0])
        for call in node.effects if node.kind == "effect" else ():
            arguments = {
                k: machine.value(v, scope, frame, node.id) for k, v in call.arguments.items()
            }
            seen = machine.visible(scope, frame)
            row = machine.s[scope]
            effect = Effect(call.name, arguments, node.id, "", seen, row["p"], row.get("d"))
            answer = machine.host.perform(effect)
            _keep_answer(machine, scope, call.result, answer)
    except BpmnError as error:
        throwing.throw_from_activity(machine, scope, node, parent, error.error_code)
        return
    except StepFailed:
        raise
    except EngineError as error:
        raise StepFailed(node.id, str(error), getattr(error, "sentence", None)) from error
    except (
        Exception
    ) as error:  # an effect or decision of the office: its fault stops this step alone
        raise StepFailed(
            node.id,
            f"{type(error).__name__}: {error}",
            say("“{step}”没有办成，请核对所用的数据后重试", step=node.name or node.id),
        ) from error
    done(machine, scope, node, parent, frame)


def _keep_answer(
    machine: Machine, scope: str, result: str | None, answer: Mapping[str, object] | None
) -> None:
    """``result`` takes the first of what an effect answers; without it only names that route are kept."""
    if not answer:
        return
    if result:
        machine.write(result, to_json(next(iter(answer.values()))), scope)
        return
    routing = machine.definition_of(machine.s[scope]).routing_names
    machine.write_all({k: to_json(v) for k, v in answer.items() if k in routing}, scope)


def _decide(machine: Machine, scope: str, node: Node, frame: Extra | None) -> None:
    """A business rule task: its value goes into the result variable, else each output into its own."""
    decision = str(machine.value(given(node.decision), scope, frame, node.id))
    row = machine.s[scope]
    seen = machine.visible(scope, frame)
    value = to_json(machine.host.decide(decision, seen, row["p"], row.get("d")))
    if node.result:
        machine.write(node.result, value, scope)
    elif isinstance(value, Mapping):
        machine.write_all(value, scope)
    else:
        machine.write(decision, value, scope)


def record(
    machine: Machine,
    node: Node,
    recorded: tuple[Recorded, ...],
    scope: str,
    frame: Mapping[str, Any] | None,
) -> None:
    """Record the case events of a node; a legal fact lies today or before, never in the future."""
    for fact in recorded:
        kind = fact.event
        if fact.kind is not None:
            kind = machine.value(fact.kind, scope, frame, node.id)
            if not kind or not isinstance(kind, str):
                raise StepFailed(
                    node.id,
                    f"{fact.event!r} names no case event but {kind!r}",
                    say(
                        "“{step}”算不出要记录哪一项事实，请核对所填的内容",
                        step=node.name or node.id,
                    ),
                )
        on: date | None = None
        if fact.date is not None:
            on = _day(machine.value(fact.date, scope, frame, node.id), node.id)
            if on is not None and on > legal_day(machine.host.now):
                raise StepFailed(
                    node.id,
                    f"the date {on} of {kind} lies in the future",
                    say("“{kind}”的日期 {on} 在将来，请改正", kind=kind, on=on),
                )
        fields = {k: machine.value(v, scope, frame, node.id) for k, v in fact.fields.items()}
        machine.host.record(kind, on, fields, node.id)


def _day(value: Any, where: str) -> date | None:
    """Return the legal day of a value: None stays (today), a text is read as ISO."""
    if value is None or value == "":
        return None
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        return legal_day(moments.as_instant(value))
    except moments.MomentUnreadable as error:
        raise StepFailed(
            where, str(error), say("“{where}”的日期“{value}”读不懂", where=where, value=value)
        ) from error


# ---------------------------------------------------------------- data


def _mapped(
    machine: Machine, mapped: Any, scope: str, frame: Mapping[str, Any] | None, node: Node
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for one in mapped:
        if one.source is None:
            own = _own(machine)
            seen = machine.visible(scope, frame)
            found.update({name: to_json(seen[name]) for name in seen if name in own})
        else:
            value = machine.value(one.source, scope, frame, node.id)
            found[one.target] = _put_inside(found.get(one.target), one.inside, value)
    return found


def _put_inside(whole: object, inside: tuple[str, ...], value: object) -> object:
    """Return a context with an entry of it written, or the value itself where no entry is named."""
    if not inside:
        return value
    held = whole if isinstance(whole, Mapping) else {}
    return {**held, inside[0]: _put_inside(held.get(inside[0]), inside[1:], value)}


def _own(machine: Machine) -> set[str]:
    """Return the names of the instance's variables, those of the case left out."""
    found = set(machine.v)
    for row in machine.s.values():
        found.update(row.get("v") or ())
    return found


def map_data(
    machine: Machine,
    mapped: tuple[Mapped, ...] | list[Mapped],
    source: str,
    frame: Mapping[str, Any] | None,
    target: str,
    node: Node,
) -> None:
    """Evaluate mappings in one scope and write them in another."""
    for one in mapped:
        if one.source is None:
            for name, value in (machine.s[source].get("v") or {}).items():
                if name not in one.but:
                    machine.write(name, value, target)
        elif not one.optional or _is_there(machine, one.source, source, frame):
            value = machine.value(one.source, source, frame, node.id)
            if one.inside:
                before = machine.names((one.target,), target, None).get(one.target)
                value = _put_inside(before, one.inside, value)
            machine.write(one.target, value, target)


def _is_there(machine: Machine, value: Value, scope: str, frame: Mapping[str, Any] | None) -> bool:
    """Whether a name that a mapping hands on stands for anything: what was not given overwrites nothing."""
    names = value.expression.names if value.expression is not None else ()
    return bool(machine.names(names, scope, frame))


# ---------------------------------------------------------------- subprocesses and calls


def _owner(machine: Machine, scope: str, node: Node, parent: str | None) -> str:
    extra: Extra = {} if parent is None else {"p": parent}
    return machine.put(scope, node, "sub", extra)


def _open_subprocess(
    machine: Machine, scope: str, node: Node, parent: str | None, frame: Extra | None
) -> None:
    token = _owner(machine, scope, node, parent)
    inner = machine.open(token, given(node.body), None, scope)
    machine.t[token][3]["b"] = inner
    row = machine.s[inner]
    if _is_instance(machine, node, parent) or frame:
        row["v"] = {**(row.get("v") or {}), **(frame or {})}
        row["b"] = 1
    if node.armed and not _is_instance(machine, node, parent):
        events.arm_boundary(machine, token, node)
    enter_body(machine, inner)


def _open_call(
    machine: Machine, scope: str, node: Node, parent: str | None, frame: Extra | None
) -> None:
    call = given(node.call)
    process_id = str(machine.value(call.process, scope, frame, node.id))
    definition = _called(machine, scope, node, process_id)
    own = definition or machine.definition_of(machine.s[scope])
    body = own.processes[process_id].body
    if body.only_by_event():
        raise StepFailed(
            node.id,
            f"the called process {process_id!r} begins by an event only",
            say(
                "“{step}”调用的流程“{process_id}”没有空开始事件，只能由事件开始",
                step=node.id,
                process_id=process_id,
            ),
        )
    if _depth(machine, scope) > MAX_CALL_DEPTH:
        raise StepFailed(
            node.id,
            "calls nested too deeply",
            say("“{step}”层层调用过深，疑为循环调用", step=node.id),
        )
    token = _owner(machine, scope, node, parent)
    handed = _mapped(machine, call.inputs, scope, frame, node)
    inner = machine.open(token, body, definition, scope)
    machine.t[token][3]["b"] = inner
    row = machine.s[inner]
    row["v"] = (
        {**body.first, **handed} if call.isolated else {**body.first, **(frame or {}), **handed}
    )
    row["b"] = 2 if call.isolated else 1
    if node.armed and not _is_instance(machine, node, parent):
        events.arm_boundary(machine, token, node)
    enter_body(machine, inner)


def _called(machine: Machine, scope: str, node: Node, process_id: str) -> Definition | None:
    """Return the definition to pin, None where the caller's own definition holds the process."""
    if process_id in machine.definition_of(machine.s[scope]).processes:
        return None
    try:
        definition = machine.host.called(process_id)
    except (NotFound, KeyError) as error:
        raise StepFailed(
            node.id,
            f"no process {process_id!r} to call",
            say("“{step}”调用的流程“{process_id}”不存在", step=node.id, process_id=process_id),
        ) from error
    machine.pin(definition, process_id)
    return definition


def _depth(machine: Machine, scope: str) -> int:
    depth, row = 0, machine.s[scope]
    while row["o"]:
        depth += 1
        row = machine.s[machine.t[row["o"]][0]]
    return depth


def enter_body(machine: Machine, scope: str) -> None:
    """Begin what a scope holds: its event subprocesses listen, its starts get a token each."""
    body = machine.body(scope)
    starts = body.starts
    machine.s[scope]["k"] = len(starts)
    if body.handlers:
        events.arm_scope(machine, scope)
    for node in starts:
        machine.queue.append((scope, node, None, None, None))
    if not starts and not (body.adhoc is not None and body.adhoc.enabled):
        machine.s[scope]["e"] = 1
        machine.scope_ended(scope)


def owner_done(machine: Machine, token: str, scope: str) -> None:
    """The last token of a scope is gone: the subprocess or call that owns it is done."""
    outer, _, _, extra = machine.t[token]
    node, row = machine.node(token), machine.s[scope]
    own: dict[str, Any] = row.get("v") or {}
    body = machine.body(scope)
    frame: Mapping[str, Any] | None = own or None
    if node.call is not None:
        map_data(machine, node.call.outputs, scope, None, outer, node)
    elif row.get("b"):
        private = _own_names(node) | {*body.data, *(m.target for m in node.inputs)}
        for name, value in own.items():
            if name not in private:
                machine.write(name, value, outer)
    records = row.get("x") if node.call is None else None
    machine.forget_scope(scope)
    machine.drop(token)
    done(machine, outer, node, extra.get("p"), frame, token, records)


# ---------------------------------------------------------------- ad hoc


def begin_adhoc(machine: Machine, activity_id: str) -> None:
    """A person begins an activity of an open ad hoc subprocess.

    Raises:
        NotWaiting: no open ad hoc subprocess has it to begin.
        StepFailed: its activities go one after another and one is under way.
    """
    for scope, row in machine.s.items():
        adhoc = machine.body(scope).adhoc
        if adhoc is None or activity_id not in adhoc.enabled:
            continue
        if adhoc.sequential and row["k"]:
            raise StepFailed(
                activity_id, "another activity is under way", say("请先办完正在进行的一项")
            )
        row["k"] += 1
        machine.queue.append((scope, machine.table(scope)[activity_id], None, None, None))
        return
    raise NotWaiting("activity", activity_id)


def _adhoc_over(machine: Machine, scope: str, node: Node) -> bool:
    """After each activity: end the ad hoc body at once where its condition holds; return whether it ended."""
    body = given(node.parent)
    adhoc, row = given(body.adhoc), machine.s[scope]
    if adhoc.condition is None:
        finished = dict(row.get("y") or {})
        finished[node.id] = 1
        row["y"] = finished
        if all(a in finished for a in adhoc.enabled):
            row["e"] = 1
        return False
    if not machine.holds(adhoc.condition, scope, None, body.id):
        return False
    row["e"] = 1
    if adhoc.cancel_remaining:
        machine.empty(scope)
        machine.scope_ended(scope)
        return True
    return False
