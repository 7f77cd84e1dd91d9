"""The decision tables of one procedure, found by name across its .dmn files."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from engine.bpmn.load import load_xml
from engine.dmn import DecisionModel, DecisionNotFound, DecisionResult, evaluate, parse_models


class Decisions:
    """Models of a folder; evaluation says which rules matched."""

    def __init__(self, models: Mapping[str, DecisionModel]) -> None:
        self._models = models

    @classmethod
    def from_sources(cls, sources: Mapping[str, bytes]) -> Decisions:
        """Read {path: bytes of a .dmn}.

        Raises:
            XmlRefused, DmnRefused: one of them is no decision file; names it.
        """
        return cls(parse_models({path: load_xml(data, path) for path, data in sources.items()}))

    @property
    def names(self) -> frozenset[str]:
        """Ids and names of every decision."""
        return frozenset(name for model in self._models.values() for name in model.decisions)

    def evaluate(
        self,
        decision: str,
        inputs: Mapping[str, object],
        functions: Mapping[str, Callable[..., object]] | None = None,
    ) -> DecisionResult:
        """Evaluate a decision by id or name.

        Raises:
            DecisionNotFound: no file holds it.
        """
        for model in self._models.values():
            if decision in model.decisions:
                return evaluate(model, decision, inputs, functions)
        raise DecisionNotFound(decision, sorted(self.names))
