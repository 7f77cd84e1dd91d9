"""Which nodes and flows of a diagram its scenarios take.

A run that checks nothing but the end does not count.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from engine.bpmn import Step
from engine.scenarios.files import read_scenario
from engine.scenarios.runner import Player, run_one
from engine.scenarios.subject import load_subject
from engine.scenarios.world import Instance, World


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


def coverage(folder: Path) -> dict[str, Coverage]:
    """Run the scenarios of a procedure folder and say what of its own processes they take.

    Raises:
        Refused, BadInput: the folder or a scenario cannot be used.
    """
    subject = load_subject(folder)
    found = {
        p.id: Coverage(
            p.id,
            {n.id for n in p.nodes.values()},
            {f.id for n in p.nodes.values() for f in n.out},
        )
        for p in subject.definition.processes.values()
    }

    class Watching(World):
        def _took(self, instance: Instance, step: Step) -> None:
            for entry in step.history:
                seen = found.get(entry.process_id)
                if seen is None or entry.what == "cancelled":
                    continue
                seen.nodes_taken |= {entry.activity_id} & seen.nodes
                if entry.flow_id is not None:
                    seen.flows_taken |= {entry.flow_id} & seen.flows
            super()._took(instance, step)

    for file in sorted(folder.glob("scenarios/*.yaml")):
        scenario = read_scenario(file.read_bytes(), file.name)
        for run in scenario.runs:
            if {act.word for act in run.steps} & (Player.EXPECTATIONS - {"ended"}):
                run_one(load_subject(folder, process=scenario.process), scenario, run, Watching)
    return found
