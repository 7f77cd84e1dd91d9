"""Which nodes and flows of a diagram its scenarios take.

A called process counts wherever it is called from. A run that goes another way than it says, or that
checks nothing but the end, does not count.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from engine.bpmn import Step
from engine.scenarios.files import read_scenario
from engine.scenarios.runner import Player, run_one
from engine.scenarios.subject import load_subject
from engine.scenarios.world import Instance, World

TELLING = Player.EXPECTATIONS - {"ended"} | {"fails"}


@dataclass(slots=True)
class Coverage:
    """Ids of one process: all that can be taken, and those that were."""

    process: str
    nodes: set[str] = field(default_factory=set)
    flows: set[str] = field(default_factory=set)
    nodes_taken: set[str] = field(default_factory=set)
    flows_taken: set[str] = field(default_factory=set)

    @property
    def share(self) -> float:
        """Part of nodes and flows that were taken, 0 to 1."""
        every = len(self.nodes) + len(self.flows)
        return (len(self.nodes_taken) + len(self.flows_taken)) / every if every else 1.0

    @property
    def missing(self) -> list[str]:
        """Ids that no scenario takes."""
        return sorted((self.nodes - self.nodes_taken) | (self.flows - self.flows_taken))

    def as_dict(self) -> dict[str, object]:
        """Return ``{process, share, missing}``."""
        return {"process": self.process, "share": round(self.share, 4), "missing": self.missing}


@dataclass(slots=True)
class Covered:
    """What scenarios take, by process id, and the runs that went wrong as ``folder/file: run``."""

    processes: dict[str, Coverage]
    wrong: list[str]


def coverage(folders: Sequence[Path]) -> Covered:
    """Run the scenarios of procedure folders and say what of the folders' own processes they take.

    Raises:
        Refused, BadInput: a folder or a scenario cannot be used.
    """
    loaded = cache(load_subject)
    found = {
        p.id: Coverage(
            p.id,
            {n.id for n in p.nodes.values()},
            {f.id for n in p.nodes.values() for f in n.out},
        )
        for folder in folders
        for p in loaded(folder).definition.processes.values()
    }
    wrong = []
    for file in (one for folder in folders for one in sorted(folder.glob("scenarios/*.yaml"))):
        scenario = read_scenario(file.read_bytes(), file.name)
        subject = loaded(file.parents[1])
        for run in scenario.runs:
            if not {act.word for act in run.steps} & TELLING:
                continue
            steps, watching = _watching()
            if run_one(subject, scenario, run, watching).ok:
                for step in steps:
                    _note(found, step)
            else:
                wrong.append(f"{file.parents[1].name}/{file.name}: {run.name}")
    return Covered(found, wrong)


def _watching() -> tuple[list[Step], type[World]]:
    """Return a world that keeps its steps, and the list in which it keeps them."""
    steps: list[Step] = []

    class Watching(World):
        def _took(self, instance: Instance, step: Step) -> None:
            steps.append(step)
            super()._took(instance, step)

    return steps, Watching


def _note(found: dict[str, Coverage], step: Step) -> None:
    for entry in step.history:
        seen = found.get(entry.process_id)
        if seen is None or entry.what == "cancelled":
            continue
        seen.nodes_taken |= {entry.activity_id} & seen.nodes
        if entry.flow_id is not None:
            seen.flows_taken |= {entry.flow_id} & seen.flows
