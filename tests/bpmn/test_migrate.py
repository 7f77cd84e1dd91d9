"""From one version to another: what stands goes along, what has no place there is an obstacle by name."""

from __future__ import annotations

import json
import random
from datetime import timedelta
from typing import Any

import pytest
from lxml import etree

from engine.bpmn import compile_definition, execute
from engine.bpmn.migrate import NotMovable, migrate, obstacles
from engine.bpmn.model import Definition
from engine.bpmn.tags import FLOW_NODES, local
from tests.bpmn.blocks import Maker
from tests.bpmn.drawing import NOW, MemoryHost, Run, doc, flows, node, user

S, E = node("startEvent", "s"), node("endEvent", "e")
MESSAGES = '<bpmn:message id="m" name="m"/><bpmn:message id="n" name="n"/>'
REFERENCES = ("sourceRef", "targetRef", "attachedToRef", "default", "activityRef")


def message(name: str) -> str:
    return f'<bpmn:messageEventDefinition messageRef="{name}"/>'


def lasting(length: str) -> str:
    return f"<bpmn:timerEventDefinition><bpmn:timeDuration>{length}</bpmn:timeDuration></bpmn:timerEventDefinition>"


def moved(run: Run, xml: bytes, mapping: dict[str, str] | None = None) -> Run:
    """Carry a run over to another drawing."""
    other = Run(xml)
    other.host = run.host
    other.state = migrate(run.definition, other.definition, run.host, run.state, mapping)
    other.state = json.loads(json.dumps(other.state))
    return other


def renamed(xml: bytes) -> tuple[bytes, dict[str, str]]:
    """Give every node and flow another id; returns the drawing and the mapping."""
    root = etree.fromstring(xml)
    ids = {
        str(e.get("id")): f"new_{e.get('id')}"
        for e in root.iter(f"{{{root.nsmap['bpmn']}}}*")
        if local(e) in FLOW_NODES or local(e) == "sequenceFlow"
    }
    for element in root.iter(etree.Element):
        for name in ("id", *REFERENCES):
            if element.get(name) in ids:
                element.set(name, ids[str(element.get(name))])
        if (element.text or "").strip() in ids:
            element.text = ids[(element.text or "").strip()]
    return etree.tostring(root), ids


def acts(definition: Definition, state: dict[str, Any], choose: random.Random) -> Any:
    """Choose what happens next: a message, or the oldest token of a task."""
    found = execute.frontier(definition, state)
    names = sorted({str(w.name) for w in found.waits})
    tokens = sorted((t.token for t in found.tasks), key=int)
    if names and (not tokens or choose.random() < 0.3):
        return "message", choose.choice(names)
    return "complete", choose.choice(tokens)


def done(definition: Definition, state: dict[str, Any], act: Any, values: dict[str, Any]) -> Any:
    kind, name = act
    if kind == "message":
        return execute.deliver(definition, MemoryHost(), state, message=name)
    return execute.complete(definition, MemoryHost(), state, name, values)


@pytest.mark.parametrize("batch", range(4))
def test_migrating_to_an_identical_version_changes_nothing(batch: int) -> None:
    for seed in range(300 + batch * 15, 300 + (batch + 1) * 15):
        maker = Maker(seed)
        _, xml = maker.process()
        definition, again = (compile_definition({"r.bpmn": xml}) for _ in range(2))
        choose = random.Random(seed)
        step = execute.start(definition, MemoryHost(), dict(maker.variables))
        for _ in range(20):
            if step.ended:
                break
            state = json.loads(json.dumps(step.state))
            assert migrate(definition, again, MemoryHost(), state) == state, seed
            act = acts(definition, state, choose)
            values = {name: choose.random() < 0.3 for name in maker.loops}
            step = done(definition, state, act, values)


