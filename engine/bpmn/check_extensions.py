"""The deployment check of extensions: hooks to code, attributes of other tools, our own elements.

A hook to code is an error, since nothing in a diagram runs code; what is only kept is said.
"""

from __future__ import annotations

from collections.abc import Mapping

from lxml import etree

from engine.bpmn import tags
from engine.bpmn.dialect_data import first_value
from engine.bpmn.findings import Report, named
from engine.bpmn.reading import line

_GK_ELEMENTS = frozenset(
    (
        "clock",
        "records",
        "form",
        "separation",
        "due",
        "effect",
        "action",
        "at",
        "reason",
        "unit",
        "button",
    )
) | {"correlation"}
_TOOLS = (*tags.VENDORS, tags.ZEEBE, tags.DROOLS, tags.SPIFF)
_GK_ATTRIBUTES = frozenset(("unit",))
_CODE_ATTRIBUTES = frozenset(("class", "delegateExpression", "topic", "expression", "type"))
_MAPPING_CODE = frozenset(("variableMappingClass", "variableMappingDelegateExpression"))
# What sends the tokens another way than the drawing says, and the value that does so (None: any).
_OTHER_COURSE = {
    "terminateAll": "true",
    "terminateMultiInstance": "true",
    "skipExpression": None,
    "messageExpression": None,
    "signalExpression": None,
    "elementIndexVariable": None,
    "endDate": None,
    "triggerable": "true",
}
_OTHER_COURSE_ELEMENTS = frozenset(("eventType", "variableAggregation", "mapException"))
# Data that an event of SpiffWorkflow brings along, computed in Python.
_PAYLOAD = frozenset(("payloadExpression", "variableName", "messagePayload", "messageVariable"))
# Parts of a node or flow that hold an expression; other tools hang attributes on them.
_SPOKEN = (
    "conditionExpression",
    "condition",
    "completionCondition",
    "loopCondition",
    "loopCardinality",
    "activationCondition",
    "timeDate",
    "timeDuration",
    "timeCycle",
)
_OTHER_COURSE_DROOLS = {"adHoc": "true", "waitForCompletion": "false", "scope": "process"}
_OTHER_COURSE_META = {
    "customAutoStart": "true",
    "customScope": "processInstance",
    "customActivationCondition": None,
    "defaultValue": None,
}
_CODE_ELEMENTS = frozenset(
    (
        "executionListener",
        "taskListener",
        "connector",
        "taskDefinition",
        "script",
        "field",
        "eventListener",
        "executionListeners",
        "taskListeners",
        "onEntry-script",
        "onExit-script",
        "preScript",
        "postScript",
    )
)
_READ_ATTRIBUTES = frozenset(
    (
        "assignee",
        "candidateUsers",
        "candidateGroups",
        "formKey",
        "dueDate",
        "priority",
        "collection",
        "elementVariable",
        "decisionRef",
        "decisionTableReferenceKey",
        "resultVariable",
        "errorCodeVariable",
        "escalationCodeVariable",
    )
)
_READ_ELEMENTS = frozenset(
    (
        "in",
        "out",
        "loopCharacteristics",
        "assignmentDefinition",
        "formDefinition",
        "calledElement",
        "calledDecision",
        "ioMapping",
        "taskSchedule",
        "userTask",
        "inputOutput",
    )
)


