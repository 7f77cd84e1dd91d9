"""Boxed expressions, types and functions."""

from __future__ import annotations

import datetime as dt
import inspect
import sys
from typing import ClassVar

import pytest

from engine.bpmn.load import load_xml
from engine.dmn import (
    DecisionNotFound,
    DmnRefused,
    evaluate,
    evaluate_service,
    parse_dmn,
    parse_models,
)
from engine.dmn.elements import NAMESPACES
from engine.dmn.evaluate import Undeclared
from engine.feel import FeelBudgetExceeded
from tests.dmn.builders import (
    decision,
    file,
    message_codes,
    model,
    needs,
    result,
    table,
    text,
    value,
)


def entry(name: str, body: str, kind: str = "") -> str:
    variable = (
        f'<variable name="{name}"{f" typeRef={chr(34)}{kind}{chr(34)}" if kind else ""}/>'
        if name
        else ""
    )
    return f"<contextEntry>{variable}{body}</contextEntry>"


def context(*entries: str) -> str:
    return f"<context>{''.join(entries)}</context>"


def knowledge(
    name: str, parameters: str, body: str, *, kind: str = "", result_type: str = "", more: str = ""
) -> str:
    formal = "".join(
        f'<formalParameter name="{part.partition(":")[0]}" typeRef="{part.partition(":")[2]}"/>'
        for part in parameters.split()
    )
    typed = f' typeRef="{result_type}"' if result_type else ""
    kinds = f' kind="{kind}"' if kind else ""
    return (
        f'<businessKnowledgeModel id="{name}" name="{name}"><variable name="{name}"{typed}/>{more}'
        f"<encapsulatedLogic{kinds}>{formal}{body}</encapsulatedLogic></businessKnowledgeModel>"
    )


@pytest.mark.parametrize("namespace", NAMESPACES)
def test_every_version_of_the_standard_is_read(namespace):
    found = model(decision(text("1 + 1")), namespace=namespace)
    assert evaluate(found, None, {}).value == 2


@pytest.mark.parametrize(
    "data",
    [
        b"<a/>",
        b'<definitions xmlns="urn:other"/>',
        b'<x xmlns="https://www.omg.org/spec/DMN/20230324/MODEL/"/>',
    ],
)
def test_another_file_is_refused(data):
    with pytest.raises(DmnRefused) as caught:
        parse_dmn(load_xml(data, "x.dmn"), "x.dmn")
    assert caught.value.sentence == "x.dmn：不是 DMN 1.1 至 1.5 的决策文件"


def test_contexts_see_their_earlier_entries():
    assert value(decision(context(entry("a", text("1")), entry("b c", text("a + 1"))))) == {
        "a": 1,
        "b c": 2,
    }
    assert (
        value(
            decision(
                context(entry("a", text("1")), entry("", text("a + 1")), entry("c", text("1")))
            )
        )
        == 2
    )
    assert value(decision(context(entry("a", "")))) == {"a": None}
    assert value(decision(context(entry("a", text('"x"'), "number")))) == {"a": None}


def test_lists_and_relations():
    assert value(decision(f"<list>{text('1')}{text('2')}</list>")) == [1, 2]
    columns = '<column name="a"/><column name="b" typeRef="number"/>'
    row = f"<row>{text('1')}{text('2')}</row><row>{text('3')}{text(chr(34) + 'x' + chr(34))}</row><row>{text('5')}</row>"
    assert value(decision(f"<relation>{columns}{row}</relation>")) == [
        {"a": 1, "b": 2},
        {"a": 3, "b": None},
        {"a": 5},
    ]
    assert value(decision('<list typeRef="number"/>')) is None


@pytest.mark.parametrize(
    ("condition", "expected"), [("true", 1), ("false", 2), ("null", 2), ('"x"', None)]
)
def test_conditionals(condition, expected):
    body = f"<conditional><if>{text(condition)}</if><then>{text('1')}</then><else>{text('2')}</else></conditional>"
    assert value(decision(body)) == expected


def test_an_unfinished_conditional_is_null():
    assert value(decision("<conditional/>")) is None


