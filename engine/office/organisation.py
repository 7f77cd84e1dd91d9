"""The institution as data: roles, sections, numbering, letterhead, remedies and the ladder of warnings.

Reads the folder ``processes/_office``. People, accounts and who holds which post are in the database;
settings and calendars have their own readers. Every mistake is told with file, line and what to do.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TypeVar

from engine.forms.schema import Option
from engine.lengths import Length, LengthInvalid, parse_length
from engine.office.ladder import LadderStep, Quiet, read_quiet, read_step
from engine.words import say
from engine.yaml_source import Entry, YamlRefused

FILES = ("roles", "units", "numbering", "letterhead", "remedies", "ladder")
OPTIONAL = ("facts",)  # an office without it shows the facts' own names

_ID = re.compile(r"^[a-z][a-z0-9_]{0,59}$")
_BLANK = re.compile(r"\{([^{}:]+)(?::(0\d))?\}")

Read = TypeVar("Read")


class OfficeInvalid(YamlRefused):
    """A file of the institution's own data cannot be used."""

    code = "office_invalid"


@dataclass(frozen=True)
class Role:
    """A post that acts in procedures; ``per_unit`` means that each section has its own holder."""

    id: str
    title: str
    per_unit: bool = False
    administrator: bool = False
    note: str = ""
    group: str = ""  # its part in the leading group (领导小组), "" outside it


@dataclass(frozen=True)
class Unit:
    """A section (内设机构) and its division of work; ``line`` names the leader's post above it."""

    id: str
    title: str
    line: str = ""
    duties: tuple[str, ...] = ()
    disclosure_office: bool = False


@dataclass(frozen=True)
class Requirement:
    """What holders of these posts need, such as training: a fact recorded in a case within a time shows it.

    The fact names the people in its field ``people``, a list of logins.
    """

    id: str
    title: str
    roles: tuple[str, ...]
    events: tuple[str, ...]
    within: Length
    basis: str = ""


@dataclass(frozen=True)
class Series:
    """A series of numbers, gap-free per year; ``code`` is the 代字 of letters."""

    key: str
    title: str
    pattern: str
    code: str = ""

    def number(self, year: int, n: int, suffix: str = "") -> str:
        """Return the n-th number of a year, such as ``某城执公开〔2026〕第7号—公``.

        A pattern's dash before an empty suffix falls away.
        """
        pattern = self.pattern if suffix else re.sub(r"[-—－]*\{后缀\}", "", self.pattern)
        values = {"代字": self.code, "年": str(year), "后缀": suffix}

        def fill(blank: re.Match[str]) -> str:
            if blank[1] == "N":
                return f"{n:{blank[2] or ''}}"
            return values[blank[1]]

        return _BLANK.sub(fill, pattern)


@dataclass(frozen=True)
class Remedy:
    """A paragraph on remedies; its blanks are names of the letterhead."""

    key: str
    title: str
    text: str


@dataclass(frozen=True)
class Office:
    """Everything in ``processes/_office`` but settings and calendars."""

    roles: Mapping[str, Role]
    units: Mapping[str, Unit]
    series: Mapping[str, Series]
    letterhead: Mapping[str, str]
    remedies: Mapping[str, Remedy]
    online_remedy: str
    ladder: tuple[LadderStep, ...]
    other_ladder: tuple[LadderStep, ...]  # for limits that are not ours to keep
    task_ladder: tuple[LadderStep, ...]
    quiet: Quiet
    requirements: Mapping[str, Requirement] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)  # {kind of a case event: its words}

    @classmethod
    def load(cls, folder: Path) -> Office:
        """Read the folder ``processes/_office``.

        Raises:
            OfficeInvalid: a file is missing or wrong; names file and line.
        """
        files: dict[str, bytes] = {}
        for name in FILES:
            path = folder / f"{name}.yaml"
            try:
                files[path.name] = path.read_bytes()
            except OSError as error:
                raise OfficeInvalid(
                    str(path), "missing", say("文件不存在或者读不了，请补上")
                ) from error
        for path in (folder / f"{name}.yaml" for name in OPTIONAL):
            if path.is_file():
                files[path.name] = path.read_bytes()
        return cls.from_files(files)

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> Office:
        """Read {file name: bytes}; every file of ``FILES`` must be there."""
        given = (name for name in OPTIONAL if f"{name}.yaml" in files)
        entries = {name: _top(files, f"{name}.yaml") for name in (*FILES, *given)}
        roles = _keyed(entries["roles"], "roles", "岗位", _role)
        remedies, online = _remedies(entries["remedies"])
        office = cls(
            roles=roles,
            units=_keyed(entries["units"], "units", "科室", _unit),
            series=_mapped(entries["numbering"], "series", _series),
            letterhead=_letterhead(entries["letterhead"]),
            remedies=remedies,
            online_remedy=online,
            ladder=tuple(
                read_step(one, roles) for one in entries["ladder"].entries("steps", say("提醒阶梯"))
            ),
            other_ladder=tuple(
                read_step(one, roles)
                for one in entries["ladder"].entries("others", say("对方期限提醒"))
            ),
            task_ladder=tuple(
                read_step(one, roles) for one in entries["ladder"].entries("tasks", say("环节提醒"))
            ),
            quiet=read_quiet(entries["ladder"]),
            requirements=_requirements(entries["roles"], roles),
            facts=entries["facts"].words("facts") if "facts" in entries else {},
        )
        for entry in entries.values():
            entry.done()
        office._remedies_resolve(entries["remedies"])
        return office

    def role_ids(self) -> dict[str, str]:
        """Return {title: id}: how a lane's name is understood."""
        return {role.title: role.id for role in self.roles.values()}

    def unit_options(self) -> tuple[Option, ...]:
        """Return the sections as options of a form."""
        return tuple(Option(unit.id, unit.title) for unit in self.units.values())

    def suggest_units(self, text: str) -> list[str]:
        """Return ids of the sections whose duties occur in a text, most hits first."""
        hits = {unit.id: sum(duty in text for duty in unit.duties) for unit in self.units.values()}
        return sorted((key for key, count in hits.items() if count), key=lambda key: -hits[key])

    def number(self, series: str, year: int, n: int, suffix: str = "") -> str:
        """Return the n-th number of a series in a year.

        Raises:
            OfficeInvalid: no such series.
        """
        if series not in self.series:
            raise OfficeInvalid(
                "numbering.yaml",
                f"no series {series}",
                say("没有编号系列“{series}”，请在 series 下补上", series=series),
            )
        return self.series[series].number(year, n, suffix)

    def remedy_text(self, key: str, *, online: bool = False) -> str:
        """Return the paragraph on remedies, filled from the letterhead; "" for none.

        Args:
            key: of ``remedies.yaml``.
            online: the letter goes out by internet: name the channel for reconsideration too
                (行政复议法第二十二条第二款).
        """
        text = _fill(self.remedies[key].text, self.letterhead)
        if text and online:
            text += _fill(self.online_remedy, self.letterhead)
        return text

    def _remedies_resolve(self, entry: Entry) -> None:
        texts = [*(remedy.text for remedy in self.remedies.values()), self.online_remedy]
        for name in {blank[1] for text in texts for blank in _BLANK.finditer(text)}:
            if name not in self.letterhead:
                entry.refuse(
                    f"no {name}",
                    say("救济告知用到“{name}”，letterhead.yaml 里没有这一项", name=name),
                )


