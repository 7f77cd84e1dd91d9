"""Forms: one set of rules for what a user task asks, whoever submits it.

A form is a YAML file of a procedure's ``forms/`` folder. The same object serves the page, the API and
the scenario files. Conditions are FEEL over the case's fields and the answers above them. Knows no HTML,
no database and no wall clock.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date
from decimal import Decimal
from typing import Protocol, cast

from engine.feel import Expression, to_json
from engine.forms.schema import (
    Field,
    FormInvalid,
    FormSchema,
    Option,
    Rule,
    Section,
    parse_schema,
    with_lists,
)
from engine.forms.values import (
    Json,
    Sentence,
    ValueRefused,
    check_identity,
    feel_value,
    read_value,
    rows_of,
)
from engine.office_functions import OTHER_CASE, Functions

__all__ = [
    "Field",
    "Form",
    "FormInvalid",
    "Json",
    "Option",
    "Rule",
    "Section",
    "Sentence",
    "Submission",
]


@dataclass(frozen=True)
class Submission:
    """What a submission came to: plain values, and a sentence for each field that is wrong.

    ``values`` holds an entry for every answered visible field, in the order of the page, and None for what
    the case knew by an earlier submission and is not answered now: a step that is done again must not leave
    old answers behind. ``errors`` is {field key, or ``key-row-column`` of a table cell, or "" for the whole
    form: sentence}.
    """

    values: dict[str, Json] = field(default_factory=dict)
    errors: dict[str, Sentence] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """No error was found."""
        return not self.errors


_UNFOLLOWED = frozenset({"given", "table", "file", "choices"})


class Condition(Protocol):
    """A compiled condition, of the form itself or of the diagram."""

    def evaluate(self, names: Mapping[str, object], functions: Functions) -> object: ...


@dataclass(frozen=True)
class Asked:
    """The keys of the fields that apply to the answers so far, and those that must be answered now."""

    shown: frozenset[str]
    required: frozenset[str]


@dataclass(frozen=True)
class Form(FormSchema):
    """A form that can judge a submission."""

    @classmethod
    def parse(
        cls, data: bytes, name: str, *, lists: Mapping[str, Sequence[Option]] | None = None
    ) -> Form:
        """Read a form file.

        Args:
            data: the bytes of the YAML file.
            name: what to call it in an error.
            lists: the office's own lists for ``options_from``: {list name: options}.

        Raises:
            FormInvalid: names file, line and field, in Chinese.
        """
        return cls._of(parse_schema(data, name)).with_lists(lists or {})

    @classmethod
    def _of(cls, schema: FormSchema) -> Form:
        return cls(**{one.name: getattr(schema, one.name) for one in fields(schema)})

    @classmethod
    def empty(cls, title: str) -> Form:
        """Return a form without questions, for a step that is only to be confirmed."""
        return cls._of(FormSchema("confirm", title, "", ()))

    def with_lists(self, lists: Mapping[str, Sequence[Option]]) -> Form:
        """Return the form with the options that the office's own lists give."""
        return Form._of(with_lists(self, {name: tuple(options) for name, options in lists.items()}))

    def validate(
        self,
        raw: Mapping[str, object],
        *,
        today: date,
        names: Mapping[str, object],
        functions: Functions | None = None,
    ) -> Submission:
        """Judge a submission.

        Args:
            raw: {field key: text, list of texts, or JSON value}; a table's cells as
                ``key-0-column`` or as a list of rows.
            today: legal day of the submission.
            names: what conditions see besides this form: the case's fields, ``case``, ``clock``.
            functions: what they may call, ``office_functions.functions_of`` that day; else only ``today()``.

        Returns:
            Values and errors. What is hidden or only shown is dropped, whatever was posted for it.
        """
        return _Judge(self, raw, today, names, functions).judge()

    def asked(
        self,
        *,
        today: date,
        names: Mapping[str, object],
        functions: Functions | None = None,
        values: Mapping[str, Json] | None = None,
    ) -> Asked:
        """Return what the form asks for the answers so far, as the page draws it first."""
        judge = _Judge(self, dict(values or {}), today, names, functions)
        judge.read_all()
        return Asked(frozenset(judge.visible), frozenset(judge.required))

    def first_true(
        self,
        conditions: Sequence[Condition],
        *,
        today: date,
        names: Mapping[str, object],
        functions: Functions | None = None,
        values: Mapping[str, Json],
    ) -> int | None:
        """Return the place of the first condition that holds for the answers so far, None where none does."""
        judge = _Judge(self, dict(values), today, names, functions)
        judge.read_all()
        holding = (at for at, one in enumerate(conditions) if judge.holds(one, default=False))
        return next(holding, None)

    def initial(
        self, *, today: date, names: Mapping[str, object], functions: Functions | None = None
    ) -> dict[str, Json]:
        """Return what the fields hold before anybody types: ``source``, else ``default``.

        ``given`` fields get what they show. A default of ``= today()`` is FEEL like any ``source``.
        """
        result: dict[str, Json] = {}
        # Chained, not copied: to copy is to read every name, and what is read of somebody is told to the trail.
        scope: MutableMapping[str, object] = ChainMap({}, cast("dict[str, object]", names))
        for one in self.fields:
            value = _prefilled(one, scope, _functions(today, functions))
            if value is not None:
                result[one.key] = value
                scope[one.key] = feel_value(one, value)
        return result

    def followed(
        self,
        *,
        today: date,
        names: Mapping[str, object],
        functions: Functions | None = None,
        values: Mapping[str, Json],
    ) -> dict[str, Json]:
        """Return what the case that was just named says to the other questions: {field key: value}.

        Those are the questions with one answer whose ``source`` reads ``other case`` of an answer in this form.
        """
        judge = _Judge(self, dict(values), today, names, functions)
        judge.read_all()
        found: dict[str, Json] = {}
        for one in self.fields:
            if one.source is None or OTHER_CASE not in one.source.calls or one.type in _UNFOLLOWED:
                continue
            if one.source.names & self.field_keys - {one.key}:
                value = judge.value_of(one.source)
                if value is not None:
                    found[one.key] = value
        return found

    def options(
        self, *, today: date, names: Mapping[str, object], functions: Functions | None = None
    ) -> dict[str, tuple[Option, ...]]:
        """Return {field key: options} of the fields whose options depend on the case or on who is in post.

        A table's column stands under ``table.column``.
        """
        known = _functions(today, functions)
        return {
            key: _offered(one, names, known)
            for key, one in self._with_columns()
            if _depends_on_case(one)
        }

    def _with_columns(self) -> Iterator[tuple[str, Field]]:
        for one in self.fields:
            yield one.key, one
            yield from ((f"{one.key}.{column.key}", column) for column in one.columns)

    def required_defaults(
        self,
        *,
        today: date | None = None,
        names: Mapping[str, object] | None = None,
        functions: Functions | None = None,
        given: Mapping[str, object] | None = None,
    ) -> dict[str, Json]:
        """Fill required fields with the first allowed value; scenarios use it (``complete_all``).

        Args:
            today: value of required dates; without it they are left out.
            names: what conditions see besides this form.
            given: answers that stand; only what is missing is filled.

        Returns:
            ``given`` and the filled fields.
        """
        return _Filler(self, today, dict(names or {}), functions).fill(dict(given or {}))

    def cases_named(self, values: Mapping[str, Json]) -> dict[str, list[str]]:
        """Return the numbers of other cases that answers name: {key of the field or the table: numbers}.

        A field that is not answered has an empty list.
        """
        named: dict[str, list[str]] = {}
        for one in self.fields:
            value = values.get(one.key)
            if one.type == "case":
                named[one.key] = [str(value)] if value else []
            elif columns := [column.key for column in one.columns if column.type == "case"]:
                rows = value if isinstance(value, list) else []
                cells = [row.get(key) for row in rows if isinstance(row, dict) for key in columns]
                named[one.key] = [str(cell) for cell in cells if cell]
        return named

    def feel_values(self, values: Mapping[str, Json]) -> dict[str, object]:
        """Return stored values as expressions see them: dates as dates, missing answers as null."""
        return {
            one.key: feel_value(one, values.get(one.key))
            for one in self.fields
            if one.type != "given"
        }


