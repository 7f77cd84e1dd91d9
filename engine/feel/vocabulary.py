"""Names of more than one token: which sequences of tokens are one name.

A name may hold spaces, keywords and operator signs (``Monthly-Income``, ``days in weekend``); the standard
lets the longest name in scope win. Knows no grammar beyond the lexer's.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from engine.errors import EngineError
from engine.feel.lexer import Token, tokenize

TYPE_NAMES = ("years and months duration", "days and time duration", "date and time")


@lru_cache(maxsize=4_000)
def name_tokens(name: str) -> tuple[str, ...]:
    """Return the texts of the tokens a name consists of; empty where it cannot stand in an expression."""
    try:
        tokens = tokenize(name)[:-1]
    except EngineError:
        return ()
    return tuple(token.text for token in tokens if token.kind != "string")


class Vocabulary:
    """A set of known names, asked for the longest that stands at a token."""

    __slots__ = ("_by_first", "names")

    def __init__(self, names: Iterable[str] = ()) -> None:
        self.names: set[str] = set()
        self._by_first: dict[str, dict[tuple[str, ...], str]] = {}
        for name in names:
            self.add(name)

    def add(self, name: str) -> None:
        """Make a name known from now on."""
        self.names.add(name)
        tokens = name_tokens(name)
        if tokens:
            self._by_first.setdefault(tokens[0], {})[tokens] = name

    def longest(self, tokens: list[Token], start: int) -> tuple[str, int] | None:
        """Return (name, number of its tokens) of the longest known name that begins there, or None."""
        best: tuple[str, int] | None = None
        for sequence, name in self._by_first.get(tokens[start].text, {}).items():
            count = len(sequence)
            if best is not None and count <= best[1]:
                continue
            if all(
                at < len(tokens) and tokens[at].text == part and tokens[at].kind != "string"
                for at, part in enumerate(sequence, start)
            ):
                best = (name, count)
        return best
