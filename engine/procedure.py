"""A procedure: everything the office fixed about one kind of case, as one value.

Made from {relative path: bytes}, so that it is the same whether the folder lies on disk or in the database.
Says what the folder offers (forms, letters, outcomes, register columns) and what a diagram may refer to.
Does not read BPMN or DMN: the deployment check does.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from engine.feel import Expression, FeelSyntaxError, compile_expression
from engine.forms import Form, Json
from engine.forms.personal import Personal
from engine.forms.schema import Field, FormInvalid, Option
from engine.forms.values import feel_value
from engine.office import Office
from engine.words import listed, say
from engine.yaml_source import Entry, YamlRefused

FROM_CASE = "from_case"  # in a record: the number of the case that began this one
MAX_FILES = 400
MAX_FILE_BYTES = 8 * 1024 * 1024
MAX_FOLDER_BYTES = 64 * 1024 * 1024
ENDINGS = frozenset(("yaml", "bpmn", "dmn", "docx", "md", "json", "po"))

_PATH = re.compile(r"^[^/\\\x00-\x1f]+(/[^/\\\x00-\x1f]+){0,2}$")
_KEY = re.compile(r"^[a-z][a-z0-9_]{0,59}$")


class ProcedureInvalid(YamlRefused):
    """A procedure folder cannot be used; the sentence names file, line and what to do."""

    code = "procedure_invalid"


@dataclass(frozen=True)
class Start:
    """Who may start a case, and what the button says; ``alone``: also without a calling process."""

    roles: tuple[str, ...]
    label: str


@dataclass(frozen=True)
class Letter:
    """A kind of document: its Word template, series and suffix of its number, and extra fields.

    ``to`` is ``applicant``, ``third_party``, ``agency``, ``section`` or ``file``. ``series`` is "" for a
    document without a number of its own; ``remedy`` names a paragraph of ``remedies.yaml`` or is "".
    """

    key: str
    title: str
    template: str
    suffix: str = ""
    series: str = ""
    to: str = "applicant"
    remedy: str = ""
    fields: Mapping[str, Expression] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """One row of section 三 of the annual report: code, its group and wording, basis, letter and remedy."""

    code: str
    group: str
    row: str
    basis: str
    letter: str
    remedy: str

    @property
    def words(self) -> str:
        """The group and the row, as forms and registers say it."""
        apart = "" if self.group.endswith(("）", "：")) else "："
        return f"{self.group}{apart}{self.row}"


@dataclass(frozen=True)
class RegisterColumn:
    """One column of the register; ``personal`` is left out of exports to others."""

    key: str
    label: str
    value: Expression
    personal: bool = False


@dataclass(frozen=True)
class Renewal:
    """Who sees to a published text of rules when its diagram changes (``renews``).

    ``of`` names what holds the procedure's key in a case, ``written`` the answer of ``write_rules``, ``entry`` that
    of ``publish``; the waiting case gets ``message`` with ``values``, which see ``title``, ``number``, ``since`` of the new version and
    ``before``, the number of the published one.
    """

    of: str
    written: str
    entry: str
    message: str
    values: Mapping[str, Expression]


@dataclass(frozen=True)
class Procedure:
    """One kind of case. ``files`` is the whole content; ``main`` names its diagram.

    ``facts`` are the words of case events by kind: the office's, and this procedure's own.
    """

    key: str
    title: str
    noun: str
    owner: str
    basis: tuple[str, ...]
    start: Start | None
    numbering: str
    subject: Expression
    kind: Expression | None
    source: Expression | None
    register: tuple[RegisterColumn, ...]
    outcomes: Mapping[str, Outcome]
    letters: Mapping[str, Letter]
    letter_fields: Mapping[str, Expression]
    letter_wording: Expression | None
    renews: Renewal | None
    variables: frozenset[str]
    facts: Mapping[str, str]
    forms: Mapping[str, Form]
    files: Mapping[str, bytes]
    main: str

    @classmethod
    def from_files(cls, files: Mapping[str, bytes], office: Office | None = None) -> Procedure:
        """Read a procedure.

        Args:
            files: {relative path with /: bytes}, as ``read_folder`` gives it.
            office: checks roles, series and remedies against it, and fills the choices that come from
                its lists. Without it these checks are left out.

        Raises:
            ProcedureInvalid, FormInvalid: the first thing that is wrong.
        """
        return _Reader(files, office).read()

    @property
    def sources(self) -> dict[str, bytes]:
        """The diagrams and tables: {path: bytes} of .bpmn and .dmn, for check and compile."""
        return {path: data for path, data in self.files.items() if path.endswith((".bpmn", ".dmn"))}

    @property
    def scenarios(self) -> dict[str, bytes]:
        """The worked cases: {path: bytes}."""
        return {
            path: data
            for path, data in self.files.items()
            if path.startswith("scenarios/") and path.endswith(".yaml")
        }

    @cached_property
    def personal(self) -> Personal:
        """The answers that identify a person: masked on screen, sealed in the database."""
        return Personal.of(self.forms.values())

    @cached_property
    def case_fields(self) -> Mapping[str, str]:
        """Fields that name other cases: {key: label}, of all forms."""
        return {
            one.key: one.label
            for form in self.forms.values()
            for one in form.fields
            if one.type == "case" or any(column.type == "case" for column in one.columns)
        }

    @property
    def single_case_fields(self) -> frozenset[str]:
        """Those of them that hold one number, no table."""
        every = [one for form in self.forms.values() for one in form.fields]
        return frozenset(one.key for one in every if one.type == "case")

    def template(self, letter: str) -> bytes:
        """Return the Word template of a letter."""
        return self.files[self.letters[letter].template]

    def labels(
        self, values: Mapping[str, object], name_of: Callable[[str], object] = str
    ) -> dict[str, str]:
        """Return the words of answered choices: {field key: label}, several joined by 、.

        Args:
            name_of: gives the name of a person by the login.
        """
        words = {
            key: _label(words, values[key])
            for key, words in self._choices.items()
            if values.get(key) is not None
        }
        named = {key: _names(values[key], name_of) for key in self._people if values.get(key)}
        return {**words, **named}

    @cached_property
    def _people(self) -> frozenset[str]:
        """Keys of the answers that name people."""
        return frozenset(
            one.key for form in self.forms.values() for one in form.fields if one.is_person
        )

    @cached_property
    def _choices(self) -> Mapping[str, Mapping[str, str]]:
        """The words of each choice by its value, of all forms that ask for it; the later form's where two differ."""
        words: dict[str, dict[str, str]] = {}
        for form in self.forms.values():
            for one in form.fields:
                if one.type in ("choice", "choices"):
                    words.setdefault(one.key, {}).update((o.value, o.label) for o in one.options)
        return words

    def typed(self, values: Mapping[str, Json]) -> dict[str, object]:
        """Return stored case fields as expressions see them: dates as dates; unknown ones unchanged."""
        result: dict[str, object] = dict(values)
        for key, value in values.items():
            if key in self._field_of:
                result[key] = feel_value(self._field_of[key], value)
        return result

    @cached_property
    def _field_of(self) -> Mapping[str, Field]:
        """The field that says what kind of value a key holds; where several forms have it, the last one."""
        return {
            one.key: one
            for form in self.forms.values()
            for one in form.fields
            if one.type != "given"
        }

    def letter_title(
        self,
        letter: str,
        names: Mapping[str, object],
        functions: Mapping[str, Callable[..., object]],
    ) -> str:
        """Return the title of a letter as this office words it (``letter_wording``)."""
        chosen = self.letters[letter]
        return self._worded(chosen, chosen.title, names, functions)

    def _worded(
        self,
        letter: Letter,
        text: str,
        names: Mapping[str, object],
        functions: Mapping[str, Callable[..., object]],
    ) -> str:
        if self.letter_wording is None or not text:
            return text
        own = {
            "text": text,
            "letter": {"key": letter.key, "series": letter.series, "to": letter.to},
        }
        worded = self.letter_wording.evaluate({**names, **own}, functions)
        return worded if isinstance(worded, str) else text

    def letter_values(
        self,
        office: Office,
        letter: str,
        *,
        number: str,
        issued_on: object,
        names: Mapping[str, object],
        functions: Mapping[str, Callable[..., object]],
        online: bool = False,
    ) -> dict[str, object]:
        """Return what a letter's template may name: {Chinese name: value}.

        Args:
            number: the letter's number, "" where it has none.
            issued_on: date of the letter.
            names: the case's fields (typed), ``case``, ``clock``, and the arguments of the effect.
            online: it goes out by internet, so that the remedy names the internet channel too.

        Returns:
            The letterhead, the procedure's and the letter's fields; null ones are left out, so that a
            template that needs one is refused by name.
        """
        chosen = self.letters[letter]
        values: dict[str, object] = dict(office.letterhead)
        case = names.get("case")
        values["案件编号"] = case.get("number") if isinstance(case, Mapping) else None
        title = self.letter_title(letter, names, functions)
        values.update({"文号": number, "成文日期": issued_on, say("标题"): title})
        remedy = names.get("remedy") or chosen.remedy
        text = office.remedy_text(str(remedy), online=online) if remedy else ""
        values["救济"] = self._worded(chosen, text, names, functions) or None
        plain = {key: _plain(value) for key, value in names.items()}
        labels = self.labels(plain, functions.get("person name", str))
        callers = names.get("label")
        if isinstance(callers, Mapping):
            # A called procedure's letter also names what the forms of its caller asked.
            labels = {**callers, **labels}
        scope = {**names, "label": labels}
        for name, expression in {**self.letter_fields, **chosen.fields}.items():
            values[name] = expression.evaluate(scope, functions)
        return {name: value for name, value in values.items() if value is not None}


