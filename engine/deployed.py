"""A deployed version: the procedure's data, its compiled diagram and its decision tables, as one value."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
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
    # Finds a called process as it is in force, None where it is nowhere.
    find: Callable[[str], Definition | None] = field(default=lambda _: None, repr=False)
    _clocks: dict[tuple[str, ...], Mapping[str, ClockDefinition]] = field(
        default_factory=dict, repr=False
    )

    @property
    def clocks(self) -> Mapping[str, ClockDefinition]:
        """The statutory clocks of a case of this version, see ``all_clocks``."""
        called = called_definitions(self.definition, self.find)
        key = tuple(one.version for one in called)
        if key not in self._clocks:
            self._clocks[key] = all_clocks(self.definition, called)
        return self._clocks[key]


def all_clocks(
    definition: Definition, called: Iterable[Definition]
) -> Mapping[str, ClockDefinition]:
    """Return the clocks that a diagram draws, the main one first, and those of the processes that it calls.

    A called process works on the same case, so its clocks run there. Of one id the caller's own holds.
    """
    clocks = dict(cast("Mapping[str, ClockDefinition]", definition.clocks))
    for one in called:
        for key, clock in one.clocks.items():
            clocks.setdefault(key, cast("ClockDefinition", clock))
    return clocks


def called_definitions(
    definition: Definition, find: Callable[[str], Definition | None]
) -> list[Definition]:
    """Return the definitions of what a diagram calls, and of what these call, each once."""
    found: list[Definition] = []
    ahead = [definition]
    while ahead:
        for name in ahead.pop().calls:
            called = find(name)
            if called is not None and called is not definition and called not in found:
                found.append(called)
                ahead.append(called)
    return found


def deployed_from(
    files: Mapping[str, bytes],
    office: Office,
    *,
    version_id: str,
    number: int,
    find: Callable[[str], Definition | None] = lambda _: None,
) -> Deployed:
    """Compile the content of a version; ``find`` returns what it calls, as it is in force when asked.

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
    return Deployed(version_id, number, procedure, definition, decisions, find)
