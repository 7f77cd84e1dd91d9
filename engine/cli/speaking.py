"""In which language the terminal is told things: the office's, or English where the terminal is set to English.

What a command stores is always in the office's language, and so is ``--json``; only what a person reads is put into
English, when it is printed. Knows the catalogue of the pages and the labels below ``processes/``.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from functools import cache, wraps
from pathlib import Path
from typing import Any, TypeVar, cast

import click

from engine.words import ENOUGH, said_again, spoken_with

_VARIABLES = ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")  # in the order in which gettext asks


class Told(click.ClickException):
    """A refusal: exit status 1 and one sentence."""

    def format_message(self) -> str:
        """Return the sentence in the language of the terminal."""
        return told(self.message)


def tell(text: str, *, err: bool = False) -> None:
    """Print a text, each of its lines in the language of the terminal."""
    click.echo("\n".join(told(line) for line in text.split("\n")), err=err)


def told(text: str) -> str:
    """Return a finished sentence in the language of the terminal."""
    with reading():
        return _label(text) if is_english() else text


@contextmanager
def reading() -> Iterator[None]:
    """Say everything within the block in the language of the terminal; nothing may be stored there."""
    if not is_english():
        yield
        return
    with spoken_with(lambda text: _words().get(text, text), _label, "en"):
        yield


Command = TypeVar("Command", bound=Callable[..., object])


def reads_only(command: Command) -> Command:
    """Have a command that stores nothing speak the language of the terminal, unless it prints JSON."""

    @wraps(command)
    def spoken(*args: Any, **options: Any) -> object:
        with nullcontext() if options.get("as_json") else reading():
            return command(*args, **options)

    return cast("Command", spoken)


def is_english(environ: Mapping[str, str] = os.environ) -> bool:
    """Return whether the terminal is set to English."""
    chosen = next((environ[name] for name in _VARIABLES if environ.get(name)), "")
    return chosen.partition("_")[0].partition(".")[0].partition(":")[0] == "en"


def _label(text: str) -> str:
    words = _words()
    if text in words:
        return words[text]
    return said_again(text, _templates(), enough=ENOUGH)


@cache
def _words() -> Mapping[str, str]:
    catalogues = importlib.import_module("webui.catalogues")
    labels = sorted(Path("processes").glob("*/locale/en.po"))
    words: dict[str, str] = {}
    for file in (*labels, catalogues.english()):
        words |= catalogues.words_of(file)
    return words


@cache
def _templates() -> tuple[str, ...]:
    found: tuple[str, ...] = importlib.import_module("webui.catalogues").templates()
    return found
