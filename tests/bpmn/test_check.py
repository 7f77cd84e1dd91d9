"""The deployment check: each rule by name, with the element it speaks of."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine.bpmn import (
    DefinitionRefused,
    Finding,
    Known,
    check,
    compile_definition,
    standing_ids,
)
from tests.bpmn.drawing import HEAD, doc, flows, node, user

ROOT = Path(__file__).parents[2]
S, E = node("startEvent", "s"), node("endEvent", "e")
MESSAGE = '<bpmn:message id="m" name="m"/>'


def event(kind: str, **attributes: str) -> str:
    extra = "".join(f' {k}="{v}"' for k, v in attributes.items())
    return f"<bpmn:{kind}EventDefinition{extra}/>"


def line(middle: str, name: str = "x", after: str = "") -> bytes:
    return doc(S + middle + E + flows(f"s>{name}", f"{name}>e"), after)


def extension(text: str) -> str:
    return f"<bpmn:extensionElements>{text}</bpmn:extensionElements>"


TIMER = "<bpmn:timerEventDefinition><bpmn:{0}>{1}</bpmn:{0}></bpmn:timerEventDefinition>"
MULTI = "<bpmn:multiInstanceLoopCharacteristics{}>{}</bpmn:multiInstanceLoopCharacteristics>"
SUB = node("startEvent", "s1") + node("endEvent", "e1") + flows("s1>e1")

FLOWABLE = 'xmlns:flowable="http://flowable.org/bpmn" flowable'
DROOLS = b' xmlns:drools="http://www.jboss.org/drools"'
SCRIPT = '<drools:{0} xmlns:drools="http://www.jboss.org/drools"><drools:script>x = 1</drools:script></drools:{0}>'
ZEEBE_ADHOC = '<zeebe:adHoc xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" activeElementsCollection="= list"/>'
UNDO = (
    '<bpmn:subProcess id="u{0}" triggeredByEvent="true"><bpmn:startEvent id="us{0}">'
    "<bpmn:compensateEventDefinition/></bpmn:startEvent></bpmn:subProcess>"
)
LOOKED_AT = "<bpmn:conditionalEventDefinition {}><bpmn:condition>a = 1</bpmn:condition></bpmn:conditionalEventDefinition>"
PAYLOAD = (
    '<spiff:payloadExpression xmlns:spiff="http://spiffworkflow.org/bpmn/schema/1.0/core">a'
    "</spiff:payloadExpression>"
)
AIM = "><bpmn:target>z1</bpmn:target></bpmn:linkEventDefinition>"
AIMED_AT = '<bpmn:linkEventDefinition id="z1" name="Z"><bpmn:source>x1</bpmn:source></bpmn:linkEventDefinition>'
INTO_C = "<bpmn:targetRef>c</bpmn:targetRef>"
ASSIGNED = "<bpmn:assignment><bpmn:from>a</bpmn:from><bpmn:to>c/part</bpmn:to></bpmn:assignment>"
TAKEN = "<bpmn:dataInputAssociation>{}</bpmn:dataInputAssociation>"
HANDLER = (
    '<bpmn:subProcess id="x" triggeredByEvent="true">{}<bpmn:startEvent id="hs">'
    '<bpmn:messageEventDefinition messageRef="m"/></bpmn:startEvent></bpmn:subProcess>'
)

ERRORS = [
    ("not-bpmn", "t.bpmn", b"<html/>"),
    ("xml", "t.bpmn", b"<a><b></a>"),
    ("not-executable", "p", doc(S).replace(b'isExecutable="true"', b'isExecutable="false"')),
    ("duplicate-id", "s", doc(S + S)),
    ("dangling-flow", "s_nowhere", doc(S + flows("s>nowhere"))),
    ("flow-into-event", "x_s", doc(S + user("x") + flows("s>x", "x>s"))),
    ("flow-out-of-end", "e_x", doc(S + E + user("x") + flows("s>e", "e>x"))),
    ("default-flow", "x", line(node("userTask", "x", default="other"))),
    ("script-task", "x", line(node("scriptTask", "x"))),
    (
        "gk-incomplete",
        "x",
        line(node("userTask", "x", extension('<gk:button label="a"/><gk:button label="b"/>'))),
    ),
    (
        "expression",
        "x",
        line(node("userTask", "x", extension('<gk:button label="a" when="a === 1"/>'))),
    ),
    ("effect-missing", "x", line(node("serviceTask", "x"))),
    ("effect-missing", "x", line(node("sendTask", "x"))),
    ("effect-misplaced", "x", line(node("userTask", "x", extension('<gk:effect name="notify"/>')))),
    ("decision-missing", "x", line(node("businessRuleTask", "x"))),
    ("called-element", "x", line(node("callActivity", "x"))),
    (
        "mapping",
        "x",
        line(node("userTask", "x", extension('<camunda:in sourceExpression="= 1"/>'))),
    ),
    (
        "complex-gateway",
        "x",
        doc(S + user("a") + node("complexGateway", "x") + E + flows("s>a", "s>x", "a>x", "x>e")),
    ),
    (
        "condition-on-parallel",
        "x_e",
        doc(S + node("parallelGateway", "x") + E + flows("s>x", "x>e?a")),
    ),
    ("event-gateway", "x", line(node("eventBasedGateway", "x"))),
    ("event-empty", "x", line(node("intermediateCatchEvent", "x"))),
    ("event-empty", "x", line(node("intermediateCatchEvent", "x", event("conditional")))),
    ("event-definition", "x", line(node("intermediateCatchEvent", "x", event("error")))),
    (
        "reference",
        "x",
        line(node("intermediateCatchEvent", "x", event("message", messageRef="no"))),
    ),
    ("timer", "x", line(node("intermediateCatchEvent", "x", TIMER.format("timeDuration", "PT5")))),
    (
        "timer",
        "x",
        line(node("intermediateCatchEvent", "x", TIMER.format("timeCycle", "0 0 9 15W * ?"))),
    ),
    (
        "timer",
        "x",
        line(node("intermediateCatchEvent", "x", TIMER.format("timeDate", "2026-13-01"))),
    ),
    ("timer", "x", line(node("intermediateCatchEvent", "x", event("timer")))),
    (
        "link",
        "x",
        doc(S + node("intermediateThrowEvent", "x", event("link", name="L")) + flows("s>x")),
    ),
    (
        "link",
        "x",
        doc(
            S
            + node("intermediateThrowEvent", "x", event("link", name="L"))
            + node("intermediateCatchEvent", "y", event("link", name="L"))
            + E
            + flows("s>x", "x>e", "y>e")
        ),
    ),
    (
        "link",
        "y",
        doc(
            S
            + node("intermediateThrowEvent", "x", event("link", name="L"))
            + node("intermediateCatchEvent", "y", event("link", name="L"))
            + user("a")
            + E
            + flows("s>a", "a>x", "a>y", "y>e")
        ),
    ),
    ("vendor-code", "x", line(node("userTask", "x", extension(SCRIPT.format("onExit-script"))))),
    (
        "vendor-course",
        "p",
        line(user("x")).replace(b'id="p"', b'id="p" drools:adHoc="true"' + DROOLS),
    ),
    (
        "vendor-course",
        "x",
        line(node("callActivity", "x", calledElement="p", waitForCompletion="false")).replace(
            b"waitForCompletion=", DROOLS + b" drools:waitForCompletion="
        ),
    ),
    (
        "vendor-course",
        "x",
        line(
            node(
                "userTask",
                "x",
                extension(
                    '<drools:metaData xmlns:drools="http://www.jboss.org/drools" name="customAutoStart">'
                    "<drools:metaValue>true</drools:metaValue></drools:metaData>"
                ),
            )
        ),
    ),
    (
        "vendor-course",
        "x",
        doc(
            S
            + node("exclusiveGateway", "x", default="x_c")
            + user("a", "b", "c")
            + flows("s>x", "x>a?1 = 1", "x>b?2 = 2", "x>c")
        )
        .replace(b'id="x_a"', b'id="x_a" drools:priority="2"' + DROOLS)
        .replace(b'id="x_b"', b'id="x_b" drools:priority="1"' + DROOLS),
    ),
    (
        "vendor-course",
        "x",
        line(
            node(
                "intermediateThrowEvent",
                "x",
                '<bpmn:signalEventDefinition signalRef="g">'
                + extension('<camunda:in source="a" target="b"/>')
                + "</bpmn:signalEventDefinition>",
            ),
            after='<bpmn:signal id="g" name="g"/>',
        ),
    ),
    (
        "vendor-course",
        "x",
        line(
            node("adHocSubProcess", "x", extension(ZEEBE_ADHOC) + user("a", "b")),
        ),
    ),
    *(
        (
            "vendor-course",
            "e",
            doc(
                S
                + node(
                    "endEvent", "e", f'<bpmn:terminateEventDefinition {FLOWABLE}:{name}="true"/>'
                )
                + flows("s>e")
            ),
        )
        for name in ("terminateAll", "terminateMultiInstance")
    ),
    (
        "start-event",
        "s2",
        doc(S + node("startEvent", "s2") + user("a", "b") + flows("s>a", "s2>b")),
    ),
    (
        "start-event",
        "t2",
        line(
            node(
                "subProcess",
                "x",
                node("startEvent", "t1")
                + node("startEvent", "t2")
                + user("a")
                + flows("t1>a", "t2>a"),
            )
        ),
    ),
    *(
        (
            "caught-twice",
            "b2",
            line(
                node("subProcess", "x", SUB)
                + node("boundaryEvent", "b1", event(kind), attachedToRef="x")
                + node("boundaryEvent", "b2", event(kind), attachedToRef="x")
            ),
        )
        for kind in ("error", "escalation")
    ),
    (
        "caught-twice",
        "b2",
        line(
            user("x")
            + node("boundaryEvent", "b1", event("message", messageRef="m"), attachedToRef="x")
            + node("boundaryEvent", "b2", event("message", messageRef="m"), attachedToRef="x"),
            after=MESSAGE,
        ),
    ),
    (
        "caught-twice",
        "b2",
        line(
            node("transaction", "x", SUB)
            + node("boundaryEvent", "b1", event("cancel"), attachedToRef="x")
            + node("boundaryEvent", "b2", event("cancel"), attachedToRef="x")
        ),
    ),
    (
        "caught-twice",
        "hs",
        line(
            user("x")
            + HANDLER.replace('id="x"', 'id="h1"').replace('id="hs"', 'id="first"').format("")
            + HANDLER.replace('id="x"', 'id="h2"').format("")
        ).replace(b'<bpmn:messageEventDefinition messageRef="m"/>', event("escalation").encode()),
    ),
    *(
        (
            "caught-twice",
            "s2",
            doc(
                node("startEvent", "s1", event(kind, **{f"{kind}Ref": "m"}))
                + node("startEvent", "s2", event(kind, **{f"{kind}Ref": "m"}))
                + user("x")
                + flows("s1>x", "s2>x"),
                f'<bpmn:{kind} id="m" name="m"/>',
            ),
        )
        for kind in ("message", "signal")
    ),
    ("compensation-handler", "x", line(node("userTask", "x", isForCompensation="true"))),
    ("compensation-handler", "u2", line(node("subProcess", "x", UNDO.format(1) + UNDO.format(2)))),
    (
        "compensation-handler",
        "b",
        line(
            node("subProcess", "x", UNDO.format(1))
            + node("boundaryEvent", "b", event("compensate"), attachedToRef="x")
            + node("userTask", "undo", isForCompensation="true")
            + '<bpmn:association id="as" sourceRef="b" targetRef="undo"/>'
        ),
    ),
    (
        "loop-empty",
        "x",
        line(node("userTask", "x", "<bpmn:standardLoopCharacteristics/>")),
    ),
    (
        "loop-twice",
        "x",
        line(
            node(
                "userTask",
                "x",
                '<bpmn:standardLoopCharacteristics loopMaximum="2"/>'
                + MULTI.format("", "<bpmn:loopCardinality>2</bpmn:loopCardinality>"),
            )
        ),
    ),
    *(
        ("timer", "x", line(node("intermediateCatchEvent", "x", TIMER.format(kind, text))))
        for kind in ("timeDate", "timeDuration", "timeCycle")
        for text in ("five days", "not-a-duration", "明天 上午", "P", "PT", "R3")
    ),
    (
        "boundary-host",
        "b",
        line(user("x") + node("boundaryEvent", "b", event("timer"), attachedToRef="no")),
    ),
    (
        "start-event",
        "s1",
        line(node("subProcess", "x", node("startEvent", "s1", event("signal")))),
    ),
    (
        "event-subprocess-start",
        "h",
        doc(S + E + flows("s>e") + node("subProcess", "h", user("t"), triggeredByEvent="true")),
    ),
    (
        "cancel-outside-transaction",
        "x",
        doc(S + node("endEvent", "x", event("cancel")) + flows("s>x")),
    ),
    (
        "compensation-handler",
        "b",
        line(user("x") + node("boundaryEvent", "b", event("compensate"), attachedToRef="x")),
    ),
    ("multi-instance-empty", "x", line(node("userTask", "x", MULTI.format("", "")))),
    (
        "multi-instance-behavior",
        "x",
        line(
            node(
                "userTask",
                "x",
                MULTI.format(' behavior="Two"', "<bpmn:loopCardinality>2</bpmn:loopCardinality>"),
            )
        ),
    ),
    ("adhoc-event", "s1", line(node("adHocSubProcess", "x", SUB))),
    ("expression", "x_e", doc(S + user("x") + E + flows("s>x", "x>e?a === 1"))),
    ("expression", "x_e", doc(S + user("x") + E + flows("s>x", "x>e?${ok}"))),
    (
        "vendor-code",
        "x",
        line(
            node("userTask", "x", extension('<camunda:taskListener event="create" class="a.B"/>'))
        ),
    ),
    ("vendor-code", "x", line(node("serviceTask", "x", camunda__topic="mail"))),
    ("vendor-code", "x", line(node("callActivity", "x", camunda__variableMappingClass="a.B"))),
    ("vendor-course", "x", line(node("userTask", "x", camunda__skipExpression="${true}"))),
    ("vendor-course", "x", line(node("userTask", "x", extension("<camunda:eventType/>")))),
    (
        "vendor-course",
        "x",
        line(
            node("intermediateThrowEvent", "x", event("signal", signalRef="g")),
            after='<bpmn:signal id="g" name="g" camunda:scope="processInstance"/>',
        ),
    ),
    ("unknown-gk", "x", line(node("userTask", "x", extension("<gk:from/>")))),
    ("gk-incomplete", "x", line(node("userTask", "x", extension("<gk:records/>")))),
    (
        "gk-misplaced",
        "s_x",
        doc(
            S
            + user("x")
            + E
            + flows("s>x", "x>e").replace(
                'targetRef="x">', 'targetRef="x">' + extension('<gk:form key="a"/>'), 1
            )
        ),
    ),
    ("separation", "x", line(node("userTask", "x", extension('<gk:separation notSameAs="no"/>')))),
    (
        "unknown-clock",
        "x",
        line(
            node("intermediateCatchEvent", "x", extension('<gk:at clock="no"/>') + event("timer"))
        ),
    ),
    ("unsupported", "x", doc(S + '<bpmn:choreographyTask id="x"/>' + E + flows("s>e"))),
    (
        "parallel-event-gateway",
        "x",
        line(node("eventBasedGateway", "x", eventGatewayType="Parallel")),
    ),
    (
        "timer",
        "s",
        doc(node("startEvent", "s", extension('<gk:at clock="c"/>') + event("timer"))),
    ),
    (
        "start-event",
        "r",
        doc(
            S
            + node("subProcess", "x", node("receiveTask", "r", messageRef="m", instantiate="true"))
            + flows("s>x"),
            MESSAGE,
        ),
    ),
    ("flow-at-handler", "x_e", doc(S + HANDLER.format("") + E + flows("x>e"), MESSAGE)),
    (
        "event-subprocess-loop",
        "x",
        doc(S + HANDLER.format("<bpmn:standardLoopCharacteristics/>"), MESSAGE),
    ),
    ("token-quantity", "x", line(node("userTask", "x", startQuantity="0"))),
    ("clock", "p", doc(extension('<gk:clock id="c" length="20 days"/>') + S)),
    (
        "expression-language",
        "x_e",
        line(user("x")).replace(
            b'targetRef="e">',
            b'targetRef="e"><bpmn:conditionExpression language="groovy">a</bpmn:conditionExpression>',
            1,
        ),
    ),
    (
        "unsupported",
        "x",
        line(node("userTask", "x", "<bpmn:multiInstanceCharacteristics isSequential='true'/>")),
    ),
    ("unsupported", "x", line(node("userTask", "x", MULTI.format("", "<bpmn:cardinality/>")))),
    (
        "expression",
        "e",
        doc(
            S + node("endEvent", "e", event("error", errorRef="no")) + flows("s>e"),
            '<bpmn:error id="no" errorCode="= which"/>',
        ),
    ),
    ("expression", "x", line(node("businessRuleTask", "x", camunda__decisionRef="${which}"))),
    (
        "expression-language",
        "cp",
        line(
            user("x"),
            after='<bpmn:correlationProperty id="cp"><bpmn:correlationPropertyRetrievalExpression messageRef="m">'
            '<bpmn:messagePath language="python">a</bpmn:messagePath>'
            "</bpmn:correlationPropertyRetrievalExpression></bpmn:correlationProperty>" + MESSAGE,
        ),
    ),
    (
        "vendor-course",
        "x",
        line(
            node(
                "adHocSubProcess",
                "x",
                user("a", "b")
                + "<bpmn:completionCondition>autocomplete</bpmn:completionCondition>",
            )
        ),
    ),
    (
        "timer",
        "x",
        line(
            node(
                "intermediateCatchEvent",
                "x",
                TIMER.format("timeDate", "2026-01-05T12:00:00[Europe/Nowhere]"),
            )
        ),
    ),
    (
        "vendor-course",
        "x",
        line(node("sendTask", "x", messageRef="m", camunda__triggerable="true"), after=MESSAGE),
    ),
    *(
        (
            "vendor-course",
            "x",
            line(
                node(
                    kind,
                    "x",
                    extension(f'<camunda:{way} source="a" target="b"/>')
                    + event("signal", signalRef="g"),
                ),
                after='<bpmn:signal id="g" name="g"/>',
            ),
        )
        for kind, way in (("intermediateThrowEvent", "out"), ("intermediateCatchEvent", "in"))
    ),
    # what contradicts itself, or says nothing to a machine
    (
        "expression",
        "x_e",
        doc(S + user("x") + E + flows("s>x", "x>e?Was it approved?")).replace(
            b"<bpmn:conditionExpression",
            b'<bpmn:conditionExpression xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
            b' xsi:type="bpmn:tFormalExpression"',
        ),
    ),
    ("expression", "x_e", doc(S + user("x") + E + flows("s>x", "x>e?23"))),
    (
        "expression",
        "x_e",
        line(user("x")).replace(
            b'targetRef="e">',
            b'targetRef="e"><bpmn:conditionExpression>the application is complete</bpmn:conditionExpression>',
            1,
        ),
    ),
    (
        "expression",
        "x",
        line(
            node("intermediateCatchEvent", "x", LOOKED_AT.format("")).replace(
                "a = 1", "the money has come"
            )
        ),
    ),
    *(
        ("reference", "x", line(node("userTask", "x", TAKEN.format(said))))
        for said in (
            "<bpmn:sourceRef>e</bpmn:sourceRef>" + INTO_C,
            "<bpmn:sourceRef>a</bpmn:sourceRef><bpmn:targetRef>s</bpmn:targetRef>",
        )
    ),
    (
        "link",
        "y",
        doc(
            S
            + node(
                "intermediateThrowEvent", "x", event("link", id="x1", name="X").replace("/>", AIM)
            )
            + node(
                "intermediateThrowEvent", "y", event("link", id="y1", name="Y").replace("/>", AIM)
            )
            + node("intermediateCatchEvent", "z", AIMED_AT)
            + E
            + flows("s>x", "s>y", "z>e")
        ),
    ),
    # what another language says, where FEEL would only read its letters
    ("unknown-function", "x_e", doc(S + user("x") + E + flows("s>x", "x>e?len(a) &gt; 0"))),
    ("unknown-function", "x_e", doc(S + user("x") + E + flows("s>x", "x>e?a.size() &gt; 0"))),
    ("expression", "x_e", doc(S + user("x") + E + flows("s>x", "x>e?a = None"))),
    ("expression", "x_e", doc(S + user("x") + E + flows("s>x", "x>e?a[0] = 1"))),
    (
        "expression",
        "x_e",
        line(user("x")).replace(
            b'targetRef="e">',
            b'targetRef="e"><bpmn:conditionExpression><bpmn:documentation>agreed</bpmn:documentation>'
            b"</bpmn:conditionExpression>",
            1,
        ),
    ),
    ("expression", "x", line(node("callActivity", "x", calledElement="${who}"))),
    (
        "expression",
        "x",
        line(
            node(
                "userTask",
                "x",
                extension(
                    '<camunda:inputOutput><camunda:inputParameter name="a">${b + 1}'
                    "</camunda:inputParameter></camunda:inputOutput>"
                ),
            )
        ),
    ),
    (
        "vendor-code",
        "x_e",
        line(user("x")).replace(
            b'targetRef="e">',
            b'targetRef="e"><bpmn:conditionExpression camunda:resource="ask.groovy"/>',
            1,
        ),
    ),
    *(
        (
            "vendor-course",
            "x",
            line(node("intermediateCatchEvent", "x", LOOKED_AT.format(attribute))),
        )
        for attribute in (
            'camunda:variableName="b"',
            'camunda:variableEvents="delete"',
            'camunda:variableEvents="create"',
        )
    ),
    (
        "vendor-course",
        "x",
        line(
            node(
                "intermediateCatchEvent",
                "x",
                TIMER.format("timeCycle", "R/PT1H").replace(
                    "<bpmn:timeCycle>", '<bpmn:timeCycle camunda:endDate="2026-05-01">'
                ),
            )
        ),
    ),
    (
        "vendor-course",
        "x",
        line(
            node(
                "intermediateCatchEvent",
                "x",
                TIMER.format("timeDuration", "PT1H").replace(
                    "EventDefinition><", 'EventDefinition camunda:businessCalendarName="own"><', 1
                ),
            )
        ),
    ),
    (
        "vendor-course",
        "d",
        line(
            node(
                "dataObject",
                "d",
                extension("<camunda:value>7</camunda:value>"),
                itemSubjectRef="xsd:json",
            )
            + user("x")
        ),
    ),
    (
        "vendor-course",
        "e",
        doc(
            S + node("endEvent", "e", event("error", errorRef="no")) + flows("s>e"),
            '<bpmn:error id="no" errorCode="no">' + extension(PAYLOAD) + "</bpmn:error>",
        ),
    ),
    (
        "multi-instance-twice",
        "x",
        line(
            node(
                "userTask",
                "x",
                MULTI.format(
                    "",
                    "<bpmn:loopCardinality>2</bpmn:loopCardinality>"
                    "<bpmn:loopDataInputRef>list</bpmn:loopDataInputRef>",
                ),
            )
        ),
    ),
    *(
        ("mapping", "x", line(node("userTask", "x", TAKEN.format(said))))
        for said in (
            ("<bpmn:sourceRef>a</bpmn:sourceRef><bpmn:sourceRef>b</bpmn:sourceRef>" + INTO_C),
            (INTO_C + ASSIGNED),
        )
    ),
]


def told_in_full(found: Finding) -> None:
    """A finding says where and what, in a Chinese and in an English sentence."""
    assert found.file == "t.bpmn"
    assert any("\u4e00" <= c <= "\u9fff" for c in found.message)
    assert len(re.findall(r"[a-z]{2,}", found.message_en)) > 2


@pytest.mark.parametrize(
    ("rule", "element", "xml"), ERRORS, ids=[f"{r}-{n}" for n, (r, _, _) in enumerate(ERRORS)]
)
def test_an_error_names_rule_element_and_what_to_do(rule: str, element: str, xml: bytes) -> None:
    found = [f for f in check({"t.bpmn": xml}) if f.severity == "error"]
    match = [f for f in found if f.rule == rule and f.element == element]
    assert match, found
    told_in_full(match[0])
    assert match[0].line is not None or rule in ("xml", "clock")
    with pytest.raises(DefinitionRefused):
        compile_definition({"t.bpmn": xml})


KNOWN = Known(
    roles={"办公室主任": "office_head", "office_head": "office_head"},
    forms=frozenset({"f"}),
    form_fields={"f": frozenset({"amount"})},
    decisions=frozenset({"d"}),
    effects=frozenset({"issue_letter"}),
    letters=frozenset({"reply"}),
    processes=frozenset(),
    events=frozenset({"received"}),
    fields=frozenset({"settings"}),
    settings=frozenset({"head_signs"}),
)
LANE = '<bpmn:laneSet id="ls"><bpmn:lane id="l" name="{}"><bpmn:flowNodeRef>x</bpmn:flowNodeRef></bpmn:lane></bpmn:laneSet>'
EFFECT = '<gk:effect name="{}" letter="{}"/>'

WITH_OFFICE = [
    ("unknown-form", "error", line(node("userTask", "x", extension('<gk:form key="no"/>')))),
    (
        "unknown-effect",
        "error",
        line(node("serviceTask", "x", extension(EFFECT.format("no", "reply")))),
    ),
    (
        "unknown-letter",
        "error",
        line(node("serviceTask", "x", extension(EFFECT.format("issue_letter", "no")))),
    ),
    (
        "unknown-step",
        "error",
        line(
            node(
                "serviceTask",
                "x",
                extension('<gk:effect name="notify" until="no"/>'),
            )
        ),
    ),
    ("unknown-decision", "error", line(node("businessRuleTask", "x", camunda__decisionRef="no"))),
    ("called-process", "error", line(node("callActivity", "x", calledElement="no"))),
    ("nobody", "warning", line(user("x"))),
    ("no-form", "warning", line(user("x"))),
    (
        "unknown-role",
        "warning",
        doc(LANE.format("没有的岗位") + S + user("x") + E + flows("s>x", "x>e")),
    ),
    (
        "unknown-setting",
        "error",
        doc(S + user("x") + E + flows("s>x", "x>e?settings.head_sign = 1")),
    ),
    ("unknown-field", "warning", doc(S + user("x") + E + flows("s>x", "x>e?amout > 1"))),
    (
        "no-default",
        "warning",
        doc(
            S
            + node("exclusiveGateway", "g")
            + user("x", "y")
            + E
            + flows("s>g", "g>x?amount > 1", "g>y?amount > 2", "x>e", "y>e")
        ),
    ),
    (
        "flow-without-condition",
        "warning",
        doc(
            S
            + node("exclusiveGateway", "g")
            + user("x", "y")
            + E
            + flows("s>g", "g>x", "g>y?amount > 2", "x>e", "y>e")
        ),
    ),
    ("no-default", "warning", doc(S + user("x") + E + flows("s>x", "x>e?amount > 1"))),
    (
        "no-default",
        "warning",
        doc(S + node("exclusiveGateway", "x") + E + flows("s>x", "x>e?amount > 1")),
    ),
    (
        "default-condition",
        "warning",
        doc(
            S
            + node("exclusiveGateway", "x", default="x_b")
            + user("a", "b")
            + flows("s>x", "x>a?amount > 1", "x>b?amount > 2")
        ),
    ),
    (
        "gateway-direction",
        "warning",
        doc(
            S
            + node("parallelGateway", "g", gatewayDirection="Converging")
            + user("x", "y")
            + flows("s>g", "g>x", "g>y")
        ),
    ),
    (
        "timer",
        "warning",
        line(node("intermediateCatchEvent", "x", TIMER.format("timeDate", "soon"))),
    ),
    (
        "always-interrupting",
        "warning",
        line(
            user("x")
            + HANDLER.replace('id="x"', 'id="h"')
            .replace('<bpmn:messageEventDefinition messageRef="m"/>', event("error"))
            .replace('id="hs"', 'id="hs" isInterrupting="false"')
            .format("")
        ),
    ),
    ("unreachable", "warning", doc(S + user("x", "y") + E + flows("s>x", "x>e", "y>e"))),
    (
        "loop-without-person",
        "warning",
        doc(
            S
            + node("exclusiveGateway", "m")
            + node("task", "t")
            + node("exclusiveGateway", "g", default="g_e")
            + E
            + flows("s>m", "m>t", "t>g", "g>m?amount > 1", "g>e")
        ),
    ),
    ("unnamed-event", "warning", line(node("intermediateCatchEvent", "x", event("message")))),
    (
        "expression",
        "error",
        line(
            node("intermediateCatchEvent", "x", event("message", messageRef="m")),
            after='<bpmn:message id="m" name="reply-${case}"/>',
        ),
    ),
    (
        "expression",
        "error",
        line(
            node("intermediateThrowEvent", "x", event("signal", signalRef="m")),
            after='<bpmn:signal id="m" name="= reply + case"/>',
        ),
    ),
    ("foreign-expression", "warning", line(node("userTask", "x", camunda__assignee="${boss}"))),
    ("foreign-expression", "warning", line(node("userTask", "x", camunda__assignee="clerk_${n}"))),
    (
        "foreign-expression",
        "warning",
        line(node("userTask", "x", camunda__candidateGroups="${a},${b}")),
    ),
    (
        "foreign-expression",
        "warning",
        line(user("x"), after='<bpmn:message id="m" name="reply-${case}"/>'),
    ),
    ("vendor-attribute", "info", line(node("userTask", "x", camunda__asyncBefore="true"))),
    ("schema", "warning", line('<bpmn:userTask id="x" colour="red"/>')),
    (
        "not-executed",
        "info",
        doc(S + E + flows("s>e")).replace(
            b"</bpmn:definitions>",
            b'<bpmn:process id="q" isExecutable="false"/></bpmn:definitions>',
        ),
    ),
    ("empty-process", "warning", doc("")),
    (
        "condition-empty",
        "warning",
        line(user("x")).replace(b'targetRef="e">', b'targetRef="e"><bpmn:conditionExpression/>', 1),
    ),
    (
        "always-interrupting",
        "warning",
        line(
            user("x")
            + node("boundaryEvent", "b", event("error"), attachedToRef="x", cancelActivity="false")
        ),
    ),
    (
        "conditional-start",
        "warning",
        doc(
            node(
                "startEvent",
                "s",
                "<bpmn:conditionalEventDefinition><bpmn:condition>a</bpmn:condition>"
                "</bpmn:conditionalEventDefinition>",
            )
        ),
    ),
    (
        "unknown-event",
        "warning",
        line(node("userTask", "x", extension('<gk:records event="recieved"/>'))),
    ),
]


@pytest.mark.parametrize(
    ("rule", "severity", "xml"), WITH_OFFICE, ids=[r for r, _, _ in WITH_OFFICE]
)
def test_a_finding_about_the_office_has_its_severity(rule: str, severity: str, xml: bytes) -> None:
    found = [f for f in check({"t.bpmn": xml}, KNOWN) if f.rule == rule]
    assert {(f.rule, f.severity) for f in found} == {(rule, severity)}
    told_in_full(found[0])
    assert found[0].line is not None


def test_a_lane_named_by_a_roles_title_offers_to_the_role() -> None:
    xml = doc(
        LANE.format("办公室主任")
        + S
        + node("userTask", "x", camunda__formKey="f")
        + E
        + flows("s>x", "x>e")
    )
    assert check({"t.bpmn": xml}, KNOWN) == []
    assert compile_definition({"t.bpmn": xml}, known=KNOWN).activities["x"].groups == (
        "office_head",
    )


@pytest.mark.parametrize(
    ("written", "offered"),
    [
        ("${approved}", "approved"),
        ("#{!approved}", "not(approved)"),
        ("${x == 1 &amp;&amp; y &lt;= 2}", "x = 1 and y <= 2"),
        ("${state == 'left' || state != 'right'}", 'state = "left" or state != "right"'),
        ("choice == 'No'", 'choice = "No"'),
        ("${order.isPaid()}", None),
        ("${list[0] &gt; 1}", None),
        ("${execution.getVariable('x') % 2}", None),
        ("${a} ${b}", None),
    ],
)
def test_a_condition_of_another_engine_is_refused_and_what_to_write_is_said(
    written: str, offered: str | None
) -> None:
    xml = doc(
        S
        + node("exclusiveGateway", "g", default="g_e")
        + user("x")
        + E
        + flows("s>g", f"g>x?{written}", "g>e", "x>e")
    )
    found = [f for f in check({"t.bpmn": xml}) if f.severity == "error"]
    assert [(f.rule, f.element) for f in found] == [("expression", "g_x")]
    assert found[0].message_en.partition("; write ")[2] == (repr(offered) if offered else "")


def test_ids_that_are_gone_are_told() -> None:
    xml = doc(S + user("x") + E + flows("s>x", "x>e"))
    found = check({"t.bpmn": xml}, Known(previous_ids=frozenset({"x", "old"})))
    assert [f.element for f in found if f.rule == "changed-id"] == ["old"]


def test_an_id_at_which_nothing_can_stand_may_go() -> None:
    before = compile_definition(
        {"t.bpmn": doc(S + node("task", "t") + user("x") + E + flows("s>t", "t>x", "x>e"))}
    )
    assert standing_ids(before) == {"x"}
    found = check({"t.bpmn": line(user("y"), "y")}, Known(previous_ids=standing_ids(before)))
    assert [(f.rule, f.element) for f in found if f.rule == "changed-id"] == [("changed-id", "x")]


CLOCK = '<gk:clock id="c" title="c" length="P20WD" article="a"><gk:starts event="handed_in"/></gk:clock>'


@pytest.mark.parametrize(
    ("recorded", "told"),
    [("handed_in", []), ("handde_in", ["x", "c"]), ("handed_over", ["c"]), ("received", ["c"])],
)
def test_an_event_that_nothing_records_or_one_letter_away_from_a_known_one_is_told(
    recorded, told
) -> None:
    xml = doc(
        extension(CLOCK)
        + S
        + node("userTask", "x", extension(f'<gk:records event="{recorded}"/>'))
        + flows("s>x")
    )
    found = [f for f in check({"t.bpmn": xml}, KNOWN) if f.rule == "unknown-event"]
    assert [f.element for f in found] == told


def test_an_event_that_a_clock_titles_comes_by_hand_and_one_that_no_clock_hears_is_said() -> None:
    titled = CLOCK.replace('event="handed_in"', 'event="handed_in" title="来件"')
    xml = doc(
        extension(titled)
        + S
        + node("userTask", "x", extension('<gk:records event="handed_over"/>'))
        + flows("s>x")
    )
    found = [f for f in check({"t.bpmn": xml}, KNOWN) if f.rule.endswith("-event")]
    assert [(f.rule, f.severity, f.element) for f in found] == [("own-event", "info", "x")]


def test_a_process_in_two_files_is_refused() -> None:
    found = check({"a.bpmn": doc(S), "b.bpmn": doc(S)})
    assert [(f.file, f.element) for f in found if f.rule == "duplicate-process"] == [
        ("b.bpmn", "p")
    ]


def test_every_rule_has_a_drawing_that_breaks_it() -> None:
    told = (ROOT / "docs" / "bpmn.md").read_text(encoding="utf-8")
    rows = told.split("## Rules")[1].split("## ")[0]
    documented = set(re.findall(r"`([a-z]+(?:-[a-z]+)*)`", rows)) - {"error", "warning", "info"}
    here = Path(__file__).read_text(encoding="utf-8")
    assert {rule for rule in documented if f'"{rule}"' not in here} == set()


def test_decision_tables_of_the_same_folder_are_left_to_their_own_reader() -> None:
    assert [
        f for f in check({"t.bpmn": line(user("x")), "d.dmn": b"anything"}) if f.severity == "error"
    ] == []


@pytest.mark.parametrize(
    "attack",
    [
        b'<!DOCTYPE a [<!ENTITY b "c">]>' + doc(S),
        b"\x00\x01",
        b"",
        doc(S)[: len(doc(S)) // 2],
        HEAD.encode() + b"<bpmn:process>" * 90 + b"</bpmn:process>" * 90 + b"</bpmn:definitions>",
    ],
)
def test_broken_and_hostile_files_are_one_finding(attack: bytes) -> None:
    found = check({"t.bpmn": attack})
    assert [f.rule for f in found if f.severity == "error"] == ["xml"]


def test_ten_thousand_foreign_attributes_are_checked_quickly() -> None:
    attributes = " ".join(f'camunda:a{i}="1"' for i in range(10_000))
    xml = line(f'<bpmn:userTask id="x" {attributes}/>')
    assert sum(f.rule == "vendor-attribute" for f in check({"t.bpmn": xml})) == 10_000


def test_lines_are_told() -> None:
    xml = (
        HEAD.encode()
        + b'\n<bpmn:process id="p" isExecutable="true">\n<bpmn:scriptTask id="x"/>\n</bpmn:process></bpmn:definitions>'
    )
    assert [f.line for f in check({"t.bpmn": xml}) if f.rule == "script-task"] == [3]


def test_empty_ids_are_no_ids_and_so_not_twice_the_same() -> None:
    xml = line(user("x"), after='<bpmn:category id=""/><bpmn:category id=""/>')
    assert [f.rule for f in check({"t.bpmn": xml}) if f.severity == "error"] == []


@pytest.mark.parametrize("depth", [150, 400])
def test_a_file_nested_too_deep_is_told_so_and_not_that_it_is_broken(depth: int) -> None:
    inner = "".join(f'<bpmn:subProcess id="u{n}">' for n in range(depth))
    (found,) = check({"t.bpmn": doc(inner + "</bpmn:subProcess>" * depth)})
    assert "嵌套太深" in found.message


def test_a_condition_may_name_the_only_variable_that_it_reads() -> None:
    said = 'camunda:variableName="a" camunda:variableEvents="create, update"'
    xml = line(node("intermediateCatchEvent", "x", LOOKED_AT.format(said)))
    assert [f for f in check({"t.bpmn": xml}) if f.severity == "error"] == []