class ExtensionChecker:
    """Checks the extension attributes and elements of one element after another."""

    def __init__(self, report: Report) -> None:
        self.report = report

    def error(self, rule: str, element: etree._Element, zh: str, en: str) -> None:
        key = str(element.get("id") or tags.local(element))
        self.report.error(
            rule, key, line(element), named(key, element.get("name")) + zh, f"{key}: {en}"
        )

    def warning(self, rule: str, element: etree._Element, zh: str, en: str) -> None:
        key = str(element.get("id") or tags.local(element))
        self.report.warning(
            rule, key, line(element), named(key, element.get("name")) + zh, f"{key}: {en}"
        )

    def extensions(self, element: etree._Element, owner: etree._Element | None = None) -> None:
        """Refuse hooks to code, report what is kept unread, check our own elements.

        owner: the node or flow to name, where ``element`` is a part of it.
        """
        owner = element if owner is None else owner
        for name in element.attrib:
            space, _, attribute = (
                str(name)[1:].partition("}") if str(name).startswith("{") else ("", "", "")
            )
            if space == tags.GK and attribute not in _GK_ATTRIBUTES:
                self.error(
                    "unknown-gk",
                    owner,
                    f"的属性 gk:{attribute} 不认识",
                    f"unknown attribute gk:{attribute}",
                )
            elif space in (*tags.VENDORS, tags.ZEEBE):
                self.vendor_attribute(element, owner, attribute)
            elif space == tags.DROOLS and _changes(
                _OTHER_COURSE_DROOLS, attribute, element.get(name)
            ):
                self.other_course(owner, attribute)
            elif space and space not in (tags.BPMN, tags.XSI):
                self._unread(owner, f"{{{space}}}{attribute}")
        holder = element.find(tags.tag("extensionElements"))
        for part in tags.children(element, *_SPOKEN, *tags.REPEATED):
            self.extensions(part, owner)
        for extension in holder if holder is not None else ():
            self.vendor_element(element, owner, extension)

    def vendor_element(
        self, element: etree._Element, owner: etree._Element, extension: etree._Element
    ) -> None:
        """Check one extension element; ours go to ``gk``."""
        space, name = tags.space(extension), tags.local(extension)
        if space == tags.GK:
            self.gk(element, owner, extension, name)
        elif space == tags.ZEEBE and name == "script":
            pass  # FEEL; the check of the script task looks at it
        elif space in _TOOLS and name in _CODE_ELEMENTS and not _is_blank(extension):
            self.error(
                "vendor-code",
                owner,
                f"带有 {name}，引擎不执行外挂代码",
                f"{name} calls code and is not executed",
            )
        elif name == "inputOutput":
            self.input_output(owner, extension)
        elif changing := course_of(element, extension):
            self.other_course(owner, changing)
        elif space in tags.VENDORS and name in ("in", "out"):
            if tags.local(element) in tags.ACTIVITIES:
                self.mapping(owner, extension, name)
            else:
                self._unread(owner, name)  # the business key with an event
        elif name and name not in _READ_ELEMENTS:
            self._unread(owner, name)

    def input_output(self, element: etree._Element, extension: etree._Element) -> None:
        """Plain parameters are read as mappings; scripts, lists and maps in them are not."""
        for parameter in extension:
            inner = [tags.local(c) for c in parameter if tags.local(c)]
            if inner:
                self.error(
                    "vendor-code",
                    element,
                    f"的参数“{parameter.get('name')}”用了 {inner[0]}，请改写为“= …”",
                    f"the parameter {parameter.get('name')} holds a {inner[0]}; write it as FEEL after =",
                )

    def mapping(self, element: etree._Element, mapping: etree._Element, name: str) -> None:
        """A mapping hands on all variables or names source and target; the called process has the case's key."""
        said = set(mapping.attrib)
        if "businessKey" in said:
            self._unread(element, f"{name} businessKey")
        elif mapping.get("variables") != "all" and not (
            said & {"source", "sourceExpression"} and mapping.get("target")
        ):
            self.error(
                "mapping",
                element,
                f"的数据传递（{name}）没有写全来源和目标",
                f"the mapping ({name}) lacks its source or its target",
            )

    def other_course(self, owner: etree._Element, name: str) -> None:
        """An extension changes the course: followed without it the drawing would do something else than was meant."""
        self.error(
            "vendor-course",
            owner,
            f"的扩展 {name} 改变流程的走向，引擎不按它执行；请用标准的画法表示，或者去掉它",
            f"the extension {name} changes the course and is not executed; draw it as BPMN does, or take it out",
        )

    def vendor_attribute(self, element: etree._Element, owner: etree._Element, name: str) -> None:
        kind = tags.local(element)
        code = name in _MAPPING_CODE or (
            name in _CODE_ATTRIBUTES
            and kind in (tags.TASKS | tags.EVENTS | {"callActivity", "messageEventDefinition"})
        )
        code = code or (name == "resource" and kind in _SPOKEN)
        value = tags.vendor(element, name)
        of_another_calendar = name == "businessCalendarName" and kind == "timerEventDefinition"
        if _changes(_OTHER_COURSE, name, value) or of_another_calendar:
            self.other_course(owner, name)
            return
        if code:
            self.error(
                "vendor-code",
                owner,
                f"带有 {name}，引擎不执行外挂代码",
                f"{name} calls code and is not executed",
            )
        elif name not in _READ_ATTRIBUTES:
            self._unread(owner, name)

    def _unread(self, element: etree._Element, name: str) -> None:
        key = str(element.get("id") or tags.local(element))
        self.report.info(
            "vendor-attribute",
            key,
            line(element),
            f"“{key}”的扩展 {name} 保留，但不影响执行",
            f"{key}: the extension {name} is kept and not read",
        )

    def gk(
        self,
        element: etree._Element,
        owner: etree._Element,
        extension: etree._Element,
        name: str,
    ) -> None:
        needed = {
            "records": "event",
            "action": "label",
            "separation": "notSameAs",
            "clock": "id",
            "at": "clock",
            "button": "label",
        }
        if name not in _GK_ELEMENTS:
            self.error(
                "unknown-gk", owner, f"的扩展 gk:{name} 不认识", f"unknown extension gk:{name}"
            )
        elif name in needed and not extension.get(needed[name]):
            self.error(
                "gk-incomplete",
                owner,
                f"的 gk:{name} 缺少 {needed[name]}",
                f"gk:{name} lacks {needed[name]}",
            )
        if name == "button" and not extension.get("when") and _is_second(owner, extension):
            self.error(
                "gk-incomplete",
                owner,
                "有两个没有条件（when）的 gk:button，只留一个",
                "two gk:button without a condition (when); keep one",
            )
        kind = tags.local(owner)
        right_place = {
            "clock": kind == "process",
            "form": kind in ("userTask", "receiveTask"),
            "separation": kind == "userTask",
            "due": kind in ("userTask", "receiveTask"),
            "button": kind == "userTask",
            "reason": kind == "sequenceFlow",
            "records": kind in tags.ACTIVITIES | tags.EVENTS,
            "at": kind in tags.EVENTS,
            "action": kind in tags.EVENTS | {"receiveTask"},
            "unit": kind in tags.ACTIVITIES | {"lane"},
        }
        if not right_place.get(name, True):
            self.error(
                "gk-misplaced", owner, f"上不能放 gk:{name}", f"gk:{name} has no meaning here"
            )