@pytest.mark.parametrize(
    ("source", "match", "expected"),
    [
        ("[1, 2, 3]", "item > 1", [2, 3]),
        ("[1, 2]", "null", []),
        ("[1, 2]", "5", None),
        ("[{a: 1}, {a: 2}]", "a > 1", [{"a": 2}]),
    ],
)
def test_filters(source, match, expected):
    assert (
        value(decision(f"<filter><in>{text(source)}</in><match>{text(match)}</match></filter>"))
        == expected
    )


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('<for iteratorVariable="i"><in>{list}</in><return>{double}</return></for>', [2, 4]),
        ('<some iteratorVariable="i"><in>{list}</in><satisfies>{big}</satisfies></some>', True),
        ('<every iteratorVariable="i"><in>{list}</in><satisfies>{big}</satisfies></every>', False),
        ('<every iteratorVariable="i"><in>{list}</in><satisfies>{small}</satisfies></every>', True),
        ('<some iteratorVariable="i"><in>{list}</in><satisfies>{null}</satisfies></some>', None),
        ('<some iteratorVariable="i"><in>{list}</in><satisfies>{double}</satisfies></some>', None),
        ('<some iteratorVariable="i"><in>{null}</in><satisfies>{big}</satisfies></some>', None),
        ('<for iteratorVariable="i"><in>{null}</in><return>{big}</return></for>', None),
    ],
)
def test_loops(body, expected):
    parts = {"list": "[1, 2]", "double": "i * 2", "big": "i > 1", "small": "i < 9", "null": "null"}
    written = body.format(**{name: text(feel) for name, feel in parts.items()})
    assert value(decision(written)) == expected


def test_a_boxed_loop_is_bounded():
    inner = f'<for iteratorVariable="j"><in>{text("for k in 1..9999 return k")}</in><return>{text("j")}</return></for>'
    body = f'<for iteratorVariable="i"><in>{text("for k in 1..9999 return k")}</in><return>{inner}</return></for>'
    with pytest.raises(FeelBudgetExceeded):
        value(decision(body))


def invocation(called: str, **bindings: str) -> str:
    parts = "".join(
        f'<binding><parameter name="{name}"/>{text(feel)}</binding>'
        for name, feel in bindings.items()
    )
    return f"<invocation>{text(called)}{parts}</invocation>"


def test_functions_are_invoked_with_bindings():
    function = knowledge("add up", "a:number b:number", text("a + b"), result_type="number")
    called = decision(invocation("add up", a="1", b="2"), requires=needs("#add up", knowledge=True))
    assert value(function + called) == 3
    literal = decision(
        text("add up(1, 2) + add up(b: 3, a: 4)"), requires=needs("#add up", knowledge=True)
    )
    assert value(function + literal) == 10
    wrong = decision(invocation("add up", a="1"), requires=needs("#add up", knowledge=True))
    assert message_codes(function + wrong) == ["arguments"]
    odd = decision("<invocation><binding/></invocation>")
    assert value(odd) is None


def test_the_type_of_a_result_holds():
    function = knowledge("f", "a:number", text('"x"'), result_type="number")
    assert message_codes(
        function + decision(text("f(1)"), requires=needs("#f", knowledge=True))
    ) == ["result_type"]


def test_functions_may_recur_and_call_each_other():
    recursive = knowledge(
        "fac",
        "n:number",
        text("if n < 2 then 1 else n * fac(n - 1)"),
        more=needs("#fac", knowledge=True),
    )
    assert (
        value(recursive + decision(text("fac(5)"), requires=needs("#fac", knowledge=True))) == 120
    )
    alone = knowledge("fac", "n:number", text("if n < 2 then 1 else n * fac(n - 1)"))
    assert value(alone + decision(text("fac(5)"), requires=needs("#fac", knowledge=True))) == 120
    one = knowledge("one", "n:number", text("two(n) + 1"), more=needs("#two", knowledge=True))
    two = knowledge("two", "n:number", text("n * 2"))
    assert value(one + two + decision(text("one(5)"), requires=needs("#one", knowledge=True))) == 11


def test_external_functions_are_unsupported_by_name():
    function = knowledge(
        "f", "a:number", context(entry("class", text('"java.lang.Math"'))), kind="Java"
    )
    called = decision(text("f(1)"), requires=needs("#f", knowledge=True))
    assert model(function + called).problems[0].rule == "external"
    assert "external" in message_codes(function + called)


def test_function_definitions_are_values():
    function = f'<functionDefinition><formalParameter name="a" typeRef="number"/>{text("a * 2")}</functionDefinition>'
    assert value(decision(context(entry("f", function), entry("", text("f(4)"))))) == 8
    assert (
        value(decision(context(entry("f", "<functionDefinition/>"), entry("", text("f()")))))
        is None
    )


def test_a_function_without_logic_is_null():
    assert (
        value(
            '<businessKnowledgeModel id="f" name="f"/>'
            + decision(text("f"), requires=needs("#f", knowledge=True))
        )
        is None
    )


