"""The deployment check of a drawing: what the standard forbids and what is not executed, by name.

``structure`` looks at the XML of one file before anything else reads it, so that whatever passes can be
parsed and is executed as drawn. ``meaning`` looks at what
needs the compiled graph or the office. Rule names are listed in docs/bpmn.md.
"""

from __future__ import annotations

from collections.abc import Sequence

from lxml import etree

from engine.bpmn import parse, tags
from engine.bpmn.check_activities import ActivityChecker
from engine.bpmn.check_events import told_in_words
from engine.bpmn.check_file import across, duplicates, languages, truths
from engine.bpmn.check_graph import check_graph, check_ids
from engine.bpmn.check_names import NameChecker
from engine.bpmn.findings import Known, Report
from engine.bpmn.model import Definition, Process
from engine.bpmn.reading import Reading, line

__all__ = ["across", "meaning", "structure"]

Compiled = Sequence[tuple[etree._Element, Reading, list[Process]]]


def structure(root: etree._Element, report: Report) -> None:
    """Check one normalised file."""
    if root.tag != tags.tag("definitions"):
        report.error(
            "not-bpmn",
            report.file,
            line(root),
            f"{report.file} 不是 BPMN 2.0 流程图",
            "not a BPMN 2.0 file: the root is no bpmn:definitions",
        )
        return
    violation = parse.schema_violation(root)
    if violation:
        report.warning(
            "schema",
            report.file,
            violation[0],
            f"不符合 BPMN 2.0 的 XML 规范：{violation[1]}",
            f"violates the BPMN 2.0 schema: {violation[1]}",
        )
    duplicates(root, report)
    truths(root, report)
    for correlation in tags.children(root, "correlationProperty"):
        languages(correlation, report)
    processes = list(tags.children(root, "process"))
    if not any(p.get("isExecutable") != "false" for p in processes):
        first = processes[0] if processes else root
        report.error(
            "not-executable",
            str(first.get("id") or report.file),
            line(first),
            "文件里没有可执行的流程（isExecutable）",
            "no executable process in the file",
        )
        return
    for process in processes:
        if process.get("isExecutable") == "false":
            report.info(
                "not-executed",
                str(process.get("id")),
                line(process),
                f"流程“{process.get('id')}”标为不可执行，只作图示",
                f"process {process.get('id')} is not executable and only drawn",
            )
            continue
        if not any(tags.local(node) in tags.FLOW_NODES for node in process):
            report.warning(
                "empty-process",
                str(process.get("id")),
                line(process),
                f"流程“{process.get('id')}”里什么也没有画，一开始就结束",
                f"process {process.get('id')} holds nothing: it ends as it begins",
            )
        _Checker(root, report).body(process)
        languages(process, report)


def meaning(definition: Definition, compiled: Compiled, known: Known) -> None:
    """Check a compiled definition: what needs the graph, or the office's own data."""
    names = NameChecker(definition, known)
    for _, reading, processes in compiled:
        report = reading.report
        for process in processes:
            check_graph(report, process)
            names.process(report, process)
        names.file(reading)
        if any(process.id == definition.main for process in processes):
            names.clocks(report)
            check_ids(report, definition, known)


