"""What a drawing may leave out, put in before it is parsed.

BPMN lets an id be missing, a reference carry a prefix, and text stand between line breaks. After this
each node, flow and definition has an id and each reference is bare. Ids of the drawing are never
changed, and nothing is added that would run.
"""

from __future__ import annotations

import copy

from lxml import etree

from engine.bpmn import tags

_REFERENCES = (
    "sourceRef",
    "targetRef",
    "attachedToRef",
    "default",
    "messageRef",
    "signalRef",
    "errorRef",
    "escalationRef",
    "activityRef",
    "processRef",
    "dataObjectRef",
    "dataStoreRef",
    "calledElement",
    "noneBehaviorEventRef",
    "oneBehaviorEventRef",
)
_REFERRING_TEXT = frozenset(
    (
        "flowNodeRef",
        "incoming",
        "outgoing",
        "sourceRef",
        "targetRef",
        "loopDataInputRef",
        "loopDataOutputRef",
        "correlationPropertyRef",
        "eventDefinitionRef",
        "source",
        "target",
    )
)
TRUTHS = (
    "isExecutable",
    "cancelActivity",
    "isInterrupting",
    "parallelMultiple",
    "isSequential",
    "triggeredByEvent",
    "instantiate",
    "testBefore",
    "isForCompensation",
    "waitForCompletion",
    "cancelRemainingInstances",
)
_NEED_AN_ID = (
    tags.FLOW_NODES
    | frozenset(
        ("process", "sequenceFlow", "message", "signal", "error", "escalation", "collaboration")
    )
    | frozenset(("participant", "messageFlow", "association", "dataObject", "dataObjectReference"))
)


def normalise(root: etree._Element) -> None:
    """Give ids to what has none, make references bare and truth values words; changes the tree in place."""
    taken = {e.get("id") for e in root.iter() if isinstance(e.tag, str) and e.get("id")}
    number = 0
    for element in root.iter(f"{{{tags.BPMN}}}*"):
        name = tags.local(element)
        if name in _NEED_AN_ID and not element.get("id"):
            number += 1
            while f"{name}_{number}" in taken:
                number += 1
            element.set("id", f"{name}_{number}")
            taken.add(f"{name}_{number}")
        for attribute in TRUTHS:
            value = element.get(attribute)
            if value is not None:
                element.set(
                    attribute, {"1": "true", "0": "false"}.get(value.strip(), value.strip())
                )
        for attribute in _REFERENCES:
            value = element.get(attribute)
            if value is not None:
                element.set(attribute, _bare(value, taken, element))
        if name in _REFERRING_TEXT and element.text:
            element.text = _bare(element.text, taken, element)
    _resolve_definitions(root)
    _links(root)
    _global_tasks(root)


def _resolve_definitions(root: etree._Element) -> None:
    """An event may refer to a definition that stands beside the processes: put a copy where it belongs."""
    shared = {e.get("id"): e for e in root if tags.local(e).endswith("EventDefinition")}
    for reference in list(root.iter(tags.tag("eventDefinitionRef"))):
        definition = shared.get(tags.text(reference))
        event = reference.getparent()
        if definition is None or event is None:
            continue
        own = copy.deepcopy(definition)
        if "id" in own.attrib:
            del own.attrib["id"]
        own.tail = None
        event.replace(reference, own)


def _links(root: etree._Element) -> None:
    """A link may name the other end by reference (``target``, ``source``): both get the target's name then."""
    links = list(root.iter(tags.tag("linkEventDefinition")))
    by_id = {link.get("id"): link for link in links if link.get("id")}
    for link in links:
        target = by_id.get(tags.text(tags.child(link, "target")))
        if target is not None:
            _same_name(link, target)
        for source in tags.children(link, "source"):
            if (thrown := by_id.get(tags.text(source))) is not None:
                _same_name(thrown, link)


def _same_name(thrown: etree._Element, target: etree._Element) -> None:
    name = target.get("name") or thrown.get("name") or str(target.get("id"))
    target.set("name", name)
    thrown.set("name", name)


_GLOBAL = {
    "globalTask": "task",
    "globalUserTask": "userTask",
    "globalManualTask": "manualTask",
    "globalScriptTask": "scriptTask",
    "globalBusinessRuleTask": "businessRuleTask",
}


def _global_tasks(root: etree._Element) -> None:
    """A global task that an executable process calls is a process with this one task in it."""
    called = {
        str(call.get("calledElement"))
        for process in tags.children(root, "process")
        if process.get("isExecutable") != "false"
        for call in process.iter(tags.tag("callActivity"))
    }
    for task in list(tags.children(root, *_GLOBAL)):
        key = str(task.get("id"))
        if key not in called:
            continue
        around = etree.Element(tags.tag("process"), id=f"{key}.called", isExecutable="true")
        if task.get("name"):
            around.set("name", str(task.get("name")))
        root.replace(task, around)
        task.tag = tags.tag(_GLOBAL[tags.local(task)])
        for part in list(tags.children(task, "supportedInterfaceRef", "ioBinding")):
            task.remove(part)
        if language := task.get("scriptLanguage"):
            task.set("scriptFormat", language)
            del task.attrib["scriptLanguage"]
        around.append(task)
        for call in root.iter(tags.tag("callActivity")):
            if call.get("calledElement") == key:
                call.set("calledElement", str(around.get("id")))


def _bare(value: str, taken: set[str | None], element: etree._Element) -> str:
    """Take off a prefix that is declared where it is used; an id that itself holds a colon stays."""
    value = value.strip()
    prefix, colon, rest = value.partition(":")
    return rest if colon and value not in taken and prefix in element.nsmap else value
