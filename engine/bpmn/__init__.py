"""BPMN: load, check, rewrite, parse, compile, execute, migrate.

The only package that meets SpiffWorkflow and lxml. It knows neither database nor web.
"""

from engine.bpmn.check_graph import standing_ids
from engine.bpmn.check_names import no_such_setting
from engine.bpmn.definition import analyse, check, compile_definition
from engine.bpmn.findings import DefinitionRefused, Finding, Known
from engine.bpmn.load import XmlRefused, load_xml
from engine.bpmn.model import Action, Activity, Definition
from engine.bpmn.step import (
    BpmnError,
    Closed,
    Effect,
    Entry,
    Frontier,
    Host,
    NotWaiting,
    State,
    Step,
    StepFailed,
    Thrown,
    Timer,
    Wait,
    WorkItem,
)

__all__ = [
    "Action",
    "Activity",
    "BpmnError",
    "Closed",
    "Definition",
    "DefinitionRefused",
    "Effect",
    "Entry",
    "Finding",
    "Frontier",
    "Host",
    "Known",
    "NotWaiting",
    "State",
    "Step",
    "StepFailed",
    "Thrown",
    "Timer",
    "Wait",
    "WorkItem",
    "XmlRefused",
    "analyse",
    "check",
    "compile_definition",
    "load_xml",
    "no_such_setting",
    "standing_ids",
]