def _functions(today: date, functions: Functions | None) -> Functions:
    """Return what may be called: the office's functions, else only today's date; no other case where none is given."""
    known = {"today": lambda: today} if functions is None else functions
    return known if OTHER_CASE in known else {OTHER_CASE: lambda number: None, **known}


def _prefilled(one: Field, scope: Mapping[str, object], functions: Functions) -> Json:
    expression = one.source
    if expression is not None:
        value: Json = to_json(expression.evaluate(scope, functions))
        return value
    default = one.default
    if isinstance(default, str | int | float | bool):
        return default
    return list(default) if isinstance(default, list) else None


class _Judge:
    """One submission being judged, field by field in the order of the page."""

    def __init__(
        self,
        form: Form,
        raw: Mapping[str, object],
        today: date,
        names: Mapping[str, object],
        functions: Functions | None,
    ) -> None:
        self._form, self._raw, self._today, self._names = form, raw, today, names
        self._functions = _functions(today, functions)
        # Chained, not copied: a name such as ``clock`` is computed only where a condition reads it.
        own: dict[str, object] = {one.key: None for one in form.fields}
        self._scope: MutableMapping[str, object] = ChainMap(own, cast("dict[str, object]", names))
        self._values: dict[str, Json] = {}
        self._errors: dict[str, Sentence] = {}
        self.visible: set[str] = set()
        self.required: set[str] = set()

    def judge(self) -> Submission:
        self._refuse_unknown()
        self.read_all()
        self._apply_rules()
        self._clear()
        return Submission(self._values, self._errors)

    def read_all(self) -> None:
        for section in self._form.sections:
            open_section = self.holds(section.visible_if, default=True)
            for one in section.fields:
                if not open_section or not self.holds(one.visible_if, default=True):
                    continue
                self.visible.add(one.key)
                if one.type != "given":
                    if one.required or self.holds(one.required_if, default=False):
                        self.required.add(one.key)
                    self._read(one)

    def _clear(self) -> None:
        """What was answered when this form was submitted before and is not answered now is null."""
        for one in self._form.fields:
            if one.type == "given" or one.key in self._values or one.key in self._errors:
                continue
            if self._names.get(one.key) is not None:
                self._values[one.key] = None

    def _refuse_unknown(self) -> None:
        known = {one.key for one in self._form.fields}
        tables = {one.key for one in self._form.fields if one.type == "table"}
        for key in self._raw:
            if key in known:
                continue
            if key.split("-", 1)[0] in tables and key.count("-") >= 2:
                continue
            sentence = Sentence("本表没有“{key}”这一项，请从待办重新打开后再提交", key=key[:60])
            self._errors.setdefault("", sentence)

    def _read(self, one: Field) -> None:
        one = self._resolved(one)
        try:
            value: Json
            if one.type == "table":
                value = self._table(one)
            else:
                value = read_value(one, self._raw.get(one.key), self._today)
                value = self._identity(one, value)
        except ValueRefused as refused:
            self._errors[one.key] = refused.sentence
            return
        if value is None or value == []:
            if one.key in self.required:
                self._errors[one.key] = _missing(one)
            return
        self._values[one.key] = value
        self._scope[one.key] = feel_value(one, value)

    def _resolved(self, one: Field) -> Field:
        """Fill in what is computed from the case: options and bounds, of a table's columns too."""
        if one.columns:
            one = replace(one, columns=tuple(self._resolved(column) for column in one.columns))
        if _depends_on_case(one):
            one = replace(one, options=_offered(one, self._scope, self._functions))
        if one.min_feel is not None:
            one = replace(one, min=self._bound(one.min_feel))
        if one.max_feel is not None:
            one = replace(one, max=self._bound(one.max_feel))
        return one

    def _bound(self, expression: Expression) -> str | None:
        limit = to_json(expression.evaluate(self._scope, self._functions))
        return None if limit is None else str(limit)

    def _identity(self, one: Field, value: Json) -> Json:
        if one.check is None or not isinstance(value, str):
            return value
        if not self.holds(one.check_if, default=True):
            return value
        confirmed = bool(one.confirmed_by) and _ticked(self._raw.get(one.confirmed_by or ""))
        return check_identity(one, value, confirmed=confirmed)

    def _table(self, one: Field) -> Json:
        rows = rows_of(one, self._raw)
        result: list[Json] = []
        for index, row in rows.items():
            cells: dict[str, Json] = {}
            for column in one.columns:
                try:
                    value = read_value(column, row.get(column.key), self._today)
                    if column.check is not None and isinstance(value, str):
                        value = check_identity(column, value, confirmed=False)
                except ValueRefused as refused:
                    self._errors[f"{one.key}-{index}-{column.key}"] = refused.sentence
                    continue
                if value is None and column.required:
                    self._errors[f"{one.key}-{index}-{column.key}"] = _missing(column)
                elif value is not None:
                    cells[column.key] = value
            result.append(cells)
        if 0 < len(rows) < one.min_rows:
            raise ValueRefused(
                "{label}至少要有{limit}行，现为{rows}行，请补全",
                label=one.label,
                limit=one.min_rows,
                rows=len(rows),
            )
        return result

    def _apply_rules(self) -> None:
        rules = [(one.key, rule) for one in self._form.fields for rule in one.rules]
        for key, rule in [*rules, *self._form.rules]:
            if key not in self.visible or key in self._errors:
                continue
            # Null means that an answer is missing, which is told at that answer.
            if rule.check.evaluate(self._scope, self._functions) is False:
                self._errors[key] = Sentence("{message}", message=rule.message)

    def value_of(self, expression: Expression) -> Json:
        """Return what an expression gives for the answers read so far."""
        value: Json = to_json(expression.evaluate(self._scope, self._functions))
        return value

    def holds(self, condition: Condition | None, *, default: bool) -> bool:
        """Whether a condition holds for the answers read so far; ``default`` where there is none."""
        if condition is None:
            return default
        return condition.evaluate(self._scope, self._functions) is True


