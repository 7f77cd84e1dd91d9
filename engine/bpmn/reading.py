"""What is known while one file is read: expressions are compiled here, names remembered, findings made.

Knows no element but by its place; what each says is ``dialect``'s.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from engine import office_functions
from engine.bpmn import foreign, tags
from engine.bpmn.findings import Known, Report
from engine.bpmn.model import Expression, Value
from engine.feel import Expression as Compiled
from engine.feel import (
    FeelSyntaxError,
    compile_expression,
    counted_from_nothing,
    members_called,
    members_read,
)
from engine.feel.builtins import BUILT_INS
from engine.feel.nodes import Literal

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
    literal: bool = False  # jBPM's file: what an assignment hands in is a text, not an expression
    names: set[str] = field(default_factory=set)
    used: dict[str, list[tuple[str, int | None]]] = field(default_factory=dict)
    settings: dict[str, tuple[str, int | None]] = field(default_factory=dict)  # where first read

    def expression(
        self,
        text: str,
        element: etree._Element,
        what: str,
        inner: Mapping[str, str] | None = None,
    ) -> Expression | None:
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
        self._understood(compiled, source, element, what)
        for name in compiled.names - _BUILT_IN:
            self.names.add(name)
            self.used.setdefault(name, []).append((where, line(element)))
        for name, member in members_read(compiled.node):
            if name == "settings":
                self.settings.setdefault(member, (where, line(element)))
        shadowing = _shadowing(source)
        by_id = {**self.data, **(inner or {})}
        called = {n: by_id[n] for n in compiled.names if by_id.get(n, n) != n}
        if not (shadowing or called):
            return compiled
        self.names.update(shadowing, called.values())
        return _Reaching(compiled, compiled.names | shadowing | frozenset(called.values()), called)

    def _understood(
        self, compiled: Compiled, source: str, element: etree._Element, what: str
    ) -> None:
        """An error where a text is FEEL by its letters only, since another language was meant.

        It calls what neither FEEL nor the office has (``len(x)``, ``x.size()``), takes a word of that language for
        a variable (``None``), or counts from 0: each would give null, whatever the data.
        """
        where = owner_id(element)
        called = (compiled.calls - office_functions.NAMES) | members_called(compiled.node)
        for name in sorted(called):
            self.report.error(
                "unknown-function",
                where,
                line(element),
                f"“{where}”的{_WHAT.get(what, what)}“{source}”调用了函数“{name}”，FEEL 和本系统都没有这个函数",
                f"{where}: the {what} {source!r} calls {name!r}, a function that neither FEEL nor the office has",
            )
        constant = compiled.node.value if isinstance(compiled.node, Literal) else True
        if what in _YES_OR_NO and not isinstance(constant, bool):
            self.report.error(
                "expression",
                where,
                line(element),
                f"“{where}”的{_WHAT[what]}“{source}”永远不是“是”或“否”",
                f"{where}: the {what} {source!r} is neither true nor false, whatever the data",
            )
        wrong = [
            (word, meant)
            for word, meant in foreign.CONSTANTS.items()
            if word in compiled.certain and word not in self.data.values()
        ]
        if counted_from_nothing(compiled.node):
            wrong.append(("[0]", "[1]"))
        for said, meant in wrong:
            self.report.error(
                "expression",
                where,
                line(element),
                f"“{where}”的{_WHAT.get(what, what)}“{source}”里的“{said}”在 FEEL 中没有意义；请改写为“{meant}”",
                f"{where}: in the {what} {source!r} {said!r} means nothing in FEEL; write {meant!r}",
            )

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
        """Report a text that holds another engine's expression, alone or among other words.

        Where data or the called process would be another, it is an error.
        """
        if not foreign.holds_foreign(text):
            return
        where, offered = owner_id(element), foreign.in_feel(text) or "…"
        steers = what in _STEERS
        (self.report.error if steers else self.report.warning)(
            "expression" if steers else "foreign-expression",
            where,
            line(element),
            f"“{where}”的{_WHAT.get(what, what)}“{text}”是其他引擎的写法，不计算；请改写为“= {offered}”",
            f"{where}: the {what} {text!r} is another engine's expression and not evaluated; write '= {offered}'",
        )

    def fixed_name(self, name: str, element: etree._Element) -> str:
        """Return the name of a message or signal, or a code; one that would have to be computed is an error.

        Taken as it is written, nothing would ever answer to it.
        """
        if foreign.holds_foreign(name) or name.startswith("="):
            where = owner_id(element)
            self.report.error(
                "expression",
                where,
                line(element),
                f"“{where}”的消息、信号名称或代码“{name}”要现算，引擎不算名称，请写固定的名称",
                f"{where}: the name or code {name!r} of its event would have to be computed; write a fixed one",
            )
        return name

    def feel(
        self,
        text: str | None,
        element: etree._Element,
        what: str,
        inner: Mapping[str, str] | None = None,
    ) -> Value | None:
        """Read a text that is FEEL with or without ``=``; ``inner``: names of data of the activity by their ids."""
        if text is None or not text.strip():
            return None
        return Value(text.strip(), self.expression(text, element, what, inner))

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
class _Reaching:
    """An expression that also reads variables named like built-in functions, and data by their id in the drawing."""

    inner: Expression
    names: frozenset[str]
    called: Mapping[str, str]  # id -> the name under which the value stands

    def evaluate(
        self,
        names: Mapping[str, object],
        functions: Mapping[str, Callable[..., object]] | None = None,
    ) -> object:
        by_id = {key: names[name] for key, name in self.called.items() if name in names}
        return self.inner.evaluate({**by_id, **names}, functions)


_YES_OR_NO = frozenset(("condition", "completion condition", "activation condition"))
_STEERS = frozenset(("mapping", "called process", "decision", "correlation"))
_WHAT = {
    "called process": "被调用流程",
    "decision": "决策",
    "correlation": "消息对应",
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
    """Return the id of the node, flow or process that an element belongs to, else of the nearest that has one."""
    at: etree._Element | None = element
    nearest = None
    while at is not None and tags.local(at) != "definitions":
        name = tags.local(at)
        nearest = nearest or at.get("id")
        if at.get("id") and (
            name in tags.FLOW_NODES or name in ("sequenceFlow", "process", "lane")
        ):
            return str(at.get("id"))
        at = at.getparent()
    return str(nearest or tags.local(element))
