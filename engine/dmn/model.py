"""A DMN file read and compiled: its decisions, functions and services, ready to be evaluated any number of times."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.dmn.boxed import BoxedCompiler
from engine.dmn.elements import Element, open_root
from engine.dmn.errors import DecisionNotFound, Problem, Read
from engine.dmn.item_types import ItemTypes
from engine.dmn.run import Boxed
from engine.feel.kinds import Kind
from engine.feel.vocabulary import Vocabulary


@dataclass(slots=True)
class Node:
    """An input, decision, function (business knowledge model) or service of a model.

    Attributes:
        kind: input, decision, knowledge or service.
        label: the element's own name, where the name of its value differs.
        type: declared type of its value.
        requires: [(namespace, id)] of what it may see.
        body: its logic; None for inputs, services and decisions without any.
    """

    kind: str
    id: str
    name: str
    label: str
    type: Kind | None
    model: DecisionModel
    requires: list[tuple[str, str]] = field(default_factory=list)
    body: Boxed | None = None
    parameters: tuple[str, ...] = ()
    parameter_kinds: tuple[Kind | None, ...] = ()
    outputs: list[tuple[str, str]] = field(default_factory=list)
    inputs: list[tuple[str, str]] = field(default_factory=list)
    input_decisions: list[tuple[str, str]] = field(default_factory=list)


class DecisionModel:
    """One file. ``decisions`` by id and by name; ``problems`` are faults that make single parts null;
    ``reads`` says where members of names are read."""

    def __init__(self, file: str, name: str, namespace: str) -> None:
        self.file, self.name, self.namespace = file, name, namespace
        self.nodes: dict[str, Node] = {}
        self.decisions: dict[str, Node] = {}
        self.services: dict[str, Node] = {}
        self.inputs: dict[str, Node] = {}
        self.knowledge: dict[str, Node] = {}
        self.imports: dict[str, tuple[str, DecisionModel]] = {}
        self.problems: list[Problem] = []
        self.reads: list[Read] = []
        self.types = ItemTypes(self.problems.append)

    def decision(self, wanted: str | None) -> Node:
        """Return a decision by id or name; without one the only, else the last that no other requires.

        Raises:
            DecisionNotFound: there is none.
        """
        if wanted is not None and wanted in self.decisions:
            return self.decisions[wanted]
        every = list(dict.fromkeys(node.id for node in self.decisions.values()))
        nodes = [self.nodes[key] for key in every]
        if wanted is None and nodes:
            required = {key for node in nodes for _, key in node.requires}
            tops = [node for node in nodes if node.id not in required]
            return (tops or nodes)[-1]
        raise DecisionNotFound(wanted or "", [node.name for node in nodes])

    def find(self, key: tuple[str, str]) -> Node | None:
        """Return a node of this model or of one that it imports, by (namespace, id)."""
        namespace, element = key
        if namespace in ("", self.namespace):
            return self.nodes.get(element)
        imported = self.imports.get(namespace)
        return imported[1].nodes.get(element) if imported is not None else None


def parse_dmn(root: Any, name: str, others: Iterable[DecisionModel] = ()) -> DecisionModel:
    """Read and compile a decision file.

    Args:
        root: the root element, as ``engine.bpmn.load.load_xml`` returns it.
        name: what to call the file in an error.
        others: models that this one may import, found by their namespace.

    Returns:
        The model. A part that cannot be used is in its ``problems`` and evaluates to null.

    Raises:
        DmnRefused: the root is no DMN of version 1.1 to 1.5.
    """
    top = open_root(root, name)
    model = DecisionModel(name, top.get("name"), top.get("namespace"))
    _Reader(model, top).read({other.namespace: other for other in others})
    return model


_KINDS = {
    "inputData": "input",
    "decision": "decision",
    "businessKnowledgeModel": "knowledge",
    "decisionService": "service",
}


class _Reader:
    def __init__(self, model: DecisionModel, top: Element) -> None:
        self.model, self.top = model, top
        self.members = Vocabulary()
        self.boxed = BoxedCompiler(model.types, self.members, model.problems.append, model.reads)

    def read(self, others: dict[str, DecisionModel]) -> None:
        self._imports(others)
        for definition in self.top.all("itemDefinition"):
            self.model.types.define(definition)
            self._member_names(definition)
        elements = [element for element in self.top if element.tag in _KINDS]
        for element in elements:
            self._node(element)
        for element in elements:
            self._logic(element)

    def _imports(self, others: dict[str, DecisionModel]) -> None:
        for element in self.top.all("import"):
            namespace, name = element.get("namespace"), element.get("name")
            other = others.get(namespace)
            if other is None:
                if "DMN" in element.get("importType", "DMN"):
                    zh, en = (
                        f"找不到引入的文件（{namespace}）",
                        f"imported model {namespace!r} is not there",
                    )
                    self.model.problems.append(
                        Problem(element.label, "import", zh, en, element.line)
                    )
                continue
            self.model.imports[namespace] = (name, other)
            self.model.types.borrow(name, other.types)
            for node in other.nodes.values():
                self.members.add(node.name)

    def _member_names(self, element: Element) -> None:
        for part in element.all("itemComponent"):
            self.members.add(part.get("name"))
            self._member_names(part)

    def _node(self, element: Element) -> None:
        variable = element.first("variable")
        name = (variable.get("name") if variable is not None else "") or element.get("name")
        kind = _KINDS[element.tag]
        declared = self.model.types.named(variable.get("typeRef")) if variable is not None else None
        key = element.get("id") or element.get("name")
        node = Node(kind, key, name, element.get("name"), declared, self.model)
        for requirement in element.all("informationRequirement", "knowledgeRequirement"):
            for part in requirement.all("requiredInput", "requiredDecision", "requiredKnowledge"):
                node.requires.append(_key(part))
        self.model.nodes[key] = node
        shelves = {
            "input": self.model.inputs,
            "decision": self.model.decisions,
            "knowledge": self.model.knowledge,
            "service": self.model.services,
        }
        for label in (key, element.get("name"), name):
            shelves[kind].setdefault(label, node)
        self.members.add(name)

    def _logic(self, element: Element) -> None:
        node = self.model.nodes[element.get("id") or element.get("name")]
        self.boxed.table_name = element.get("name")
        names = self._visible(node)
        if node.kind == "decision":
            node.body = self.boxed.expression_in(element, names)
        elif node.kind == "knowledge":
            logic = element.first("encapsulatedLogic")
            if logic is not None:
                node.parameters, node.parameter_kinds, node.body = self.boxed.function_parts(
                    logic, names
                )
        elif node.kind == "service":
            node.outputs = [_key(part) for part in element.all("outputDecision")]
            node.inputs = [_key(part) for part in element.all("inputData")]
            node.input_decisions = [_key(part) for part in element.all("inputDecision")]

    def _visible(self, node: Node) -> frozenset[str]:
        names: set[str] = set()
        for key in node.requires:
            required = self.model.find(key)
            if required is not None:
                names.add(required.name)
            imported = self.model.imports.get(key[0])
            if imported is not None and imported[0]:
                names.add(imported[0])
        return frozenset(names)


def _key(part: Element) -> tuple[str, str]:
    namespace, _, element = part.get("href").rpartition("#")
    return namespace, element


def parse_models(roots: Mapping[str, Any]) -> dict[str, DecisionModel]:
    """Read several files that may import each other, those that are imported first.

    Args:
        roots: {file name: root element}.

    Returns:
        {file name: model}, in the order given.

    Raises:
        DmnRefused: one of them is no DMN.
    """
    tops = {name: open_root(root, name) for name, root in roots.items()}
    owners = {top.get("namespace"): name for name, top in tops.items()}
    models: dict[str, DecisionModel] = {}

    def parse(name: str, above: tuple[str, ...]) -> None:
        # A circle of imports is cut where it closes: the model met again is then reported as not there.
        if name in models or name in above:
            return
        for part in tops[name].all("import"):
            if part.get("namespace") in owners:
                parse(owners[part.get("namespace")], (*above, name))
        models[name] = parse_dmn(roots[name], name, list(models.values()))

    for name in roots:
        parse(name, ())
    return {name: models[name] for name in roots}
