"""Names: several words, Chinese, known ones with signs; which of them an expression reads."""

from __future__ import annotations

import pytest

from engine.feel import FeelSyntaxError, compile_expression, compile_unary_tests
from engine.feel.expression import read_expression
from tests.feel.builders import value


def test_adjacent_words_are_one_name():
    assert value("Monthly Salary * 12", {"Monthly Salary": 100}) == 1200
    assert value("rule 1 + 1", {"rule 1": 1}) == 2
    assert value("person.first name", {"person": {"first name": "Li"}}) == "Li"


def test_chinese_names_need_nothing_special():
    assert (
        value('申请人 = "企业" and 申请.天数 > 10', {"申请人": "企业", "申请": {"天数": 11}})
        is True
    )
    assert value("Teacher's grade", {"Teacher's grade": "A"}) == "A"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a-b", "a-b + 1"),
        ("a-b", "a - b + 1"),
        ("terms and conditions", "terms and conditions + 1"),
        ("days in weekend", "days in weekend + 1"),
        ("文书、依据", "文书、依据 + 1"),
        ("if any", "if any + 1"),
    ],
)
def test_a_known_name_may_hold_signs_and_keywords(name, text):
    assert compile_expression(text, [name]).evaluate({name: 1}) == 2


def test_a_name_that_is_a_keyword_takes_no_keyword_away():
    assert value('{"null": 1, "true": 2, x: [null, true]}.x') == [None, True]
    assert value("a.null", {"a": {"null": 1}}) == 1


def test_the_longest_name_in_scope_wins():
    assert compile_expression("a b c", ["a b", "a b c"]).evaluate({"a b c": 3, "a b": 2}) == 3
    assert compile_expression("a b c", ["a b c", "a b"]).evaluate({"a b c": 3, "a b": 2}) == 3


def test_a_name_with_signs_is_known_once_its_context_says_it():
    assert value("{foo+bar: 1, c: foo+bar + 1}.c") == 2
    assert value("[{x y: 1}][x y = 1]") == [{"x y": 1}]


def test_a_function_name_with_between_is_told_by_its_comma():
    functions = {"working days between": lambda a, b: b - a}
    assert compile_expression("working days between(1, 5)").evaluate({}, functions) == 4
    assert value("x between (1) and (5)", x=3) is True
    assert value("x between(1) and 5", x=3) is True
    assert value("a x between [1,2][1] and 5", {"a x": 3}) is True


def test_data_named_like_a_function_hides_no_function():
    assert value("count(list)", {"count": 7, "list": [1, 2]}) == 2
    assert value("count", {"count": 7}) == 7
    assert value("{min: 5, r: min([1, 2])}.r") == 1


def test_functions_are_values():
    assert value("sort([3, 1, 2], function(a, b) a < b)") == [1, 2, 3]
    assert compile_expression("f").evaluate({}, {"f": lambda: 1}) is not None
    assert compile_expression("(if true then f else f)()").evaluate({}, {"f": lambda: 1}) == 1


def test_names_are_those_that_nothing_inside_binds():
    read = compile_expression(
        "a.b + count(c) + f(d) + (for i in e return i + g) + {h: 1, j: h}.j + [1][k > item]"
    )
    assert read.names == {"a", "c", "d", "e", "g", "k"} | (read.names & {"j"})
    assert read.calls == {"f"}
    assert "k" not in read.certain
    assert {"a", "c", "d", "e", "g"} <= read.certain
    tests = compile_unary_tests("> a, f(?), b")
    assert tests.names == {"a", "b"}
    assert tests.calls == {"f"}


def test_a_built_in_name_is_no_data_unless_it_is_known():
    assert compile_expression("count").names == frozenset()
    assert compile_expression("count", ["count"]).names == {"count"}


def test_a_model_may_define_a_function_named_like_a_built_in_one():
    own = compile_expression("function(a) 42").evaluate({})
    assert read_expression("abs(-1)", ["abs"]).evaluate({"abs": own}) == 42
    assert read_expression("abs(-1)", ["abs"]).evaluate({}) == 1


def test_names_beyond_any_reading_are_no_danger():
    assert compile_expression("a", ['"', "“”", "\x00", ""]).evaluate({"a": 1}) == 1


@pytest.mark.parametrize(
    "text", ["a.", "a.1", "for in [1] return 1", "for if in [1] return 1", "{1: 2}"]
)
def test_a_missing_name_is_said(text):
    with pytest.raises(FeelSyntaxError):
        compile_expression(text)


def test_a_path_may_use_a_keyword():
    assert value("a.in", {"a": {"in": 1}}) == 1