def test_decisions_require_each_other_and_inputs():
    inputs = (
        '<inputData id="i" name="amount"><variable name="amount" typeRef="number"/></inputData>'
    )
    low = decision(text("amount * 2"), "low", requires=needs("@i"))
    high = decision(text("low + 1"), "high", requires=needs("#low"))
    assert value(inputs + low + high, {"amount": 2.5}) == 6
    assert value(inputs + high + low, {"amount": 2.5}) == 6
    assert value(inputs + low + high, {"amount": 2}, "low") == 4
    assert "missing_input" in message_codes(inputs + low + high)
    assert message_codes(inputs + low + high, {"amount": "x"})[0] == "type"


def test_only_what_is_required_is_seen():
    inputs = '<inputData id="i" name="a"/><inputData id="j" name="b"/>'
    body = decision(text("a = null and b = 1"), requires=needs("@j"))
    assert value(inputs + body, {"a": 1, "b": 1}) is True


def test_a_decision_without_logic_is_given():
    assert (
        value(decision("") + decision(text("d + 1"), "e", requires=needs("#d")), {"d": 1}, "e") == 2
    )


def test_circles_and_missing_requirements_are_reported():
    circle = decision(text("b"), "a", requires=needs("#b")) + decision(
        text("a"), "b", requires=needs("#a")
    )
    assert "circle" in message_codes(circle, name="a")
    assert "requirement" in message_codes(decision(text("x"), requires=needs("#x")))


def test_the_topmost_decision_is_meant_where_none_is_named():
    assert value(decision(text("1"), "a") + decision(text("2"), "b")) == 2
    circle = decision(text("1"), "a", requires=needs("#b")) + decision(
        text("2"), "b", requires=needs("#a")
    )
    assert value(circle) == 2


def test_an_unknown_decision_is_named_with_those_there_are():
    with pytest.raises(DecisionNotFound) as caught:
        value(decision(text("1"), "甲"), name="乙")
    assert caught.value.sentence == "没有名为“乙”的决策，可用的有：甲"
    with pytest.raises(DecisionNotFound) as caught:
        value("")
    assert "文件中也没有" in caught.value.sentence


@pytest.mark.parametrize(
    ("definition", "given", "expected"),
    [
        ("<typeRef>number</typeRef>", 5, 5),
        ("<typeRef>number</typeRef>", "5", None),
        ("<typeRef>feel:string</typeRef>", "5", "5"),
        ("<typeRef>Any</typeRef>", "5", "5"),
        ("<typeRef>nothing</typeRef>", "5", "5"),
        ("", 5, 5),
        ('<typeRef>string</typeRef><allowedValues><text>"a", "b"</text></allowedValues>', "a", "a"),
        (
            '<typeRef>string</typeRef><allowedValues><text>"a", "b"</text></allowedValues>',
            "c",
            None,
        ),
        ('<typeRef>string</typeRef><allowedValues><text>"a",</text></allowedValues>', "c", "c"),
        (
            "<typeRef>number</typeRef><typeConstraint><text>&lt; 10</text></typeConstraint>",
            11,
            None,
        ),
        (
            "<typeRef>number</typeRef><allowedValues><text>&lt; 10</text></allowedValues><typeConstraint><text>> 5</text></typeConstraint>",
            7,
            7,
        ),
        (
            "<typeRef>number</typeRef><allowedValues><text>&lt; 10</text></allowedValues><typeConstraint><text>> 5</text></typeConstraint>",
            3,
            None,
        ),
        ("<itemComponent name='a'><typeRef>number</typeRef></itemComponent>", {"a": 1}, {"a": 1}),
        ("<itemComponent name='a'><typeRef>number</typeRef></itemComponent>", {"a": "x"}, None),
        (
            "<itemComponent name='a'><typeRef>date</typeRef></itemComponent>",
            {"a": "2026-03-02", "b": 1},
            {"a": dt.date(2026, 3, 2), "b": 1},
        ),
        (
            "<itemComponent name='a'><typeRef>number</typeRef><allowedValues><text>1</text></allowedValues></itemComponent>",
            {"a": 2},
            None,
        ),
        (
            "<itemComponent name='a' isCollection='true'><typeRef>date</typeRef></itemComponent>",
            {"a": ["2026-03-02"]},
            {"a": [dt.date(2026, 3, 2)]},
        ),
        (
            "<itemComponent name='t'><typeRef>t</typeRef></itemComponent>",
            {"t": {"t": None}},
            {"t": {"t": None}},
        ),
        ("<typeRef>time</typeRef>", "10:00:00", dt.time(10)),
    ],
)
def test_item_definitions(definition, given, expected):
    body = f'<itemDefinition name="t">{definition}</itemDefinition><inputData id="i" name="x"><variable name="x" typeRef="t"/></inputData>'
    assert value(body + decision(text("x"), requires=needs("@i")), {"x": given}) == expected


