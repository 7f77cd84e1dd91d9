"""What an expression does with members and items: ``settings.fee`` reads ``fee`` of ``settings``, ``x.size()`` calls one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass

from engine.feel import nodes as n


def members_read(tree: object) -> frozenset[tuple[str, str]]:
    """Return (name, member) for every member of a top-level name that a syntax tree reads directly."""
    return frozenset(
        (node.value.name, node.name)
        for node in _below(tree)
        if isinstance(node, n.Path) and isinstance(node.value, n.Name) and not node.value.local
    )


def members_called(tree: object) -> frozenset[str]:
    """Return the name of every member that is called like a method (``x.size()``), literal contexts aside."""
    return frozenset(
        node.function.name
        for node in _below(tree)
        if isinstance(node, n.Call)
        and isinstance(node.function, n.Path)
        and not isinstance(node.function.value, n.ContextOf)
    )


def counted_from_nothing(tree: object) -> bool:
    """Return whether an item is asked for by the number 0, which is never there: FEEL counts from 1."""
    return any(
        isinstance(node, n.Filter)
        and isinstance(node.condition, n.Literal)
        and node.condition.value == 0
        and node.condition.value is not False
        for node in _below(tree)
    )


def _below(tree: object) -> Iterator[object]:
    ahead = [tree]
    while ahead:
        one = ahead.pop()
        if isinstance(one, list | tuple):
            ahead += one
        elif is_dataclass(one):
            yield one
            ahead += [getattr(one, field.name) for field in fields(one)]