def read_folder(path: Path) -> dict[str, bytes]:
    """Read a procedure folder.

    Returns:
        {relative path with /: bytes}, sorted by path. Hidden files and Office's lock files (``~$``) are
        left out.

    Raises:
        ProcedureInvalid: no folder, a symbolic link, an ending that does not belong, or too much.
    """
    if not path.is_dir() or path.is_symlink():
        raise ProcedureInvalid(str(path), "no folder", say("不是流程文件夹，请检查路径"))
    result: dict[str, bytes] = {}
    total = 0
    for folder, folders, names in os.walk(path, followlinks=False):
        folders[:] = sorted(one for one in folders if not one.startswith((".", "__pycache__")))
        for name in sorted([*names, *folders]):
            file = Path(folder) / name
            relative = file.relative_to(path).as_posix()
            if name.startswith((".", "~$", ".~")):
                continue
            if file.is_symlink():
                raise ProcedureInvalid(relative, "symbolic link", say("是符号链接，请换成文件本身"))
            if name in folders:
                continue
            total += _size(file, relative)
            result[relative] = file.read_bytes()
            if len(result) > MAX_FILES or total > MAX_FOLDER_BYTES:
                raise ProcedureInvalid(
                    str(path.name), "too much", say("文件夹太大，请检查是否放错了文件")
                )
    return dict(sorted(result.items()))


