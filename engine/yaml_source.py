"""YAML as an office writes it: read safely, strictly, and with the line of every mistake.

No tags, no aliases (they can blow up), no key twice; only ``true`` and ``false`` are booleans, so that an
option called ``no`` or ``on`` stays a word, and a date stays text. Knows no form and no procedure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NoReturn, cast

import yaml

from engine.errors import BadInput
from engine.words import say

MAX_BYTES = 512 * 1024
MAX_DEPTH = 40


class YamlRefused(BadInput):
    """A YAML file of the institution is not usable; ``file`` and ``line`` say where, ``remark`` only what."""

    code = "yaml_refused"

    def __init__(self, file: str, message: str, sentence: str, line: int | None = None) -> None:
        where = say("{file}第{line}行", file=file, line=line) if line else file
        super().__init__(
            f"{file}:{line or '?'}: {message}",
            sentence=say("{where}：{sentence}", where=where, sentence=sentence),
        )
        self.file, self.line, self.remark = file, line, sentence


class YamlMap(dict[str, object]):
    """A mapping that remembers the line it began on."""

    line: int = 0


_BASE: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_BASE):  # type: ignore[valid-type, misc]  # libyaml's where it is there: ten times as fast
    """SafeLoader without duplicate keys and without YAML 1.1's surprising scalars."""


def _construct_mapping(loader: _Loader, node: yaml.MappingNode) -> Iterator[YamlMap]:
    result = YamlMap()
    result.line = node.start_mark.line + 1
    yield result
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=True)
        if isinstance(key, bool) or not isinstance(key, str | int):
            raise yaml.MarkedYAMLError(problem="key is no word", problem_mark=key_node.start_mark)
        if str(key) in result:
            raise yaml.MarkedYAMLError(problem=f"twice: {key}", problem_mark=key_node.start_mark)
        result[str(key)] = loader.construct_object(value_node, deep=True)


_Loader.yaml_implicit_resolvers = {
    first: [
        (tag, pattern)
        for tag, pattern in resolvers
        if tag
        not in (
            "tag:yaml.org,2002:bool",
            "tag:yaml.org,2002:timestamp",
            "tag:yaml.org,2002:int",
            "tag:yaml.org,2002:float",
        )
    ]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(true|false)$"), list("tf"))
# 0012 stays text: postcodes and numbers with leading zeros are words.
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:int", re.compile(r"^-?(0|[1-9][0-9]*)$"), list("-0123456789")
)
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"^-?(0|[1-9][0-9]*)\.[0-9]+$"), list("-0123456789")
)
_Loader.add_constructor("tag:yaml.org,2002:map", _construct_mapping)


