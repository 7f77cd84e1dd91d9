"""A form as it is shown: questions with their present answers, errors and choices, ready for a template.

Knows the shape of ``engine.forms.schema`` and the names of HTML fields; decides nothing. Answers come
either as stored (JSON values) or as posted (texts, tables as ``key-0-column``); both are understood.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

_CELL = re.compile(r"^(?P<key>[a-z][a-z0-9_]*)-(?P<row>\d{1,3})-(?P<column>[a-z][a-z0-9_]*)$")
OUTSIDE_FORM = frozenset(
    {"csrf_token", "idempotency_key", "version", "do", "next", "pressed", "task"}
)
_CHOOSERS = frozenset({"choice", "choices", "yesno"})
FEW_OPTIONS = 7


@dataclass(frozen=True)
class Choice:
    """One answer to choose."""

    value: str
    label: str
    help: str
    basis: str
    chosen: bool


@dataclass(frozen=True)
class Question:
    """One field on the page."""

    key: str
    name: str
    id: str
    type: str
    label: str
    required: bool
    help: str
    unit: str
    value: str = ""
    choices: Sequence[Choice] = ()
    error: str = ""
    on: bool = True
    depends: bool = False
    max_length: int | None = None
    accept: str = ""
    max_mb: int = 0
    several: bool = False
    files: Sequence[Mapping[str, Any]] = ()
    chosen: Sequence[str] = ()
    columns: Sequence[Question] = ()
    rows: Sequence[Sequence[Question]] = ()
    width: str = ""
    rows_full: bool = False
    of: Sequence[str] = ()  # procedures of which a case is to be named
    may_be_required: bool = False  # by the answers to other questions

    @property
    def empty(self) -> bool:
        """Shown only, and nothing to show."""
        return self.type == "given" and not self.value


@dataclass(frozen=True)
class Part:
    """A section of the page."""

    title: str
    basis: str
    intro: str
    questions: Sequence[Question]
    on: bool = True


@dataclass(frozen=True)
class FormView:
    """The whole form; ``errors`` are (id of the field, its label, sentence) in the order of the page."""

    title: str
    intro: str
    parts: Sequence[Part]
    errors: Sequence[tuple[str, str, str]] = field(default_factory=tuple)
    has_files: bool = False


def view(
    form: Any,
    answers: Mapping[str, Any],
    errors: Mapping[str, str] | None = None,
    *,
    asked: Any = None,
    extra_rows: Mapping[str, int] | None = None,
    chosen: Mapping[str, Sequence[str]] | None = None,
) -> FormView:
    """Return the form with its answers.

    Args:
        form: an ``engine.forms.Form``.
        answers: stored or posted; the latter as ``posted_values`` returns them.
        errors: {field key or ``key-0-column``: sentence}.
        asked: an ``engine.forms.Asked``: which questions apply now and which must be answered; None shows all.
        extra_rows: {table key: empty rows to add}.
        chosen: {field key: names of files that were posted and must be chosen again}.
    """
    errors = errors or {}
    maker = _Maker(answers, errors, asked, extra_rows or {}, chosen or {})
    parts = tuple(maker.part(section) for section in form.sections)
    found = [
        (one.id, one.label, sentence)
        for part in parts
        for one in part.questions
        for sentence in _sentences(one)
    ]
    loose = [("", "", text) for key, text in errors.items() if key not in maker.keys]
    has_files = any(one.type == "file" for part in parts for one in part.questions)
    return FormView(form.title, form.intro, parts, tuple(found + loose), has_files)


def posted_values(form: Any, posted: MultiDict[str, str]) -> dict[str, Any]:
    """Return the texts of a posted form, {key: text, list of texts, or ``key-0-column``: text}.

    Fields that the form does not have are kept under their names, so that the engine refuses them.
    """
    lists = {one.key for one in form.fields if one.type in ("choices", "file")}
    values: dict[str, Any] = {}
    for name in posted:
        if name in OUTSIDE_FORM:
            continue
        values[name] = (
            [text for text in posted.getlist(name) if text] if name in lists else posted[name]
        )
    return values


def rows_wanted(do: str) -> tuple[str, str, int] | None:
    """Read the button of a table: ``add:documents`` or ``drop:documents:2``; None for other buttons."""
    parts = do.split(":")
    if parts[0] == "add" and len(parts) == 2:
        return "add", parts[1], 1
    if parts[0] == "drop" and len(parts) == 3 and parts[2].isdigit():
        return "drop", parts[1], int(parts[2])
    return None


def without_row(values: Mapping[str, Any], key: str, row: int) -> dict[str, Any]:
    """Return posted values without one row of a table; later rows move up."""
    kept: dict[str, Any] = {}
    for name, value in values.items():
        cell = _CELL.match(name)
        if cell is None or cell["key"] != key or int(cell["row"]) < row:
            kept[name] = value
        elif int(cell["row"]) > row:
            kept[f"{key}-{int(cell['row']) - 1}-{cell['column']}"] = value
    return kept


class _Maker:
    def __init__(
        self,
        answers: Mapping[str, Any],
        errors: Mapping[str, str],
        asked: Any,
        extra_rows: Mapping[str, int],
        chosen: Mapping[str, Sequence[str]],
    ) -> None:
        self._answers, self._errors, self._asked = answers, errors, asked
        self._extra, self._chosen = extra_rows, chosen
        self.keys: set[str] = set()

    def part(self, section: Any) -> Part:
        questions = tuple(self._question(one) for one in section.fields)
        on = section.visible_if is None or any(one.on for one in questions)
        return Part(section.title, section.basis, section.intro, questions, on)

    def _question(self, one: Any) -> Question:
        self.keys.add(one.key)
        value = self._answers.get(one.key)
        rows = self._rows(one) if one.type == "table" else ()
        return Question(
            key=one.key,
            name=one.key,
            id=f"f-{one.key}",
            type=one.type,
            label=one.label,
            required=one.required if self._asked is None else one.key in self._asked.required,
            may_be_required=one.required or one.required_if is not None,
            help=one.help,
            unit=one.unit,
            value=_text(value),
            choices=_choices(one, value, one.options),
            error=self._errors.get(one.key, ""),
            on=self._asked is None or one.key in self._asked.shown,
            depends=one.visible_if is not None,
            max_length=one.max_length,
            accept=",".join(f".{ending}" for ending in one.accept),
            max_mb=one.max_mb,
            several=one.type == "file",
            files=_files(value) if one.type == "file" else (),
            chosen=self._chosen.get(one.key, ()),
            columns=tuple(self._cell(one, column, 0, {}) for column in one.columns),
            rows=rows,
            rows_full=len(rows) >= one.max_rows,
            width=_width(one),
            of=one.of if one.type == "case" else (),
        )

    def _rows(self, table: Any) -> tuple[tuple[Question, ...], ...]:
        stored = self._answers.get(table.key)
        rows: dict[int, dict[str, Any]] = {}
        if isinstance(stored, Sequence) and not isinstance(stored, str):
            rows = {
                index: dict(row) for index, row in enumerate(stored) if isinstance(row, Mapping)
            }
        for name, value in self._answers.items():
            cell = _CELL.match(name)
            if cell is not None and cell["key"] == table.key:
                rows.setdefault(int(cell["row"]), {})[cell["column"]] = value
        filled = [rows[index] for index in sorted(rows)]
        least = max(table.min_rows, 1 if table.required else 0)
        empty = max(self._extra.get(table.key, 0), least - len(filled))
        filled += [{} for _ in range(max(empty, 0))]
        return tuple(
            tuple(self._cell(table, column, index, row) for column in table.columns)
            for index, row in enumerate(filled[: table.max_rows])
        )

    def _cell(self, table: Any, column: Any, index: int, row: Mapping[str, Any]) -> Question:
        name = f"{table.key}-{index}-{column.key}"
        self.keys.add(name)
        value = row.get(column.key)
        return Question(
            key=column.key,
            name=name,
            id=f"f-{name}",
            type="select" if column.type in ("choice", "yesno") else column.type,
            label=column.label,
            required=column.required,
            help=column.help,
            unit=column.unit,
            value=_text(value),
            choices=_choices(column, value, column.options),
            error=self._errors.get(name, ""),
            max_length=column.max_length,
            width="",
            of=column.of if column.type == "case" else (),
        )


def _sentences(one: Question) -> list[str]:
    cells = [cell.error for row in one.rows for cell in row if cell.error]
    return ([one.error] if one.error else []) + cells


def _choices(one: Any, value: Any, options: Sequence[Any]) -> tuple[Choice, ...]:
    if one.type == "yesno":
        text = _text(value)
        return (
            Choice("true", str(_("是")), "", "", text == "true"),
            Choice("false", str(_("否")), "", "", text == "false"),
        )
    chosen = {_text(each) for each in value} if isinstance(value, list) else {_text(value)}
    return tuple(
        Choice(each.value, each.label, each.help, each.basis, each.value in chosen)
        for each in options
    )


def _files(value: Any) -> tuple[Mapping[str, Any], ...]:
    if not isinstance(value, list):
        return ()
    named = [each if isinstance(each, Mapping) else {"id": each} for each in value]
    return tuple({"name": each["id"], **each} for each in named)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, list | dict):
        return ""
    return str(value)


def _width(one: Any) -> str:
    if one.type in ("integer", "number", "money"):
        return "w-xs num" if one.type == "integer" else "w-s num"
    if one.type == "date":
        return "w-s"
    if one.type == "case":
        return "w-m"
    if one.type == "text" and (one.check or (one.max_length or 200) <= 60):
        return "w-m"
    return ""
