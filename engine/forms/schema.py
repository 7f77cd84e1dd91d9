"""What a form is: frozen values read from one YAML file of a procedure's ``forms/`` folder.

Reading only. How a submission is judged stands in ``engine.forms``; how one value is read in
``engine.forms.values``. Knows no HTML and no case.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final

from engine import office_functions
from engine.feel import Expression, FeelSyntaxError, compile_expression
from engine.words import listed, say
from engine.yaml_source import Entry, YamlRefused, load_yaml

CELL_TYPES: Final = (
    "text",
    "textarea",
    "date",
    "integer",
    "number",
    "money",
    "choice",
    "yesno",
    "unit",
    "person",
    "case",
)
TYPES: Final = (*CELL_TYPES, "choices", "units", "people", "file", "table", "given")
# Choices whose options the office's own data give: {type as written: type as it is judged and shown}.
OFFICE_CHOICES: Final = {
    "unit": "choice",
    "units": "choices",
    "person": "choice",
    "people": "choices",
}
CHECKS: Final = ("ric", "uscc", "phone", "email", "postcode")
MAX_FIELDS = 120
MAX_LENGTH = {"text": 200, "textarea": 4000}

_KEY = re.compile(r"^[a-z][a-z0-9_]{0,59}$")


class FormInvalid(YamlRefused):
    """A form file cannot be used; the sentence names file, line, field and what to do."""

    code = "form_invalid"


@dataclass(frozen=True)
class Option:
    """One answer of a choice: ``value`` is stored, ``label`` is read; offered only where ``visible_if`` holds."""

    value: str
    label: str
    help: str = ""
    basis: str = ""
    visible_if: Expression | None = None


@dataclass(frozen=True)
class Rule:
    """A condition over the answers that must not be false, and the sentence when it is."""

    check: Expression
    message: str


@dataclass(frozen=True)
class Field:
    """One question. Conditions are FEEL over the case's fields and this form's earlier answers."""

    key: str
    label: str
    type: str
    required: bool = False
    help: str = ""
    advice: str = ""
    unit: str = ""
    max_length: int | None = None
    min: str | None = None
    max: str | None = None
    past: bool = False
    pattern: str | None = None
    pattern_message: str = ""
    options: tuple[Option, ...] = ()
    options_from: str | None = None
    options_feel: Expression | None = None
    accept: tuple[str, ...] = ()
    max_mb: int = 50
    min_rows: int = 0
    max_rows: int = 50
    columns: tuple[Field, ...] = ()
    check: str | None = None
    check_if: Expression | None = None
    confirmed_by: str | None = None
    default: object = None
    source: Expression | None = None
    visible_if: Expression | None = None
    required_if: Expression | None = None
    rules: tuple[Rule, ...] = ()
    personal: bool = False
    anew: bool = False  # asked anew each time: an earlier answer of the same step is not shown
    min_feel: Expression | None = None
    is_person: bool = False  # the values are logins
    of: tuple[str, ...] = ()  # posts of which a person is chosen; procedures of which a case is
    max_feel: Expression | None = None


@dataclass(frozen=True)
class Section:
    """A heading with its legal basis and the questions below it."""

    title: str
    basis: str
    intro: str
    fields: tuple[Field, ...]
    visible_if: Expression | None = None


@dataclass(frozen=True)
class FormSchema:
    """A form as it was written; ``engine.forms.Form`` adds the judging."""

    key: str
    title: str
    intro: str
    sections: tuple[Section, ...]
    rules: tuple[tuple[str, Rule], ...] = ()
    file: str = ""
    names: frozenset[str] = field(default_factory=frozenset)

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        """All fields in the order of the page."""
        return tuple(one for section in self.sections for one in section.fields)

    @cached_property
    def field_keys(self) -> frozenset[str]:
        """Keys that a submission may hold: everything but what is only shown."""
        return frozenset(one.key for one in self.fields if one.type != "given")

    @property
    def lists(self) -> frozenset[str]:
        """Names of the office lists that the options come from (``units``, ``outcomes``...)."""
        every = [each for one in self.fields for each in (one, *one.columns)]
        return frozenset(each.options_from for each in every if each.options_from)


def parse_schema(data: bytes, name: str) -> FormSchema:
    """Read a form file.

    Raises:
        FormInvalid: names file, line and field.
    """
    try:
        return _Reader(name).form(load_yaml(data, name))
    except FormInvalid:
        raise
    except YamlRefused as error:
        raise FormInvalid(error.file, str(error), error.remark, error.line) from error


def with_lists(schema: FormSchema, lists: Mapping[str, tuple[Option, ...]]) -> FormSchema:
    """Return the schema with the options that the office's own lists give.

    Args:
        lists: {list name: options}; a name that is missing leaves its field without options.
    """

    def filled(one: Field) -> Field:
        if one.columns:
            one = replace(one, columns=tuple(filled(column) for column in one.columns))
        if one.options_from is None or one.options_from not in lists:
            return one
        return replace(one, options=lists[one.options_from])

    sections = tuple(
        replace(section, fields=tuple(filled(one) for one in section.fields))
        for section in schema.sections
    )
    return replace(schema, sections=sections)


class _Reader:
    """Reads one file; keeps the keys seen so far, because conditions may only look back."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._keys: list[str] = []
        self._later: list[tuple[Entry, frozenset[str], Expression]] = []
        self._names: set[str] = set()

    def form(self, value: object) -> FormSchema:
        entry = Entry(value, self._file, "表单", FormInvalid)
        key, title = entry.text("key"), entry.text("title")
        intro = entry.text("intro", "")
        if not _KEY.match(key):
            entry.refuse("bad key", say("“key”只能用小写字母、数字和下划线，以字母开头"))
        sections = tuple(self._section(one) for one in entry.entries("sections", say("表单的段")))
        rules = tuple(self._form_rule(one) for one in entry.entries("rules", say("表单的规则")))
        entry.done()
        if not sections:
            entry.refuse("no sections", say("表单没有段（sections），请至少写一段"))
        if len(self._keys) > MAX_FIELDS:
            entry.refuse(
                "too many fields", say("表单超过{count}个字段，请拆成几张", count=MAX_FIELDS)
            )
        self._look_back_only()
        own = frozenset(self._names) - set(self._keys)
        return FormSchema(key, title, intro, sections, rules, self._file, own)

    def _section(self, entry: Entry) -> Section:
        visible_if = self._condition(entry, "visible_if")
        fields = tuple(self._field(one) for one in entry.entries("fields", say("字段")))
        section = Section(
            entry.text("title", ""),
            entry.text("basis", ""),
            entry.text("intro", ""),
            fields,
            visible_if,
        )
        entry.done()
        return section

    def _field(self, entry: Entry) -> Field:
        key = entry.text("key")
        entry.where = say("字段“{key}”", key=key)
        if not _KEY.match(key):
            entry.refuse(
                "bad key",
                say("字段“{key}”的 key 只能用小写字母、数字和下划线，以字母开头", key=key),
            )
        if key in self._keys:
            entry.refuse("key twice", say("字段“{key}”出现了两次，请改名", key=key))
        result = self._plain_field(entry, key, TYPES)
        result = replace(
            result,
            visible_if=self._condition(entry, "visible_if"),
            required_if=self._condition(entry, "required_if"),
            check_if=self._condition(entry, "check_if"),
            source=self._expression(entry, "source"),
            rules=tuple(self._rule(one) for one in entry.entries("rules", say("规则"))),
            columns=self._columns(entry, result.type),
        )
        entry.done()
        self._keys.append(key)
        _fits_its_type(entry, result)
        return result

    def _columns(self, entry: Entry, kind: str) -> tuple[Field, ...]:
        columns: list[Field] = []
        for one in entry.entries("columns", say("列")):
            column = self._plain_field(one, one.text("key"), CELL_TYPES)
            one.done()
            if not _KEY.match(column.key) or column.key in [each.key for each in columns]:
                one.refuse(
                    "bad column key",
                    say("列“{key}”的 key 不合规则或者重复，请改名", key=column.key),
                )
            columns.append(column)
        if bool(columns) != (kind == "table"):
            entry.refuse(
                "columns", say("{where}：只有 table 字段有 columns，而且必须有", where=entry.where)
            )
        return tuple(columns)

    def _plain_field(self, entry: Entry, key: str, types: tuple[str, ...]) -> Field:
        kind = entry.text("type")
        if kind not in types:
            entry.refuse(
                f"type {kind}",
                say(
                    "{where}不认识类型“{kind}”；可用的有：{types}",
                    where=entry.where,
                    kind=kind,
                    types=listed(types),
                ),
            )
        check = entry.optional("check")
        if check is not None and check not in CHECKS:
            entry.refuse(
                f"check {check}",
                say(
                    "{where}不认识检查“{check}”，可用的有：{checks}",
                    where=entry.where,
                    check=check,
                    checks=listed(CHECKS),
                ),
            )
        if entry.flag("personal"):
            _may_be_personal(entry, kind)
        bounds = {name: self._bound(entry, name) for name in ("min", "max")}
        options_from = self._office_list(entry, kind) or entry.optional("options_from")
        from_feel = options_from is not None and options_from.startswith("=")
        return Field(
            key=key,
            label=entry.text("label"),
            type=OFFICE_CHOICES.get(kind, kind),
            required=entry.flag("required"),
            help=entry.text("help", ""),
            advice=entry.text("advice", ""),
            unit=entry.text("unit", ""),
            max_length=entry.integer("max_length") or MAX_LENGTH.get(kind),
            min=bounds["min"][0],
            max=bounds["max"][0],
            min_feel=bounds["min"][1],
            max_feel=bounds["max"][1],
            past=entry.flag("past"),
            pattern=self._pattern(entry),
            pattern_message=entry.text("pattern_message", ""),
            options=tuple(self._option(entry, one) for one in entry.items("options")),
            options_from=None if from_feel else options_from,
            options_feel=self._feel(entry, "options_from", options_from[1:])
            if from_feel and options_from
            else None,
            accept=tuple(one.lower().lstrip(".") for one in entry.texts("accept")),
            max_mb=entry.integer("max_mb") or 50,
            min_rows=entry.integer("min_rows") or 0,
            max_rows=entry.integer("max_rows") or 50,
            check=check,
            confirmed_by=entry.optional("confirmed_by"),
            default=entry.raw("default"),
            personal=entry.flag("personal"),
            anew=entry.flag("anew"),
            is_person=kind in ("person", "people"),
            of=entry.texts("of"),
        )

    def _office_list(self, entry: Entry, kind: str) -> str | None:
        """Where the options of a section or a person come from; None for other types."""
        if kind not in ("person", "people"):
            own = entry.optional("in") or entry.optional("on")
            if (entry.texts("of") and kind != "case") or own:
                entry.refuse(
                    "of",
                    say(
                        "{where}：person、people 字段可以写 of、in 和 on，case 字段可以写 of，其他的不能写",
                        where=entry.where,
                    ),
                )
            return "units" if kind in OFFICE_CHOICES else None
        roles = ", ".join(f'"{one}"' for one in entry.texts("of"))
        unit, day = ((entry.optional(one) or "").removeprefix("=").strip() for one in ("in", "on"))
        within = f", {unit}" if unit else ', ""' if day else ""
        return f"= office people([{roles}]{within}{f', {day}' if day else ''})"

    def _bound(self, entry: Entry, name: str) -> tuple[str | None, Expression | None]:
        text = entry.optional(name)
        if text is not None and text.startswith("="):
            return None, self._feel(entry, name, text[1:])
        return text, None

    def _pattern(self, entry: Entry) -> str | None:
        pattern = entry.optional("pattern")
        if pattern is None:
            return None
        # A nested repetition can take for ever on a hostile answer.
        if len(pattern) > 200 or re.search(r"[+*}]\)?[+*{]", pattern):
            entry.refuse(
                "pattern", say("{where}的 pattern 太复杂，请写得简单一些", where=entry.where)
            )
        try:
            re.compile(pattern)
        except re.error as error:
            entry.refuse(
                f"pattern: {error}",
                say("{where}的 pattern 不是正确的正则表达式", where=entry.where),
            )
        return pattern

    def _option(self, entry: Entry, value: object) -> Option:
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            return Option(str(value), str(value))
        one = Entry(value, self._file, say("{where}的选项", where=entry.where), FormInvalid)
        option = Option(
            one.text("value"),
            one.text("label"),
            one.text("help", ""),
            one.text("basis", ""),
            self._condition(one, "visible_if"),
        )
        one.done()
        return option

    def _rule(self, entry: Entry) -> Rule:
        rule = Rule(self._feel(entry, "check", entry.text("check")), entry.text("message"))
        entry.done()
        return rule

    def _form_rule(self, entry: Entry) -> tuple[str, Rule]:
        at = entry.text("at")
        if at not in self._keys:
            entry.refuse(f"at {at}", say("规则的 at 写的“{at}”不是本表单的字段", at=at))
        return at, self._rule(entry)

    def _condition(self, entry: Entry, key: str) -> Expression | None:
        expression = self._expression(entry, key)
        if expression is not None:
            self._later.append((entry, frozenset(self._keys), expression))
        return expression

    def _expression(self, entry: Entry, key: str) -> Expression | None:
        text = entry.optional(key)
        return None if text is None else self._feel(entry, key, text.removeprefix("="))

    def _feel(self, entry: Entry, key: str, text: str) -> Expression:
        try:
            expression = compile_expression(text.strip())
        except FeelSyntaxError as error:
            entry.refuse(
                f"{key}: {error}",
                say(
                    "{where}的 {key} 写得不对：{said}", where=entry.where, key=key, said=error.said
                ),
            )
        unknown = sorted(expression.calls - office_functions.FORM_NAMES)
        if unknown:
            entry.refuse(
                f"{key}: no function {unknown[0]!r}",
                say(
                    "{where}的 {key} 用到的函数“{unknown}”不存在，请核对名称",
                    where=entry.where,
                    key=key,
                    unknown=unknown[0],
                ),
            )
        self._names |= expression.names
        return expression

    def _look_back_only(self) -> None:
        """A condition on a later answer would depend on the order of judging: refuse it."""
        for entry, seen, expression in self._later:
            for name in sorted(expression.names & set(self._keys)):
                if name not in seen:
                    entry.refuse(
                        f"condition looks ahead to {name}",
                        say(
                            "{where}的条件用到了排在它后面的字段“{name}”，请把“{name}”移到前面",
                            where=entry.where,
                            name=name,
                        ),
                    )