@pytest.mark.parametrize("batch", range(4))
def test_migrating_and_going_on_is_going_on(batch: int) -> None:
    for seed in range(400 + batch * 15, 400 + (batch + 1) * 15):
        maker = Maker(seed)
        _, xml = maker.process()
        other_xml, ids = renamed(xml)
        old, new = (compile_definition({"r.bpmn": x}) for x in (xml, other_xml))
        choose = random.Random(seed)
        step = execute.start(old, MemoryHost(), dict(maker.variables))
        for _ in range(choose.randrange(1, 12)):
            if not step.ended:
                act = acts(old, step.state, choose)
                step = done(old, step.state, act, {n: choose.random() < 0.3 for n in maker.loops})
        if step.ended:
            continue
        other = migrate(old, new, MemoryHost(), step.state, ids)
        state = step.state
        for _ in range(20):
            here, there = (execute.frontier(d, s) for d, s in ((old, state), (new, other)))
            assert [ids[t.activity_id] for t in here.tasks] == [t.activity_id for t in there.tasks]
            assert [w.name for w in here.waits] == [w.name for w in there.waits], seed
            act = acts(old, state, choose)
            values = {name: choose.random() < 0.3 for name in maker.loops}
            one, two = done(old, state, act, values), done(new, other, act, values)
            assert one.ended == two.ended, seed
            if one.ended:
                break
            state, other = one.state, two.state


def test_a_task_added_behind_the_open_one_is_come_to() -> None:
    run = Run(doc(S + user("a") + E + flows("s>a", "a>e"))).start()
    other = moved(run, doc(S + user("a", "b") + E + flows("s>a", "a>b", "b>e")))
    assert other.tasks() == ["a"]
    assert other.token("a") == run.token("a")
    assert other.complete("a").tasks() == ["b"]


def test_a_timer_keeps_its_moment_though_the_new_version_draws_another_length() -> None:
    def drawn(length: str) -> bytes:
        late = node("boundaryEvent", "late", lasting(length), attachedToRef="a")
        return doc(S + user("a", "b") + late + flows("s>a", "late>b"))

    run = Run(drawn("P3D")).start()
    run.host.now = NOW + timedelta(days=2)
    other = moved(run, drawn("P9D"))
    (timer,) = execute.frontier(other.definition, other.state).timers
    assert timer.due_at == NOW + timedelta(days=3)


def test_a_boundary_event_that_only_the_new_version_has_begins_to_wait() -> None:
    late = node("boundaryEvent", "late", lasting("P1D"), attachedToRef="a")
    run = Run(doc(S + user("a") + E + flows("s>a", "a>e"))).start()
    run.host.now = NOW + timedelta(days=2)
    other = moved(run, doc(S + user("a", "b") + late + E + flows("s>a", "a>e", "late>b")))
    (timer,) = execute.frontier(other.definition, other.state).timers
    assert timer.due_at == NOW + timedelta(days=3)
    assert other.fire("late").tasks() == ["b"]


def test_one_that_the_new_version_has_no_more_waits_no_longer() -> None:
    late = node("boundaryEvent", "late", message("m"), attachedToRef="a")
    run = Run(doc(S + user("a", "b") + late + flows("s>a", "late>b"), MESSAGES)).start()
    other = moved(run, doc(S + user("a") + flows("s>a"), MESSAGES))
    assert execute.frontier(other.definition, other.state).waits == []


def test_a_reminder_that_was_sent_is_not_sent_again() -> None:
    late = node("boundaryEvent", "late", lasting("P1D"), attachedToRef="a", cancelActivity="false")
    xml = doc(S + user("a", "b") + late + flows("s>a", "late>b"))
    run = Run(xml).start().fire("late")
    assert moved(run, xml).state == run.state


def test_instances_and_their_counters_go_along() -> None:
    multi = (
        "<bpmn:multiInstanceLoopCharacteristics><bpmn:loopCardinality>4</bpmn:loopCardinality>"
        "<bpmn:completionCondition>{}</bpmn:completionCondition></bpmn:multiInstanceLoopCharacteristics>"
    )

    def drawn(condition: str) -> bytes:
        return doc(
            S + node("userTask", "a", multi.format(condition)) + user("b") + flows("s>a", "a>b")
        )

    run = Run(drawn("nrOfCompletedInstances = 4")).start().complete("a")
    other = moved(run, drawn("nrOfCompletedInstances = 2"))
    assert other.tasks() == ["a", "a", "a"]
    assert other.complete("a").tasks() == ["b"]


def test_what_a_join_holds_is_found_by_where_it_came_from() -> None:
    def drawn(flow: str) -> bytes:
        fork, join = node("parallelGateway", "f"), node("parallelGateway", "j")
        return doc(
            S
            + fork
            + user("a", "b", "c")
            + join
            + flows("s>f", "f>a", "f>b", "b>j", "j>c")
            + f'<bpmn:sequenceFlow id="{flow}" sourceRef="a" targetRef="j"/>'
        )

    run = Run(drawn("Flow_1")).start().complete("a")
    assert moved(run, drawn("Flow_0x7")).complete("b").tasks() == ["c"]


