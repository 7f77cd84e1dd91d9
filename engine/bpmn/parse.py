"""SpiffWorkflow's parser with our parser classes: from XML to its process specifications.

It validates against the BPMN schema, finds processes, lanes and subprocesses, and builds the graph of
task specs. Three things are ours: nodes are read one after another and then connected (the library
recurses along the flow and stops at about 490 nodes), sequence flows stay on the specs with their ids
(the library keeps names of targets only), and what it has no class for travels as an extension of the
spec. Nothing of its run time is used.
"""

from __future__ import annotations

import functools
from typing import Any, ClassVar

from lxml import etree
from SpiffWorkflow.bpmn.parser.BpmnParser import BpmnParser, BpmnValidator
from SpiffWorkflow.bpmn.parser.ProcessParser import ProcessParser
from SpiffWorkflow.bpmn.parser.TaskParser import TaskParser
from SpiffWorkflow.bpmn.parser.ValidationException import ValidationException
from SpiffWorkflow.bpmn.specs import defaults
from SpiffWorkflow.bpmn.specs.bpmn_process_spec import BpmnProcessSpec
from SpiffWorkflow.bpmn.specs.event_definitions.conditional import ConditionalEventDefinition
from SpiffWorkflow.bpmn.specs.event_definitions.item_aware_event import (
    ErrorEventDefinition,
    EscalationEventDefinition,
    SignalEventDefinition,
)
from SpiffWorkflow.bpmn.specs.event_definitions.message import MessageEventDefinition
from SpiffWorkflow.bpmn.specs.event_definitions.multiple import MultipleEventDefinition
from SpiffWorkflow.bpmn.specs.event_definitions.simple import (
    CancelEventDefinition,
    NoneEventDefinition,
    TerminateEventDefinition,
)
from SpiffWorkflow.bpmn.specs.event_definitions.timer import (
    CycleTimerEventDefinition,
    DurationTimerEventDefinition,
    TimeDateEventDefinition,
)

from engine.bpmn import tags


@functools.cache
def _validator() -> BpmnValidator:
    return BpmnValidator()


def schema_violation(root: etree._Element) -> tuple[int | None, str] | None:
    """Return line and text of the first violation of the BPMN 2.0 schema, or None.

    The library's validator renames retrieval expressions that bpmn-js writes; the tree is changed so.
    """
    try:
        _validator().validate(root)
    except ValidationException as violation:
        text = str(violation).replace(f"{{{tags.BPMN}}}", "")
        return getattr(violation, "line_number", None), text
    return None


class NodeReader(TaskParser):  # type: ignore[misc]  # the library is untyped
    """Reads one flow node; connecting it is left to ``ProcessReader``."""

    def parse_node(self) -> Any:
        """Return the task spec; its ``extensions`` hold the XML element and, later, its flows."""
        attributes = {
            "lane": self.lane,
            "bpmn_name": self.node.get("name"),
            "documentation": tags.text(tags.child(self.node, "documentation")),
        }
        name = tags.local(self.node)
        if name in tags.EVENTS:
            attributes["event_definition"] = self.event_definition()
        if name == "boundaryEvent":
            attributes["cancel_activity"] = self.node.get("cancelActivity", "true") != "false"
        if name == "eventBasedGateway" or name in ("sendTask", "receiveTask"):
            attributes["event_definition"] = NoneEventDefinition()
        if name == "eventBasedGateway":
            attributes["event_definition"] = MultipleEventDefinition()
        if name == "scriptTask":
            attributes["script"] = ""
        if name in tags.SUBPROCESSES:
            self.process_parser.parser.create_parser(
                self.node, filename=self.filename, lane=self.lane
            )
            attributes["subworkflow_spec"] = self.node.get("id")
        if name == "callActivity":
            attributes["subworkflow_spec"] = self.node.get("calledElement")
        spec_class = self.spec_class
        if name == "subProcess" and self.node.get("triggeredByEvent") == "true":
            spec_class = self.EVENT_SUBPROCESS_CLASS
        self.task = spec_class(self.spec, _name(self.bpmn_id), **attributes)
        self.task.bpmn_id = self.bpmn_id
        self.task.extensions = self.parse_extensions()
        return self.task

    def parse_extensions(self, node: etree._Element | None = None) -> dict[str, Any]:
        """Keep the element itself: the dialects are read when the node table is compiled."""
        return {"element": self.node if node is None else node, "flows": []}

    def event_definition(self) -> Any:
        """Return the library's definition of the event; none where it has no class (link, compensate)."""
        found = [self._definition(e) for e in tags.events_of(self.node)]
        if len(found) > 1:
            return MultipleEventDefinition(found, self.node.get("parallelMultiple") == "true")
        return found[0] if found else NoneEventDefinition()

    def _definition(self, element: etree._Element) -> Any:  # one line a kind
        parser, kind = self.process_parser.parser, tags.local(element)
        if kind == "messageEventDefinition":
            return MessageEventDefinition(parser.messages.get(element.get("messageRef")))
        if kind == "signalEventDefinition":
            return SignalEventDefinition(parser.signals.get(element.get("signalRef")))
        if kind == "errorEventDefinition":
            known = parser.errors.get(element.get("errorRef"), {})
            return ErrorEventDefinition(known.get("name"), known.get("error_code"))
        if kind == "escalationEventDefinition":
            known = parser.escalations.get(element.get("escalationRef"), {})
            return EscalationEventDefinition(known.get("name"), known.get("escalation_code"))
        if kind == "conditionalEventDefinition":
            return ConditionalEventDefinition(tags.text(tags.child(element, "condition")))
        if kind == "cancelEventDefinition":
            return CancelEventDefinition()
        if kind == "terminateEventDefinition":
            return TerminateEventDefinition()
        if kind == "timerEventDefinition":
            for name, known_class in (
                ("timeDate", TimeDateEventDefinition),
                ("timeDuration", DurationTimerEventDefinition),
                ("timeCycle", CycleTimerEventDefinition),
            ):
                if (at := tags.child(element, name)) is not None:
                    return known_class(self.bpmn_id, tags.text(at))
        return NoneEventDefinition()


