"""Reads what one element says in the dialects we know: ``gk``, Camunda, Flowable, Activiti, Zeebe.

Each function turns one element into the part of the node table it describes; expressions are compiled
on the way (``reading``), and what does not compile becomes a finding. Events are read in ``dialect_events``, data handed on in ``dialect_data``.
No graph, no running.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree

from engine.bpmn import dialect_data, foreign, tags
from engine.bpmn.dialect_data import NAME, Named, association_names
from engine.bpmn.dialect_events import event_definition
from engine.bpmn.findings import Known
from engine.bpmn.model import (
    Action,
    AdHoc,
    Button,
    Call,
    EffectCall,
    EventDefinition,
    Recorded,
    Repeat,
    ThrownWhenDone,
    Value,
    Work,
)
from engine.bpmn.reading import Reading, line, owner_id

_PERFORMER = re.compile(r"(user|group)\(([^)]*)\)")


# ---------------------------------------------------------------- tasks


def work(element: etree._Element, lanes: list[etree._Element], reading: Reading) -> Work:
    """Read who may take a task, with which form, by when. ``lanes`` from the outermost to the innermost."""
    zeebe = tags.extension(element, tags.ZEEBE, "assignmentDefinition")
    zeebe_get = zeebe.get if zeebe is not None else (lambda _name: None)
    groups = _many(
        tags.vendor(element, "candidateGroups") or zeebe_get("candidateGroups"), element, reading
    )
    users = _many(
        tags.vendor(element, "candidateUsers") or zeebe_get("candidateUsers"), element, reading
    )
    assignee = reading.value(
        tags.vendor(element, "assignee") or zeebe_get("assignee"), element, "assignee"
    )
    if not (groups or users or assignee):
        groups, users, assignee = _standard_performers(element, reading)
    if not (groups or users or assignee) and lanes:
        named = next(
            (lane.get("name") for lane in reversed(lanes) if (lane.get("name") or "").strip()), None
        )
        groups = (Value(role(named, reading.known)),) if named else ()
    unit = _unit(element, lanes, reading)
    form = tags.extension(element, tags.GK, "form")
    zeebe_form = tags.extension(element, tags.ZEEBE, "formDefinition")
    key = form.get("key") if form is not None else tags.vendor(element, "formKey")
    if key is None and zeebe_form is not None:
        key = zeebe_form.get("formId") or zeebe_form.get("formKey")
    separation = tuple(
        other
        for s in tags.extensions(element, tags.GK, "separation")
        for other in (s.get("notSameAs") or "").replace(",", " ").split()
    )
    buttons = list(tags.extensions(element, tags.GK, "button"))
    button = next((one for one in buttons if not one.get("when")), None)
    priority_text = tags.vendor(element, "priority")
    return Work(
        groups=groups,
        users=users,
        assignee=assignee,
        unit=unit,
        form=key,
        separation=separation,
        due=_due(element, reading),
        priority=reading.value(priority_text, element, "priority"),
        button={str(k): str(v) for k, v in button.attrib.items()} if button is not None else None,
        buttons=tuple(_buttons(element, buttons, reading)),
    )


def _buttons(
    element: etree._Element, buttons: list[etree._Element], reading: Reading
) -> Iterator[Button]:
    """Read the buttons that follow the answers; that a name is read here does not make it route the case."""
    routing = set(reading.names)
    for one in buttons:
        if text := one.get("when"):
            when = reading.expression(text, element, "condition")
            if when is not None:
                yield Button(one.get("label") or "", one.get("then") or "", when)
    reading.names = routing


def role(title: str, known: Known) -> str:
    """Return the role id behind a lane's name or a group; the text itself where roles are not known."""
    title = " ".join(title.split())
    return (known.roles or {}).get(title, title)


def _many(text: str | None, element: etree._Element, reading: Reading) -> tuple[Value, ...]:
    """Read a list of ids: FEEL as one value, else ids between commas."""
    if text is None:
        return ()
    if text.strip().startswith("=") or foreign.WHOLE.fullmatch(text.strip()):
        one = reading.value(text, element, "groups")
        return (one,) if one else ()
    reading.foreign(text, element, "groups")
    return tuple(Value(role(part, reading.known)) for part in text.split(",") if part.strip())


