"""Sentences that the engine says to people: Chinese in the code, other languages by the caller's catalogue."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_translate: ContextVar[Callable[[str], str] | None] = ContextVar("translate", default=None)


def say(text: str, **values: object) -> str:
    """Return a sentence in the reader's language, its blanks filled.

    ``text`` is the Chinese sentence and the key of the catalogue, such as ``{who}完成{step}``.
    """
    translate = _translate.get()
    return (translate(text) if translate else text).format(**values)


@contextmanager
def spoken_with(translate: Callable[[str], str]) -> Iterator[None]:
    """Say everything within the block through ``translate`` (gettext of a catalogue)."""
    token = _translate.set(translate)
    try:
        yield
    finally:
        _translate.reset(token)
