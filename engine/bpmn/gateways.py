"""Gateways, and the choice among flows that every node makes when it is left.

BPMN 2.0, 13.4. A condition that is neither true nor false fails the step; so does a choice without a
way out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.bpmn.machine import Extra, Machine
from engine.bpmn.model import Flow, Node, given
from engine.bpmn.step import StepFailed
from engine.words import say


def leave(machine: Machine, scope: str, node: Node) -> None:
    """Leave an activity or event: every flow without a condition, every flow whose condition holds."""
    flows = node.out if node.plain else _several(machine, scope, node)
    machine.take(scope, node, flows if node.gives == 1 else flows * node.gives)


def enough(machine: Machine, scope: str, node: Node, flow: Flow) -> bool:
    """startQuantity: let tokens gather before an activity until there are as many as it needs."""
    counts = _park(machine, scope, node, Flow("*", node))
    del flow
    if counts["*"] < node.needs:
        return False
    row = machine.s[scope]
    joins = {j: c for j, c in row["j"].items() if j != node.id}
    if joins:
        row["j"] = joins
    else:
        del row["j"]
    row["k"] -= node.needs - 1
    return True


def exclusive(
    machine: Machine,
    scope: str,
    node: Node,
    flow: Flow | None,
    parent: str | None,
    extra: Extra | None,
) -> None:
    """Take the first flow, in the order of the drawing, whose condition holds; else the default."""
    del flow, parent, extra
    for way in node.out:
        if way is node.default:
            continue
        if way.condition is None or machine.holds(way.condition, scope, None, way.id):
            machine.take(scope, node, [way])
            return
    if node.default is not None:
        machine.take(scope, node, [node.default])
    elif node.out:
        raise _no_way(node)
    else:
        machine.consume(scope)


def inclusive(
    machine: Machine,
    scope: str,
    node: Node,
    flow: Flow | None,
    parent: str | None,
    extra: Extra | None,
) -> None:
    """Take every flow whose condition holds; a join first waits while another token can still come."""
    del parent, extra
    if len(node.incoming) > 1 and flow is not None:
        _park(machine, scope, node, flow)
        machine.o += 1
        return
    machine.take(scope, node, _several(machine, scope, node))


def parallel(
    machine: Machine,
    scope: str,
    node: Node,
    flow: Flow | None,
    parent: str | None,
    extra: Extra | None,
) -> None:
    """Wait for one token from each incoming flow, then take every outgoing one; surplus tokens stay."""
    del parent, extra
    if len(node.incoming) > 1 and flow is not None:
        counts = _park(machine, scope, node, flow)
        if len(counts) < len(node.incoming):
            return
        _unpark(machine, scope, node, list(node.incoming))
    machine.take(scope, node, node.out)


def settle(machine: Machine) -> bool:
    """Let one gateway go on whose other tokens cannot come any more; return whether one did."""
    for scope, row in machine.s.items():
        nodes = machine.table(scope)
        for join_id, counts in (row.get("j") or {}).items():
            node = nodes[join_id]
            if node.kind == "inclusive" and not _still_coming(machine, scope, node, counts):
                machine.o -= len(counts)
                _unpark(machine, scope, node, list(counts))
                machine.take(scope, node, _several(machine, scope, node))
                return True
        for gateway_id, consumed in (row.get("g") or {}).items():
            node, counts = nodes[gateway_id], (row.get("j") or {}).get(gateway_id, {})
            if not _still_coming(machine, scope, node, {**dict.fromkeys(consumed, 1), **counts}):
                _reset(machine, scope, node, consumed, counts)
                return True
    return False


def _still_coming(machine: Machine, scope: str, join: Node, counts: Mapping[str, int]) -> bool:
    """BPMN 2.0, 13.4.3: some token can reach an empty flow and none of the filled ones.

    What a boundary event may still bring is waited for; that it might come to a filled flow instead says nothing
    about the way that its host takes.
    """
    reach, by_flows = given(join.before), given(join.before_by_flows)
    empty = [reach[f] for f in join.incoming if f not in counts]
    filled = [by_flows[f] for f in counts]
    if not empty:
        return False
    standing = {machine.t[token][1] for token in machine.of_scope(scope)}
    standing.update(other for other in machine.s[scope].get("j") or () if other != join.id)
    return any(
        any(at in before for before in empty) and not any(at in before for before in filled)
        for at in standing
    )


# ---------------------------------------------------------------- the complex gateway


def complex_gateway(
    machine: Machine,
    scope: str,
    node: Node,
    flow: Flow | None,
    parent: str | None,
    extra: Extra | None,
) -> None:
    """Let tokens gather until the activation condition holds, go on once, swallow those that come late.

    BPMN 2.0, 13.4.5. Waiting for start it is activated by its condition; then it waits for reset: for a token
    on each flow that gave none, unless none can come there any more.
    """
    del parent, extra
    if flow is not None:
        _park(machine, scope, node, flow)
    if flow is None or node.id not in (machine.s[scope].get("g") or {}):
        _activate(machine, scope, node)


def _activate(machine: Machine, scope: str, node: Node) -> None:
    row = machine.s[scope]
    counts: dict[str, int] = (row.get("j") or {}).get(node.id, {})
    names = _phase(node, counts, starting=True)
    if node.activation is not None and not machine.holds(node.activation, scope, names, node.id):
        return
    flows = _several(machine, scope, node, names)
    consumed = list(counts)
    if consumed:
        _unpark(machine, scope, node, consumed)
    # Waiting for reset counts as a token: the scope does not end before it.
    row["g"] = {**(row.get("g") or {}), node.id: consumed}
    row["k"] += 1
    machine.o += 1
    machine.take(scope, node, flows)


def _reset(
    machine: Machine, scope: str, node: Node, consumed: list[str], counts: Mapping[str, int]
) -> None:
    """Swallow what came late and wait for start again.

    A second round of tokens leaves only where the drawing tells the two phases apart by ``waitingForStart``:
    to the letter, every flow whose condition simply holds would be taken twice.
    """
    row = machine.s[scope]
    late = [f for f in counts if f not in consumed]
    flows: list[Flow] = []
    if any(f.condition is not None and "waitingForStart" in f.condition.names for f in node.out):
        flows = _several(machine, scope, node, _phase(node, counts, starting=False), at_least=False)
    waiting = {g: c for g, c in row["g"].items() if g != node.id}
    row["g"] = waiting
    if not waiting:
        del row["g"]
    machine.o -= 1
    if late:
        _unpark(machine, scope, node, late)
        row["k"] -= 1
    machine.take(scope, node, flows)
    if machine.s.get(scope) is row and (row.get("j") or {}).get(node.id):
        _activate(machine, scope, node)


def _phase(node: Node, counts: Mapping[str, int], *, starting: bool) -> dict[str, Any]:
    """Return what the conditions of a complex gateway see: tokens on each flow by its id, and in all."""
    by_flow = {flow: counts.get(flow, 0) for flow in node.incoming}
    return {**by_flow, "activationCount": sum(by_flow.values()), "waitingForStart": starting}


def _several(
    machine: Machine,
    scope: str,
    node: Node,
    names: Mapping[str, Any] | None = None,
    *,
    at_least: bool = True,
) -> list[Flow]:
    """Every flow without a condition and every one whose condition holds; if none holds, the default too.

    Behind an inclusive or complex gateway a flow without a condition counts as one that holds. An activity or
    event takes its default whenever no condition holds, whatever leaves it without one (BPMN 2.0, 8.3.13).

    Args:
        names: what conditions see besides the data.
        at_least: fail the step where there is no way at all.
    """
    taken = [
        f
        for f in node.out
        if f is not node.default
        and (f.condition is None or machine.holds(f.condition, scope, names, f.id))
    ]
    if node.default is not None and node.kind not in ("inclusive", "complex"):
        chosen = any(f.condition is not None for f in taken)
        return taken if chosen else [*taken, node.default]
    if taken:
        return taken
    if node.default is not None:
        return [node.default]
    if node.out and at_least:
        raise _no_way(node)
    return []


def _no_way(node: Node) -> StepFailed:
    return StepFailed(
        node.id,
        "no condition holds and there is no default flow",
        say(
            "“{step}”的各条件都不成立，又没有默认分支，请检查数据或流程图",
            step=node.name or node.id,
        ),
    )


def _park(machine: Machine, scope: str, node: Node, flow: Flow) -> dict[str, int]:
    row = machine.s[scope]
    joins: dict[str, Any] = dict(row.get("j") or {})
    counts: dict[str, int] = dict(joins.get(node.id) or {})
    counts[flow.id] = counts.get(flow.id, 0) + 1
    joins[node.id] = counts
    row["j"] = joins
    return counts


def _unpark(machine: Machine, scope: str, node: Node, flows: list[str]) -> None:
    """Take one token from each of these flows; one goes on, the others end in it."""
    row = machine.s[scope]
    joins = dict(row["j"])
    counts = {f: c - (f in flows) for f, c in joins[node.id].items()}
    counts = {f: c for f, c in counts.items() if c}
    if counts:
        joins[node.id] = counts
    else:
        del joins[node.id]
    if joins:
        row["j"] = joins
    else:
        del row["j"]
    row["k"] -= len(flows) - 1
