"""The deployment check of events: what each may be, where it may stand, and what it waits for."""

from __future__ import annotations

import re

from lxml import etree

from engine.bpmn import tags
from engine.bpmn.check_extensions import course_of
from engine.bpmn.check_ties import TieChecker
from engine.bpmn.findings import Report
from engine.feel import FeelSyntaxError, compile_expression

_DEFINITIONS = {
    "startEvent": frozenset(("message", "timer", "conditional", "signal")),
    "handler": frozenset(
        ("message", "timer", "conditional", "signal", "error", "escalation", "compensate")
    ),
    "intermediateCatchEvent": frozenset(("message", "timer", "conditional", "signal", "link")),
    "intermediateThrowEvent": frozenset(("message", "signal", "escalation", "compensate", "link")),
    "endEvent": frozenset(
        ("message", "signal", "escalation", "compensate", "error", "cancel", "terminate")
    ),
    "boundaryEvent": frozenset(
        ("message", "timer", "conditional", "signal", "error", "escalation", "cancel", "compensate")
    ),
}


_NO_DATA = ("process", "participant", "lane", "sequenceFlow", "messageFlow", "itemDefinition")
_WORD = re.compile(r"\w+")
_SENTENCE = re.compile(r"\w+([ -]+\w+)+[.?!]?")
_OF_FEEL = re.compile(
    r"\b(if|then|else|for|return|some|every|satisfies|in|and|or|not|between|instance|true|false|null)\b"
)