def _ticked(raw: object) -> bool:
    if isinstance(raw, list):
        raw = raw[-1] if raw else None
    return raw is True or str(raw).strip().lower() in ("true", "yes", "on", "1", "是")


def _missing(one: Field) -> Sentence:
    if one.type in ("choice", "choices", "yesno"):
        return Sentence("请选择{label}", label=one.label)
    if one.type == "file":
        return Sentence("请上传{label}", label=one.label)
    if one.type == "table":
        return Sentence("{label}请至少填写一行", label=one.label)
    return Sentence("请填写{label}", label=one.label)


def _depends_on_case(one: Field) -> bool:
    return one.options_feel is not None or any(each.visible_if for each in one.options)


def _offered(one: Field, scope: Mapping[str, object], functions: Functions) -> tuple[Option, ...]:
    """Return the options of a field that hold for these names."""
    if one.options_feel is not None:
        return _options(one.options_feel.evaluate(scope, functions))
    return tuple(
        each
        for each in one.options
        if each.visible_if is None or each.visible_if.evaluate(scope, functions) is True
    )


def _options(found: object) -> tuple[Option, ...]:
    """Read a FEEL list of texts or of {value, label} as options."""
    if not isinstance(found, list | tuple):
        return ()
    result: list[Option] = []
    for one in found:
        if isinstance(one, Mapping) and one.get("value") is not None:
            value = str(one["value"])
            result.append(Option(value, str(one.get("label") or value)))
        elif isinstance(one, str | int | Decimal):
            result.append(Option(str(one), str(one)))
    return tuple(result)


