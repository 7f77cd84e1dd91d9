"""The syntax tree of an expression: plain values, compared by content, with no behaviour."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Node:
    """``depth`` and ``size`` count this node and those below it."""

    depth: int = field(default=1, compare=False, repr=False, kw_only=True)
    size: int = field(default=1, compare=False, repr=False, kw_only=True)


@dataclass(slots=True)
class Literal(Node):
    """A number, text, boolean or null."""

    value: Any


@dataclass(slots=True)
class At(Node):
    """``@"2026-03-02"``."""

    text: str


@dataclass(slots=True)
class Name(Node):
    """A name read; ``local`` where a scope inside the expression certainly binds it."""

    name: str
    local: bool = field(default=False, compare=False)


@dataclass(slots=True)
class Binary(Node):
    """Arithmetic or comparison."""

    op: str
    left: Node
    right: Node


@dataclass(slots=True)
class Logic(Node):
    """``and`` or ``or`` over two or more parts."""

    op: str
    parts: list[Node]


@dataclass(slots=True)
class Negation(Node):
    """Minus in front of a value."""

    value: Node


@dataclass(slots=True)
class Between(Node):
    """``x between a and b``."""

    value: Node
    low: Node
    high: Node


@dataclass(slots=True)
class In(Node):
    """``x in (tests)``."""

    value: Node
    tests: list[Node]


@dataclass(slots=True)
class Comparison(Node):
    """``< 10`` without a left side: a test, or in brackets a range."""

    op: str
    value: Node


@dataclass(slots=True)
class Interval(Node):
    """``[a..b]`` and its open kinds."""

    low: Node
    high: Node
    low_included: bool
    high_included: bool


@dataclass(slots=True)
class ListOf(Node):
    """``[a, b]``."""

    items: list[Node]


@dataclass(slots=True)
class ContextOf(Node):
    """``{a: 1, b: a + 1}``; entries see those before them."""

    entries: list[tuple[str, Node]]


@dataclass(slots=True)
class Path(Node):
    """``value.name``."""

    value: Node
    name: str


@dataclass(slots=True)
class Filter(Node):
    """``list[condition or index]``."""

    value: Node
    condition: Node


@dataclass(slots=True)
class Call(Node):
    """A function with arguments by position or by name (``names`` is then as long as ``arguments``)."""

    function: Node
    arguments: list[Node]
    names: list[str] | None = None


@dataclass(slots=True)
class If(Node):
    """``if c then a else b``."""

    condition: Node
    then: Node
    otherwise: Node


@dataclass(slots=True)
class For(Node):
    """``for i in list, j in 1..3 return body``; a range of two nodes has ``high``."""

    iterators: list[tuple[str, Node, Node | None]]
    body: Node


@dataclass(slots=True)
class Quantified(Node):
    """``some`` or ``every``."""

    kind: str
    iterators: list[tuple[str, Node, Node | None]]
    body: Node


@dataclass(slots=True)
class TypeOf:
    """A type as written: a name, or list, range, context or function of others."""

    name: str
    arguments: list[TypeOf] = field(default_factory=list)
    members: list[tuple[str, TypeOf]] = field(default_factory=list)
    result: TypeOf | None = None


@dataclass(slots=True)
class InstanceOf(Node):
    """``x instance of type``."""

    value: Node
    type: TypeOf


@dataclass(slots=True)
class FunctionOf(Node):
    """``function(a: number, b) body``; ``external`` where the body says where code outside stands."""

    parameters: list[tuple[str, TypeOf | None]]
    body: Node
    external: bool = False


@dataclass(slots=True)
class Tests(Node):
    """The unary tests of a table cell: ``-``, a list, or ``not(list)``."""

    tests: list[Node]
    negated: bool = False
    anything: bool = False
