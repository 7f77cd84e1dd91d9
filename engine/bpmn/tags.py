"""Names of XML: the namespaces that are read, and small helpers to walk BPMN elements."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
GK = "urn:gongkai:bpmn:1"
CAMUNDA = "http://camunda.org/schema/1.0/bpmn"
FLOWABLE = "http://flowable.org/bpmn"
ACTIVITI = "http://activiti.org/bpmn"
OPERATON = "http://operaton.org/schema/1.0/bpmn"
ZEEBE = "http://camunda.org/schema/zeebe/1.0"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
# These share one vocabulary; the first that has the attribute wins.
DROOLS = "http://www.jboss.org/drools"
SPIFF = "http://spiffworkflow.org/bpmn/schema/1.0/core"
VENDORS = (CAMUNDA, OPERATON, FLOWABLE, ACTIVITI)

TASKS = frozenset(
    (
        "task",
        "userTask",
        "manualTask",
        "serviceTask",
        "sendTask",
        "receiveTask",
        "businessRuleTask",
        "scriptTask",
    )
)
SUBPROCESSES = frozenset(("subProcess", "transaction", "adHocSubProcess"))
ACTIVITIES = TASKS | SUBPROCESSES | {"callActivity"}
GATEWAYS = frozenset(
    (
        "exclusiveGateway",
        "parallelGateway",
        "inclusiveGateway",
        "eventBasedGateway",
        "complexGateway",
    )
)
EVENTS = frozenset(
    ("startEvent", "endEvent", "intermediateCatchEvent", "intermediateThrowEvent", "boundaryEvent")
)
FLOW_NODES = ACTIVITIES | GATEWAYS | EVENTS
# What may stand in a process or subprocess, in a step, and in what says how often a step is done.
CONTENT = FLOW_NODES | frozenset(
    (
        "sequenceFlow",
        "laneSet",
        "documentation",
        "extensionElements",
        "ioSpecification",
        "ioBinding",
        "property",
        "dataObject",
        "dataObjectReference",
        "dataStoreReference",
        "association",
        "textAnnotation",
        "group",
        "auditing",
        "categoryValueRef",
        "monitoring",
        "incoming",
        "outgoing",
        "correlationSubscription",
        "supportedInterfaceRef",
        "resourceRole",
        "performer",
        "humanPerformer",
        "potentialOwner",
        "dataInputAssociation",
        "dataOutputAssociation",
        "standardLoopCharacteristics",
        "multiInstanceLoopCharacteristics",
        "completionCondition",
        "supports",
        "dataInput",
        "dataOutput",
        "inputSet",
        "outputSet",
        "eventDefinitionRef",
        "rendering",
        "artifact",
        "script",
    )
)
_DEFINITIONS = (
    "message",
    "timer",
    "signal",
    "conditional",
    "error",
    "escalation",
    "cancel",
    "compensate",
    "terminate",
    "link",
)
PARTS = (CONTENT - FLOW_NODES - {"sequenceFlow", "laneSet"}) | {
    "activationCondition",
    *(f"{kind}EventDefinition" for kind in _DEFINITIONS),
}
REPEATED = ("standardLoopCharacteristics", "multiInstanceLoopCharacteristics")
OF_REPEATED = frozenset(
    (
        "documentation",
        "extensionElements",
        "loopCondition",
        "loopCardinality",
        "loopDataInputRef",
        "loopDataOutputRef",
        "inputDataItem",
        "outputDataItem",
        "complexBehaviorDefinition",
        "completionCondition",
    )
)


def tag(name: str) -> str:
    """Return the full tag of a BPMN element."""
    return f"{{{BPMN}}}{name}"


def local(element: etree._Element) -> str:
    """Return the tag without its namespace; empty for comments."""
    name = element.tag
    return name.rpartition("}")[2] if isinstance(name, str) else ""


def space(element: etree._Element) -> str:
    """Return the namespace of an element."""
    name = element.tag
    return name[1:].partition("}")[0] if isinstance(name, str) and name.startswith("{") else ""


def children(element: etree._Element, *names: str) -> Iterator[etree._Element]:
    """Yield the BPMN children with one of these names, in document order."""
    for child in element:
        if (
            isinstance(child.tag, str)
            and child.tag.startswith(f"{{{BPMN}}}")
            and local(child) in names
        ):
            yield child


def child(element: etree._Element, name: str) -> etree._Element | None:
    """Return the first BPMN child of this name."""
    return element.find(tag(name))


def text(element: etree._Element | None) -> str:
    """Return the stripped text of an element; empty if there is none."""
    return (element.text or "").strip() if element is not None else ""


def extensions(element: etree._Element, namespace: str, name: str) -> list[etree._Element]:
    """Return the extension elements of this namespace and name, in document order."""
    holder = element.find(tag("extensionElements"))
    return [] if holder is None else holder.findall(f"{{{namespace}}}{name}")


def extension(element: etree._Element, namespace: str, name: str) -> etree._Element | None:
    """Return the first such extension element."""
    found = extensions(element, namespace, name)
    return found[0] if found else None


def vendor(element: etree._Element, name: str) -> str | None:
    """Return an attribute that Camunda and its relatives share; None if absent or empty."""
    for namespace in VENDORS:
        value = element.get(f"{{{namespace}}}{name}")
        if value is not None and value.strip():
            return value.strip()
    return None


def events_of(element: etree._Element) -> list[etree._Element]:
    """Return the event definitions that stand in an event, in document order."""
    return [
        c
        for c in element
        if isinstance(c.tag, str)
        and c.tag.startswith(f"{{{BPMN}}}")
        and local(c).endswith("EventDefinition")
    ]


def behavior_event(multi: etree._Element) -> etree._Element | None:
    """Return the definition that a multi-instance throws by ``behavior`` None or One, if it names one."""
    reference = multi.get(f"{multi.get('behavior', 'All').lower()}BehaviorEventRef")
    if not reference:
        return None
    root = multi.getroottree().getroot()
    return next((e for e in events_of(root) if e.get("id") == reference), None)


def behavior_events(multi: etree._Element) -> list[tuple[etree._Element, str]]:
    """Return what a multi-instance throws when an instance completes, each with its condition (or none)."""
    said = multi.get("behavior", "All")
    if said in ("None", "One"):
        one = behavior_event(multi)
        return [] if one is None else [(one, "")]
    found = []
    for complex_one in children(multi, "complexBehaviorDefinition") if said == "Complex" else ():
        thrown = child(complex_one, "event")
        condition = text(child(complex_one, "condition"))
        found += [(e, condition) for e in (events_of(thrown) if thrown is not None else ())]
    return found


def without_prefix(reference: str | None) -> str:
    """Return a reference without the prefix that a QName may carry (``tns:Message_1``)."""
    return (reference or "").strip().rpartition(":")[2]