def _may_be_personal(entry: Entry, kind: str) -> None:
    if kind == "case":
        entry.refuse(
            "personal case",
            say("{where}：案件编号不是个人信息，请去掉 personal", where=entry.where),
        )
    if kind == "table":
        entry.refuse(
            "personal table",
            say("{where}：表格不能整个写 personal，请写在有个人信息的列上", where=entry.where),
        )
    if kind in ("file", "given"):
        entry.refuse(
            f"personal {kind}",
            say("{where}：{kind} 字段不能写 personal", where=entry.where, kind=kind),
        )


def _fits_its_type(entry: Entry, one: Field) -> None:
    choice = one.type in ("choice", "choices")
    sources = bool(one.options) + bool(one.options_from) + bool(one.options_feel)
    if choice and sources != 1:
        entry.refuse(
            "options",
            say("{where}：请用 options 或 options_from 写明选项，只用一种", where=entry.where),
        )
    if not choice and sources:
        entry.refuse(
            "options", say("{where}：只有 choice 和 choices 字段有选项", where=entry.where)
        )
    if len({option.value for option in one.options}) != len(one.options):
        entry.refuse("options twice", say("{where}的选项有重复的 value，请改名", where=entry.where))
    if one.check is not None and one.type != "text":
        entry.refuse("check", say("{where}：只有 text 字段可以用 check", where=entry.where))
