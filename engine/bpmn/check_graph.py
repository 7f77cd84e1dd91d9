"""The deployment check of the compiled graph: ways out, circles, what no token reaches, what is caught twice.

Warnings where a drawing runs but is probably not meant so; ``check_names`` looks at what it names.
"""

from __future__ import annotations

from engine.bpmn.findings import Known, Report, named
from engine.bpmn.model import Body, Definition, Node, Process

_WAITS = frozenset(("user", "receive", "catch", "race"))
_TO_ONE = frozenset(
    ("error", "escalation", "cancel", "message")
)  # what is caught by one event only


def check_graph(report: Report, process: Process) -> None:
    """Check the graph of one process."""
    for body in process.bodies.values():
        _reach(report, body)
        _loops(report, body)
        _twice(report, body, process)
    for node in process.nodes.values():
        _ways(report, node)


def _ways(report: Report, node: Node) -> None:
    """Warn where it may happen that no flow can be taken, or always the same."""
    gateway = node.kind in ("exclusive", "inclusive", "complex")
    if node.default is not None and node.default.condition is not None:
        report.warning(
            "default-condition",
            node.id,
            node.line,
            f"{_said(node)}的默认分支“{node.default.id}”写了条件，默认分支不看条件",
            f"{node.id}: its default flow {node.default.id} has a condition, which is not looked at",
        )
    if gateway and len(node.out) < 2 and all(f.condition is None for f in node.out):
        return
    unconditional = [f for f in node.out if f.condition is None and f is not node.default]
    if node.kind == "exclusive" and unconditional:
        report.warning(
            "flow-without-condition",
            node.id,
            node.line,
            f"网关{_said(node)}的分支“{unconditional[0].id}”既无条件又不是默认分支，总会被选中",
            f"{node.id}: the flow {unconditional[0].id} has no condition and is not the default; it always holds",
        )
    elif node.out and node.default is None and not unconditional:
        report.warning(
            "no-default",
            node.id,
            node.line,
            f"{'网关' if gateway else ''}{_said(node)}没有默认分支，条件都不成立时案件会停下",
            f"{node.id}: no default flow; where no condition holds the case stops with an incident",
        )


def _twice(report: Report, body: Body, process: Process) -> None:
    """An error where of two events that catch the same only the first would ever be reached."""
    caught = [(node.boundary, _TO_ONE) for node in body.nodes.values()]
    starts = [
        n for h in body.handlers if h.body for n in h.body.nodes.values() if n.kind == "start"
    ]
    caught.append((starts, _TO_ONE))
    if body is process.body:
        caught.append((body.triggers, frozenset(("message", "signal"))))
    for nodes, kinds in caught:
        seen: dict[tuple[str, str | None], Node] = {}
        for node in nodes:
            for event in () if node.together else node.events:
                if event.kind not in kinds or event.correlation is not None:
                    continue
                first = seen.setdefault((event.kind, event.name), node)
                if first is not node:
                    report.error(
                        "caught-twice",
                        node.id,
                        node.line,
                        f"{_said(node)}与{_said(first)}接收同样的事件，只有前一个会发生",
                        f"{node.id}: catches the same as {first.id}; only that one would ever happen",
                    )


def _reach(report: Report, body: Body) -> None:
    """Warn of nodes that no token can come to."""
    begin = [*body.starts, *body.triggers]
    if body.adhoc is not None:
        begin += [body.nodes[n] for n in body.adhoc.enabled]
    begin += [n for n in body.nodes.values() if n.by_event or (n.kind == "start" and n.events)]
    begin += [n.handler for n in body.nodes.values() if n.handler is not None]
    hosted: dict[str, list[Node]] = {}
    for node in body.nodes.values():
        if node.host is not None:
            hosted.setdefault(node.host.id, []).append(node)
    seen: set[str] = set()
    stack = list(begin)
    while stack:
        node = stack.pop()
        if node.id in seen:
            continue
        seen.add(node.id)
        stack += [f.target for f in node.out]
        stack += hosted.get(node.id, ())
    for node in body.nodes.values():
        if node.id not in seen:
            report.warning(
                "unreachable",
                node.id,
                node.line,
                f"{_said(node)}永远到不了，请检查连线",
                f"{node.id}: no token can come here",
            )


def _loops(report: Report, body: Body) -> None:
    """Warn of a circle of flows in which nobody and nothing is waited for."""
    left = {n.id: n for n in body.nodes.values() if not _pauses(n)}
    into: dict[str, list[str]] = {key: [] for key in left}
    ways = dict.fromkeys(left, 0)
    for key, node in left.items():
        for flow in node.out:
            if flow.target.id in left:
                into[flow.target.id].append(key)
                ways[key] += 1
    nowhere = [key for key, count in ways.items() if count == 0]
    while nowhere:  # what leads nowhere is on no circle
        key = nowhere.pop()
        del left[key]
        for before in into[key]:
            ways[before] -= 1
            if ways[before] == 0:
                nowhere.append(before)
    if not left:
        return
    at, seen = next(iter(left.values())), set()
    while at.id not in seen:
        seen.add(at.id)
        at = next(f.target for f in at.out if f.target.id in left)
    report.warning(
        "loop-without-person",
        at.id,
        at.line,
        f"经过{_said(at)}的循环里没有人办理也不等待，可能停不下来",
        f"{at.id}: a loop in which nothing waits may never end",
    )


def _pauses(node: Node) -> bool:
    if node.kind in _WAITS or node.kind == "call":
        return True
    if node.body is not None:
        return any(_pauses(n) for n in node.body.nodes.values())
    return False


def standing_ids(definition: Definition) -> frozenset[str]:
    """Return the ids at which a case can stand: what waits, what holds something inside, what joins."""
    return frozenset(
        node.id
        for node in definition.all_nodes()
        if node.kind in _WAITS | {"subprocess", "call"}
        or (node.kind in ("parallel", "inclusive", "complex") and len(node.incoming) > 1)
    )


def check_ids(report: Report, definition: Definition, known: Known) -> None:
    if known.previous_ids is None:
        return
    present = {n.id for n in definition.all_nodes()}
    for missing in sorted(known.previous_ids - present):
        report.warning(
            "changed-id",
            missing,
            None,
            f"上一版本里的“{missing}”不见了：在办案件若停在那里需要迁移",
            f"{missing} of the version in force is gone; cases standing there must be migrated",
        )


def _said(node: Node) -> str:
    return named(node.id, node.name)