def test_a_faulty_type_is_a_problem_of_the_model():
    body = '<itemDefinition id="x" name="t"><typeRef>nothing</typeRef><allowedValues><text>(</text></allowedValues></itemDefinition>'
    found = model(body + decision(text("1"), variable='<variable name="d" typeRef="t"/>'))
    assert {problem.rule for problem in found.problems} == {"type", "allowed_values"}
    assert len(found.types) == 1


def test_collections_and_functions_as_types():
    kinds = (
        '<itemDefinition name="list" isCollection="true"><typeRef>number</typeRef></itemDefinition>'
        '<itemDefinition name="fn"><functionItem outputTypeRef="number"><parameters typeRef="number"/></functionItem></itemDefinition>'
    )
    one = decision(text("5"), variable='<variable name="d" typeRef="list"/>')
    assert value(kinds + one) == [5]
    function = decision(text("function(a: number) a"), variable='<variable name="d" typeRef="fn"/>')
    assert value(kinds + function) is not None
    wrong = decision(
        text("function(a: number, b: number) a"), variable='<variable name="d" typeRef="fn"/>'
    )
    assert value(kinds + wrong) is None


def test_a_date_becomes_its_midnight_where_one_is_wanted():
    body = decision(text('@"2026-03-02"'), variable='<variable name="d" typeRef="date and time"/>')
    assert value(body) == dt.datetime(2026, 3, 2, tzinfo=dt.UTC)


SERVICE = (
    '<inputData id="i" name="i"/>'
    + decision(text("i + 1"), "inner", requires=needs("@i"))
    + decision(text("inner * 2 + given"), "outer", requires=needs("#inner", "#given"))
    + decision(text("100"), "given")
    + '<decisionService id="s" name="s"><variable name="s"/><outputDecision href="#outer"/><encapsulatedDecision href="#inner"/>'
    '<inputDecision href="#given"/><inputData href="#i"/></decisionService>'
)


def test_services_compute_what_is_inside_and_take_the_rest():
    called = decision(text("s(1, 5)"), requires=needs("#s", knowledge=True))
    assert value(SERVICE + called, name="d") == 9
    named = decision(text("s(given: 1, i: 5)"), requires=needs("#s", knowledge=True))
    assert value(SERVICE + named, name="d") == 13
    found = model(SERVICE)
    assert evaluate_service(found, "s", {"i": 1, "given": 5}).value == 9
    assert evaluate_service(found, "outer", {"i": 1}).value == 104
    missing = evaluate_service(found, "s", {"i": 1})
    assert missing.value is None
    assert missing.messages[0].code == "missing_input"


def test_a_service_of_several_decisions_gives_a_context():
    several = SERVICE.replace(
        '<outputDecision href="#outer"/>',
        '<outputDecision href="#outer"/><outputDecision href="#inner"/>',
    )
    assert evaluate_service(model(several), "s", {"i": 1, "given": 5}).value == {
        "outer": 9,
        "inner": 2,
    }


def imported(*files: bytes) -> dict[str, object]:
    return {f"{at}.dmn": load_xml(data, f"{at}.dmn") for at, data in enumerate(files)}


def test_models_import_each_other_in_any_order():
    lower = file(
        '<itemDefinition name="t"><typeRef>number</typeRef></itemDefinition>'
        + knowledge("double it", "x:t", text("x * 2"))
        + decision(text("7"), "seven"),
        own="urn:lower",
    )
    link = '<import name="low" namespace="urn:lower" importType="https://www.omg.org/spec/DMN/20230324/MODEL/"/>'
    needed = (
        '<informationRequirement><requiredDecision href="urn:lower#seven"/></informationRequirement>'
        '<knowledgeRequirement><requiredKnowledge href="urn:lower#double it"/></knowledgeRequirement>'
    )
    upper = file(
        link
        + decision(
            text("low.double it(low.seven) + 1"),
            variable='<variable name="d" typeRef="low.t"/>',
            requires=needed,
        ),
        own="urn:upper",
    )
    for files in ((upper, lower), (lower, upper)):
        models = parse_models(imported(*files))
        top = next(found for found in models.values() if found.namespace == "urn:upper")
        assert evaluate(top, "d", {}).value == 15
        assert top.problems == []
    nameless = upper.replace(b'name="low"', b'name=""').replace(b"low.", b"")
    models = parse_models(imported(lower, nameless))
    assert evaluate(models["1.dmn"], "d", {}).value == 15


