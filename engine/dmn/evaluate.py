"""A decision and what it requires, evaluated in one run (DMN 1.5, 7.2 and 10.4)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from engine.dmn.model import DecisionModel, Node
from engine.dmn.run import DecisionResult, DecisionRun
from engine.feel.expression import guarded
from engine.feel.functions import Lambda
from engine.feel.kinds import coerce, from_json
from engine.feel.scope import Scope
from engine.feel.values import load

Functions = Mapping[str, Callable[..., Any]]
_SERVICE_FRAMES = 20


def evaluate(
    model: DecisionModel,
    decision: str | None,
    inputs: Mapping[str, Any],
    functions: Functions | None = None,
) -> DecisionResult:
    """Evaluate a decision.

    Args:
        model: what ``parse_dmn`` returned.
        decision: its id or name; None for the only or topmost one.
        inputs: JSON-like data or FEEL values by name of the input.
        functions: what expressions may call besides, by name (``today`` and ``now`` among them).

    Returns:
        The value (null where it has none), the rules that matched, oldest first, and messages.

    Raises:
        DecisionNotFound: the model has no such decision.
        FeelBudgetExceeded: it would cost too much.
    """
    return _run(model, functions, inputs, model.decision(decision))


def evaluate_service(
    model: DecisionModel,
    service: str,
    inputs: Mapping[str, Any],
    functions: Functions | None = None,
) -> DecisionResult:
    """Evaluate a decision service with its inputs by name; as ``evaluate`` otherwise."""
    if service not in model.services:
        return _run(model, functions, inputs, model.decision(service))
    return _run(model, functions, inputs, model.services[service])


def _run(
    model: DecisionModel, functions: Functions | None, inputs: Mapping[str, Any], node: Node
) -> DecisionResult:
    run = DecisionRun({}, functions, model.types)
    evaluation = Evaluation(run, inputs)
    if node.kind == "service":
        value = guarded(lambda s: evaluation.service(node, inputs), run)
    else:
        value = guarded(lambda s: evaluation.value(node), run)
    return DecisionResult(value, run.matched, list(run.warnings or []))


class Undeclared(Mapping[str, Any]):
    """The inputs by name, but for the names of what a model computes itself; read one by one when asked for."""

    def __init__(self, inputs: Mapping[str, Any], model: DecisionModel) -> None:
        self._inputs = inputs
        self._computed = {node.name for node in model.nodes.values() if node.kind != "input"}
        self._read: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._read:
            if name in self._computed:
                raise KeyError(name)
            self._read[name] = load(self._inputs[name])
        return self._read[name]

    def __iter__(self) -> Iterator[str]:
        return (name for name in self._inputs if name not in self._computed)

    def __len__(self) -> int:
        return sum(1 for _ in self)


class Evaluation:
    """Values of nodes, each computed at most once; ``given`` are those that are not computed at all."""

    def __init__(
        self, run: DecisionRun, inputs: Mapping[str, Any], given: Mapping[int, Any] | None = None
    ) -> None:
        self.run, self.inputs = run, inputs
        self.values: dict[int, Any] = dict(given or {})
        self.busy: set[int] = set()

    def value(self, node: Node) -> Any:
        """Return the value of a node."""
        key = id(node)
        if key not in self.values:
            if key in self.busy:
                self.run.warn(
                    "circle", f"“{node.name}”间接依赖自己", f"{node.name!r} requires itself"
                )
                return None
            self.busy.add(key)
            self.values[key] = self._compute(node)
            self.busy.discard(key)
        return self.values[key]

    def _compute(self, node: Node) -> Any:
        if node.kind == "input":
            return self._input(node)
        if node.kind == "knowledge":
            return self._function(node)
        if node.kind == "service":
            return self._service_function(node)
        if node.body is None:
            return self._input(node)
        types, self.run.types = self.run.types, node.model.types
        self.run.enter(node.body.depth + 6)
        value = node.body.code(Scope(self.run, self._names(node)))
        self.run.leave(node.body.depth + 6)
        self.run.types = types
        return self._fitted(node, value)

    def _fitted(self, node: Node, value: Any) -> Any:
        value, fits = coerce(value, node.type)
        if not fits:
            self.run.warn(
                "type",
                f"“{node.name}”的类型或取值不对",
                f"{node.name!r} has the wrong type or value",
            )
        return value

    def _input(self, node: Node) -> Any:
        name = node.name if node.name in self.inputs else node.label
        if name not in self.inputs:
            self.run.warn(
                "missing_input", f"缺少输入“{node.name}”", f"input {node.name!r} is missing"
            )
            return None
        return self._fitted(node, from_json(load(self.inputs[name]), node.type))

    def _names(self, node: Node) -> Mapping[str, Any]:
        """Return what a node may see: what it requires, imported models as contexts."""
        if not node.requires:
            # A file with a table and nothing else is common in offices: it reads its inputs by name.
            return Undeclared(self.inputs, node.model)
        names: dict[str, Any] = {}
        for key in node.requires:
            required = node.model.find(key)
            if required is None:
                self.run.warn(
                    "requirement",
                    f"“{node.name}”引用的“{key[1]}”不存在",
                    f"{key[1]!r} is not there",
                )
                continue
            prefix = node.model.imports[key[0]][0] if key[0] in node.model.imports else ""
            if prefix:
                names.setdefault(prefix, {})[required.name] = self.value(required)
            else:
                names[required.name] = self.value(required)
        return names

    def _function(self, node: Node) -> Any:
        if node.body is None:
            return None
        scope = Scope(self.run, {})
        function = Lambda(
            node.name,
            node.parameters,
            node.parameter_kinds,
            node.body.code,
            scope,
            frames=node.body.depth + 6,
            size=node.body.size,
            result=node.type,
        )
        # The function must be known to itself before what it requires is looked at: functions may recur.
        self.values[id(node)] = function
        names: Mapping[str, Any] = self._names(node) if node.requires else {}
        scope.vars = {**names, node.name: function}
        return function

    def _service_function(self, node: Node) -> Any:
        parameters = self._service_parameters(node)

        def code(scope: Scope) -> Any:
            return self.service(node, scope.vars)

        return Lambda(
            node.name,
            tuple(part.name for part in parameters),
            tuple(part.type for part in parameters),
            code,
            None,
            frames=_SERVICE_FRAMES,
            size=1,
        )

    @staticmethod
    def _service_parameters(node: Node) -> list[Node]:
        found = [node.model.find(key) for key in (*node.inputs, *node.input_decisions)]
        return [part for part in found if part is not None]

    def service(self, node: Node, arguments: Mapping[str, Any]) -> Any:
        """Evaluate a service: its input decisions are given, all else inside is computed anew."""
        given: dict[int, Any] = {}
        for part in self._service_parameters(node):
            if part.name in arguments:
                given[id(part)] = self._fitted(part, load(arguments[part.name]))
            else:
                self.run.warn(
                    "missing_input", f"缺少输入“{part.name}”", f"input {part.name!r} is missing"
                )
                given[id(part)] = None
        inside = Evaluation(self.run, self.inputs, given)
        outputs = [found for key in node.outputs if (found := node.model.find(key)) is not None]
        if len(outputs) == 1:
            return self._fitted(node, inside.value(outputs[0]))
        return self._fitted(node, {output.name: inside.value(output) for output in outputs})