def in_words(day: date) -> str:
    """Return a date as letters write it (GB/T 9704): 2026年1月5日."""
    return f"{day.year}年{day.month}月{day.day}日"


def _top(files: Mapping[str, bytes], name: str) -> Entry:
    if name not in files:
        raise OfficeInvalid(name, "missing", say("文件不存在，请补上"))
    return Entry.top(files[name], name, name, OfficeInvalid)


def _keyed(entry: Entry, key: str, where: str, read: Callable[[Entry], Read]) -> dict[str, Read]:
    """Read a list of mappings with an ``id`` each, in order, no id twice."""
    result: dict[str, Read] = {}
    for one in entry.entries(key, where):
        name = one.text("id")
        if not _ID.match(name) or name in result:
            one.refuse(
                f"id {name}",
                say("{where}的 id“{name}”不合规则或者重复，请改正", where=one.where, name=name),
            )
        result[name] = read(one)
        one.done()
    if not result:
        entry.refuse(f"{key} empty", say("“{key}”下没有内容，请至少写一项", key=key))
    return result


def _mapped(entry: Entry, key: str, read: Callable[[str, Entry], Read]) -> dict[str, Read]:
    """Read a mapping of mappings."""
    below = entry.entry(key, key)
    result: dict[str, Read] = {}
    for name in below:
        one = below.entry(name, f"“{name}”")
        result[name] = read(name, one)
        one.done()
    return result


def _requirements(entry: Entry, roles: Mapping[str, Role]) -> dict[str, Requirement]:
    if not entry.items("requires"):
        return {}
    found = _keyed(entry, "requires", say("任职要求"), _requirement)
    for one in found.values():
        for role in one.roles:
            if role not in roles:
                entry.refuse(
                    f"requires {role}",
                    say("任职要求“{step}”写了岗位“{role}”，没有这个岗位", step=one.id, role=role),
                )
    return found


def _requirement(entry: Entry) -> Requirement:
    length = entry.text("within")
    try:
        within = parse_length(length)
    except LengthInvalid:
        entry.refuse(
            f"within {length}", say("{where}的 within 应写成 P12M 这样，请改正", where=entry.where)
        )
    return Requirement(
        entry.text("id"),
        entry.text("title"),
        entry.texts("roles"),
        entry.texts("events"),
        within,
        entry.text("basis", ""),
    )


def _role(entry: Entry) -> Role:
    return Role(
        entry.text("id"),
        entry.text("title"),
        entry.flag("per_unit"),
        entry.flag("administrator"),
        entry.text("note", ""),
        entry.text("group", ""),
    )


def _unit(entry: Entry) -> Unit:
    return Unit(
        entry.text("id"),
        entry.text("title"),
        entry.text("line", ""),
        entry.texts("duties"),
        entry.flag("disclosure_office"),
    )


def _series(key: str, entry: Entry) -> Series:
    series = Series(key, entry.text("title"), entry.text("pattern"), entry.text("code", ""))
    blanks = {blank[1] for blank in _BLANK.finditer(series.pattern)}
    if unknown := blanks - {"代字", "年", "N", "后缀"}:
        entry.refuse(
            "blanks",
            say(
                "{where}的 pattern 不认识“{{{unknown}}}”", where=entry.where, unknown=unknown.pop()
            ),
        )
    if not {"年", "N"} <= blanks:
        entry.refuse(
            "blanks",
            say(
                "{where}的 pattern 必须有 {year} 和 {n}，否则会重号",
                where=entry.where,
                year="{年}",
                n="{N}",
            ),
        )
    return series


def _letterhead(entry: Entry) -> dict[str, str]:
    return {key: entry.text(key, "") for key in entry}


def _remedies(entry: Entry) -> tuple[dict[str, Remedy], str]:
    def one(key: str, below: Entry) -> Remedy:
        return Remedy(key, below.text("title"), below.text("text", ""))

    return _mapped(entry, "remedies", one), entry.text("online", "")


def _fill(text: str, values: Mapping[str, str]) -> str:
    return _BLANK.sub(lambda blank: values.get(blank[1], blank[0]), text)
