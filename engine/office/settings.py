"""The office's settings: every question that the law leaves open, with its default and its source.

Read from ``processes/_office/settings.yaml``. What a setting does is said by whoever reads it: clocks in a
diagram, decision tables, screens. This module knows names, values and what a value may be.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from engine.errors import BadInput
from engine.lengths import LengthInvalid, parse_length
from engine.words import listed, say
from engine.yaml_source import Entry, YamlRefused

FILE = "settings.yaml"
Kind = Literal["choice", "integer", "length", "working_days", "time"]
KINDS: tuple[Kind, ...] = ("choice", "integer", "length", "working_days", "time")
Value = str | int

_NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")
_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


class SettingsInvalid(YamlRefused):
    """The settings file cannot be used."""

    code = "settings_invalid"


class SettingUnknown(BadInput):
    """No setting has this name."""

    code = "setting_unknown"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"no setting {name!r}", sentence=say("没有名为“{name}”的设置，请检查拼写", name=name)
        )
        self.name = name


class SettingRefused(BadInput):
    """The value is none that this setting can have."""

    code = "setting_refused"

    def __init__(self, setting: Setting, value: object) -> None:
        super().__init__(
            f"setting {setting.name}: {value!r} is not possible",
            sentence=say(
                "设置“{title}”（{setting}）不能是 {value}，应为{expected}",
                title=setting.title,
                setting=setting.name,
                value=repr(value),
                expected=setting.expected,
            ),
        )
        self.name, self.value = setting.name, value


@dataclass(frozen=True, slots=True)
class Setting:
    """One open question: its choices (``{value: Chinese title}``), default, value in force and source.

    ``question`` is its number among the open questions of the domain notes, 0 for one that is not among them.
    ``least``: the shortest that a length may be, in its own unit.
    """

    name: str
    title: str
    kind: Kind
    default: Value
    value: Value
    choices: Mapping[str, str]
    source: str
    note: str = ""
    question: int = 0
    least: int = 1

    @property
    def expected(self) -> str:
        """What a value may be, in words."""
        if self.kind == "choice":
            return (
                say("或").join(f" {key}（{title}）" for key, title in self.choices.items()).strip()
            )
        return {
            "integer": "大于零的整数",
            "length": say("时间长度，如 P15WD"),
            "working_days": say("若干个工作日，如 P10WD"),
            "time": "时刻，如 08:30",
        }[self.kind]

    def read(self, value: object) -> Value:
        """Return ``value`` as this setting holds it.

        Raises:
            SettingRefused: it cannot be this setting's value.
        """
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise SettingRefused(self, value)
        text = str(value).strip()
        if self.kind == "integer":
            if not re.fullmatch(r"[1-9]\d{0,5}", text, re.ASCII):
                raise SettingRefused(self, value)
            return int(text)
        if not self._allows(text):
            raise SettingRefused(self, value)
        return text

    def _allows(self, text: str) -> bool:
        if self.kind == "choice":
            return text in self.choices
        if self.kind == "time":
            return _TIME.fullmatch(text) is not None
        try:
            length = parse_length(text)
            if self.kind == "working_days" and length.unit != "working_day":
                return False
            return length.amount >= self.least
        except LengthInvalid:
            return False


class OfficeSettings(Mapping[str, Value]):
    """The settings in force, by name; iterating gives names in the order of the file."""

    def __init__(self, settings: Mapping[str, Setting]) -> None:
        self._settings = dict(settings)

    @classmethod
    def load(cls, folder: Path) -> OfficeSettings:
        """Read ``settings.yaml`` in the folder ``processes/_office``.

        Raises:
            SettingsInvalid: the file is missing or wrong; names the line.
        """
        path = folder / FILE
        try:
            data = path.read_bytes()
        except OSError as error:
            raise SettingsInvalid(
                str(path), "missing", say("文件不存在或者读不了，请补上")
            ) from error
        return cls.from_bytes(data)

    @classmethod
    def from_bytes(cls, data: bytes) -> OfficeSettings:
        """Read the bytes of a settings file."""
        top = Entry.top(data, FILE, "设置", SettingsInvalid)
        settings: dict[str, Setting] = {}
        for entry in top.entries("settings", "设置"):
            setting = _setting(entry)
            if setting.name in settings:
                entry.refuse(
                    f"{setting.name} twice",
                    say("设置“{setting}”写了两次，请删去一处", setting=setting.name),
                )
            settings[setting.name] = setting
        top.done()
        return cls(settings)

    def __getitem__(self, name: str) -> Value:
        return self._settings[name].value

    def __iter__(self) -> Iterator[str]:
        return iter(self._settings)

    def __len__(self) -> int:
        return len(self._settings)

    def setting(self, name: str) -> Setting:
        """Return the setting with all that is known about it.

        Raises:
            SettingUnknown: there is none.
        """
        if name not in self._settings:
            raise SettingUnknown(name)
        return self._settings[name]

    @property
    def all(self) -> tuple[Setting, ...]:
        """Every setting, in the order of the file."""
        return tuple(self._settings.values())

    def changed(self, values: Mapping[str, object]) -> OfficeSettings:
        """Return the settings with other values; what is not named stays.

        Raises:
            SettingUnknown, SettingRefused: nothing is changed then.
        """
        settings = dict(self._settings)
        for name, value in values.items():
            old = self.setting(name)
            settings[name] = replace(old, value=old.read(value))
        return OfficeSettings(settings)


def _setting(entry: Entry) -> Setting:
    name = entry.text("name")
    if not _NAME.fullmatch(name):
        entry.refuse(
            f"name {name}",
            say("{where}的名称“{name}”只能用小写字母、数字和下划线", where=entry.where, name=name),
        )
    choices = _choices(entry)
    kind = entry.text("type", "choice")
    if kind not in KINDS or (kind == "choice") != bool(choices):
        entry.refuse(
            f"type {kind}",
            say(
                "设置“{name}”要么列出 choices，要么写明 type：{kinds} 之一",
                name=name,
                kinds=listed(KINDS[1:]),
            ),
        )
    draft = Setting(
        name=name,
        title=entry.text("title"),
        kind=next(one for one in KINDS if one == kind),
        default="",
        value="",
        choices=choices,
        source=entry.text("source"),
        note=entry.text("note", ""),
        question=entry.integer("question") or 0,
        least=1 if (least := entry.integer("min")) is None else least,
    )
    default, value = entry.text("default"), entry.optional("value")
    entry.done()
    try:
        read = draft.read(default)
        held = draft.read(value) if value is not None else read
    except SettingRefused as error:
        entry.refuse(str(error), error.sentence)
    return replace(draft, default=read, value=held)


def _choices(entry: Entry) -> dict[str, str]:
    if "choices" not in entry:
        return {}
    below = entry.entry("choices", say("{where}的 choices", where=entry.where))
    return {key: below.text(key) for key in below}
