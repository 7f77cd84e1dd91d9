"""Event-based gateways: the flow to the event that came is taken, and history says so."""

from tests.bpmn.drawing import Run, doc, flows, node, user

MESSAGES = '<bpmn:message id="m1" name="yes"/><bpmn:message id="m2" name="no"/>'


def catch(node_id: str, message: str) -> str:
    inner = f'<bpmn:messageEventDefinition messageRef="{message}"/>'
    return node("intermediateCatchEvent", node_id, inner)


def taken(run: Run) -> list[str]:
    return [h.flow_id for h in run.step.history if h.what == "taken"]


def test_the_flow_from_an_event_gateway_to_the_event_that_came_was_never_recorded():
    drawing = doc(
        node("startEvent", "s")
        + node("eventBasedGateway", "g")
        + catch("yes", "m1")
        + catch("no", "m2")
        + user("a", "b")
        + flows("s>g", "g>yes", "g>no", "yes>a", "no>b"),
        MESSAGES,
    )
    run = Run(drawing).start()
    assert taken(run) == ["s_g"]
    run.message("no")
    assert taken(run) == ["g_no", "no_b"]
    assert [h.activity_id for h in run.step.history if h.what == "left"] == ["g", "no"]


def test_the_flow_from_an_instantiating_event_gateway_is_recorded_too():
    drawing = doc(
        node("eventBasedGateway", "g", instantiate="true")
        + catch("yes", "m1")
        + catch("no", "m2")
        + user("a", "b")
        + flows("g>yes", "g>no", "yes>a", "no>b"),
        MESSAGES,
    )
    run = Run(drawing).start(event="yes")
    assert taken(run) == ["g_yes", "yes_a"]
    assert run.tasks() == ["a"]