def test_what_can_be_undone_can_be_undone_in_the_new_version() -> None:
    undo = node("boundaryEvent", "u", "<bpmn:compensateEventDefinition/>", attachedToRef="a")
    undo += user("undo") + '<bpmn:association id="as" sourceRef="u" targetRef="undo"/>'
    back = node("intermediateThrowEvent", "back", "<bpmn:compensateEventDefinition/>")
    xml = doc(S + user("a", "b") + undo + back + E + flows("s>a", "a>b", "b>back", "back>e"))
    other_xml, ids = renamed(xml)
    run = Run(xml).start().complete("a")
    assert moved(run, other_xml, ids).complete("new_b").tasks() == ["new_undo"]


def test_who_may_take_an_open_task_follows_the_new_drawing() -> None:
    def drawn(groups: str) -> bytes:
        return doc(S + node("userTask", "a", camunda__candidateGroups=groups) + flows("s>a"))

    run = Run(drawn("= one")).start({"one": "clerk", "two": "chief"})
    other = moved(run, drawn("= two"))
    (task,) = execute.frontier(other.definition, other.state).tasks
    assert task.groups == ("chief",)
    (task,) = execute.frontier(*_static(run, drawn("head"))).tasks
    assert task.groups == ("head",)


def _static(run: Run, xml: bytes) -> tuple[Definition, dict[str, Any]]:
    other = moved(run, xml)
    return other.definition, other.state


GONE = [
    ("gone", doc(S + user("b") + flows("s>b")), "在新版本里没有了"),
    (
        "another kind",
        doc(S + node("manualTask", "a") + user("b") + flows("s>a", "a>b")),
        "manualTask",
    ),
    (
        "another level",
        doc(S + node("subProcess", "x", user("a")) + flows("s>x")),
        "移到了另一层",
    ),
    (
        "repeated",
        doc(
            S
            + node("userTask", "a", '<bpmn:standardLoopCharacteristics loopMaximum="9"/>')
            + flows("s>a")
        ),
        "循环",
    ),
]


@pytest.mark.parametrize(("xml", "says"), [g[1:] for g in GONE], ids=[g[0] for g in GONE])
def test_where_the_token_has_no_place_the_element_is_named(xml: bytes, says: str) -> None:
    run = Run(doc(S + user("a") + E + flows("s>a", "a>e"))).start()
    new = compile_definition({"t.bpmn": xml})
    (found,) = obstacles(run.definition, new, run.state)
    assert (found.element, found.rule, found.severity) == ("a", "migration", "error")
    assert says in found.message
    with pytest.raises(NotMovable) as stopped:
        migrate(run.definition, new, run.host, run.state)
    assert stopped.value.obstacles == [found]


def test_a_mapping_says_where_a_renamed_step_is() -> None:
    run = Run(doc(S + user("a") + E + flows("s>a", "a>e"))).start()
    other = moved(run, doc(S + user("b", "c") + flows("s>b", "b>c")), {"a": "b"})
    assert other.tasks() == ["b"]
    assert other.complete("b").tasks() == ["c"]


def test_every_obstacle_is_named_once() -> None:
    fork = node("parallelGateway", "f")
    run = Run(doc(S + fork + user("a", "b") + flows("s>f", "f>a", "f>b"))).start()
    new = compile_definition({"t.bpmn": doc(S + user("c") + flows("s>c"))})
    assert [o.element for o in obstacles(run.definition, new, run.state)] == ["a", "b"]


def test_an_event_gateway_waits_for_what_the_new_version_draws_behind_it() -> None:
    def drawn(*names: str) -> bytes:
        ways = "".join(
            node("intermediateCatchEvent", f"c{n}", message(n)) + user(f"t{n}") for n in names
        )
        pairs = [f for n in names for f in (f"g>c{n}", f"c{n}>t{n}")]
        return doc(S + node("eventBasedGateway", "g") + ways + flows("s>g", *pairs), MESSAGES)

    run = Run(drawn("m")).start()
    both = moved(run, drawn("m", "n"))
    assert both.message("n").tasks() == ["tn"]
    (kept,) = moved(run, drawn("n")).state["t"].values()
    assert list(kept[3]["w"]) == ["cn"]
