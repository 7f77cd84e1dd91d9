"""What changed in a diagram: steps, who does them, limits, paths and conditions, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from engine.bpmn.model import Activity, Definition, Node
from engine.deployed import Deployed
from engine.office import Office
from engine.queries.changes import Change, altered, due_words, length_words
from engine.statutory_clock import ClockDefinition
from engine.words import say

_AROUND = 40  # nodes looked at to find the steps before and after a new one
_RULES = {
    "starts": "起算",
    "suspends": "暂停",
    "waits": "等待",
    "abandons": "视为放弃",
    "restarts": "重新起算",
    "keeps": "保留",
    "extends": "延长",
    "replaces": "改定",
    "stops": "停止",
    "lapses": "终结",
    "falls": "届满日",
    "rolls": "顺延",
    "internal": "内部时限",
    "warns": "提醒",
}
_LENGTHS = frozenset({"length", "atMost", "at", "limit", "within", "notice", "before", "on"})


def drawn_changes(before: Deployed, after: Deployed, office: Office) -> list[Change]:
    """Return the changes of a diagram, steps in the order of the new drawing, then clocks, then paths."""
    return [
        *_Steps(before, after, office).all(),
        *_actions(before.definition, after.definition, office, after.procedure.main),
        *_clocks(before, after),
        *_paths(before.definition, after.definition, after.procedure.main),
    ]


class _Steps:
    """Compares the activities of two versions."""

    def __init__(self, before: Deployed, after: Deployed, office: Office) -> None:
        self.old, self.new, self.office = before, after, office
        self.file = after.procedure.main

    def all(self) -> Iterator[Change]:
        old, new = self.old.definition.activities, self.new.definition.activities
        for key, activity in new.items():
            if key not in old:
                yield Change("new", activity.name, self._new_step(activity), self.file, key)
            else:
                yield from filter(None, self._compared(old[key], activity))
        for key, activity in old.items():
            if key not in new:
                yield Change("gone", activity.name, say("去掉这一步"), self.file, key)

    def _new_step(self, activity: Activity) -> str:
        parts = []
        earlier, later = self._neighbours(activity.id)
        if earlier:
            parts.append(say("{step}之后", step="、".join(earlier)))
        if later:
            parts.append(say("{step}之前", step="、".join(later)))
        if activity.groups:
            parts.append(say("由 {who} 办理", who=self._who(activity)))
        if activity.due:
            parts.append(say("内部时限{due}", due=due_words(activity.due, _titles(self.new))))
        return "，".join(parts) or say("新增这一步")

    def _compared(self, old: Activity, new: Activity) -> list[Change | None]:
        def one(what: str, before: str, after: str) -> Change | None:
            return altered(new.name, what, before, after, self.file, new.id)

        before, after = self._node(self.old, old), self._node(self.new, new)
        return [
            one(say("名称"), old.name, new.name),
            one(say("办理人"), self._who(old), self._who(new)),
            one(say("指名办理的人"), _named(before), _named(after)),
            one(say("科室"), old.unit or "", new.unit or ""),
            one(
                say("内部时限"),
                due_words(old.due, _titles(self.old)),
                due_words(new.due, _titles(self.new)),
            ),
            one(say("表单"), old.form or "", new.form or ""),
            one(say("须由不同的人办理的步骤"), self._apart(old), self._apart(new)),
            one(say("办理说明"), old.documentation, new.documentation),
            one(
                say("按钮"),
                _words(old, "label"),
                _words(new, "label"),
            ),
            one(
                say("按钮下的说明"),
                _words(old, "then"),
                _words(new, "then"),
            ),
            self._work(new, before, after),
        ]

    def _work(self, new: Activity, before: Node | None, after: Node | None) -> Change | None:
        if before is None or after is None or _doing(before) == _doing(after):
            return None
        text = say("自动办理的内容或者记录的事实有改动")
        return Change("changed", new.name, text, self.file, new.id)

    def _node(self, side: Deployed, activity: Activity) -> Node | None:
        process = side.definition.processes.get(activity.process_id)
        return process.nodes.get(activity.id) if process else None

    def _who(self, activity: Activity) -> str:
        return _titled(self.office, activity.groups)

    def _apart(self, activity: Activity) -> str:
        names = {**self.old.definition.activities, **self.new.definition.activities}
        return "、".join(names[one].name if one in names else one for one in activity.separation)

    def _neighbours(self, element: str) -> tuple[list[str], list[str]]:
        definition = self.new.definition
        return (
            _steps_beside(definition, element, forward=False),
            _steps_beside(definition, element, forward=True),
        )


def _steps_beside(definition: Definition, element: str, *, forward: bool) -> list[str]:
    """Return the names of the steps next to an element, looking through gateways and events."""
    found: list[str] = []
    seen, front = {element}, [element]
    while front and len(seen) < _AROUND:
        here = front.pop(0)
        for source, target, _name in definition.flows.values():
            start, end = (source, target) if forward else (target, source)
            if start != here or end in seen:
                continue
            seen.add(end)
            if end in definition.activities:
                found.append(definition.activities[end].name)
            else:
                front.append(end)
    return found[:3]


def _titled(office: Office, roles: Sequence[str]) -> str:
    return "、".join(office.roles[one].title if one in office.roles else one for one in roles)


def _named(node: Node | None) -> str:
    """To whom by name a step is given, as the drawing says it."""
    if node is None or node.work is None:
        return ""
    people = [*([node.work.assignee] if node.work.assignee else []), *node.work.users]
    return "、".join(one.text for one in people)


def _actions(before: Definition, after: Definition, office: Office, file: str) -> Iterator[Change]:
    """Yield what changed of the acts that a case offers at any time: who may, under which word, with which form."""
    for key, new in after.actions.items():
        old = before.actions.get(key)
        if old is None:
            continue  # a new event is told as a path
        was, now = (_titled(office, [one.group] if one.group else []) for one in (old, new))
        yield from filter(
            None,
            [
                altered(new.label, say("办理人"), was, now, file, key),
                altered(new.label, say("名称"), old.label, new.label, file, key),
                altered(new.label, say("表单"), old.form or "", new.form or "", file, key),
            ],
        )


def _doing(node: Node) -> object:
    """What a step does by itself, comparable."""
    return (
        node.kind,
        [
            (
                one.name,
                one.result,
                sorted((key, value.text) for key, value in one.arguments.items()),
            )
            for one in node.effects
        ],
        [
            (
                one.event,
                one.date.text if one.date else "",
                sorted((key, value.text) for key, value in one.fields.items()),
            )
            for one in node.records
        ],
        node.decision.text if node.decision else "",
        node.call.process.text if node.call else "",
    )


def _titles(side: Deployed) -> dict[str, str]:
    return {key: clock.title for key, clock in side.clocks.items()}


def _clocks(before: Deployed, after: Deployed) -> Iterator[Change]:
    file = after.procedure.main
    for key, clock in after.clocks.items():
        old = before.clocks.get(key)
        if old is None:
            text = say(
                "新增期限，{length}，{article}",
                length=length_words(clock.length),
                article=clock.article,
            )
            yield Change("new", clock.title, text, file)
            continue
        compared = [
            altered(
                clock.title, say("期限"), length_words(old.length), length_words(clock.length), file
            ),
            altered(clock.title, say("名称"), old.title, clock.title, file),
            altered(clock.title, say("依据"), old.article, clock.article, file),
        ]
        yield from filter(None, compared)
        yield from _rules(old, clock, file)
    for key, clock in before.clocks.items():
        if key not in after.clocks:
            yield Change("gone", clock.title, say("去掉这个期限"), file)


def _rules(old: ClockDefinition, new: ClockDefinition, file: str) -> Iterator[Change]:
    """Rules are told apart by their kind and the event they look at; those that stand twice by their order."""
    before, after = _by_name(old), _by_name(new)
    for name, (kind, attributes) in after.items():
        word = say(_RULES[kind]) if kind in _RULES else kind
        if name not in before:
            yield Change(
                "changed",
                new.title,
                say("增加规则：{rule}", rule=f"{word} {name[1]}".strip()),
                file,
            )
            continue
        was = before[name][1]
        for key in sorted(set(was) | set(attributes)):
            what = say("规则“{rule}”的 {key}", rule=word, key=key)
            change = altered(new.title, what, _said(key, was), _said(key, attributes), file)
            if change:
                yield change
    for name, (kind, _) in before.items():
        if name not in after:
            word = say(_RULES[kind]) if kind in _RULES else kind
            yield Change(
                "changed",
                new.title,
                say("去掉规则：{rule}", rule=f"{word} {name[1]}".strip()),
                file,
            )


def _by_name(clock: ClockDefinition) -> dict[tuple[str, str, int], tuple[str, Mapping[str, str]]]:
    found: dict[tuple[str, str, int], tuple[str, Mapping[str, str]]] = {}
    for rule in clock.rules:
        about = rule.attributes.get("event") or rule.attributes.get("from") or ""
        place = 0
        while (rule.kind, about, place) in found:
            place += 1
        found[(rule.kind, about, place)] = (rule.kind, rule.attributes)
    return found


def _said(key: str, attributes: Mapping[str, str]) -> str:
    text = attributes.get(key, "")
    if key not in _LENGTHS:
        return text
    words = length_words(text)
    return say("届满前{length}", length=words) if text.startswith("-P") else words


def _paths(before: Definition, after: Definition, file: str) -> Iterator[Change]:
    """Paths between elements that both versions have; those of new and removed steps are told with them."""
    both = {node.id for node in before.all_nodes()} & {node.id for node in after.all_nodes()}
    old = {(a, b): (key, name) for key, (a, b, name) in before.flows.items() if {a, b} <= both}
    new = {(a, b): (key, name) for key, (a, b, name) in after.flows.items() if {a, b} <= both}
    was, now = _conditions(before), _conditions(after)
    inserted = _inserted(before, after)
    for ends, (key, name) in new.items():
        path = _path(after, ends, name)
        if ends not in old:
            yield Change("new", path, say("新增走向"), file, key)
            continue
        change = altered(path, say("条件"), was.get(old[ends][0], ""), now.get(key, ""), file, key)
        if change:
            yield change
    for ends, (key, name) in old.items():
        if ends not in new and ends not in inserted:
            yield Change("gone", _path(before, ends, name), say("去掉走向"), file, key)


def _inserted(before: Definition, after: Definition) -> set[tuple[str, str]]:
    """Pairs that were joined directly and now have a new step between them: no path was lost."""
    fresh = {node.id for node in after.all_nodes()} - {node.id for node in before.all_nodes()}
    into: dict[str, set[str]] = {}
    out: dict[str, set[str]] = {}
    for source, target, _ in after.flows.values():
        if target in fresh:
            into.setdefault(target, set()).add(source)
        if source in fresh:
            out.setdefault(source, set()).add(target)
    return {
        (start, end)
        for element in fresh
        for start in into.get(element, ())
        for end in out.get(element, ())
    }


def _conditions(definition: Definition) -> dict[str, str]:
    return {
        flow.id: str(getattr(flow.condition, "text", ""))
        for node in definition.all_nodes()
        for flow in node.out
        if flow.condition is not None
    }


def _path(definition: Definition, ends: tuple[str, str], name: str) -> str:
    names = {node.id: node.name for node in definition.all_nodes()}
    start, end = (names.get(one) or one for one in ends)
    return f"{start} → {end}" + (f"（{name}）" if name else "")


def _words(activity: Activity, part: str) -> str:
    """Return the words of all buttons of a step, or what stands under them, those that follow the answers last."""
    every = [
        (activity.button or {}).get(part, ""),
        *(getattr(one, part) for one in activity.buttons),
    ]
    return " / ".join(word for word in every if word)
