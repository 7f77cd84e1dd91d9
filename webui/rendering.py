"""How a view answers with a page: its template inside the frame of the person who asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from functools import cache
from hashlib import sha256
from itertools import groupby
from pathlib import Path
from typing import Any

from flask import Flask, current_app, g, render_template, url_for
from flask_babel import gettext

from engine.words import OFFICE_LANGUAGE, spoken_with
from webui.auth import actor
from webui.engine_door import engine
from webui.formatting import is_english
from webui.labels import label


def page(template: str, here: str, **values: Any) -> str:
    """Render a page of a signed-in person; ``here`` is the entry of the rail that is marked."""
    shell = engine().queries.shell(engine().environment, actor())
    return render_template(template, shell=shell, here=here, **values)


def asset(name: str) -> str:
    """Return the address of a static file, with a mark of its content so that old copies are not used."""
    return url_for("static", filename=name, v=_mark(str(current_app.static_folder), name))


@cache
def _mark(folder: str, name: str) -> str | None:
    file = Path(folder) / name
    return sha256(file.read_bytes()).hexdigest()[:10] if file.is_file() else None


def by_group(rows: Iterable[Any]) -> Iterator[Sequence[Any]]:
    """Split rows where their group changes; the order stays the engine's."""
    for _key, group in groupby(rows, key=lambda row: row.priority_group):
        yield list(group)


def groups(questions: Iterable[Any]) -> Iterator[Sequence[Any]]:
    """Split questions into stretches that depend on an answer above and those that do not."""
    for _key, group in groupby(questions, key=lambda one: one.depends):
        yield list(group)


def install(app: Flask) -> None:
    """Give the helpers to the templates, and let the engine speak the language of the page."""
    app.before_request(_speak)
    app.teardown_request(_fall_silent)
    app.jinja_env.globals["asset"] = asset
    app.jinja_env.filters.update(by_group=by_group, groups=groups)


def _speak() -> None:
    g.speech = ExitStack()
    language = "en" if is_english() else OFFICE_LANGUAGE
    g.speech.enter_context(spoken_with(lambda text: str(gettext(text)), label, language))


def _fall_silent(_error: BaseException | None) -> None:
    speech = g.pop("speech", None)
    if speech is not None:
        speech.close()