def _standard_performers(
    element: etree._Element, reading: Reading
) -> tuple[tuple[Value, ...], tuple[Value, ...], Value | None]:
    """Read ``potentialOwner`` and ``humanPerformer`` with ``user(a), group(b)`` or plain ids."""
    groups: list[Value] = []
    users: list[Value] = []
    assignee: Value | None = None
    for performer in tags.children(element, "potentialOwner", "humanPerformer", "performer"):
        found = performer.find(
            f"{tags.tag('resourceAssignmentExpression')}/{tags.tag('formalExpression')}"
        )
        source = tags.text(found)
        if not source:
            continue
        if tags.local(performer) == "humanPerformer":
            assignee = reading.value(source, performer, "assignee")
            continue
        rest = source
        for kind, name in _PERFORMER.findall(source):
            (users if kind == "user" else groups).append(Value(role(name, reading.known)))
            rest = rest.replace(f"{kind}({name})", "")
        groups.extend(_many(rest.strip(" ,") or None, performer, reading))
    return tuple(groups), tuple(users), assignee


def _unit(element: etree._Element, lanes: list[etree._Element], reading: Reading) -> Value | None:
    for holder in [element, *reversed(lanes)]:
        found = tags.extension(holder, tags.GK, "unit")
        text = found.get("value") if found is not None else holder.get(f"{{{tags.GK}}}unit")
        if text:
            return reading.value(text, holder, "unit")
    return None


def _due(element: etree._Element, reading: Reading) -> dict[str, Value] | None:
    due = tags.extension(element, tags.GK, "due")
    if due is not None:
        read = {str(k): reading.value(str(v), element, "due date") for k, v in due.attrib.items()}
        return {k: v for k, v in read.items() if v is not None}
    text = tags.vendor(element, "dueDate")
    if text is None:
        schedule = tags.extension(element, tags.ZEEBE, "taskSchedule")
        text = schedule.get("dueDate") if schedule is not None else None
    value = reading.value(text, element, "due date")
    if value is None:
        return None
    return {"length" if value.text.startswith("P") else "date": value}


def formula(element: etree._Element) -> tuple[str, str]:
    """Return the FEEL text of a script task and the variable that takes its value; empty where it has none.

    ``<script>`` in a FEEL format with ``camunda:resultVariable``, or ``zeebe:script``.
    """
    zeebe = tags.extension(element, tags.ZEEBE, "script")
    if zeebe is not None:
        return (zeebe.get("expression") or "").strip(), (zeebe.get("resultVariable") or "").strip()
    if "feel" not in (element.get("scriptFormat") or "").lower():
        return "", ""
    return tags.text(tags.child(element, "script")), tags.vendor(element, "resultVariable") or ""


# ---------------------------------------------------------------- effects, records, data


def effects(element: etree._Element, reading: Reading) -> tuple[EffectCall, ...]:
    """Read ``gk:effect``: the name, arguments in FEEL after ``=``, and where the answer goes."""
    found = []
    for effect in tags.extensions(element, tags.GK, "effect"):
        arguments = {
            str(k): v
            for k, text in effect.attrib.items()
            if k not in ("name", "result")
            and (v := reading.value(str(text), effect, "argument")) is not None
        }
        found.append(EffectCall(str(effect.get("name") or ""), arguments, effect.get("result")))
    return tuple(found)


def records(element: etree._Element, reading: Reading) -> tuple[Recorded, ...]:
    """Read ``gk:records``: the case events that completing the element records."""
    found = []
    for record in tags.extensions(element, tags.GK, "records"):
        fields = {
            str(k): v
            for k, text in record.attrib.items()
            if k not in ("event", "date")
            and (v := reading.value(str(text), record, "argument")) is not None
        }
        event = str(record.get("event") or "")
        found.append(
            Recorded(
                event,
                reading.value(record.get("date"), record, "date"),
                fields,
                reading.value(event, record, "argument") if event.startswith("=") else None,
            )
        )
    return tuple(found)


def action(element: etree._Element, message: str | None) -> Action | None:
    """Read ``gk:action`` on an event that waits."""
    found = tags.extension(element, tags.GK, "action")
    if found is None:
        return None
    return Action(
        label=str(found.get("label") or element.get("name") or element.get("id")),
        group=found.get("group"),
        form=found.get("form"),
        message=message,
        element=str(element.get("id")),
    )


# ---------------------------------------------------------------- repetition


def repeat(element: etree._Element, reading: Reading) -> Repeat | None:
    """Read a standard loop or multi-instance of an activity."""
    loop = tags.child(element, "standardLoopCharacteristics")
    if loop is not None:
        condition = tags.text(tags.child(loop, "loopCondition"))
        return Repeat(
            kind="loop",
            condition=reading.expression(condition, loop, "condition") if condition else None,
            maximum=reading.feel(loop.get("loopMaximum"), loop, "cardinality"),
            test_before=loop.get("testBefore") == "true",
        )
    multi = tags.child(element, "multiInstanceLoopCharacteristics")
    return _multi(element, multi, reading) if multi is not None else None


