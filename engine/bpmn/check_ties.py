"""The deployment check of what is tied to one another without a flow: links, and what undoes an activity."""

from __future__ import annotations

from lxml import etree

from engine.bpmn import tags
from engine.bpmn.check_extensions import ExtensionChecker
from engine.bpmn.findings import Report


class TieChecker(ExtensionChecker):
    """Checks links and compensation of one file."""

    def __init__(self, root: etree._Element, report: Report) -> None:
        super().__init__(report)
        self.associations = [
            (a.get("sourceRef"), a.get("targetRef")) for a in root.iter(tags.tag("association"))
        ]
        self.link_ids = {e.get("id"): e for e in root.iter(tags.tag("linkEventDefinition"))}

    def links(
        self,
        nodes: dict[str, etree._Element],
        outgoing: dict[str, list[etree._Element]],
        incoming: dict[str, list[etree._Element]],
    ) -> None:
        throws: list[tuple[str, etree._Element]] = []
        targets: dict[str, etree._Element] = {}
        for node in nodes.values():
            for element in tags.events_of(node):
                if tags.local(element) != "linkEventDefinition":
                    continue
                self.jump(node, outgoing, incoming)
                name = element.get("name") or ""
                for end in tags.children(element, "source", "target"):
                    if tags.text(end) not in self.link_ids:
                        self.error(
                            "reference",
                            node,
                            f"的链接引用的“{tags.text(end)}”不存在",
                            f"its link refers to {tags.text(end)!r}, which does not exist",
                        )
                    elif not _answers(element, self.link_ids[tags.text(end)]):
                        self.error(
                            "link",
                            node,
                            f"的链接指着“{tags.text(end)}”，对方却指着别的链接",
                            f"its link refers to {tags.text(end)!r}, which refers to another one",
                        )
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

    def jump(
        self,
        node: etree._Element,
        outgoing: dict[str, list[etree._Element]],
        incoming: dict[str, list[etree._Element]],
    ) -> None:
        """A link goes from its throw to its catch; beside that no flow leaves the one or enters the other."""
        throws, key = tags.local(node) == "intermediateThrowEvent", str(node.get("id"))
        if (outgoing if throws else incoming).get(key):
            self.error(
                "link",
                node,
                "是链接的起点，不能再有流出" if throws else "是链接的目标，不能再有流入",
                "a link throw event has no outgoing flow"
                if throws
                else "a link catch event has no incoming flow",
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
                    unmarked = handler.get("isForCompensation") != "true"
                    if unmarked and (outgoing.get(own) or incoming.get(own)):
                        self.no_flows(handler)
                host = nodes.get(node.get("attachedToRef") or "")
                if host is not None and _undo_inside(host):
                    self.error(
                        "compensation-handler",
                        node,
                        "所附子流程里已有补偿事件子流程，只能有一种补偿办法",
                        "the subprocess has a compensation event subprocess; an activity is undone in one way",
                    )
            if node.get("isForCompensation") == "true" and (outgoing.get(key) or incoming.get(key)):
                self.no_flows(node)
            for element in tags.events_of(node):
                target = element.get("activityRef")
                if tags.local(element) == "compensateEventDefinition" and target:
                    self.compensated(node, target, holder)

        for second in _undo_inside(holder)[1:]:
            self.error(
                "compensation-handler",
                second,
                "是第二个补偿事件子流程，只能有一个",
                "a second compensation event subprocess",
            )

    def no_flows(self, node: etree._Element) -> None:
        self.error(
            "compensation-handler",
            node,
            "是补偿活动，不能有流入流出",
            "a compensation handler has no sequence flows",
        )

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


def _answers(link: etree._Element, other: etree._Element) -> bool:
    """Whether a link that another one names names it in turn, or leaves that open."""
    named = [tags.text(end) for end in tags.children(other, "source", "target")]
    return not named or link.get("id") in named


def _undo_inside(holder: etree._Element) -> list[etree._Element]:
    """Return the event subprocesses of a scope that undo it."""
    return [
        inner
        for inner in holder
        if inner.get("triggeredByEvent") == "true"
        for start in tags.children(inner, "startEvent")
        if tags.child(start, "compensateEventDefinition") is not None
    ]
