"""The deployment check of a drawing: what the standard forbids and what is not executed, by name.

``structure`` looks at the XML of one file before anything else reads it, so that whatever passes can be
parsed and is executed as drawn. What needs the compiled graph or the office stands in ``check_meaning``.
Rule names are listed in docs/bpmn.md.
"""

from __future__ import annotations

from collections.abc import Iterable

from lxml import etree

from engine.bpmn import moments, parse, tags
from engine.bpmn.check_extensions import ExtensionChecker
from engine.bpmn.check_meaning import meaning
from engine.bpmn.dialect import line, owner_id
from engine.bpmn.findings import Report
from engine.bpmn.rewrite import TRUTHS

__all__ = ["across", "meaning", "structure"]

_CONTENT = tags.FLOW_NODES | frozenset(
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
    _duplicates(root, report)
    _truths(root, report)
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
        _Checker(root, report).body(process)
        _languages(process, report)


def _truths(root: etree._Element, report: Report) -> None:
    """A process inside something else, and a truth value that is none, would be read at random."""
    for element in root.iter(f"{{{tags.BPMN}}}*"):
        where = str(element.get("id") or tags.local(element))
        if element.tag == tags.tag("process") and element.getparent() is not root:
            report.error(
                "unsupported",
                where,
                line(element),
                f"流程“{where}”不能放在别的元素里",
                f"the process {where} stands inside another element",
            )
        for attribute in TRUTHS:
            value = element.get(attribute)
            if value is not None and value not in ("true", "false"):
                report.error(
                    "schema",
                    where,
                    line(element),
                    f"“{where}”的 {attribute} 只能是 true 或 false",
                    f"{where}: {attribute} is neither true nor false",
                )


def _languages(process: etree._Element, report: Report) -> None:
    """An expression that says it is written in another language than FEEL is not evaluated.

    What is empty says nothing in any language, and a plain moment of ISO 8601 in a timer is no expression.
    """
    for expression in process.iter(f"{{{tags.BPMN}}}*"):
        language = (expression.get("language") or "").lower()
        text = tags.text(expression)
        timed = tags.local(expression) in ("timeDate", "timeDuration", "timeCycle")
        if not text or (timed and moments.looks_iso(text.strip("\"'"))):
            continue
        if language and "feel" not in language and "dmn" not in language:
            where = owner_id(expression)
            report.error(
                "expression-language",
                where,
                line(expression),
                f"“{where}”的表达式用的是 {language}，引擎只认 FEEL",
                f"{where}: an expression is written in {language}; only FEEL is evaluated",
            )


def across(loaded: Iterable[tuple[str, etree._Element, Report]]) -> None:
    """Check that no process id stands in two files."""
    seen: dict[str, str] = {}
    for name, root, report in loaded:
        for process in tags.children(root, "process"):
            key = str(process.get("id"))
            if key in seen and process.get("isExecutable") != "false" and seen[key] != name:
                report.error(
                    "duplicate-process",
                    key,
                    line(process),
                    f"流程编号“{key}”在 {seen[key]} 里已经用过",
                    f"process id {key} is already used in {seen[key]}",
                )
            seen.setdefault(key, name)


def _duplicates(root: etree._Element, report: Report) -> None:
    seen: set[str] = set()
    for element in root.iter(f"{{{tags.BPMN}}}*"):
        key = element.get("id")
        if key is None:
            continue
        if key in seen:
            report.error(
                "duplicate-id",
                key,
                line(element),
                f"编号“{key}”重复，每个元素的编号必须不同",
                f"the id {key} is used twice",
            )
        seen.add(key)


class _Checker(ExtensionChecker):
    """Walks the bodies of one file."""

    def __init__(self, root: etree._Element, report: Report) -> None:
        super().__init__(report)
        self.associations = [
            (a.get("sourceRef"), a.get("targetRef")) for a in root.iter(tags.tag("association"))
        ]
        self.declared: dict[str, set[str]] = {
            kind: {str(e.get("id")) for e in root.iter(tags.tag(kind))}
            for kind in ("message", "signal", "error", "escalation")
        }

    def body(self, holder: etree._Element) -> None:
        """Check the content of a process or subprocess."""
        nodes = {str(n.get("id")): n for n in holder if tags.local(n) in tags.FLOW_NODES}
        flows = list(tags.children(holder, "sequenceFlow"))
        outgoing: dict[str, list[etree._Element]] = {}
        incoming: dict[str, list[etree._Element]] = {}
        for element in holder:
            if tags.space(element) == tags.BPMN and tags.local(element) not in _CONTENT:
                self.error(
                    "unsupported",
                    element,
                    f"是 {tags.local(element)}，引擎不执行这种元素",
                    f"{tags.local(element)} is not executed",
                )
        self.extensions(holder)
        for flow in flows:
            self.flow(flow, nodes)
            outgoing.setdefault(str(flow.get("sourceRef")), []).append(flow)
            incoming.setdefault(str(flow.get("targetRef")), []).append(flow)
        for key, node in nodes.items():
            self.node(node, holder, nodes, outgoing.get(key, []), incoming)
        self.links(nodes)
        self.compensation(holder, nodes, outgoing, incoming)
        if tags.local(holder) == "subProcess" and holder.get("triggeredByEvent") == "true":
            self.handler(holder, nodes)

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
        if not tags.text(condition):
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
                for event in tags.children(node, "startEvent", "endEvent"):
                    self.error(
                        "adhoc-event",
                        event,
                        "在临时子流程里，标准不允许",
                        "start and end events are forbidden in ad hoc",
                    )
            self.body(node)

    def what_it_does(self, node: etree._Element, kind: str) -> None:
        """A task that runs by itself must say what it does, in words that the engine has."""
        effects = tags.extensions(node, tags.GK, "effect")
        if effects and kind not in ("serviceTask", "sendTask", "businessRuleTask"):
            self.error(
                "effect-misplaced",
                node,
                "不是服务任务或发送任务，不能带 gk:effect",
                "gk:effect needs a service or send task",
            )
        lacks = {
            "scriptTask": (
                "script-task",
                "是脚本任务，引擎不执行脚本",
                "script tasks are not executed",
            ),
            "serviceTask": (
                "effect-missing",
                "是服务任务，需要用 gk:effect 写明做什么",
                "a service task needs gk:effect",
            ),
            "sendTask": (
                "effect-missing",
                "是发送任务，需要消息或 gk:effect",
                "a send task needs a message or gk:effect",
            ),
            "businessRuleTask": (
                "decision-missing",
                "没有指明决策（camunda:decisionRef）",
                "names no decision (camunda:decisionRef)",
            ),
            "callActivity": ("called-element", "没有指明调用哪个流程", "names no process to call"),
        }
        says = bool(effects) or kind not in lacks
        says = says or (kind == "sendTask" and bool(node.get("messageRef")))
        says = says or (kind == "businessRuleTask" and _decision(node))
        says = says or (kind == "callActivity" and _called(node))
        if not says or kind == "scriptTask":
            self.error(lacks[kind][0], node, *lacks[kind][1:])
        if any(not e.get("name") for e in effects):
            self.error("effect-missing", node, "的 gk:effect 没有 name", "gk:effect without a name")

    def repetition(self, node: etree._Element) -> None:
        multi = tags.child(node, "multiInstanceLoopCharacteristics")
        if multi is None:
            return
        given = (
            tags.text(tags.child(multi, "loopCardinality"))
            or tags.text(tags.child(multi, "loopDataInputRef"))
            or tags.vendor(multi, "collection")
            or tags.extension(multi, tags.ZEEBE, "loopCharacteristics") is not None
        )
        if not given:
            self.error(
                "multi-instance-empty",
                node,
                "是多实例，但没有份数也没有集合",
                "multi-instance without number or collection",
            )
        self.behavior(node, multi)

    def behavior(self, node: etree._Element, multi: etree._Element) -> None:
        """What is thrown when an instance completes must be there, and be something that can be caught."""
        said = multi.get("behavior", "All")
        if said not in ("None", "One", "All", "Complex"):
            self.error(
                "multi-instance-behavior",
                node,
                f"的多实例 behavior“{said}”不认识",
                f"multi-instance behavior {said!r} is none of None, One, All, Complex",
            )
        reference = multi.get(f"{said.lower()}BehaviorEventRef")
        if reference and tags.behavior_event(multi) is None:
            self.error(
                "reference",
                node,
                f"引用的事件定义“{reference}”不存在",
                f"refers to an event definition {reference!r} that does not exist",
            )
        for definition, condition in tags.behavior_events(multi):
            kind = tags.local(definition).removesuffix("EventDefinition")
            if kind not in ("signal", "message", "escalation", "error"):
                self.error(
                    "multi-instance-behavior",
                    node,
                    f"完成一份时不能发出 {kind} 事件",
                    f"a {kind} event cannot be thrown when an instance completes",
                )
            else:
                self.reference(node, definition, kind)
            if said == "Complex" and not condition:
                self.error(
                    "multi-instance-behavior",
                    node,
                    "的 complexBehaviorDefinition 没有条件",
                    "a complexBehaviorDefinition without a condition",
                )

    def gateway(
        self,
        node: etree._Element,
        nodes: dict[str, etree._Element],
        out: list[etree._Element],
        incoming: dict[str, list[etree._Element]],
    ) -> None:
        kind = tags.local(node)
        coming = incoming.get(str(node.get("id")), [])
        activation = tags.text(tags.child(node, "activationCondition"))
        if kind == "complexGateway" and len(coming) > 1 and not activation:
            self.error(
                "complex-gateway",
                node,
                "是复杂网关，有几条流入却没有激活条件，不知道何时放行",
                "a complex gateway with several incoming flows and no activationCondition",
            )
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

    def instantiating(self, node: etree._Element) -> None:
        """What starts a process besides start events stands in the process itself."""
        holder = node.getparent()
        if node.get("instantiate") != "true" or holder is None or tags.local(holder) == "process":
            return
        self.error(
            "start-event",
            node,
            "用来启动流程（instantiate），不能放在子流程里",
            "it is instantiating and stands in a subprocess",
        )

    # -------------------------------------------------------- events

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
        if "cancel" in kinds and kind == "endEvent" and tags.local(holder) != "transaction":
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
        if node.get("cancelActivity") == "false" and ("error" in kinds or "cancel" in kinds):
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
        if kind == "conditional" and not tags.text(tags.child(element, "condition")):
            self.error(
                "event-empty",
                node,
                "是条件事件，但没有条件",
                "a conditional event without a condition",
            )
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

    def links(self, nodes: dict[str, etree._Element]) -> None:
        throws: list[tuple[str, etree._Element]] = []
        targets: dict[str, etree._Element] = {}
        for node in nodes.values():
            for element in tags.events_of(node):
                if tags.local(element) != "linkEventDefinition":
                    continue
                name = element.get("name") or ""
                if tags.local(node) == "intermediateThrowEvent":
                    throws.append((name, node))
                elif name in targets:
                    self.error(
                        "link",
                        node,
                        f"与“{targets[name].get('id')}”是同名的链接目标",
                        f"a second link target {name!r}",
                    )
                else:
                    targets[name] = node
        for name, node in throws:
            if name not in targets:
                self.error(
                    "link",
                    node,
                    f"的链接“{name}”在同一层没有目标",
                    f"the link {name!r} has no target on this level",
                )

    def compensation(
        self,
        holder: etree._Element,
        nodes: dict[str, etree._Element],
        outgoing: dict[str, list[etree._Element]],
        incoming: dict[str, list[etree._Element]],
    ) -> None:
        ends = self.associations
        for key, node in nodes.items():
            kinds = {tags.local(e) for e in tags.events_of(node)}
            if tags.local(node) == "boundaryEvent" and "compensateEventDefinition" in kinds:
                others = [t if s == key else s for s, t in ends if key in (s, t)]
                handlers = [
                    nodes[o]
                    for o in others
                    if o in nodes and tags.local(nodes[o]) in tags.ACTIVITIES
                ]
                if len(handlers) != 1:
                    self.error(
                        "compensation-handler",
                        node,
                        "没有（或不止一个）补偿活动与它相连",
                        "needs exactly one handler joined by an association",
                    )
                if len(kinds) > 1 or outgoing.get(key):
                    self.error(
                        "compensation-handler",
                        node,
                        "是补偿边界事件，不能有流出或其他定义",
                        "a compensation boundary event has neither flows nor other definitions",
                    )
                for handler in handlers:
                    own = str(handler.get("id"))
                    if outgoing.get(own) or incoming.get(own):
                        self.error(
                            "compensation-handler",
                            handler,
                            "是补偿活动，不能有流入流出",
                            "a compensation handler has no sequence flows",
                        )
            for element in tags.events_of(node):
                target = element.get("activityRef")
                if tags.local(element) == "compensateEventDefinition" and target:
                    self.compensated(node, target, holder)

    def compensated(self, node: etree._Element, target: str, holder: etree._Element) -> None:
        at: etree._Element | None = holder
        while at is not None:
            if any(
                child.get("id") == target and tags.local(child) in tags.ACTIVITIES for child in at
            ):
                return
            at = at.getparent()
        self.error(
            "reference",
            node,
            f"要补偿的活动“{target}”不存在",
            f"compensates {target!r}, which it cannot reach",
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
        for attribute in ("standardLoopCharacteristics", "multiInstanceLoopCharacteristics"):
            if tags.child(holder, attribute) is not None:
                self.error(
                    "event-subprocess-loop",
                    holder,
                    "是事件子流程，不能循环",
                    "an event subprocess cannot be repeated",
                )


def _decision(node: etree._Element) -> bool:
    return bool(
        tags.vendor(node, "decisionRef")
        or tags.vendor(node, "decisionTableReferenceKey")
        or tags.extension(node, tags.ZEEBE, "calledDecision") is not None
    )


def _called(node: etree._Element) -> bool:
    return bool(
        node.get("calledElement") or tags.extension(node, tags.ZEEBE, "calledElement") is not None
    )
