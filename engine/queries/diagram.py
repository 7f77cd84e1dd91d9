"""Where a case has been on its diagram, where it is, and what lies ahead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from engine.bpmn import execute
from engine.bpmn.model import Definition
from engine.environment import Environment
from engine.queries.opened import Opened
from engine.queries.pages import DiagramView

Mark = Literal["taken", "now", "ahead"]
# Positions in a history entry: activity, flow, what, token, process, detail.
_ACTIVITY, _FLOW, _WHAT, _PROCESS = 0, 1, 2, 4
AHEAD = 8  # steps shown ahead of the present place


def diagram_of(
    env: Environment, opened: Opened, history: Sequence[Mapping[str, Any]]
) -> DiagramView:
    """Return the drawing of the case's version with what its history says."""
    definition = opened.deployed.definition
    order, progress = _walked(definition, history)
    now = _standing(definition, opened)
    for activity_id in now:
        progress.setdefault(activity_id, {"order": len(order) + 1, "count": 1})["state"] = "now"
    if opened.case.status == "closed":
        for activity_id in definition.activities:
            progress.setdefault(activity_id, {"state": "skipped"})
    taken = [name for name in order if name not in now]
    path: list[tuple[str, Mark]] = [(_name(definition, one), "taken") for one in taken]
    path += [(_name(definition, one), "now") for one in now]
    if opened.case.status == "open":
        path += [
            (_name(definition, one), "ahead") for one in _ahead(definition, now, set(progress))
        ]
    return DiagramView(f"/versions/{opened.case.version_id}/diagram.bpmn", progress, path)


def _standing(definition: Definition, opened: Opened) -> list[str]:
    """Return the activities at which the open tasks stand; those of a called procedure stand at its call."""
    state = opened.case.state
    places = (execute.place(definition, state, item["token"]) for item in opened.open_items)
    return list(dict.fromkeys(one for one in places if one is not None))


def _walked(
    definition: Definition, history: Sequence[Mapping[str, Any]]
) -> tuple[list[str], dict[str, dict[str, object]]]:
    """Return the activities in the order of their first visit, and what was taken how often.

    What happened inside a called procedure is not on this drawing, though its ids may be the same.
    """
    order: list[str] = []
    progress: dict[str, dict[str, object]] = {}
    for step in history:
        for entry in step["entries"]:
            element = entry[_FLOW] if entry[_WHAT] == "taken" else entry[_ACTIVITY]
            if entry[_WHAT] not in {"taken", "entered", "fired"} or not element:
                continue
            if entry[_PROCESS] not in definition.processes:
                continue
            seen = progress.setdefault(element, {"state": "taken", "count": 0})
            seen["count"] = int(str(seen["count"])) + 1
            if (
                entry[_WHAT] == "entered"
                and element in definition.activities
                and element not in order
            ):
                order.append(element)
                seen["order"] = len(order)
    return order, progress


def _ahead(definition: Definition, now: Sequence[str], seen: set[str]) -> list[str]:
    """Return the activities that follow the present place on the drawn default path."""
    found: list[str] = []
    for start in now[:1]:
        node = next((n for n in definition.all_nodes() if n.id == start), None)
        steps = 0
        while node is not None and steps < 200 and len(found) < AHEAD:
            steps += 1
            if node.kind == "race":  # nobody knows which of the events comes, if any
                break
            flow = node.default or (node.out[0] if node.out else None)
            node = flow.target if flow else None
            if node is None or node.id in found:
                break
            if node.id in definition.activities and node.name and node.id not in now:
                found.append(node.id)
    return found


def _name(definition: Definition, activity_id: str) -> str:
    activity = definition.activities.get(activity_id)
    return activity.name if activity else activity_id