def _changes(course: Mapping[str, str | None], name: str, value: str | None) -> bool:
    """Whether an extension of this name and value sends the tokens another way."""
    said = (value or "").strip()
    return name in course and bool(said) and course[name] in (None, said)


def course_of(element: etree._Element, extension: etree._Element) -> str | None:
    """Return the name of an extension element that sends the tokens another way, None for one that does not."""
    space, name = tags.space(extension), tags.local(extension)
    changes = False
    if space in tags.VENDORS:
        # An event with data: those who hear it would miss them.
        at = tags.local(element)
        payload = name in ("in", "out") and (at in tags.EVENTS or at.endswith("EventDefinition"))
        begins_with = (
            name == "value" and tags.local(element) == "dataObject" and tags.text(extension)
        )
        changes = name in _OTHER_COURSE_ELEMENTS
        changes = changes or (bool(begins_with) and first_value(element) is None)
        changes = changes or (payload and not extension.get("businessKey"))
    elif space == tags.ZEEBE:
        changes = name in ("adHoc", "conditionalFilter") and bool(extension.attrib)
    elif space == tags.SPIFF:
        changes = name in _PAYLOAD
    elif space == tags.DROOLS and name == "metaData":
        name = str(extension.get("name"))
        changes = _changes(_OTHER_COURSE_META, name, _said(extension))
    return name if changes else None


def _is_blank(extension: etree._Element) -> bool:
    """A script that says nothing does nothing, unlike an element that names what it calls."""
    script = tags.local(extension).lower().endswith("script")
    return script and not _said(extension) and not extension.get("resource")


def _said(extension: etree._Element) -> str:
    return "".join(str(text) for text in extension.itertext()).strip()


def _is_second(owner: etree._Element, button: etree._Element) -> bool:
    """Whether another button without a condition stands before this one."""
    plain = [one for one in tags.extensions(owner, tags.GK, "button") if not one.get("when")]
    return plain.index(button) > 0