class EventChecker(TieChecker):
    """Checks the events of one file."""

    def __init__(self, root: etree._Element, report: Report) -> None:
        super().__init__(root, report)
        self.declared: dict[str, set[str]] = {
            kind: {str(e.get("id")) for e in root.iter(tags.tag(kind))}
            for kind in ("message", "signal", "error", "escalation")
        }
        self.no_data = {
            str(e.get("id"))
            for e in root.iter(*(tags.tag(kind) for kind in (*tags.FLOW_NODES, *_NO_DATA)))
        }
        self.changed = {
            str(e.get("id")): said
            for e in root.iter(*(tags.tag(kind) for kind in self.declared))
            if (said := _changed_course(e))
        }

    def event(
        self, node: etree._Element, holder: etree._Element, nodes: dict[str, etree._Element]
    ) -> None:
        kind = tags.local(node)
        found = tags.events_of(node)
        kinds = [tags.local(e).removesuffix("EventDefinition") for e in found]
        at_handler = holder.get("triggeredByEvent") == "true"
        allowed = _DEFINITIONS["handler" if kind == "startEvent" and at_handler else kind]
        for name in kinds:
            if name not in allowed:
                self.error(
                    "event-definition",
                    node,
                    f"在这里不能用 {name} 事件",
                    f"a {name} event is not allowed here",
                )
        if not kinds and (
            kind in ("intermediateCatchEvent", "boundaryEvent")
            or (kind == "startEvent" and at_handler)
        ):
            self.error("event-empty", node, "没有说明等待什么", "has no event definition")
        if tags.child(node, "eventDefinitionRef") is not None:
            self.error(
                "reference",
                node,
                "引用的事件定义不存在",
                "refers to an event definition that does not exist",
            )
        if len(kinds) > 1 and "link" in kinds:
            self.error(
                "event-definition",
                node,
                "链接事件不能与其他定义并用",
                "a link cannot stand with other definitions",
            )
        in_process = tags.local(holder) == "process"
        if kind == "startEvent" and kinds and not at_handler and not in_process:
            self.error(
                "start-event",
                node,
                "在普通子流程里，只能是空开始事件",
                "a subprocess begins with a plain start event",
            )
        if kind == "boundaryEvent":
            self.boundary(node, nodes, kinds)
        around = (holder, *holder.iterancestors())
        in_transaction = any(tags.local(one) == "transaction" for one in around)
        if "cancel" in kinds and kind == "endEvent" and not in_transaction:
            self.error(
                "cancel-outside-transaction",
                node,
                "是取消结束事件，只能放在事务里",
                "a cancel end event needs a transaction",
            )
        for element in found:
            self.definition(node, element)
        if kind == "startEvent" and in_process:
            self.alone(node, found)
        if kind == "startEvent" and at_handler and node.get("isInterrupting") == "false":
            self.interrupting(node, kinds, "error")

    def alone(self, node: etree._Element, found: list[etree._Element]) -> None:
        """A start event of a process has no case yet: no clock runs, and there are no data to look at."""
        at = [tags.extension(one, tags.GK, "at") is not None for one in (node, *found)]
        if any(at):
            self.error(
                "timer",
                node,
                "是流程的开始，还没有案件，不能用时限定时",
                "at the start of a process there is no case whose clock could be asked",
            )
        if any(tags.local(one) == "conditionalEventDefinition" for one in found):
            self.warning(
                "conditional-start",
                node,
                "是条件开始事件，还没有案件，没有数据可看，不会自己开始，只能由人登记",
                "begins on a condition, but before a case there are no data: only a person can start it",
            )

    def boundary(
        self, node: etree._Element, nodes: dict[str, etree._Element], kinds: list[str]
    ) -> None:
        host = nodes.get(node.get("attachedToRef") or "")
        if host is None or tags.local(host) not in tags.ACTIVITIES:
            self.error(
                "boundary-host",
                node,
                "没有附着在同一层的活动上",
                "is attached to no activity of the same level",
            )
            return
        if host.get("triggeredByEvent") == "true":
            self.error(
                "boundary-host",
                node,
                "不能附着在事件子流程上",
                "is attached to an event subprocess",
            )
        if "cancel" in kinds and tags.local(host) != "transaction":
            self.error(
                "cancel-outside-transaction",
                node,
                "是取消边界事件，只能附着在事务上",
                "a cancel boundary event needs a transaction",
            )
        if node.get("cancelActivity") == "false":
            self.interrupting(node, kinds, "error", "cancel")

    def interrupting(self, node: etree._Element, kinds: list[str], *always: str) -> None:
        if not set(kinds).isdisjoint(always):
            self.warning(
                "always-interrupting",
                node,
                "标为不中断，但错误和取消事件总是中断",
                "error and cancel events always interrupt",
            )

    def definition(self, node: etree._Element, element: etree._Element) -> None:
        kind = tags.local(element).removesuffix("EventDefinition")
        self.extensions(element, node)
        if kind in ("message", "signal", "error", "escalation"):
            self.reference(node, element, kind)
        condition = tags.child(element, "condition")
        if told_in_words(condition):
            self.in_words(node)
        if kind == "conditional" and not tags.text(condition):
            self.error(
                "event-empty",
                node,
                "是条件事件，但没有条件",
                "a conditional event without a condition",
            )
        if kind == "conditional":
            self.looked_at(node, element)
        if kind == "timer":
            given = [
                c
                for c in tags.children(element, "timeDate", "timeDuration", "timeCycle")
                if tags.text(c)
            ]
            at = tags.extension(node, tags.GK, "at")
            at = at if at is not None else tags.extension(element, tags.GK, "at")
            if len(given) + (at is not None) > 1:
                self.error(
                    "timer", node, "的时间写了不止一种", "says its time in more than one way"
                )
            elif at is not None and not at.get("clock"):
                self.error("timer", node, "的 gk:at 没有指明时限", "gk:at names no clock")

    def in_words(self, owner: etree._Element) -> None:
        """A condition that is a sentence says nothing to a machine."""
        self.error(
            "expression",
            owner,
            "的条件只写成了文字，引擎算不出来，请改写为 FEEL",
            "its condition is told in words only, which nothing can evaluate; write it in FEEL",
        )

    def looked_at(self, node: etree._Element, element: etree._Element) -> None:
        """A condition is looked at whenever what it reads was written; another tool may say: at some of this only."""
        variable = tags.vendor(element, "variableName")
        if variable is not None and _names(tags.text(tags.child(element, "condition"))) - {
            variable
        }:
            self.other_course(node, "variableName")
        events = tags.vendor(element, "variableEvents")
        if events is not None and not {"create", "update"} <= set(_WORD.findall(events)):
            self.other_course(node, "variableEvents")

    def reference(self, node: etree._Element, element: etree._Element, kind: str) -> None:
        reference = element.get(f"{kind}Ref")
        if not reference:
            if kind in ("message", "signal"):
                self.warning(
                    "unnamed-event",
                    node,
                    f"没有指明{'消息' if kind == 'message' else '信号'}，按元素编号等待",
                    f"names no {kind}; it goes by the element's id",
                )
        elif reference not in self.declared[kind]:
            self.error(
                "reference",
                node,
                f"引用的“{reference}”不存在",
                f"refers to a {kind} {reference!r} that does not exist",
            )
        elif reference in self.changed:
            self.other_course(node, self.changed[reference])

    def beginnings(self, nodes: dict[str, etree._Element]) -> None:
        """Each start event begins an instance of its own (10.5.2): of two plain ones nobody says which is meant."""
        plain = [
            n for n in nodes.values() if tags.local(n) == "startEvent" and not tags.events_of(n)
        ]
        for node in plain[1:]:
            self.error(
                "start-event",
                node,
                f"与“{plain[0].get('id')}”都是空开始事件，从哪一个开始不清楚，请只留一个",
                f"{plain[0].get('id')} is a plain start event too; which of them begins is not said, keep one",
            )

    def handler(self, holder: etree._Element, nodes: dict[str, etree._Element]) -> None:
        starts = [n for n in nodes.values() if tags.local(n) == "startEvent"]
        if len(starts) != 1:
            self.error(
                "event-subprocess-start",
                holder,
                "是事件子流程，必须恰有一个开始事件",
                "an event subprocess needs exactly one start event",
            )
        for attribute in tags.REPEATED:
            if tags.child(holder, attribute) is not None:
                self.error(
                    "event-subprocess-loop",
                    holder,
                    "是事件子流程，不能循环",
                    "an event subprocess cannot be repeated",
                )


def told_in_words(expression: etree._Element | None) -> bool:
    """Whether an expression holds a sentence, which names no data of the drawing.

    One that is not formal (10.3.3) may be any words; in a formal one words may be a variable, unless they ask.
    """
    if expression is None:
        return False
    text = tags.text(expression)
    if expression.get(f"{{{tags.XSI}}}type") and not text.endswith(("?", "!", ".")):
        return False
    names = {
        str(one.get("name"))
        for one in expression.getroottree().iter(
            *(tags.tag(kind) for kind in ("dataObject", "dataObjectReference", "property"))
        )
    }
    return bool(_SENTENCE.fullmatch(text)) and not _OF_FEEL.search(text) and text not in names


def _changed_course(element: etree._Element) -> str | None:
    """Return the extension by which a message, signal, error or escalation goes another way, None without one."""
    if tags.vendor(element, "scope") == "processInstance":
        return "scope"
    holder = element.find(tags.tag("extensionElements"))
    said = (course_of(element, one) for one in (() if holder is None else holder))
    return next((name for name in said if name), None)


def _names(text: str) -> frozenset[str]:
    """Return what a condition reads; nothing where it cannot be read, which is found elsewhere."""
    try:
        return frozenset(compile_expression(text.removeprefix("=")).names)
    except FeelSyntaxError:
        return frozenset()
