"""Which members of its top-level names an expression reads: ``settings.fee`` reads ``fee`` of ``settings``."""

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


def _below(tree: object) -> Iterator[object]:
    ahead = [tree]
    while ahead:
        one = ahead.pop()
        if isinstance(one, list | tuple):
            ahead += one
        elif is_dataclass(one):
            yield one
            ahead += [getattr(one, field.name) for field in fields(one)]
