"""Sentences that the engine says to people: Chinese in the code, other languages by the caller's catalogue."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

_translate: ContextVar[Callable[[str], str] | None] = ContextVar("translate", default=None)
_label: ContextVar[Callable[[str], str] | None] = ContextVar("label", default=None)


class AsIs(str):
    """A text that no catalogue may touch any more: somebody typed it, or it is in the reader's language already."""

    __slots__ = ()


def label_of(text: str) -> str:
    """Return a label of ``processes/`` in the reader's language."""
    translate = _label.get()
    return AsIs(translate(text)) if translate and type(text) is str else text


def short_label(text: str, ending: str) -> str:
    """Return a label without its ending, where there is little room; another language says the whole label."""
    short = text.removesuffix(ending) or text
    said = say(short)
    if said != short:
        return said
    said = label_of(text)
    return said if said != text else short


def say(text: str, **values: object) -> str:
    """Return a sentence in the reader's language, its blanks filled.

    ``text`` is the Chinese sentence and the key of the catalogue, such as ``{who}完成{step}``; a blank that is a label
    of a procedure is put into the reader's language as well.
    """
    translate, label = _translate.get(), _label.get()
    if label is not None:
        values = {
            key: label(value) if type(value) is str else value for key, value in values.items()
        }
    if translate is None:
        return text.format(**values)
    return AsIs(translate(text).format(**values))


def said_again(text: str, templates: Sequence[str]) -> str:
    """Return a stored sentence in the reader's language, known by the template that it was made from."""
    for template in templates:
        parts = re.split(r"(\{\w+\})", template)
        pattern = "".join(f"(?P<{p[1:-1]}>.+?)" if p[:1] == "{" else re.escape(p) for p in parts)
        if found := re.fullmatch(pattern, text):
            return say(template, **found.groupdict())
    return text


@contextmanager
def spoken_with(
    translate: Callable[[str], str], label: Callable[[str], str] | None = None
) -> Iterator[None]:
    """Say everything within the block through ``translate`` (gettext of a catalogue) and ``label`` (of procedures)."""
    tokens = _translate.set(translate), _label.set(label)
    try:
        yield
    finally:
        _translate.reset(tokens[0])
        _label.reset(tokens[1])


@contextmanager
def as_stored() -> Iterator[None]:
    """Say everything within the block as the code has it: what is stored speaks the office's language, whoever acts."""
    tokens = _translate.set(None), _label.set(None)
    try:
        yield
    finally:
        _translate.reset(tokens[0])
        _label.reset(tokens[1])