class _Checker(ActivityChecker):
    """Walks the bodies of one file."""

    def body(self, holder: etree._Element) -> None:
        """Check the content of a process or subprocess."""
        nodes = {str(n.get("id")): n for n in holder if tags.local(n) in tags.FLOW_NODES}
        flows = list(tags.children(holder, "sequenceFlow"))
        outgoing: dict[str, list[etree._Element]] = {}
        incoming: dict[str, list[etree._Element]] = {}
        self.known(holder, holder, tags.CONTENT)
        self.extensions(holder)
        for data in tags.children(holder, "dataObject", "property"):
            self.extensions(data)
        for flow in flows:
            self.flow(flow, nodes)
            outgoing.setdefault(str(flow.get("sourceRef")), []).append(flow)
            incoming.setdefault(str(flow.get("targetRef")), []).append(flow)
        for key, node in nodes.items():
            self.node(node, holder, nodes, outgoing.get(key, []), incoming)
        self.links(nodes, outgoing, incoming)
        self.compensation(holder, nodes, outgoing, incoming)
        if tags.local(holder) == "subProcess" and holder.get("triggeredByEvent") == "true":
            self.handler(holder, nodes)
        elif tags.local(holder) != "adHocSubProcess":
            self.beginnings(nodes)

    def known(self, holder: etree._Element, owner: etree._Element, names: frozenset[str]) -> None:
        """An element that nothing here reads would be left out of what runs."""
        for element in holder:
            name = tags.local(element)
            if tags.space(element) == tags.BPMN and name not in names:
                self.error(
                    "unsupported",
                    element if holder is owner and element.get("id") else owner,
                    f"是 {name}，引擎不执行这种元素"
                    if holder is owner and element.get("id")
                    else f"里的 {name} 引擎不认识，不执行",
                    f"{name} is not executed",
                )

    # -------------------------------------------------------- flows

    def flow(self, flow: etree._Element, nodes: dict[str, etree._Element]) -> None:
        self.extensions(flow)
        self.condition(flow)
        for end in ("sourceRef", "targetRef"):
            if flow.get(end) not in nodes:
                self.error(
                    "dangling-flow",
                    flow,
                    f"的{'起点' if end == 'sourceRef' else '终点'}“{flow.get(end)}”不在同一层流程里",
                    f"{end} {flow.get(end)!r} is no node of the same level",
                )
                return
        source, target = nodes[str(flow.get("sourceRef"))], nodes[str(flow.get("targetRef"))]
        if tags.local(target) in ("startEvent", "boundaryEvent"):
            self.error(
                "flow-into-event",
                flow,
                "不能指向开始事件或边界事件",
                "leads into a start or boundary event",
            )
        if tags.local(source) == "endEvent":
            self.error("flow-out-of-end", flow, "不能从结束事件出发", "leaves an end event")
        if "true" in (source.get("triggeredByEvent"), target.get("triggeredByEvent")):
            self.error("flow-at-handler", flow, "不能连接事件子流程", "touches an event subprocess")
        if tags.local(source) in ("parallelGateway", "eventBasedGateway") and tags.text(
            tags.child(flow, "conditionExpression")
        ):
            self.error(
                "condition-on-parallel",
                flow,
                "从并行网关或事件网关出发，不能带条件",
                "a flow out of a parallel or event-based gateway has a condition",
            )

    def condition(self, flow: etree._Element) -> None:
        """A condition says something, and says it in FEEL."""
        condition = tags.child(flow, "conditionExpression")
        if condition is None:
            return
        words = tags.text(tags.child(condition, "documentation"))
        if told_in_words(condition) or (words and not tags.text(condition)):
            self.in_words(flow)
        elif not tags.text(condition):
            self.warning(
                "condition-empty",
                flow,
                "的条件是空的，当作没有条件",
                "an empty condition; taken for none",
            )

    # -------------------------------------------------------- nodes

    def node(
        self,
        node: etree._Element,
        holder: etree._Element,
        nodes: dict[str, etree._Element],
        out: list[etree._Element],
        incoming: dict[str, list[etree._Element]],
    ) -> None:
        kind = tags.local(node)
        self.extensions(node)
        self.handed_on(node)
        if kind not in tags.SUBPROCESSES:
            self.known(node, node, tags.PARTS)
        for repeated in tags.children(node, *tags.REPEATED):
            self.known(repeated, node, tags.OF_REPEATED)
        default = node.get("default")
        if default is not None and default not in {f.get("id") for f in out}:
            self.error(
                "default-flow",
                node,
                f"的默认流“{default}”不是从它出发的",
                f"default {default!r} does not leave it",
            )
        if kind in tags.EVENTS:
            self.event(node, holder, nodes)
        elif kind in tags.GATEWAYS:
            self.gateway(node, nodes, out, incoming)
        else:
            self.activity(node, nodes)

    def activity(self, node: etree._Element, nodes: dict[str, etree._Element]) -> None:
        kind = tags.local(node)
        for attribute in ("startQuantity", "completionQuantity"):
            if not (
                node.get(attribute, "1").isdigit() and 1 <= int(node.get(attribute, "1")) <= 1000
            ):
                self.error(
                    "token-quantity",
                    node,
                    f"的 {attribute} 不是正整数",
                    f"{attribute} is no positive number",
                )
        self.what_it_does(node, kind)
        if node.get("messageRef"):
            self.reference(node, node, "message")
        if kind == "receiveTask":
            self.instantiating(node)
        self.repetition(node)
        if kind in tags.SUBPROCESSES:
            if kind == "adHocSubProcess":
                if tags.text(tags.child(node, "completionCondition")) == "autocomplete":
                    self.other_course(node, "autocomplete")  # jBPM's word, no expression
                for event in tags.children(node, "startEvent", "endEvent"):
                    self.error(
                        "adhoc-event",
                        event,
                        "在临时子流程里，标准不允许",
                        "start and end events are forbidden in ad hoc",
                    )
            self.body(node)

    def gateway(
        self,
        node: etree._Element,
        nodes: dict[str, etree._Element],
        out: list[etree._Element],
        incoming: dict[str, list[etree._Element]],
    ) -> None:
        kind = tags.local(node)
        coming = incoming.get(str(node.get("id")), [])
        self.direction(node, len(coming), len(out))
        activation = tags.text(tags.child(node, "activationCondition"))
        if kind == "complexGateway" and len(coming) > 1 and not activation:
            self.error(
                "complex-gateway",
                node,
                "是复杂网关，有几条流入却没有激活条件，不知道何时放行",
                "a complex gateway with several incoming flows and no activationCondition",
            )
        if kind == "exclusiveGateway":
            self.first_tried(node, out)
        if kind != "eventBasedGateway":
            return
        starts = node.get("instantiate") == "true"
        if node.get("eventGatewayType") == "Parallel" and not starts:
            self.error(
                "parallel-event-gateway",
                node,
                "是并行事件网关，只能用来启动流程（instantiate）",
                "a parallel event-based gateway must be instantiating",
            )
        if starts and coming:
            self.error(
                "event-gateway",
                node,
                "用来启动流程，不能有流入",
                "an instantiating event-based gateway has no incoming flow",
            )
        self.instantiating(node)
        if not out:
            self.error(
                "event-gateway", node, "后面没有事件", "nothing follows the event-based gateway"
            )
        for flow in out:
            target = nodes.get(str(flow.get("targetRef")))
            if target is None:
                continue
            kinds = {tags.local(e).removesuffix("EventDefinition") for e in tags.events_of(target)}
            waits = tags.local(target) == "intermediateCatchEvent" and kinds and "link" not in kinds
            if not waits and not (tags.local(target) == "receiveTask" and target.get("messageRef")):
                self.error(
                    "event-gateway",
                    node,
                    f"后面的“{target.get('id')}”不是等待事件",
                    f"{target.get('id')} behind it is no catching event or receive task with a message",
                )
            if len(incoming.get(str(target.get("id")), [])) > 1:
                self.error(
                    "event-gateway",
                    target,
                    "跟在事件网关后面，不能再有其他流入",
                    "behind an event-based gateway it may have no other incoming flow",
                )

    def first_tried(self, node: etree._Element, out: list[etree._Element]) -> None:
        """Flows are tried as they stand in the file; another tool's ranks may say otherwise."""
        said = [flow.get(f"{{{tags.DROOLS}}}priority", "") for flow in out]
        ranks = [int(rank) for rank in said if rank.isdecimal()]
        if ranks != sorted(ranks):
            self.other_course(node, "priority")

    def direction(self, node: etree._Element, coming: int, leaving: int) -> None:
        """What a gateway says of its direction changes nothing, but it may be drawn otherwise than meant."""
        said = node.get("gatewayDirection")
        if (said == "Converging" and leaving > 1) or (said == "Diverging" and coming > 1):
            self.warning(
                "gateway-direction",
                node,
                f"标为 {said}，却有几条{'流出' if said == 'Converging' else '流入'}，按实际画的连线执行",
                f"{said} with several {'outgoing' if said == 'Converging' else 'incoming'} flows; it goes as drawn",
            )
