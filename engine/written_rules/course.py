"""The course of a diagram in reading order: where somebody acts or something is awaited, and what comes next.

A *place* is a node at which a case comes to rest: a task, a called procedure, a subprocess, an awaited event.
Between places stand automatic steps and gateways; ``ways`` follows them. Knows no wording.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from engine.bpmn.model import Body, Definition, Flow, Node

_RESTS = frozenset(("user", "receive", "call", "subprocess", "race"))
_AUTOMATIC = frozenset(("effect", "send", "rule", "formula", "throw", "task"))


@dataclass(frozen=True)
class Way:
    """One way on: under which conditions, what happens by itself, and where it leads.

    A condition is a sentence, or a question and its answer where the drawing says no more ("" for what is left).
    ``first`` happens before anything is chosen, ``automatic`` after it. ``target`` is the next place, or the end event; None where it comes back to itself without a rest.
    ``together``: it is taken along with the others of its fork.
    """

    conditions: tuple[str | tuple[str, str], ...] = ()
    automatic: tuple[Node, ...] = ()
    target: Node | None = None
    together: bool = False
    first: tuple[Node, ...] = ()

    def doing(self, node: Node) -> Way:
        """Return the way with an automatic step more."""
        if self.conditions or self.together:
            return replace(self, automatic=(*self.automatic, node))
        return replace(self, first=(*self.first, node))


def name_of(node: Node) -> str:
    """Return a node's name on one line; its id where the drawing gives none."""
    return "".join(node.name.split()) or node.id


def is_place(node: Node) -> bool:
    """Return whether a case comes to rest here."""
    return node.kind == "catch" or (node.kind in _RESTS and not node.by_event)


def places(body: Body) -> list[Node]:
    """Return the places of a body so that what comes before in the drawing comes before in the list."""
    awaited = {
        flow.target.id for node in body.nodes.values() if node.kind == "race" for flow in node.out
    }
    return [node for node in _in_order(body) if is_place(node) and node.id not in awaited]


def ways(node: Node, definition: Definition) -> list[Way]:
    """Return the ways that lead on from a node, in the order drawn."""
    return list(_ways(node, definition, Way(), frozenset((node.id,))))


def _in_order(body: Body) -> list[Node]:
    """Reverse postorder from the starts: without loops no node stands before one that leads to it."""
    done: dict[str, Node] = {}
    begins = (one for one in body.nodes.values() if one.kind in _RESTS and not one.incoming)
    for root in reversed([*body.starts, *body.triggers, *begins]):
        _finish(root, done, set())
    return list(reversed(done.values()))


def _finish(node: Node, done: dict[str, Node], entered: set[str]) -> None:
    if node.id in done or node.id in entered:
        return
    entered.add(node.id)
    for after in reversed([*(flow.target for flow in node.out), *node.boundary]):
        _finish(after, done, entered)
    done[node.id] = node


def _ways(
    node: Node,
    definition: Definition,
    so_far: Way,
    seen: frozenset[str],
) -> Iterator[Way]:
    forked = node.kind == "parallel" and len(node.out) > 1
    for flow in node.out:
        target, way = flow.target, replace(so_far, together=so_far.together or forked)
        if _chooses(node):
            way = replace(way, conditions=(*way.conditions, _said(node, flow, definition)))
        if is_place(target) or target.kind == "end":
            yield replace(way, target=target)
        elif target.id in seen:
            yield way
        else:
            if target.kind in _AUTOMATIC:
                way = way.doing(target)
            yield from _ways(target, definition, way, seen | {target.id})


def _chooses(node: Node) -> bool:
    return node.kind in ("exclusive", "inclusive", "complex") and len(node.out) > 1


def _said(node: Node, flow: Flow, definition: Definition) -> str | tuple[str, str]:
    """A flow's condition in words: its reason, else the question of its gateway and the answer beside it."""
    if flow.reason:
        return flow.reason.rstrip("。；")
    name = definition.flows[flow.id][2] if flow.id in definition.flows else ""
    answer = "".join(name.split())
    question = "".join(node.name.split()).rstrip("？?")
    return (question, answer) if question else answer