def _multi(element: etree._Element, multi: etree._Element, reading: Reading) -> Repeat:
    zeebe = tags.extension(multi, tags.ZEEBE, "loopCharacteristics")
    inner = {
        str(d.get("id")): str(d.get("name") or d.get("id"))
        for d in element.iter(tags.tag("dataInput"), tags.tag("dataOutput"))
    }
    outer = association_names(element, reading)

    def item_name(name: str) -> str | None:
        found = tags.child(multi, name)
        return None if found is None else found.get("name") or found.get("id")

    collection = _collection(tags.vendor(multi, "collection"), multi, reading)
    reference = tags.text(tags.child(multi, "loopDataInputRef"))
    if collection is None and reference:
        name = outer.get(reference) or inner.get(reference) or reading.variable(reference)
        candidates = reading.candidates(reference, name)
        reading.names.update(candidates)
        collection = Value(name, Named(candidates))
    item = tags.vendor(multi, "elementVariable") or item_name("inputDataItem")
    output = tags.text(tags.child(multi, "loopDataOutputRef"))
    output_name = (
        (outer.get(output) or inner.get(output) or reading.variable(output)) if output else None
    )
    produced = item_name("outputDataItem")
    output_item = Value(produced, Named((produced,))) if produced else None
    if zeebe is not None:
        collection = collection or reading.value(zeebe.get("inputCollection"), zeebe, "collection")
        item = item or zeebe.get("inputElement")
        output_name = output_name or zeebe.get("outputCollection")
        output_item = output_item or reading.value(zeebe.get("outputElement"), zeebe, "mapping")
    cardinality = tags.text(tags.child(multi, "loopCardinality"))
    condition = tags.text(tags.child(multi, "completionCondition"))
    return Repeat(
        kind="sequential" if multi.get("isSequential") == "true" else "parallel",
        cardinality=reading.feel(cardinality, multi, "cardinality") if collection is None else None,
        collection=collection,
        item=item,
        output=output_name,
        output_item=output_item,
        condition=reading.expression(condition, multi, "completion condition")
        if condition
        else None,
        throws=tuple(_thrown_when_done(element, multi, reading)),
        first=0 if zeebe is None else 1,
    )


def _thrown_when_done(
    element: etree._Element, multi: etree._Element, reading: Reading
) -> Iterator[ThrownWhenDone]:
    """Read ``behavior``: None throws for each instance, One for the first, Complex as its conditions say."""
    said = multi.get("behavior", "All")
    found = tags.behavior_events(multi)
    if said in ("None", "One") and not found:
        # The standard has a default signal thrown; it goes by the activity's id.
        node_id = str(element.get("id"))
        signal = EventDefinition(node_id, "signal", node_id, node_id)
        yield ThrownWhenDone(signal, first_only=said == "One")
    for definition, condition in found:
        yield ThrownWhenDone(
            event_definition(definition, element, str(element.get("id")), reading),
            first_only=said == "One",
            condition=reading.expression(condition, multi, "condition") if condition else None,
        )


def _collection(text: str | None, element: etree._Element, reading: Reading) -> Value | None:
    """A collection is a variable's name, ``= FEEL``, or ``${name}`` of another engine."""
    if text is None:
        return None
    whole = foreign.WHOLE.fullmatch(text.strip())
    name = whole[1].strip() if whole else text.strip()
    if name.startswith("="):
        return reading.value(name, element, "collection")
    if not NAME.fullmatch(name):
        where = owner_id(element)
        reading.report.error(
            "expression",
            where,
            line(element),
            f"“{where}”的集合“{text}”读不懂，请写变量名或“= …”",
            f"{where}: the collection {text!r} is neither a variable nor FEEL after =",
        )
    return reading.feel(name, element, "collection")


def adhoc(element: etree._Element, reading: Reading) -> AdHoc:
    """Read how an ad hoc subprocess goes and ends."""
    condition = tags.text(tags.child(element, "completionCondition"))
    return AdHoc(
        condition=reading.expression(condition, element, "completion condition")
        if condition
        else None,
        sequential=element.get("ordering") == "Sequential",
        cancel_remaining=element.get("cancelRemainingInstances") != "false",
    )


def call(element: etree._Element, reading: Reading) -> Call:
    """Read a call activity: the process it calls and the mappings of data."""
    called = element.get("calledElement") or ""
    zeebe = tags.extension(element, tags.ZEEBE, "calledElement")
    if not called and zeebe is not None:
        called = zeebe.get("processId") or ""
    inputs = dialect_data.mappings(element, "in", reading)
    isolated = bool(inputs) and all(m.source is not None for m in inputs)
    if zeebe is not None:
        isolated = zeebe.get("propagateAllParentVariables") == "false"
    return Call(
        process=reading.value(called, element, "called process") or Value(""),
        inputs=inputs,
        outputs=dialect_data.mappings(element, "out", reading),
        isolated=isolated,
    )
