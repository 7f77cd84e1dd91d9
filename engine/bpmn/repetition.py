"""Standard loops and multi-instance: one activity several times, one after another or at once.

BPMN 2.0, 13.3.6 and 13.3.7. The counters are ``loopCounter`` (from 0; from 1 in Camunda 8's files), ``nrOfInstances``,
``nrOfActiveInstances`` and ``nrOfCompletedInstances``, or as the standard spells them ``numberOfInstances`` ... Finished instances leave nothing behind.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from engine.bpmn import activities, compensation, events, throwing
from engine.bpmn.machine import MAX_INSTANCES, Extra, Machine
from engine.bpmn.model import Node, Repeat, ThrownWhenDone, given
from engine.bpmn.step import StepFailed
from engine.words import say


def begin(
    machine: Machine, scope: str, node: Node, parent: str | None, frame: Extra | None
) -> None:
    """Enter a repeated activity: find how often, make the first or all instances."""
    repeat = given(node.repeat)
    extra: Extra = {"m": 0, "d": 0}
    if parent is not None:
        extra["p"] = parent
    if frame:
        extra["f"] = frame
    items = None
    if repeat.kind == "loop":
        again = _loop_again(machine, scope, node, 0, frame) if repeat.test_before else True
    else:
        items = _items(machine, scope, node, repeat, frame)
        extra["n"] = _count(machine, scope, node, repeat, frame) if items is None else len(items)
        again = extra["n"] > 0
        if repeat.output:
            extra["r"] = [None] * extra["n"]
    token = machine.put(scope, node, "multi", extra)
    if not again:
        _finish(machine, token)
        return
    if node.armed:
        events.arm_boundary(machine, token, node)
    if repeat.kind == "parallel":
        for index in range(extra["n"]):
            _make(machine, token, node, items[index] if items is not None else None, index)
        return
    if items is not None:
        extra["xs"] = items
    _make(machine, token, node, items[0] if items else None, 0)


def instance_done(machine: Machine, token: str, frame: Mapping[str, Any] | None) -> None:
    """One instance is done: collect what it gives, look whether that is enough, else make the next."""
    scope, _, _, extra = machine.t[token]
    node = machine.node(token)
    repeat = given(node.repeat)
    extra["d"] += 1
    if repeat.output:
        _collect(machine, scope, node, extra, frame)
    for thrown in repeat.throws:
        if _is_thrown(machine, thrown, scope, node, extra, frame):
            throwing.throw_when_done(machine, token, node, thrown.event)
            if token not in machine.t:
                return  # what was thrown has ended the activity
    if repeat.kind == "loop":
        if _loop_again(machine, scope, node, extra["d"], frame):
            _make(machine, token, node, None, extra["d"])
        else:
            _finish(machine, token)
        return
    if _enough(machine, scope, node, extra, frame) or extra["d"] == extra["n"]:
        _finish(machine, token)
    elif repeat.kind == "sequential":
        items = extra.get("xs")
        _make(machine, token, node, items[extra["m"]] if items is not None else None, extra["m"])


def _make(machine: Machine, token: str, node: Node, item: Any, index: int) -> None:
    scope, _, _, extra = machine.t[token]
    repeat = given(node.repeat)
    frame: Extra = {**extra.get("f", {}), "loopCounter": index + repeat.first}
    if repeat.item and (item is not None or repeat.collection is not None):
        frame[repeat.item] = item
    extra["m"] += 1
    machine.queue.append((scope, node, None, token, frame))


def _finish(machine: Machine, token: str) -> None:
    """Enough instances are done: end the others, hand on what was collected, leave the activity."""
    scope, _, _, extra = machine.t[token]
    node = machine.node(token)
    for instance in machine.of_parent(token):
        machine.kill(instance)
    repeat = given(node.repeat)
    if repeat.output:
        machine.write(repeat.output, extra.get("r", []), scope)
    if "x" in extra:
        compensation.hand_over(machine, scope, extra["x"])
    parent = extra.get("p")
    machine.drop(token)
    if parent is not None:
        compensation.go_on(machine, parent)
    else:
        activities.finish(machine, scope, node)


def _enough(
    machine: Machine, scope: str, node: Node, extra: Extra, frame: Mapping[str, Any] | None
) -> bool:
    repeat = given(node.repeat)
    if repeat.condition is None:
        return False
    return machine.holds(repeat.condition, scope, _counters(repeat, extra, frame), node.id)


def _is_thrown(
    machine: Machine,
    thrown: ThrownWhenDone,
    scope: str,
    node: Node,
    extra: Extra,
    frame: Mapping[str, Any] | None,
) -> bool:
    if thrown.condition is None:
        return not thrown.first_only or extra["d"] == 1
    counters = _counters(given(node.repeat), extra, frame)
    return machine.holds(thrown.condition, scope, counters, node.id)


def _counters(repeat: Repeat, extra: Extra, frame: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return what a condition sees after an instance: the counters by the usual and the standard's names,
    and what has been collected so far under the name of the collection.
    """
    active = extra["m"] - extra["d"] if repeat.kind == "parallel" else 0
    return {
        **(frame or {}),
        **({repeat.output: _so_far(repeat, extra)} if repeat.output else {}),
        "nrOfInstances": extra["n"],
        "nrOfActiveInstances": active,
        "nrOfCompletedInstances": extra["d"],
        "numberOfInstances": extra["n"],
        "numberOfActiveInstances": active,
        "numberOfCompletedInstances": extra["d"],
        "numberOfTerminatedInstances": 0,  # none is ended before the activity is
    }


