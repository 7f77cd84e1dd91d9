"""Item definitions to the types of FEEL (DMN 1.5, 7.3.2)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from engine.dmn.elements import Element
from engine.dmn.errors import Problem
from engine.errors import EngineError
from engine.feel.expression import UnaryTests, compile_tree, read_unary_tests
from engine.feel.kinds import ANY, Kind, simple_kind
from engine.feel.scope import Run

MAX_NESTED = 40


class Allowed:
    """The values that an item definition or a clause of a table allows."""

    __slots__ = ("tests", "values")

    def __init__(self, text: str) -> None:
        self.tests: UnaryTests = read_unary_tests(text)
        self.values = self._listed()

    def __call__(self, value: Any) -> bool:
        return self.tests.test(value, Run({})) is True

    def _listed(self) -> list[Any]:
        """Return the values themselves where they are listed one by one, in their order."""
        return [compile_tree(test)(Run({})) for test in self.tests.node.tests]


class ItemTypes(Mapping[str, Kind]):
    """The types of a model by name; those of an imported model under ``import.name``."""

    def __init__(self, report: Callable[[Problem], None]) -> None:
        self._elements: dict[str, Element] = {}
        self._kinds: dict[str, Kind] = {}
        self._report = report
        self._busy: set[str] = set()

    def define(self, element: Element) -> None:
        """Make an item definition known; it is read when it is first asked for."""
        self._elements[element.get("name")] = element

    def borrow(self, prefix: str, others: ItemTypes) -> None:
        """Make the types of an imported model known under its prefix."""
        for name in others:
            self._kinds[f"{prefix}.{name}" if prefix else name] = others[name]

    def __iter__(self) -> Iterator[str]:
        yield from {**self._elements, **self._kinds}

    def __len__(self) -> int:
        return len({**self._elements, **self._kinds})

    def __getitem__(self, name: str) -> Kind:
        if name in self._kinds:
            return self._kinds[name]
        element = self._elements[name]
        if name in self._busy or len(self._busy) > MAX_NESTED:
            # A type that contains itself ends where it begins again.
            return ANY
        self._busy.add(name)
        kind = self._read(element)
        self._busy.discard(name)
        self._kinds[name] = kind
        return kind

    def named(self, written: str) -> Kind | None:
        """Return the type a ``typeRef`` means; None where it means none or anything."""
        if not written:
            return None
        plain = written.strip()
        for candidate in (plain, plain.rpartition("}")[2], plain.rpartition(":")[2]):
            if candidate in self:
                return self[candidate]
            kind = simple_kind(candidate)
            if kind is not None:
                return None if kind.name == "Any" else kind
        self._report(Problem(plain, "type", f"没有名为“{plain}”的类型", f"no type {plain!r}"))
        return None

    def __contains__(self, name: object) -> bool:
        return name in self._kinds or name in self._elements

    def _read(self, element: Element) -> Kind:
        """Read one item definition or component."""
        kind = self._content(element)
        allowed = self._allowed(element, "allowedValues")
        if allowed is not None:
            kind = _narrowed(kind, allowed)
        if element.get("isCollection") == "true":
            kind = Kind("list", of=kind)
        constraint = self._allowed(element, "typeConstraint")
        return _narrowed(kind, constraint) if constraint is not None else kind

    def _content(self, element: Element) -> Kind:
        components = element.all("itemComponent")
        if components:
            return Kind(
                "context", members={part.get("name"): self._read(part) for part in components}
            )
        function = element.first("functionItem")
        if function is not None:
            parameters = [
                self.named(part.get("typeRef")) or ANY for part in function.all("parameters")
            ]
            return Kind(
                "function",
                of=self.named(function.get("outputTypeRef")) or ANY,
                parameters=parameters,
            )
        written = element.text_of("typeRef") or element.get("typeRef")
        return self.named(written) or ANY

    def _allowed(self, element: Element, tag: str) -> Allowed | None:
        text = _text_of(element.first(tag))
        if not text:
            return None
        try:
            return Allowed(text)
        except EngineError as error:
            zh, en = (
                getattr(error, "message_zh", str(error)),
                getattr(error, "message_en", str(error)),
            )
            self._report(
                Problem(
                    element.label,
                    "allowed_values",
                    f"允许值有误：{zh}",
                    f"allowed values: {en}",
                    element.line,
                )
            )
            return None


def _text_of(element: Element | None) -> str:
    return element.text_of("text") if element is not None else ""


def _narrowed(kind: Kind, allowed: Allowed) -> Kind:
    before = kind.allowed
    both = allowed if before is None else _both(before, allowed)
    return Kind(kind.name, kind.of, kind.members, kind.parameters, both)


def _both(first: Callable[[Any], bool], second: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: first(value) and second(value)
