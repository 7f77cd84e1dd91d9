"""Sequence, choice, loops back: the first things a diagram does."""

from tests.bpmn.drawing import Run, doc, fails, flows, node, user

S, E = node("startEvent", "s"), node("endEvent", "e")


def test_a_sequence_of_user_tasks_is_done_one_after_another():
    run = Run(doc(S + user("a", "b") + E + flows("s>a", "a>b", "b>e"))).start()
    assert run.tasks() == ["a"]
    assert run.complete("a").tasks() == ["b"]
    assert run.complete("b").ended
    assert run.step.how == "completed"


def test_an_exclusive_gateway_takes_the_first_flow_that_holds_and_loops_back():
    gateway = node("exclusiveGateway", "g", default="g_e")
    run = Run(doc(S + user("a") + gateway + E + flows("s>a", "a>g", "g>a?again", "g>e"))).start()
    assert run.complete("a", again=True).tasks() == ["a"]
    assert run.complete("a", again=False).ended


def test_a_condition_that_is_neither_true_nor_false_fails_the_step():
    gateway = node("exclusiveGateway", "g", default="g_e")
    run = Run(doc(S + user("a") + gateway + E + flows("s>a", "a>g", "g>a?again", "g>e"))).start()
    assert fails(lambda: run.complete("a")).element_id == "g_a"
    assert run.tasks() == ["a"]