def content_hash(files: Mapping[str, bytes], algorithm: str = "sha256") -> str:
    """Return the hash of a folder's whole content: paths and bytes, in the order of paths."""
    digest = hashlib.new(algorithm)
    for path, data in sorted(files.items()):
        name = path.encode()
        digest.update(len(name).to_bytes(4, "big") + name)
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()


def _size(file: Path, relative: str) -> int:
    ending = file.suffix.lstrip(".").lower()
    if ending not in ENDINGS:
        raise ProcedureInvalid(
            relative,
            f"ending {ending}",
            say("流程文件夹里不放这种文件，只放 {endings}", endings=listed(sorted(ENDINGS))),
        )
    size = file.stat().st_size
    if size > MAX_FILE_BYTES:
        raise ProcedureInvalid(
            relative,
            "too large",
            say("文件超过{size} MB，请检查是否放错了文件", size=MAX_FILE_BYTES // 1024 // 1024),
        )
    return size


def _label(words: Mapping[str, str], value: object) -> str:
    chosen = value if isinstance(value, list) else [value]
    return "、".join(words.get(str(one), str(one)) for one in chosen)


def _names(value: object, name_of: Callable[[str], object]) -> str:
    chosen = value if isinstance(value, list) else [value]
    return "、".join(str(name_of(str(one))) for one in chosen)


def _plain(value: object) -> object:
    return value if isinstance(value, str | list | int) else None


class _Reader:
    """Reads one folder's content and holds its parts against each other."""

    def __init__(self, files: Mapping[str, bytes], office: Office | None) -> None:
        self._files, self._office = files, office

    def read(self) -> Procedure:
        for path in self._files:
            if not _PATH.match(path) or ".." in path.split("/"):
                raise ProcedureInvalid(path, "bad path", say("文件名不合规则，请改名"))
        entry = self._top()
        forms = self._forms()
        key = entry.text("key")
        if not _KEY.match(key):
            entry.refuse("bad key", say("“key”只能用小写字母、数字和下划线，以字母开头"))
        letters = {one.key: one for one in map(self._letter, entry.entries("letters", "文书"))}
        procedure = Procedure(
            key=key,
            title=entry.text("title"),
            noun=entry.text("noun", "事项"),
            owner=self._role(entry, entry.text("owner")),
            basis=entry.texts("basis"),
            start=self._start(entry),
            numbering=self._series(entry, entry.text("numbering")),
            subject=self._feel(entry, "subject") or compile_expression('""'),
            kind=self._feel(entry, "kind"),
            source=self._feel(entry, "source"),
            register=tuple(map(self._column, entry.entries("register", "台账"))),
            outcomes={
                one.code: one
                for one in (
                    self._outcome(e, letters) for e in entry.entries("outcomes", "办理结果")
                )
            },
            letters=letters,
            letter_fields=self._expressions(entry, "letter_fields"),
            letter_wording=self._feel(entry, "letter_wording"),
            renews=self._renewal(entry),
            variables=frozenset(entry.texts("variables")),
            facts={**(self._office.facts if self._office else {}), **entry.words("facts")},
            forms=forms,
            files=dict(self._files),
            main=self._main(entry, key),
        )
        entry.done()
        return self._with_lists(entry, procedure)

    def _top(self) -> Entry:
        name = "procedure.yaml"
        if name not in self._files:
            raise ProcedureInvalid(name, "missing", say("文件夹里没有这个文件，请补上"))
        return Entry.top(self._files[name], name, name, ProcedureInvalid)

    def _main(self, entry: Entry, key: str) -> str:
        diagrams = [path for path in self._files if path.endswith(".bpmn")]
        name = f"{key}.bpmn"
        if name in diagrams:
            return name
        if len(diagrams) != 1:
            entry.refuse("no diagram", say("文件夹里没有流程图 {name}，请补上", name=name))
        return diagrams[0]

    def _forms(self) -> dict[str, Form]:
        result: dict[str, Form] = {}
        for path, data in self._files.items():
            if not path.startswith("forms/") or not path.endswith(".yaml"):
                continue
            form = Form.parse(data, path)
            if f"forms/{form.key}.yaml" != path:
                raise FormInvalid(
                    path, "key and file differ", say("key“{key}”应与文件名一致", key=form.key)
                )
            result[form.key] = form
        return result

    def _start(self, entry: Entry) -> Start | None:
        if "start" not in entry:
            return None
        one = entry.entry("start", "start")
        start = Start(
            tuple(self._role(one, role) for role in one.texts("roles")), one.text("label")
        )
        one.done()
        return start

    def _letter(self, entry: Entry) -> Letter:
        key = entry.text("key")
        template = f"letters/{entry.text('template', key)}.docx"
        letter = Letter(
            key,
            entry.text("title"),
            template,
            entry.text("suffix", ""),
            self._series(entry, entry.text("series", "")),
            entry.text("to", "applicant"),
            self._remedy(entry, entry.text("remedy", "")),
            self._expressions(entry, "fields"),
        )
        entry.done()
        if template not in self._files:
            entry.refuse(
                f"no {template}",
                say("文书“{key}”的模板 {template} 不存在，请补上", key=key, template=template),
            )
        return letter

    def _outcome(self, entry: Entry, letters: Mapping[str, Letter]) -> Outcome:
        outcome = Outcome(
            entry.text("code"),
            entry.text("group"),
            entry.text("row"),
            entry.text("basis", ""),
            entry.text("letter", ""),
            self._remedy(entry, entry.text("remedy", "")),
        )
        entry.done()
        if outcome.letter and outcome.letter not in letters:
            entry.refuse(
                f"letter {outcome.letter}",
                say(
                    "办理结果“{code}”的文书“{letter}”不在 letters 里，请补上或改正",
                    code=outcome.code,
                    letter=outcome.letter,
                ),
            )
        return outcome

    def _column(self, entry: Entry) -> RegisterColumn:
        column = RegisterColumn(
            entry.text("key"),
            entry.text("label"),
            self._compiled(entry, "value", entry.text("value")),
            entry.flag("personal"),
        )
        entry.done()
        return column

    def _renewal(self, entry: Entry) -> Renewal | None:
        if "renews" not in entry:
            return None
        below = entry.entry("renews", "renews")
        renewal = Renewal(
            of=below.text("of"),
            written=below.text("written"),
            entry=below.text("entry"),
            message=below.text("message"),
            values=self._expressions(below, "values"),
        )
        below.done()
        return renewal

    def _expressions(self, entry: Entry, key: str) -> dict[str, Expression]:
        if key not in entry:
            return {}
        below = entry.entry(key, key)
        return {name: self._compiled(below, name, below.text(name)) for name in below}

    def _feel(self, entry: Entry, key: str) -> Expression | None:
        text = entry.optional(key)
        return None if text is None else self._compiled(entry, key, text)

    def _compiled(self, entry: Entry, key: str, text: str) -> Expression:
        try:
            return compile_expression(text.removeprefix("=").strip())
        except FeelSyntaxError as error:
            entry.refuse(
                f"{key}: {error}", say("“{key}”的表达式写得不对：{said}", key=key, said=error.said)
            )

    def _role(self, entry: Entry, role: str) -> str:
        if self._office is not None and role not in self._office.roles:
            entry.refuse(f"role {role}", say("岗位“{role}”不在 roles.yaml 里，请改正", role=role))
        return role

    def _series(self, entry: Entry, series: str) -> str:
        if series and self._office is not None and series not in self._office.series:
            entry.refuse(
                f"series {series}",
                say("编号系列“{series}”不在 numbering.yaml 里，请改正", series=series),
            )
        return series

    def _remedy(self, entry: Entry, remedy: str) -> str:
        if remedy and self._office is not None and remedy not in self._office.remedies:
            entry.refuse(
                f"remedy {remedy}",
                say("救济告知“{remedy}”不在 remedies.yaml 里，请改正", remedy=remedy),
            )
        return remedy

    def _known_posts(self, form: Form) -> None:
        every = [each for one in form.fields for each in (one, *one.columns)]
        for one in every:
            for role in one.of if one.is_person else ():
                if self._office is not None and role not in self._office.roles:
                    raise FormInvalid(
                        form.file,
                        f"{one.key}: no role {role}",
                        say(
                            "字段“{key}”的 of 写了岗位“{role}”，roles.yaml 里没有，请核对",
                            key=one.key,
                            role=role,
                        ),
                    )

    def _with_lists(self, entry: Entry, procedure: Procedure) -> Procedure:
        lists: dict[str, tuple[Option, ...]] = {
            "outcomes": tuple(
                Option(one.code, one.words, basis=one.basis) for one in procedure.outcomes.values()
            )
        }
        if self._office is None:
            return procedure
        lists["units"] = self._office.unit_options()
        for form in procedure.forms.values():
            self._known_posts(form)
        forms: dict[str, Form] = {}
        for key, form in procedure.forms.items():
            if missing := sorted(form.lists - set(lists)):
                raise FormInvalid(
                    form.file,
                    f"lists {missing}",
                    say(
                        "没有“{missing}”这份名单，可用的有：{lists}",
                        missing=missing[0],
                        lists=listed(lists),
                    ),
                )
            forms[key] = form.with_lists(lists)
        return replace(procedure, forms=forms)
