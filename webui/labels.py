"""The words of procedures on an English page: every label that a template shows goes through its folder's catalogue.

A label is looked up whole, then by its parts (、 and ·). What is not found may be a sentence that the engine made
where nobody's language was known (a job in the background, an incident, a notice): it is known again by the catalogue of
the pages. What is not found there either is shown as it is written; what people typed (values of fields) is never
touched: templates mark it ``asis``.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from html import unescape
from typing import Any

from babel.messages.pofile import read_po
from flask import Flask, g
from flask_babel import gettext as _
from jinja2 import pass_context
from markupsafe import Markup, escape

from engine.words import ENOUGH, said_again
from webui.catalogues import sentences, templates
from webui.engine_door import engine
from webui.formatting import is_english

_DATE = re.compile(r"(?<![\w-])(?:\d{4}-)?\d{2}-\d{2}(?![\w-])")
_JOINTS = re.compile(r"(、| · |：|（|）|“|”| )")
MOST_OF_TWO = 60
CHINESE = re.compile(r"[\u4e00-\u9fff]")
_ENGLISH = {"、": ", ", "：": ": ", " · ": " · ", "（": " (", "）": ")"}
_read: dict[str, dict[str, str]] = {}  # catalogues by what is in force; one is kept


def label(text: str) -> str:
    """Return a label in the language of the page."""
    if not text or not is_english():
        return text
    words = _words()
    found = words.get(text)
    if found is None:
        found = _two(words, text)
    if found is None and _JOINTS.search(text):
        parts = _JOINTS.split(text)
        known = [words.get(part) or _two(words, part) for part in parts]
        if any(known):
            said = (new or _ENGLISH.get(part, part) for new, part in zip(known, parts, strict=True))
            found = "".join(said).strip()
            if CHINESE.search(found):
                found = _sentence(text) or found
    return found or _sentence(text) or text


def _sentence(text: str) -> str | None:
    """A finished sentence of the engine in the language of the page, None where it is no such sentence."""
    if not CHINESE.search(text):
        return None
    if text in sentences():
        return str(_(text))
    said = said_again(text, templates(), enough=ENOUGH)
    return None if said == text else said


def _two(words: Mapping[str, str], text: str) -> str | None:
    """A post with its section, or a group with its line, written as one word: 综合执法支队科室经办人."""
    if not 4 <= len(text) <= MOST_OF_TWO:
        return None
    cuts = ((text[:at], text[at:]) for at in range(len(text) - 2, 1, -1))
    found = next(((words[a], words[b]) for a, b in cuts if a in words and b in words), None)
    return (found[0] if found[0].endswith(" ") else f"{found[0]}: ") + found[1] if found else None


def _words() -> Mapping[str, str]:
    if "labels" not in g:
        key, sources = engine().queries.label_catalogues(engine().environment, "en")
        if key not in _read:
            _read.clear()
            _read[key] = {
                str(message.id): str(message.string)
                for source in reversed(sources)  # the office's own first: it wins
                for message in read_po(io.BytesIO(source), locale="en")
                if message.id and message.string and isinstance(message.id, str)
            }
        g.labels = _read[key]
    found: Mapping[str, str] = g.labels
    return found


def holders(names: Sequence[str]) -> Markup:
    """Return who holds a case: 我 in bold, everybody else unbroken; a post in brackets joins its name."""
    parts: list[Markup] = []
    for name in names:
        mine = name in ("我", "me")
        said = " ".join(label(part) for part in label(name).split(" "))
        shown = (
            Markup("<strong>{}</strong>").format(_("我"))
            if mine
            else Markup('<span class="nb">{}</span>').format(said)
        )
        parts.append(
            Markup("{}{}").format(_("、"), shown) if parts and not name.startswith("（") else shown
        )
    return Markup("").join(parts)


def asis(value: Any) -> Markup:
    """Mark what somebody typed, or what only machines read: it is shown as it is."""
    return Markup("") if value is None else escape(value)


def whole_dates(value: Any) -> Markup:
    """Return a text in which no date breaks at its hyphens."""
    text = str(escape(label(value) if type(value) is str else value))
    return Markup(_DATE.sub(r'<span class="nb">\g<0></span>', text))  # noqa: S704  # escaped above


def drawing(xml: bytes) -> bytes:
    """Return a diagram with its names in the language of the page."""
    if not is_english():
        return xml

    def named(found: re.Match[str]) -> str:
        text = unescape(found[1])
        said = label(text)
        return found[0] if said == text else f' name="{escape(said)}"'

    return re.sub(r'\sname="([^"]*)"', named, xml.decode("utf-8")).encode("utf-8")


def install(app: Flask) -> None:
    """Have templates show labels in the language of the page, and words filled into sentences too."""
    env = app.jinja_env
    env.filters["asis"] = asis
    env.filters["holders"] = holders
    env.filters["label"] = label
    env.filters["whole_dates"] = whole_dates
    env.finalize = _finalize
    for name in ("gettext", "ngettext"):
        env.globals[name] = _filled(env.globals[name])


def _finalize(value: Any) -> Any:
    return label(value) if type(value) is str else value


def _filled(speak: Any) -> Any:
    @pass_context
    def spoken(context: Any, *given: Any, **values: Any) -> Any:
        values = {key: _finalize(value) for key, value in values.items()}
        return speak(context, *given, **values)

    return spoken
