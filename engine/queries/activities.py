"""What the diagrams say of a step: its activity, also where it belongs to a called process."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from engine.bpmn.model import Activity
from engine.environment import Environment


def activity_of(
    env: Environment,
    version_id: str,
    item: Mapping[str, Any],
    called_versions: Mapping[str, str] | None = None,
) -> Activity | None:
    """Return the activity of a work item.

    Args:
        version_id: of the case.
        item: row of the work item.
        called_versions: which versions the case pinned for its calls; without them those in force are
            looked at, which is good enough for a word on a button.
    """
    pinned = (called_versions or {}).values() or env.procedures_in_force().values()
    for one in _each(version_id, pinned):
        found = env.deployed(one).definition.activities.get(item["activity_id"])
        if found is not None and (one == version_id or found.name == item["name"]):
            return found
    return None


def button_label(
    env: Environment,
    version_id: str,
    item: Mapping[str, Any],
    called_versions: Mapping[str, str] | None = None,
) -> str:
    """Return the word on a task's button: as the diagram has it, else the step's name."""
    activity = activity_of(env, version_id, item, called_versions)
    label = (activity.button or {}).get("label") if activity else None
    return str(label or item["name"])


def _each(first: str, others: Iterable[str]) -> list[str]:
    return list(dict.fromkeys([first, *others]))