def load_yaml(data: bytes, name: str) -> object:
    """Parse one document; mappings come back as ``YamlMap``, dates as text.

    Raises:
        YamlRefused: too large, not UTF-8, not YAML, with an alias, a tag or a key twice.
    """
    if len(data) > MAX_BYTES:
        raise YamlRefused(
            name,
            "too large",
            say("文件超过{size} KB，请检查是否放错了文件", size=MAX_BYTES // 1024),
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise YamlRefused(
            name, "not UTF-8", say("不是 UTF-8 编码，请另存为 UTF-8 后再用"), line
        ) from error
    loader = _Loader(text)
    try:
        _refuse_odd(text)
        return loader.get_single_data()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = mark.line + 1 if mark else None
        raise YamlRefused(name, str(error.problem), _sentence(str(error.problem)), where) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise YamlRefused(name, str(error), say("内容不是完整的 YAML，请检查缩进和冒号")) from error
    finally:
        loader.dispose()


def _refuse_odd(text: str) -> None:
    """Refuse aliases (they can blow up) and nesting that no office writes (it can exhaust the stack)."""
    depth = 0
    for event in yaml.parse(text, Loader=_BASE):
        if isinstance(event, yaml.events.AliasEvent):
            raise _odd("alias", event)
        if isinstance(event, yaml.events.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.events.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH:
            raise _odd("depth", event)


def _odd(problem: str, event: yaml.Event) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=problem, problem_mark=cast("yaml.Mark", event.start_mark))


def _sentence(problem: str) -> str:
    if problem == "alias":
        return say("不能使用引用（* 号），请把内容写全；以 * 开头的文字请加引号")
    if problem == "depth":
        return say("嵌套太深，请检查缩进和括号")
    if problem.startswith("twice: "):
        return say("“{problem}”写了两次，请删去一处", problem=problem[7:])
    if "could not determine a constructor" in problem:
        return say("不能使用标签（! 号），请删去；以 ! 开头的文字请加引号")
    return say("格式有错，请检查缩进、冒号和引号")


class Entry:
    """One mapping of a file, read key by key; ``done`` refuses what nobody asked for."""

    def __init__(
        self, value: object, file: str, where: str, error: type[YamlRefused] = YamlRefused
    ) -> None:
        self.file, self.where, self._error = file, where, error
        if not isinstance(value, YamlMap):
            self.line = None
            self.refuse("not a mapping", say("{where}应写成“名称: 内容”的形式", where=where))
        self._value, self.line, self._read = value, value.line, set[str]()

    @classmethod
    def top(cls, data: bytes, name: str, where: str, error: type[YamlRefused]) -> Entry:
        """Read a file whose whole content is one mapping; what is no YAML is refused as ``error`` too."""
        try:
            return cls(load_yaml(data, name), name, where, error)
        except error:
            raise
        except YamlRefused as refused:
            raise error(name, str(refused), refused.remark, refused.line) from refused

    def refuse(self, message: str, sentence: str) -> NoReturn:
        """Raise the file's error at this mapping's line."""
        raise self._error(self.file, f"{self.where}: {message}", sentence, self.line)

    def __contains__(self, key: str) -> bool:
        return key in self._value

    def __iter__(self) -> Iterator[str]:
        """Yield the keys as written, in order."""
        return iter(list(self._value))

    def raw(self, key: str) -> object:
        """Return the value as it stands, or None."""
        self._read.add(key)
        return self._value.get(key)

    def text(self, key: str, default: str | None = None) -> str:
        """Return a text; numbers count as the text that they were written as."""
        value = self.optional(key)
        if value is None and default is None:
            self.refuse(
                f"{key} missing", say("{where}缺少“{key}”，请补上", where=self.where, key=key)
            )
        return value if value is not None else str(default)

    def optional(self, key: str) -> str | None:
        """Return a text, or None where the key is missing or empty."""
        value = self.raw(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            self.refuse(
                f"{key} is no text", say("{where}的“{key}”应是一段文字", where=self.where, key=key)
            )
        return str(value).strip() or None

    def flag(self, key: str, default: bool = False) -> bool:
        """Return true or false."""
        value = self.raw(key)
        if value is None:
            return default
        if not isinstance(value, bool):
            self.refuse(
                f"{key} is no boolean",
                say("{where}的“{key}”只能是 true 或 false", where=self.where, key=key),
            )
        return value

    def integer(self, key: str) -> int | None:
        """Return a whole number, or None where it is missing."""
        value = self.raw(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int):
            self.refuse(
                f"{key} is no integer", say("{where}的“{key}”应是整数", where=self.where, key=key)
            )
        return value

    def items(self, key: str) -> list[object]:
        """Return a list; missing is empty."""
        value = self.raw(key)
        if value is None:
            return []
        if not isinstance(value, list):
            self.refuse(
                f"{key} is no list",
                say("{where}的“{key}”应是一个清单，每项前加“- ”", where=self.where, key=key),
            )
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts; missing is empty."""
        values = self.items(key)
        for value in values:
            if isinstance(value, bool) or not isinstance(value, str | int | float):
                self.refuse(
                    f"{key} holds no text",
                    say("{where}的“{key}”每项应是一段文字", where=self.where, key=key),
                )
        return tuple(str(value).strip() for value in values)

    def words(self, key: str) -> dict[str, str]:
        """Return a mapping of names to texts; missing is empty."""
        if key not in self:
            return {}
        below = self.entry(key, say("{where}的“{key}”", where=self.where, key=key))
        return {name: below.text(name) for name in below}

    def entry(self, key: str, where: str) -> Entry:
        """Return the mapping below a key."""
        return Entry(self.raw(key), self.file, where, self._error)

    def entries(self, key: str, where: str) -> list[Entry]:
        """Return the list of mappings below a key; missing is empty."""
        return [
            Entry(
                value,
                self.file,
                say("{where}第{number}项", where=where, number=number),
                self._error,
            )
            for number, value in enumerate(self.items(key), 1)
        ]

    def done(self) -> None:
        """Refuse keys that were not read: they would be ignored in silence."""
        unknown = [key for key in self._value if key not in self._read]
        if unknown:
            known = "、".join(sorted(self._read))
            self.refuse(
                f"unknown keys {unknown}",
                say(
                    "{where}不认识“{unknown}”，请检查拼写；可用的有：{known}",
                    where=self.where,
                    unknown=unknown[0],
                    known=known,
                ),
            )
