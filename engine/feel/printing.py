"""Syntax trees and values back to text that reads the same: for lists of differences and for tests.

Brackets stand wherever they could matter. A name that is more than words with spaces reads back only where it
is known.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from engine.feel import nodes as n
from engine.feel import temporal
from engine.feel.errors import FeelBudgetExceeded
from engine.feel.limits import MAX_NESTING
from engine.feel.values import NUMBERS, FeelFunction, Range
from engine.feel.writing import quote, write_number

_LEVELS: Final = {"or": 1, "and": 2, "+": 4, "-": 4, "*": 5, "/": 5, "**": 6}
_COMPARISON, _UNARY, _POSTFIX = 3, 7, 8


def print_expression(node: n.Node) -> str:
    """Return the text of a tree."""
    return _PRINTERS[type(node)](node)


def print_value(value: Any, depth: int = 0) -> str | None:
    """Return an expression that gives the value; None for a function, which has none."""
    if depth > MAX_NESTING:
        raise FeelBudgetExceeded("nesting", MAX_NESTING, "数据嵌套太深")
    if value is None or type(value) in (bool, str) or type(value) in NUMBERS:
        return _literal(n.Literal(value))
    if isinstance(value, FeelFunction):
        return None
    if type(value) is Range:
        return _range(value, depth)
    if type(value) is list:
        parts = [print_value(item, depth + 1) for item in value]
        return None if None in parts else "[" + ", ".join(map(str, parts)) + "]"
    if isinstance(value, Mapping):
        entries = {key: print_value(item, depth + 1) for key, item in value.items()}
        if None in entries.values():
            return None
        return "{" + ", ".join(f"{quote(key)}: {text}" for key, text in entries.items()) + "}"
    return f'@"{temporal.write(value)}"'


def _range(value: Range, depth: int) -> str | None:
    ends = [print_value(end, depth + 1) for end in (value.low, value.high)]
    if value.op:
        return f"({value.op} {ends[1] if value.op in ('<', '<=') else ends[0]})"
    opening, closing = "[" if value.low_included else "(", "]" if value.high_included else ")"
    return f"{opening}{ends[0]}..{ends[1]}{closing}"


# --- nodes ------------------------------------------------------------------------------------------


def _level(node: n.Node) -> int:
    """Return how tightly a node binds; what stands further left in the grammar binds less."""
    if isinstance(node, n.Binary):
        return _LEVELS.get(node.op, _COMPARISON)
    if isinstance(node, n.Logic):
        return _LEVELS[node.op]
    if isinstance(node, n.Between | n.In):
        return _COMPARISON
    if isinstance(node, n.If | n.For | n.Quantified | n.FunctionOf | n.Comparison):
        return 0
    if isinstance(node, n.Negation):
        return _UNARY
    negative = isinstance(node, n.Literal) and type(node.value) in NUMBERS and node.value < 0
    return _UNARY if negative else _POSTFIX + 1


def _at(level: int, node: n.Node) -> str:
    text = print_expression(node)
    return text if _level(node) >= level else f"({text})"


def _literal(node: n.Literal) -> str:
    value = node.value
    if value is None:
        return "null"
    if type(value) is bool:
        return "true" if value else "false"
    if type(value) is str:
        return quote(value)
    # The lexer allows 200 characters; beyond, the exponent says the same.
    plain = write_number(value)
    return plain if len(plain) <= 60 else str(Decimal(value)).replace("E", "e")


def _binary(node: n.Binary) -> str:
    level = _level(node)
    return f"{_at(level, node.left)} {node.op} {_at(level + 1, node.right)}"


def _logic(node: n.Logic) -> str:
    level = _level(node)
    return f" {node.op} ".join(_at(level + 1, part) for part in node.parts)


def _negation(node: n.Negation) -> str:
    # Brackets keep -(1) from becoming the literal -1, and --1 from becoming one sign.
    inside = node.value
    bare = _level(inside) > _UNARY and not isinstance(inside, n.Literal)
    return "-" + (print_expression(inside) if bare else f"({print_expression(inside)})")


def _between(node: n.Between) -> str:
    return f"{_at(3, node.value)} between {_at(4, node.low)} and {_at(4, node.high)}"


def _in(node: n.In) -> str:
    tests = ", ".join(print_expression(test) for test in node.tests)
    return f"{_at(3, node.value)} in ({tests})"


def _comparison(node: n.Comparison) -> str:
    return f"{node.op} {_at(4, node.value)}"


def _interval(node: n.Interval) -> str:
    opening, closing = "[" if node.low_included else "]", "]" if node.high_included else ")"
    return f"{opening}{print_expression(node.low)}..{print_expression(node.high)}{closing}"


def _list(node: n.ListOf) -> str:
    return "[" + ", ".join(print_expression(item) for item in node.items) + "]"


def _context(node: n.ContextOf) -> str:
    return (
        "{"
        + ", ".join(f"{quote(key)}: {print_expression(value)}" for key, value in node.entries)
        + "}"
    )


def _filter(node: n.Filter) -> str:
    return f"{_at(_POSTFIX, node.value)}[{print_expression(node.condition)}]"


def _call(node: n.Call) -> str:
    arguments = [print_expression(argument) for argument in node.arguments]
    if node.names:
        arguments = [f"{name}: {text}" for name, text in zip(node.names, arguments, strict=True)]
    return f"{_at(_POSTFIX, node.function)}({', '.join(arguments)})"


def _if(node: n.If) -> str:
    parts = [print_expression(part) for part in (node.condition, node.then, node.otherwise)]
    return f"if {parts[0]} then {parts[1]} else {parts[2]}"


def _iterators(iterators: list[tuple[str, n.Node, n.Node | None]]) -> str:
    texts: list[str] = []
    for name, low, high in iterators:
        end = f"..{_at(1, high)}" if high is not None else ""
        texts.append(f"{name} in {_at(1, low)}{end}")
    return ", ".join(texts)


def _for(node: n.For) -> str:
    return f"for {_iterators(node.iterators)} return {print_expression(node.body)}"


def _quantified(node: n.Quantified) -> str:
    return f"{node.kind} {_iterators(node.iterators)} satisfies {print_expression(node.body)}"


def _instance_of(node: n.InstanceOf) -> str:
    return f"{_at(_POSTFIX, node.value)} instance of {_type(node.type)}"


def _function(node: n.FunctionOf) -> str:
    parameters = [
        name if kind is None else f"{name}: {_type(kind)}" for name, kind in node.parameters
    ]
    external = " external" if node.external else ""
    return f"function({', '.join(parameters)}){external} {print_expression(node.body)}"


def _type(kind: n.TypeOf) -> str:
    if kind.members:
        return "context<" + ", ".join(f"{name}: {_type(part)}" for name, part in kind.members) + ">"
    if kind.name == "function" and kind.result is not None:
        return f"function<{', '.join(map(_type, kind.arguments))}>->{_type(kind.result)}"
    if kind.arguments:
        return f"{kind.name}<{', '.join(map(_type, kind.arguments))}>"
    return kind.name


def _tests(node: n.Tests) -> str:
    if node.anything:
        return "-"
    tests = ", ".join(print_expression(test) for test in node.tests)
    return f"not({tests})" if node.negated else tests


_PRINTERS: Final[dict[type[n.Node], Callable[[Any], str]]] = {
    n.Literal: _literal,
    n.At: lambda node: f"@{quote(node.text)}",
    n.Name: lambda node: str(node.name),
    n.Binary: _binary,
    n.Logic: _logic,
    n.Negation: _negation,
    n.Between: _between,
    n.In: _in,
    n.Comparison: _comparison,
    n.Interval: _interval,
    n.ListOf: _list,
    n.ContextOf: _context,
    n.Path: lambda node: f"{_at(_POSTFIX, node.value)}.{node.name}",
    n.Filter: _filter,
    n.Call: _call,
    n.If: _if,
    n.For: _for,
    n.Quantified: _quantified,
    n.InstanceOf: _instance_of,
    n.FunctionOf: _function,
    n.Tests: _tests,
}
