"""The deployment check of activities: that each says what it does, how often, and in words that the engine has."""

from __future__ import annotations

from lxml import etree

from engine.bpmn import dialect, tags
from engine.bpmn.check_events import EventChecker


class ActivityChecker(EventChecker):
    """Checks the activities of one file."""

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
                '是脚本任务：只计算 FEEL，需要写明 scriptFormat="feel"、表达式和 resultVariable',
                "a script task computes FEEL only: it needs scriptFormat feel, an expression and resultVariable",
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
        says = says or (kind == "scriptTask" and all(dialect.formula(node)))
        if not says:
            self.error(lacks[kind][0], node, *lacks[kind][1:])
        if any(not e.get("name") for e in effects):
            self.error("effect-missing", node, "的 gk:effect 没有 name", "gk:effect without a name")

    def handed_on(self, node: etree._Element) -> None:
        """Data come from data and go to data: an association names no step, pool or type."""
        multi = tags.child(node, "multiInstanceLoopCharacteristics")
        ends = [
            end
            for holder in (
                *tags.children(node, "dataInputAssociation", "dataOutputAssociation"),
                multi,
            )
            for end in (
                tags.children(
                    holder, "sourceRef", "targetRef", "loopDataInputRef", "loopDataOutputRef"
                )
                if holder is not None
                else ()
            )
        ]
        for end in ends:
            if tags.text(end) in self.no_data:
                self.error(
                    "reference",
                    node,
                    f"的数据传递引用的“{tags.text(end)}”不是数据",
                    f"its data association refers to {tags.text(end)!r}, which is no data",
                )

    def repetition(self, node: etree._Element) -> None:
        multi = tags.child(node, "multiInstanceLoopCharacteristics")
        loop = tags.child(node, "standardLoopCharacteristics")
        if loop is not None and not (
            loop.get("loopMaximum") or tags.text(tags.child(loop, "loopCondition"))
        ):
            self.error(
                "loop-empty",
                node,
                "是循环，但既没有条件也没有最多次数，永远不会结束",
                "a loop with neither condition nor maximum never ends",
            )
        if multi is None:
            return
        if loop is not None:
            self.error(
                "loop-twice",
                node,
                "既是循环又是多实例，只能是其中一种",
                "a standard loop and multi-instance at once",
            )
        number = bool(tags.text(tags.child(multi, "loopCardinality")))
        collection = (
            bool(tags.text(tags.child(multi, "loopDataInputRef")))
            or tags.vendor(multi, "collection") is not None
            or tags.extension(multi, tags.ZEEBE, "loopCharacteristics") is not None
        )
        if number and collection:
            self.error(
                "multi-instance-twice",
                node,
                "是多实例，既写了份数又写了集合，有几份不清楚，请只留一个",
                "multi-instance by a number and by a collection at once; keep one",
            )
        if not (number or collection):
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