def test_a_missing_import_is_a_problem_and_a_foreign_one_is_not():
    body = '<import name="x" namespace="urn:x" importType="https://www.omg.org/spec/DMN/20230324/MODEL/"/>'
    other = '<import name="y" namespace="urn:y" importType="http://www.w3.org/2001/XMLSchema"/>'
    found = model(
        body
        + other
        + decision(
            text("1"),
            requires='<informationRequirement><requiredDecision href="urn:x#d"/></informationRequirement>',
        )
    )
    assert [problem.rule for problem in found.problems] == ["import"]
    lonely = file(body + decision(text("1")))
    assert evaluate(parse_models(imported(lonely))["0.dmn"], None, {}).value == 1
    assert evaluate(found, None, {}).messages[0].code == "requirement"


def test_imports_in_a_circle_end():
    one = file(
        '<import name="b" namespace="urn:b" importType="DMN"/>' + decision(text("1"), "one"),
        own="urn:a",
    )
    two = file(
        '<import name="a" namespace="urn:a" importType="DMN"/>' + decision(text("2"), "two"),
        own="urn:b",
    )
    models = parse_models(imported(one, two))
    assert evaluate(models["0.dmn"], None, {}).value == 1


def test_another_language_is_refused_by_name():
    found = model(
        decision(
            '<literalExpression expressionLanguage="python"><text>1</text></literalExpression>'
        )
    )
    assert found.problems[0].rule == "language"
    assert evaluate(found, None, {}).value is None
    feel = decision(
        '<literalExpression expressionLanguage="https://www.omg.org/spec/DMN/20230324/FEEL/"><text>1</text></literalExpression>'
    )
    assert value(feel) == 1


def test_a_mistake_in_an_expression_is_a_problem_with_its_line_and_null_when_it_runs():
    found = model("\n\n" + decision(text("1 +", id="here")))
    (problem,) = found.problems
    assert (problem.element, problem.rule, problem.line) == ("here", "expression", 3)
    run = evaluate(found, None, {})
    assert run.value is None
    assert run.messages[0].code == "expression"
    assert value(decision(text(""))) is None


def test_functions_and_names_come_from_outside():
    found = model(decision(text("add working days(day, 3)")))
    functions = {"add working days": lambda day, count: day + dt.timedelta(days=int(count))}
    assert evaluate(found, None, {"day": dt.date(2026, 3, 2)}, functions).value == dt.date(
        2026, 3, 5
    )


def test_comments_and_elements_of_others_are_skipped():
    body = '<!-- a comment --><x:y xmlns:x="urn:x"/>' + decision("<!-- here too -->" + text("1"))
    assert value(body) == 1


def test_the_audit_trail_holds_the_tables_of_functions_too():
    function = knowledge("f", "x:number", table(["x"], [""], ["1 => 5"]))
    called = decision(text("f(1)"), requires=needs("#f", knowledge=True))
    assert [match.table for match in result(function + called).matched] == ["f"]


def test_a_stack_that_is_nearly_full_ends_in_an_exceeded_budget():
    found = model(decision(text("(" * 50 + "1" + "+ a)" * 50)))

    def deep(left: int) -> object:
        return deep(left - 1) if left else evaluate(found, None, {"a": 1})

    with pytest.raises(FeelBudgetExceeded):
        deep(sys.getrecursionlimit() - len(inspect.stack()) - 60)


def test_inputs_are_read_only_when_they_are_asked_for():
    class Lazy(dict):
        asked: ClassVar[list[str]] = []

        def __getitem__(self, name):
            self.asked.append(name)
            return super().__getitem__(name)

    names = Lazy(a=1, b=2, d=3)
    found = model(decision(text("a + a")))
    assert evaluate(found, None, names).value == 2
    assert names.asked == ["a"]
    assert list(Undeclared(names, found)) == ["a", "b"]
    assert len(Undeclared(names, found)) == 2
    assert evaluate(model(decision(text("d = null"))), None, names).value is True


def test_an_input_may_be_given_by_the_name_of_its_element():
    inputs = '<inputData id="i" name="Applicant data"><variable name="applicant"/></inputData>'
    body = decision(text("applicant + 1"), requires=needs("@i"))
    assert value(inputs + body, {"applicant": 1}) == 2
    assert value(inputs + body, {"Applicant data": 1}) == 2