class _Filler:
    """Answers a form as shortly as it allows: only what must be answered, and the first choice."""

    def __init__(
        self,
        form: Form,
        today: date | None,
        names: Mapping[str, object],
        functions: Functions | None,
    ) -> None:
        self._form, self._today, self._names, self._functions = form, today, names, functions

    def fill(self, given: dict[str, Json] | dict[str, object]) -> dict[str, Json]:
        answers: dict[str, object] = dict(given)
        today = self._today or date(1970, 1, 1)
        for one in self._form.fields:
            if one.type == "given" or _posted(one, answers):
                continue
            judge = _Judge(self._form, answers, today, self._names, self._functions)
            judged = judge.judge()
            if one.key in judged.errors:
                value = self._first(judge._resolved(one))
                if value is not None:
                    answers[one.key] = value
        return answers  # type: ignore[return-value]  # what was given is JSON as the caller has it

    def _first(self, one: Field) -> Json:
        if isinstance(one.default, str | int | float | bool):
            return one.default
        if one.type in ("choice", "choices"):
            if not one.options:
                return None
            first = one.options[0].value
            return [first] if one.type == "choices" else first
        if one.type == "table":
            row = {each.key: self._first(each) for each in one.columns if each.required}
            if not row:
                row = {one.columns[0].key: self._first(one.columns[0])}
            return [dict(row) for _ in range(max(one.min_rows, 1))]
        if one.type == "date":
            return self._date(one)
        if one.type in ("integer", "number", "money"):
            return _number_from(one)
        if one.type == "file":
            ending = one.accept[0] if one.accept else "pdf"
            return [{"id": "sample", "name": f"sample.{ending}", "size": 1}]
        return True if one.type == "yesno" else _sample_text(one)

    def _date(self, one: Field) -> Json:
        if self._today is None:
            return None
        return max(self._today.isoformat(), one.min or "")


def _posted(one: Field, answers: Mapping[str, object]) -> bool:
    return one.key in answers or any(key.startswith(f"{one.key}-") for key in answers)


def _number_from(one: Field) -> Json:
    value = Decimal(1)
    if one.min is not None:
        value = max(value, Decimal(one.min))
    if one.max is not None:
        value = min(value, Decimal(one.max))
    return int(value) if value == value.to_integral_value() else float(value)


def _sample_text(one: Field) -> str:
    # The specimen numbers of GB 11643 and of python-stdnum: valid, and nobody's.
    samples = {
        "ric": "11010519491231002X",
        "uscc": "91110000600037341L",
        "phone": "13800000000",
        "email": "sample@example.org",
        "postcode": "100000",
    }
    return samples[one.check] if one.check else "示例"
