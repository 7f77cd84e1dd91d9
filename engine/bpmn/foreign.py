"""Expressions of other engines, ``${x == 1}``: seen and named, never evaluated.

They are written in a language (UEL) that converts as it compares, so that nothing here runs them. Where one
says the same in FEEL, that text is offered to whoever has to rewrite it.
"""

from __future__ import annotations

import re

from engine.feel import FeelSyntaxError, compile_expression

WHOLE = re.compile(r"[$#]\{(.*)\}", re.DOTALL)
_PART = re.compile(r"[$#]\{[^}]*\}")
_WORDS = re.compile(r"'[^'\\]*'|\"[^\"\\]*\"|[\w.]+|&&|\|\||[=!<>]=|[-+*/<>()!]|\s+")
# Words of other languages that FEEL would take for variables, and what they mean.
CONSTANTS = {"True": "true", "False": "false", "None": "null", "nil": "null", "undefined": "null"}
_SAME = {"&&": "and", "||": "or", "==": "="}


def holds_foreign(text: str) -> bool:
    """Return whether a text holds an expression of another engine, alone or among other words."""
    return _PART.search(text) is not None


def in_feel(text: str) -> str | None:
    """Return a FEEL text that says what a foreign one says, None where none is certain enough to offer."""
    found = WHOLE.fullmatch(text.strip())
    inner = found[1].strip() if found else text.strip()
    words = _WORDS.findall(inner)
    if "".join(words) != inner or re.search(r"\w\s*\(", inner):
        return None
    said = " ".join(_word(w) for w in words if w.strip())
    said = re.sub(r"!(?!=)\s*([\w.]+|\([^()]*\))", _negated, said)
    try:
        compile_expression(said)
    except FeelSyntaxError:
        return None
    return said if said != text.strip() else None


def _word(word: str) -> str:
    if word[0] == "'":
        return '"' + word[1:-1].replace('"', '\\"') + '"'
    return _SAME.get(word, word)


def _negated(found: re.Match[str]) -> str:
    return f"not({found[1].removeprefix('(').removesuffix(')')})"
