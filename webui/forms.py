"""Reading a posted form: answers, the buttons of its tables, and the errors that come back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask_babel import gettext as _
from werkzeug.datastructures import FileStorage, MultiDict

from engine.errors import EngineError
from webui import form_view
from webui.auth import actor
from webui.engine_door import engine
from webui.labels import label
from webui.uploads import UploadRefused


@dataclass(frozen=True)
class Answers:
    """What the page shows in its fields."""

    values: Mapping[str, Any]
    errors: Mapping[str, str] = field(default_factory=dict)
    extra_rows: Mapping[str, int] = field(default_factory=dict)
    chosen: Mapping[str, Sequence[str]] = field(
        default_factory=dict
    )  # names of files, to be chosen again


def read_answers(form: Any, posted: MultiDict[str, str]) -> dict[str, Any]:
    """Return the posted texts by field; judging them is the engine's."""
    return form_view.posted_values(form, posted)


def answering(page: Any, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the page asks for these answers, for a browser that has typed them."""
    asked = engine().queries.asked(engine().environment, page, values)
    found: dict[str, Any] = {"shown": sorted(asked.shown), "required": sorted(asked.required)}
    found["filled"], looks = engine().queries.followed(page, values)
    record(looks, page.name)
    page = following(page, values)
    if getattr(page, "buttons", ()):
        found["button"] = {
            "word": page.button,
            "label": label(page.button),
            "then": label(page.then),
        }
    return found


def following(page: Any, values: Mapping[str, Any]) -> Any:
    """Return the page with the button that these answers have."""
    if not getattr(page, "buttons", ()):
        return page
    return engine().queries.with_button(engine().environment, page, values)


def filled(page: Any, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answers with what a case that they name says to the questions left open."""
    given, looks = engine().queries.followed(page, values)
    open_ = {key: value for key, value in given.items() if not values.get(key)}
    record(
        {number: [one for one in keys if one in open_] for number, keys in looks.items()}, page.name
    )
    return {**values, **open_}


def record(looks: Mapping[str, Sequence[str]], step: str) -> None:
    """Tell the trail which personal values the form of a step shows in full."""
    for number, keys in looks.items():
        if keys:
            engine().commands.record_look(engine().environment, actor(), number, keys, step)


def chosen_files(files: MultiDict[str, FileStorage]) -> dict[str, list[str]]:
    """Return the names of the files that came with a post: no browser fills them in a second time."""
    names: dict[str, list[str]] = {}
    for key, storage in files.items(multi=True):
        if storage.filename:
            names.setdefault(key, []).append(storage.filename.replace("\\", "/").rsplit("/", 1)[-1])
    return names


def given(page: Any) -> dict[str, Any]:
    """Return what is only shown: it is not posted back, so a page shown again takes it from the case."""
    shown_only = {one.key for one in page.form.fields if one.type == "given"}
    return {key: value for key, value in page.values.items() if key in shown_only}


def asked_for_rows(form: Any, posted: MultiDict[str, str]) -> Answers | None:
    """Return the answers where a button was pressed that completes nothing, else None.

    A table's button adds or drops a row; ``review`` shows what was typed before one had to sign in again.
    """
    if posted.get("do") == "review":
        return Answers(read_answers(form, posted))
    wish = form_view.rows_wanted(posted.get("do", ""))
    if wish is None:
        return None
    what, key, row = wish
    values = read_answers(form, posted)
    if what == "drop":
        return Answers(form_view.without_row(values, key, row))
    return Answers(values, {}, {key: 1})


def errors_of(error: EngineError) -> Mapping[str, str] | None:
    """Return errors by field for what the person can mend on the form; None for all other errors."""
    if error.code == "submission_invalid":
        return error.errors  # type: ignore[attr-defined, no-any-return]
    if isinstance(error, UploadRefused):
        return {"": error.sentence}
    return None


def translated(errors: Mapping[str, str]) -> dict[str, str]:
    """Say sentences that carry a template in the language of the page."""
    return {key: _say(sentence) for key, sentence in errors.items()}


def _say(sentence: str) -> str:
    template = getattr(sentence, "template", None)
    if template is None:
        return label(sentence)
    facts = {k: label(v) if type(v) is str else v for k, v in sentence.facts.items()}  # type: ignore[attr-defined]
    return str(_(template)).format(**facts)
