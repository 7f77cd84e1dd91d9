"""Reads the statutory clocks of a diagram: ``gk:clock`` under a process's extension elements.

Attributes are taken as they stand; what they mean is known to ``engine.statutory_clock``.
"""

from __future__ import annotations

import re

from lxml import etree

from engine.statutory_clock import ClockDefinition, ClockInvalid
from engine.words import say

GK = "urn:gongkai:bpmn:1"


def read_clocks(root: etree._Element) -> dict[str, ClockDefinition]:
    """Return ``{id: definition}`` of every clock in a parsed file, in the order drawn.

    Raises:
        ClockInvalid: a clock says something that cannot be executed, or two have one id.
    """
    clocks: dict[str, ClockDefinition] = {}
    for element in root.iter(f"{{{GK}}}clock"):
        definition = ClockDefinition.from_mapping(clock_mapping(element))
        if definition.id in clocks:
            raise ClockInvalid(definition.id, "twice", say("画了两次，请删去一个"))
        clocks[definition.id] = definition
    return clocks


def recorded_events(root: etree._Element) -> set[str]:
    """Return the names of the facts that a parsed file records; of an expression, the words in it."""
    said = [str(one.get("event") or "") for one in root.iter(f"{{{GK}}}records")]
    quoted = {word for text in said for word in re.findall(r'"([a-z_]+)"', text)}
    return quoted | {text for text in said if text and not text.startswith("=")}


def clock_mapping(element: etree._Element) -> dict[str, object]:
    """Return one ``gk:clock`` element as ``{id, ..., rules: [{kind, ...}]}``, attributes as they stand."""
    rules = [
        {"kind": etree.QName(child).localname, **_attributes(child)}
        for child in element
        if isinstance(child.tag, str) and etree.QName(child).namespace == GK
    ]
    return {**_attributes(element), "rules": rules}


def _attributes(element: etree._Element) -> dict[str, str]:
    return {str(name): str(value) for name, value in element.attrib.items()}
