"""Reads how data are handed on: Camunda's and Zeebe's mappings, the standard's data associations.

The counterpart of ``dialect`` for data; the same rules hold.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from lxml import etree

from engine.bpmn import foreign, tags
from engine.bpmn.model import Mapped, Value
from engine.bpmn.reading import Reading, line, owner_id

NAME = re.compile(r"[^\W\d][\w.]*")
_HYPHENED = re.compile(r"[^\W\d]\w*(-\w+)+")
_NAMED = re.compile(r"[^\W\d][\w \-]*")


def first_value(data: etree._Element) -> object | None:
    """Return what a data object begins with in Flowable's dialect, None where nothing is said that could be read."""
    said = next(
        (
            tags.text(one)
            for namespace in tags.VENDORS
            for one in tags.extensions(data, namespace, "value")
            if tags.text(one)
        ),
        "",
    )
    read = _TYPES.get((data.get("itemSubjectRef") or "").rpartition(":")[2])
    try:
        return read(said) if said and read is not None else None
    except ValueError:
        return None


def _truth(text: str) -> bool:
    if text not in ("true", "false"):
        raise ValueError(text)
    return text == "true"


_TYPES: Mapping[str, Callable[[str], object]] = {
    "string": str,
    "boolean": _truth,
    "int": int,
    "integer": int,
    "long": int,
    "double": float,
}


def mappings(element: etree._Element, direction: str, reading: Reading) -> list[Mapped]:
    """Read ``camunda:in``/``out`` (and alike), Zeebe's ``ioMapping`` and standard data associations.

    direction: ``in`` or ``out``. A constant source is the name of a variable.
    """
    found: list[Mapped] = []
    for namespace in tags.VENDORS:
        for mapping in tags.extensions(element, namespace, direction):
            if mapping.get("variables") == "all":
                found.append(Mapped(None, ""))
                continue
            text, given = mapping.get("source"), mapping.get("sourceExpression")
            target = mapping.get("target")
            if target and (text or given):
                found.append(Mapped(_source(text, given, mapping, reading), target))
        for holder in tags.extensions(element, namespace, "inputOutput"):
            for parameter in holder.findall(f"{{{namespace}}}{direction}putParameter"):
                value = reading.value(tags.text(parameter), parameter, "mapping")
                if parameter.get("name"):
                    found.append(Mapped(value or Value(""), str(parameter.get("name"))))
    found = found or _zeebe_mappings(element, direction, reading)
    return found + associations(element, direction, reading)


def keeps(element: etree._Element) -> bool:
    """Return whether what an element brings stays its own: in Camunda 8 only what is mapped out leaves it."""
    zeebe = tags.extension(element, tags.ZEEBE, "ioMapping")
    return zeebe is not None and zeebe.find(f"{{{tags.ZEEBE}}}output") is not None


def _zeebe_mappings(element: etree._Element, direction: str, reading: Reading) -> list[Mapped]:
    found = []
    zeebe = tags.extension(element, tags.ZEEBE, "ioMapping")
    if zeebe is not None:
        for mapping in zeebe.findall(f"{{{tags.ZEEBE}}}{direction}put"):
            if mapping.get("target"):
                value = reading.value(mapping.get("source"), mapping, "mapping")
                target, *inside = str(mapping.get("target")).split(".")
                found.append(Mapped(value, target, inside=tuple(inside)))
    called = tags.extension(element, tags.ZEEBE, "calledElement")
    all_back = called is not None and called.get("propagateAllChildVariables") != "false"
    if direction == "out" and all_back and not found:
        own = frozenset(m.target for m in _zeebe_mappings(element, "in", reading))
        found.append(Mapped(None, "", but=own))  # what was mapped in is the call's own
    return found


def _source(
    text: str | None, given: str | None, element: etree._Element, reading: Reading
) -> Value:
    raw = (text or given or "").strip()
    whole = foreign.WHOLE.fullmatch(raw)
    if whole and NAME.fullmatch(whole[1].strip()):
        raw = whole[1].strip()
    if text and _HYPHENED.fullmatch(raw):  # a name, which FEEL would take for a subtraction
        reading.names.add(raw)
        return Value(raw, Named((raw,)))
    return reading.feel(raw, element, "mapping") or Value(raw)


def associations(element: etree._Element, direction: str, reading: Reading) -> list[Mapped]:
    """Read standard data associations: source and target references, or assignments ``from``/``to``."""
    found = []
    inner = {
        str(d.get("id")): str(d.get("name") or d.get("id"))
        for d in element.iter(tags.tag("dataInput"), tags.tag("dataOutput"))
    }

    def name(reference: str) -> str:
        return inner.get(reference) or reading.variable(reference)

    kind = "dataInputAssociation" if direction == "in" else "dataOutputAssociation"
    for association in tags.children(element, kind):
        sources = [tags.text(one) for one in tags.children(association, "sourceRef")]
        source = next(filter(None, sources), "")
        target = tags.text(tags.child(association, "targetRef"))
        assignments = list(tags.children(association, "assignment"))
        for assignment in assignments:
            to = tags.text(tags.child(assignment, "to"))
            to = to if to not in ("", ".") else target
            said = tags.text(tags.child(assignment, "from"))
            if reading.literal and direction == "in" and not source:
                given = reading.value(said, assignment, "mapping")
            else:
                given = reading.feel(said, assignment, "mapping", inner)
            if to not in inner and to not in reading.data and not _NAMED.fullmatch(to):
                _unmappable(
                    element,
                    f"写到“{to}”，只能写到变量",
                    f"writes to {to!r}, which is no variable",
                    reading,
                )
            elif given and to:
                found.append(Mapped(given, name(to)))
        transformation = tags.text(tags.child(association, "transformation"))
        if assignments or not target:
            continue
        if transformation:
            given = reading.feel(transformation, association, "mapping", inner)
            found.append(Mapped(given, name(target)))
        elif len(sources) > 1:
            _unmappable(
                element,
                "有几个来源却没有 transformation，不知道怎样合成",
                "has several sources and no transformation that would make one of them",
                reading,
            )
        elif source and name(source) != name(target):
            handed = Value("name", Named(reading.candidates(source, name(source))))
            found.append(Mapped(handed, name(target), optional=direction == "out"))
    return found


def _unmappable(element: etree._Element, zh: str, en: str, reading: Reading) -> None:
    where = owner_id(element)
    reading.report.error(
        "mapping",
        where,
        line(element),
        f"“{where}”的数据传递{zh}",
        f"{where}: a data association {en}",
    )


@dataclass(frozen=True, slots=True)
class Named:
    """A variable by its exact name; data objects may be called what FEEL would take for an operation.

    A data object answers to its name, its id and the id of a reference to it: the first that exists.
    """

    candidates: tuple[str, ...]

    @property
    def names(self) -> frozenset[str]:
        return frozenset(self.candidates)

    def evaluate(
        self,
        names: Mapping[str, object],
        functions: Mapping[str, Callable[..., object]] | None = None,
    ) -> object:
        return next((names[c] for c in self.candidates if c in names), None)


def association_names(element: etree._Element, reading: Reading) -> dict[str, str]:
    """Which outer variable feeds a data input, or takes a data output, of an activity."""
    found = {}
    for association in tags.children(element, "dataInputAssociation"):
        source, target = (tags.text(tags.child(association, n)) for n in ("sourceRef", "targetRef"))
        if source and target:
            found[target] = reading.variable(source)
    for association in tags.children(element, "dataOutputAssociation"):
        source, target = (tags.text(tags.child(association, n)) for n in ("sourceRef", "targetRef"))
        if source and target:
            found[source] = reading.variable(target)
    return found
