"""A deployed version: the procedure's data, its compiled diagram and its decision tables, as one value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from engine.bpmn import compile_definition
from engine.bpmn.model import Definition
from engine.decisions import Decisions
from engine.office import Office
from engine.procedure import Procedure
from engine.procedure_check import known
from engine.statutory_clock import ClockDefinition


@dataclass(frozen=True)
class Deployed:
    """One version of a procedure, ready to run."""

    version_id: str
    number: int
    procedure: Procedure
    definition: Definition
    decisions: Decisions

    @property
    def clocks(self) -> Mapping[str, ClockDefinition]:
        """The statutory clocks that the diagram draws, the main one first."""
        return cast("Mapping[str, ClockDefinition]", self.definition.clocks)


def deployed_from(
    files: Mapping[str, bytes], office: Office, *, version_id: str, number: int
) -> Deployed:
    """Compile the content of a version.

    Raises:
        YamlRefused, XmlRefused, DefinitionRefused: it cannot be run; each names file and place.
    """
    procedure = Procedure.from_files(files, office)
    definition = compile_definition(
        procedure.sources, known=known(procedure, office), main=procedure.key
    )
    decisions = Decisions.from_sources(
        {path: data for path, data in procedure.sources.items() if path.endswith(".dmn")}
    )
    return Deployed(version_id, number, procedure, definition, decisions)