class ProcessReader(ProcessParser):  # type: ignore[misc]
    """Reads the content of a process or subprocess: nodes first, then the flows between them."""

    def _index_process_nodes(self) -> None:
        """Nothing: the library indexes the whole subtree once for every level of nesting."""

    def _parse(self) -> None:
        self.spec = BpmnProcessSpec(
            name=self.bpmn_id, description=self.get_name(), filename=self.filename
        )
        self.spec.extensions = {"element": self.node}
        known: dict[str, Any] = {}
        for node in self.node:
            node_parser, spec_class = self.parser._get_parser_class(node.tag)
            if node_parser is not None:
                known[str(node.get("id"))] = node_parser(
                    self, spec_class, node, self.nsmap, lane=self.lane
                ).parse_node()
        for flow in tags.children(self.node, "sequenceFlow"):
            source, target = (
                known[str(flow.get("sourceRef"))],
                known[str(flow.get("targetRef"))],
            )
            source.connect(target)
            source.extensions["flows"].append(flow)
        for event in tags.children(self.node, "boundaryEvent"):
            host = known[str(event.get("attachedToRef"))]
            host.extensions.setdefault("boundary", []).append(known[str(event.get("id"))])


_CLASSES = {
    "startEvent": defaults.StartEvent,
    "endEvent": defaults.EndEvent,
    "intermediateCatchEvent": defaults.IntermediateCatchEvent,
    "intermediateThrowEvent": defaults.IntermediateThrowEvent,
    "boundaryEvent": defaults.BoundaryEvent,
    "task": defaults.NoneTask,
    "manualTask": defaults.NoneTask,
    "userTask": defaults.UserTask,
    "serviceTask": defaults.ServiceTask,
    "businessRuleTask": defaults.ServiceTask,
    "scriptTask": defaults.ScriptTask,
    "sendTask": defaults.SendTask,
    "receiveTask": defaults.ReceiveTask,
    "exclusiveGateway": defaults.ExclusiveGateway,
    "parallelGateway": defaults.ParallelGateway,
    "inclusiveGateway": defaults.InclusiveGateway,
    "complexGateway": defaults.InclusiveGateway,  # the library has none; the node table reads the element
    "eventBasedGateway": defaults.EventBasedGateway,
    "subProcess": defaults.SubWorkflowTask,
    "transaction": defaults.TransactionSubprocess,
    "adHocSubProcess": defaults.AdHocSubprocess,
    "callActivity": defaults.CallActivity,
}


class FileReader(BpmnParser):  # type: ignore[misc]
    """One file. Data stores and correlations are read by us, so that a drawing of them refuses nothing.

    Nor is the diagram interchange read: where a shape stands changes nothing, whatever a tool wrote there.
    """

    OVERRIDE_PARSER_CLASSES: ClassVar[dict[str, Any]] = {
        tags.tag(name): (NodeReader, spec) for name, spec in _CLASSES.items()
    }
    PROCESS_PARSER_CLASS = ProcessReader

    def _add_data_stores(self, bpmn: etree._Element) -> None:
        """A data store is a picture for the reader; nothing reads or writes it."""

    def _add_diagram_indexes(self, bpmn: etree._Element) -> None:
        """Positions are for who looks at the drawing."""

    def _add_correlations(self, bpmn: etree._Element) -> None:
        """See ``compile``: our correlations are FEEL."""


def parse(root: etree._Element, file: str) -> dict[str, Any]:
    """Return the library's process specs of a checked and normalised file by process and subprocess id.

    Processes with ``isExecutable="false"`` are left out.

    Raises:
        ValidationException: the library refuses the file (the check has found what it names before).
    """
    reader = FileReader()
    reader.add_bpmn_xml(root, file)
    specs = {}
    waiting = [p for p, r in reader.process_parsers.items() if r.process_executable]
    while waiting:
        process_id = waiting.pop()
        specs[process_id] = spec = reader.get_spec(process_id)
        waiting.extend(
            t.extensions["element"].get("id")
            for t in spec.task_specs.values()
            if tags.local(getattr(t, "extensions", _NOTHING)["element"]) in tags.SUBPROCESSES
        )
    return specs


_NOTHING: dict[str, Any] = {"element": etree.Element("none")}


def _name(bpmn_id: str) -> str:
    """Name a spec so that no id of the drawing meets the library's own ``Start``, ``End`` and ``Root``."""
    return f"node {bpmn_id}"
