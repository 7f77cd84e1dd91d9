"""What is known while one file is read: expressions are compiled here, names remembered, findings made.

Knows no element but by its place; what each says is ``dialect``'s.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from engine.bpmn import foreign, tags
from engine.bpmn.findings import Known, Report
from engine.bpmn.model import Expression, Value
from engine.feel import FeelSyntaxError, compile_expression, members_read
from engine.feel.builtins import BUILT_INS

_BUILT_IN = frozenset(("case", "clock"))


@dataclass(slots=True)
class Reading:
    """What is known while one file is read: names behind references, findings, names that route."""

    report: Report
    known: Known
    messages: dict[str, str] = field(default_factory=dict)
    signals: dict[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    escalations: dict[str, str] = field(default_factory=dict)
    coded: set[str] = field(default_factory=set)  # errors and escalations that have a code
    data: dict[str, str] = field(default_factory=dict)
    data_ids: dict[str, str] = field(default_factory=dict)  # name of a data object -> its id
    subscriptions: dict[str, str] = field(
        default_factory=dict
    )  # message id -> Zeebe's correlation key
    names: set[str] = field(default_factory=set)
    used: dict[str, list[tuple[str, int | None]]] = field(default_factory=dict)
    settings: dict[str, tuple[str, int | None]] = field(default_factory=dict)  # where first read

    def expression(self, text: str, element: etree._Element, what: str) -> Expression | None:
        """Compile FEEL; a text that does not compile is an error on the nearest element with an id."""
        where = owner_id(element)
        source = text.strip()
        source = source[1:] if source.startswith("=") else source
        try:
            compiled = compile_expression(source)
        except FeelSyntaxError as error:
            zh, offered = getattr(error, "message_zh", str(error)), foreign.in_feel(source)
            self.report.error(
                "expression",
                where,
                line(element),
                f"“{where}”的{_WHAT.get(what, what)}“{source}”不是有效的 FEEL 表达式：{zh}"
                + (f"；请改写为“{offered}”" if offered else ""),
                f"{where}: the {what} {source!r} is not valid FEEL: {error}"
                + (f"; write {offered!r}" if offered else ""),
            )
            return None
        for name in compiled.names - _BUILT_IN:
            self.names.add(name)
            self.used.setdefault(name, []).append((where, line(element)))
        for name, member in members_read(compiled.node):
            if name == "settings":
                self.settings.setdefault(member, (where, line(element)))
        shadowing = _shadowing(source)
        if not shadowing:
            return compiled
        self.names |= shadowing
        return _Shadowing(compiled, compiled.names | shadowing)

    def value(self, text: str | None, element: etree._Element, what: str) -> Value | None:
        """Read an attribute: FEEL after ``=``, else a constant. ``${...}`` is kept and reported."""
        if text is None or not text.strip():
            return None
        stripped = text.strip()
        if stripped.startswith("="):
            return Value(stripped, self.expression(stripped, element, what))
        self.foreign(stripped, element, what)
        return Value(stripped)

    def foreign(self, text: str, element: etree._Element, what: str) -> None:
        """Report a text that holds another engine's expression, alone or among other words."""
        if not foreign.holds_foreign(text):
            return
        where, offered = owner_id(element), foreign.in_feel(text) or "…"
        self.report.warning(
            "foreign-expression",
            where,
            line(element),
            f"“{where}”的{_WHAT.get(what, what)}“{text}”是其他引擎的写法，原样保留、不计算；请改写为“= {offered}”",
            f"{where}: the {what} {text!r} is another engine's expression; kept, not evaluated",
        )

    def fixed_name(self, name: str, element: etree._Element) -> str:
        """Return the name of a message or signal that is used here; one that would have to be computed is an error.

        Taken as it is written, nothing would ever answer to it.
        """
        if foreign.holds_foreign(name) or name.startswith("="):
            where = owner_id(element)
            self.report.error(
                "expression",
                where,
                line(element),
                f"“{where}”的消息或信号名称“{name}”要现算，引擎不算名称，请写固定的名称",
                f"{where}: the name {name!r} of its message or signal would have to be computed; write a fixed name",
            )
        return name

    def feel(self, text: str | None, element: etree._Element, what: str) -> Value | None:
        """Read a text that is FEEL with or without ``=``."""
        if text is None or not text.strip():
            return None
        return Value(text.strip(), self.expression(text, element, what))

    def candidates(self, reference: str, name: str) -> tuple[str, ...]:
        """Return the names under which a value may stand: the variable's, the data object's id, the reference."""
        return tuple(dict.fromkeys((name, self.data_ids.get(name, name), reference)))

    def variable(self, reference: str) -> str:
        """Return the variable behind a reference to data: a data object's name, else its id."""
        return self.data.get(reference, reference)


def _shadowing(text: str) -> frozenset[str]:
    """Return names of built-in functions that stand in a text as variables (``count > 3``)."""
    words = {w for w in re.findall(r"[^\W\d]\w*(?!\w|\s*\()", text) if w in BUILT_INS}
    return frozenset(words)


@dataclass(frozen=True, slots=True)
class _Shadowing:
    """An expression that also reads variables named like built-in functions."""

    inner: Expression
    names: frozenset[str]

    def evaluate(
        self,
        names: Mapping[str, object],
        functions: Mapping[str, Callable[..., object]] | None = None,
    ) -> object:
        return self.inner.evaluate(names, functions)


_WHAT = {
    "condition": "条件",
    "script": "脚本",
    "timer": "定时",
    "assignee": "办理人",
    "groups": "候选岗位",
    "collection": "集合",
    "cardinality": "份数",
    "completion condition": "完成条件",
    "activation condition": "激活条件",
    "due date": "办理期限",
    "unit": "科室",
    "argument": "参数",
    "mapping": "数据传递",
    "date": "日期",
    "name": "名称",
}


def line(element: etree._Element) -> int | None:
    """Return the line of an element in its file."""
    at: Any = element.sourceline
    return at if isinstance(at, int) else None


def owner_id(element: etree._Element) -> str:
    """Return the id of the node, flow or process that an element belongs to."""
    at: etree._Element | None = element
    while at is not None:
        name = tags.local(at)
        if at.get("id") and (
            name in tags.FLOW_NODES or name in ("sequenceFlow", "process", "lane")
        ):
            return str(at.get("id"))
        at = at.getparent()
    return element.get("id") or tags.local(element)