def _so_far(repeat: Repeat, extra: Extra) -> list[Any]:
    """Return what the finished instances gave, in the order of the instances."""
    if repeat.kind == "sequential":
        return list(extra["r"][: extra["d"]])
    return [one for one in extra["r"] if one is not None]


def _loop_again(
    machine: Machine, scope: str, node: Node, finished: int, frame: Mapping[str, Any] | None
) -> bool:
    repeat = given(node.repeat)
    if repeat.maximum is not None:
        limit = machine.value(repeat.maximum, scope, frame, node.id)
        if finished >= _whole(limit, node):
            return False
    if repeat.condition is None:
        return True
    counters = {**(frame or {}), "loopCounter": finished}
    return machine.holds(repeat.condition, scope, counters, node.id)


def _collect(
    machine: Machine, scope: str, node: Node, extra: Extra, frame: Mapping[str, Any] | None
) -> None:
    repeat = given(node.repeat)
    value = None
    if repeat.output_item is not None:
        value = machine.value(repeat.output_item, scope, frame, node.id)
    counter = (frame or {}).get("loopCounter")
    results = list(extra["r"])
    if isinstance(counter, int) and counter - repeat.first < len(results):
        results[counter - repeat.first] = value
    extra["r"] = results


def _items(
    machine: Machine, scope: str, node: Node, repeat: Repeat, frame: Extra | None
) -> list[Any] | None:
    if repeat.collection is None:
        return None
    found = machine.value(repeat.collection, scope, frame, node.id)
    if not isinstance(found, list):
        raise StepFailed(
            node.id,
            f"the collection {repeat.collection.text!r} is no list but {found!r}",
            say(
                "“{step}”的集合“{given}”不是列表，请先填好",
                step=node.name or node.id,
                given=repeat.collection.text,
            ),
        )
    if len(found) > MAX_INSTANCES:
        raise StepFailed(node.id, f"more than {MAX_INSTANCES} instances", say("多实例的份数过多"))
    return found


def _count(machine: Machine, scope: str, node: Node, repeat: Repeat, frame: Extra | None) -> int:
    if repeat.cardinality is None:
        raise StepFailed(node.id, "a multi-instance without number and without collection")
    count = _whole(machine.value(repeat.cardinality, scope, frame, node.id), node)
    if count > MAX_INSTANCES:
        raise StepFailed(node.id, f"more than {MAX_INSTANCES} instances", say("多实例的份数过多"))
    return count


def _whole(value: Any, node: Node) -> int:
    if isinstance(value, str):
        try:
            value = Decimal(value)
        except ArithmeticError:
            value = None
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float | Decimal)
        or value != int(value)
        or value < 0
    ):
        raise StepFailed(
            node.id,
            f"{value!r} is no number of instances",
            say("“{step}”的份数不是非负整数", step=node.name or node.id),
        )
    return int(value)
