"""Sentences that the engine says to people: Chinese in the code, other languages by the caller's catalogue."""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from functools import lru_cache

OFFICE_LANGUAGE = "zh"
ENOUGH = 4  # characters around the blanks that make a sentence unmistakable
_HAN = re.compile(r"[\u4e00-\u9fff]")
_BLANK = re.compile(r"(\{\w+\})")

_language: ContextVar[str] = ContextVar("language", default=OFFICE_LANGUAGE)
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


def say(text: str, /, **values: object) -> str:
    """Return a sentence in the reader's language, its blanks filled.

    ``text`` is the Chinese sentence and the key of the catalogue, such as ``{who}完成{step}``; a blank that is a label
    of a procedure is put into the reader's language as well. A catalogue may write ``{n:day|days}`` where its
    language has another word for one than for many.
    """
    translate, label = _translate.get(), _label.get()
    if label is not None:
        values = {
            key: label(value) if type(value) is str else value for key, value in values.items()
        }
    if translate is None:
        return text.format(**values)
    return AsIs(_Counting().vformat(translate(text), (), values))


class _Counting(string.Formatter):
    """Fills blanks; ``{n:day|days}`` becomes the first word where n is one, else the second."""

    def format_field(self, value: object, spec: str) -> str:
        one, bar, many = spec.partition("|")
        if bar:
            return one if str(value) == "1" else many
        return str(super().format_field(value, spec))


def in_two(chinese: str, english: str) -> str:
    """Return that one of two finished sentences which the reader reads."""
    return AsIs(english) if _language.get() == "en" else chinese


def listed(words: Iterable[str]) -> str:
    """Return words in a row, as the reader's language joins them."""
    return say("、").join(words)


def said_again(text: str, templates: Sequence[str], *, enough: int = 0) -> str:
    """Return a finished sentence in the reader's language, known by the template that it was made from.

    Where the text may be anything, a template with fewer characters of its own than ``enough``, such as
    {where}：{sentence}, may fit what somebody typed: it is taken where all within it can be said, too.
    """
    for template, values in _made_from(text, tuple(templates)):
        said = say(template, **values)
        if _own_words(template) >= enough or not _HAN.search(said):
            return said
    return text


def _own_words(template: str) -> int:
    return len(_HAN.findall(_BLANK.sub("", template)))


@lru_cache(maxsize=4096)
def _made_from(text: str, templates: tuple[str, ...]) -> tuple[tuple[str, Mapping[str, str]], ...]:
    """Return the templates that fit a finished sentence with what was filled in, the one with the most words first."""
    fitting = []
    for template in _by_words(templates):
        literal, pattern = _pattern(template)
        if literal in text and (found := pattern.fullmatch(text)):
            fitting.append((template, found.groupdict()))
    return tuple(fitting)


@lru_cache(maxsize=8)
def _by_words(templates: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(templates, key=_own_words, reverse=True))


@lru_cache(maxsize=4096)
def _pattern(template: str) -> tuple[str, re.Pattern[str]]:
    """Return the longest stretch without a blank, and what fits the whole."""
    seen: set[str] = set()
    longest, pattern = "", ""
    for part in _BLANK.split(template):
        name = part[1:-1]
        if not _BLANK.fullmatch(part):
            literal = part.replace("{{", "{").replace("}}", "}")
            longest = max(longest, literal, key=len)
            pattern += re.escape(literal)
        elif name in seen:
            pattern += f"(?P={name})"
        else:
            seen.add(name)
            pattern += f"(?P<{name}>.+?)"
    return longest, re.compile(pattern, re.DOTALL)


@contextmanager
def spoken_with(
    translate: Callable[[str], str] | None,
    label: Callable[[str], str] | None = None,
    language: str = OFFICE_LANGUAGE,
) -> Iterator[None]:
    """Say everything within the block through ``translate`` (gettext of a catalogue, None for the
    code's own words) and ``label`` (of procedures).

    ``language`` is that of the catalogue, for what is written in two languages side by side.
    """
    tokens = _translate.set(translate), _label.set(label), _language.set(language)
    try:
        yield
    finally:
        _translate.reset(tokens[0])
        _label.reset(tokens[1])
        _language.reset(tokens[2])


def as_stored() -> AbstractContextManager[None]:
    """Say everything within the block as the code has it: what is stored speaks the office's language, whoever acts."""
    return spoken_with(None)
