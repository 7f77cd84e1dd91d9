"""Decision tables: every hit policy, what they report, and what the audit trail gets."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.dmn.builders import decision, message_codes, model, result, table, text, value

OUTPUT = '<output><outputValues><text>"high", "low"</text></outputValues></output>'


def test_unique_gives_the_one_rule_and_says_which():
    rows = ['"a" | < 10 => 1', '"a" | >= 10 => 2', '"b" | - => 3']
    found = result(decision(table(["kind", "days"], [""], rows)), {"kind": "a", "days": 12})
    assert found.value == 2
    (match,) = found.matched
    assert (match.table, match.rule, match.id) == ("d", 2, "r2")
    assert match.inputs == {"kind": "a", "days": 12}
    assert match.outputs == {"d": 2}
    assert found.messages == []


def test_unique_reports_a_second_match():
    body = decision(table(["x"], [""], ["> 1 => 1", "> 2 => 2"]))
    found = result(body, {"x": 3})
    assert found.value is None
    assert [match.rule for match in found.matched] == [1, 2]
    assert found.messages[0].code == "not_unique"
    assert "第1、2条都符合" in found.messages[0].message_zh


def test_no_rule_gives_null_and_says_so():
    body = decision(table(["x"], [""], ["1 => 1"]))
    assert message_codes(body, {"x": 2}) == ["no_rule"]


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("FIRST", "low"),
        ("F", "low"),
        ("PRIORITY", "high"),
        ("P", "high"),
        ("RULE ORDER", ["low", "high"]),
        ("R", ["low", "high"]),
        ("OUTPUT ORDER", ["high", "low"]),
        ("O", ["high", "low"]),
        ("COLLECT", ["low", "high"]),
        ("C", ["low", "high"]),
        ("ANY", None),
        ("UNIQUE", None),
    ],
)
def test_hit_policies(policy, expected):
    rows = ['> 1 => "low"', '> 2 => "high"', '> 99 => "low"']
    assert value(decision(table(["x"], [OUTPUT], rows, policy=policy)), {"x": 3}) == expected


def test_a_value_without_priority_comes_last():
    rows = ['> 1 => "other"', '> 2 => "low"']
    output = '<output typeRef="string"/>'
    body = decision(table(["x"], [output], rows, policy="PRIORITY"))
    assert value(body, {"x": 3}) == "other"


def test_priority_may_come_from_the_type_of_the_output():
    kinds = '<itemDefinition name="t"><typeRef>string</typeRef><allowedValues><text>"high", "low"</text></allowedValues></itemDefinition>'
    rows = ['> 1 => "low"', '> 2 => "high"']
    assert (
        value(
            kinds + decision(table(["x"], ['<output typeRef="t"/>'], rows, policy="PRIORITY")),
            {"x": 3},
        )
        == "high"
    )


def test_any_accepts_equal_results_and_reports_others():
    assert (
        value(decision(table(["x"], [""], ["> 1 => 5", "> 2 => 5.0"], policy="ANY")), {"x": 3}) == 5
    )
    assert message_codes(
        decision(table(["x"], [""], ["> 1 => 5", "> 2 => 6"], policy="ANY")), {"x": 3}
    ) == ["not_equal"]


@pytest.mark.parametrize(
    ("aggregation", "expected"), [("SUM", 6), ("MIN", 1), ("MAX", 3), ("COUNT", 3)]
)
def test_aggregations(aggregation, expected):
    body = decision(
        table(
            ["x"],
            [""],
            ["> 1 => 1", "> 1 => 2", "> 2 => 3"],
            policy="COLLECT",
            aggregation=aggregation,
        )
    )
    assert value(body, {"x": 3}) == expected


def test_what_cannot_be_added_up_is_reported():
    body = decision(
        table(["x"], [""], ["> 1 => 1", '> 1 => "a"'], policy="COLLECT", aggregation="SUM")
    )
    assert message_codes(body, {"x": 3})[-1] == "aggregation"


def test_an_empty_count_is_nought():
    body = decision(table(["x"], [""], ["> 9 => 1"], policy="COLLECT", aggregation="COUNT"))
    assert value(body, {"x": 3}) == 0


def test_several_outputs_make_a_context():
    found = result(decision(table(["x"], ["a", "b"], ["1 => 1 | 2"])), {"x": 1})
    assert found.value == {"a": 1, "b": 2}
    assert found.matched[0].outputs == {"a": 1, "b": 2}
    several = decision(
        table(["x"], ["a", "b"], ["1 => 1 | 2", "1 => 3 | 4"], policy="COLLECT", aggregation="SUM")
    )
    assert value(several, {"x": 1}) == {"a": 4, "b": 6}


def test_defaults_stand_in_where_no_rule_matches():
    output = f'<output name="a">{text("9", "defaultOutputEntry")}</output>'
    assert value(decision(table(["x"], [output], ["1 => 1"])), {"x": 5}) == 9
    assert value(
        decision(table(["x"], [output, '<output name="b"/>'], ["1 => 1 | 2"])), {"x": 5}
    ) == {"a": 9, "b": None}


def test_a_table_without_inputs_has_rules_that_always_match():
    assert value(decision(table([], [""], [" => 1", " => 2"], policy="COLLECT"))) == [1, 2]


def test_allowed_values_of_an_input_hold():
    column = f'<input label="渠道">{text("x", "inputExpression", typeRef="string")}{text(chr(34) + "a" + chr(34), "inputValues")}</input>'
    body = decision(table([column], [""], ["- => 1"]))
    assert value(body, {"x": "a"}) == 1
    assert value(body, {"x": None}) == 1
    found = result(body, {"x": "b"})
    assert found.value is None
    assert "输入“渠道”不在允许的范围内" in found.messages[0].message_zh
    assert message_codes(body, {"x": 5}) == ["input_value"]


def test_allowed_values_of_an_output_hold():
    body = decision(table(["x"], [OUTPUT], ['1 => "other"', '2 => "low"', "3 => null"]))
    assert message_codes(body, {"x": 1}) == ["output_value"]
    assert value(body, {"x": 2}) == "low"
    assert message_codes(body, {"x": 3}) == []


def test_a_dash_allows_everything():
    column = f"<input>{text('x', 'inputExpression')}{text('-', 'inputValues')}</input>"
    assert value(decision(table([column], [""], ["5 => 1"])), {"x": 5}) == 1


def test_a_date_of_json_is_read_where_the_column_has_a_type():
    column = f"<input>{text('received', 'inputExpression', typeRef='date')}</input>"
    body = decision(
        table([column], [""], ['>= date("2026-03-01") => 1', '< date("2026-03-01") => 2'])
    )
    assert value(body, {"received": "2026-03-02"}) == 1
    assert value(body, {"received": dt.date(2026, 2, 2)}) == 2
    assert message_codes(body, {"received": "soon"}) == ["input_value"]


def test_annotations_reach_the_audit_trail():
    rule = f"<rule>{text('1', 'inputEntry')}{text('2', 'outputEntry')}<annotationEntry><text>第三十三条</text></annotationEntry></rule>"
    body = (
        f"<decisionTable><input>{text('x', 'inputExpression')}</input><output/>"
        f'<annotation name="依据"/>{rule}</decisionTable>'
    )
    assert result(decision(body), {"x": 1}).matched[0].annotations == {"依据": "第三十三条"}


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        (table(["x"], [""], ["1 => 1"], policy="SOMETIMES"), "hit_policy"),
        (table(["x"], [""], ["1 => 1"], policy="COLLECT", aggregation="AVERAGE"), "hit_policy"),
        (table(["x"], [""], ["1 | 2 => 1"]), "rule"),
        (table(["x"], [""], ["1 => 1 | 2"]), "rule"),
        (table(["x"], [""], ["> => 1"]), "expression"),
        (table(["x"], [""], ["1 => +"]), "expression"),
        (table(["x +"], [""], ["1 => 1"]), "expression"),
        (
            table(
                [f"<input>{text('x', 'inputExpression')}{text('1,', 'inputValues')}</input>"],
                [""],
                ["1 => 1"],
            ),
            "expression",
        ),
    ],
)
def test_a_fault_of_a_table_is_a_problem_of_the_model(body, rule):
    found = model(decision(body))
    assert found.problems[0].rule == rule
    assert found.problems[0].message_zh
    assert value(decision(body), {"x": 1}) in (None, 1)


def test_a_column_without_an_expression_tests_nothing():
    assert value(decision(table(["<input/>"], [""], ["- => 1"]))) == 1


def test_a_bad_row_leaves_the_others_standing():
    assert value(decision(table(["x"], [""], ["> => 1", "2 => 2"])), {"x": 2}) == 2


def test_a_table_of_many_rules_costs_steps():
    rows = ["1 => 1"] * 50
    body = decision(
        text("count(for i in 1..9999 return f(i))"),
        requires='<knowledgeRequirement><requiredKnowledge href="#f"/></knowledgeRequirement>',
    )
    function = f'<businessKnowledgeModel id="f" name="f"><encapsulatedLogic><formalParameter name="x"/>{table(["x"], [""], rows, policy="COLLECT")}</encapsulatedLogic></businessKnowledgeModel>'
    from engine.feel import FeelBudgetExceeded

    with pytest.raises(FeelBudgetExceeded):
        value(function + body)
