"""Text of trees and values where the laws do not reach."""

from __future__ import annotations

import pytest

from engine.feel import FeelBudgetExceeded, compile_expression
from engine.feel.operations import equal
from engine.feel.parser import Parser
from engine.feel.printing import print_expression, print_value
from engine.feel.writing import write
from tests.feel.builders import value


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("a  and(b or c)", "a and (b or c)"),
        ("-(1)", "-1"),
        ("--a", "-(-a)"),
        ("-a.b", "-a.b"),
        ("(-a).b", "(-a).b"),
        ("x in (1, < 3)", "x in (1, < 3)"),
        ("]1..2[", "]1..2)"),
        ("[1..2]", "[1..2]"),
        ("{a b: 1}", '{"a b": 1}'),
        ("f(a: 1, b: 2)", "f(a: 1, b: 2)"),
        ("for i in 1..3, j in x return i", "for i in 1..3, j in x return i"),
        ("every i in x satisfies i", "every i in x satisfies i"),
        (
            "x instance of context<a: number, b: list<string>>",
            "x instance of context<a: number, b: list<string>>",
        ),
        ("x instance of function<number>->Any", "x instance of function<number>->Any"),
        ("function(a: number, b) a", "function(a: number, b) a"),
        ("function(a) external {}", "function(a) external {}"),
        ("x between 1 and 2", "x between 1 and 2"),
        ("if a then b else c", "if a then b else c"),
        ("1e3000", "1e+3000"),
        ("not(a)", "not(a)"),
    ],
)
def test_a_tree_is_printed_in_one_way(text, printed):
    tree = Parser(text).whole_expression()
    assert print_expression(tree) == printed
    assert Parser(printed).whole_expression() == tree


@pytest.mark.parametrize("cell", ["-", "not(1, 2)", "< 5, [1..3]", "a"])
def test_a_cell_is_printed(cell):
    assert print_expression(Parser(cell).whole_tests()) == cell


@pytest.mark.parametrize(
    "text",
    [
        "[1..3)",
        "(1..3]",
        "(< 3)",
        "(>= 3)",
        "(= 3)",
        '@"10:00:00.123456789"',
        '@"-12345-01-01"',
        '@"P1Y"',
        '{a: [@"P1D"]}',
        "1e3000",
    ],
)
def test_a_value_reads_back(text):
    first = value(text)
    assert equal(value(print_value(first) or ""), first) is True


def test_a_function_has_no_text_that_gives_it():
    assert print_value(value("abs")) is None
    assert print_value([value("abs")]) is None
    assert print_value({"a": value("abs")}) is None


def test_depth_is_bounded():
    deep: list[object] = []
    for _ in range(70):
        deep = [deep]
    with pytest.raises(FeelBudgetExceeded):
        print_value(deep)
    with pytest.raises(FeelBudgetExceeded):
        write(deep)


def test_a_number_beyond_the_exponent_is_written_with_it():
    assert compile_expression("string(1e-6170)").evaluate({}).startswith("0.000")
    assert len(value("string(1e6000)")) == 6001
