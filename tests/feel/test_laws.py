"""Laws that hold for whatever is typed and whatever comes in."""

from __future__ import annotations

import datetime as dt
from contextlib import suppress
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from engine.feel import (
    FeelBudgetExceeded,
    FeelSyntaxError,
    compile_expression,
    compile_unary_tests,
    to_json,
)
from engine.feel.operations import equal
from engine.feel.parser import Parser
from engine.feel.printing import print_expression, print_value

WORDS = [
    "1",
    "0.5",
    "9e9",
    "a",
    "b",
    "if",
    "then",
    "else",
    "for",
    "in",
    "return",
    "some",
    "every",
    "satisfies",
    "and",
    "or",
    "not",
    "between",
    "instance",
    "of",
    "number",
    "list",
    "context",
    "function",
    "external",
    "true",
    "false",
    "null",
    "item",
    "partial",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "<",
    ">",
    "<=",
    ">=",
    "=",
    "!=",
    "+",
    "-",
    "*",
    "/",
    "**",
    "..",
    ".",
    ",",
    ":",
    "->",
    "@",
    '"t"',
    '"2026-03-02"',
    '"P1D"',
    "date",
    "time",
    "duration",
    "count",
    "sum",
    "string",
    "matches",
    "?",
    "申请",
    "，",
]
FRAGMENTS = st.lists(st.sampled_from(WORDS), max_size=25).map(" ".join)
NAMES = {"a": 5, "b": "text", "申请": {"a": [1, 2.5, None]}}

numbers = st.integers(-(10**6), 10**6) | st.decimals(
    min_value=-(10**6), max_value=10**6, places=3, allow_nan=False, allow_infinity=False
)
scalars = (
    st.none()
    | st.booleans()
    | numbers
    | st.text(max_size=20)
    | st.dates()
    | st.datetimes(timezones=st.none() | st.just(dt.UTC))
    | st.times()
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=12,
)

leaves = st.sampled_from(
    ["1", "2.5", "-3", '"x"', "true", "null", "a", "b c", '@"P1D"', '@"2026-03-02"', "[]"]
)
expressions = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.tuples(
            inner,
            st.sampled_from(
                ["+", "-", "*", "/", "**", "=", "!=", "<", "<=", ">", ">=", "and", "or"]
            ),
            inner,
        ).map(" ".join),
        inner.map(lambda x: f"({x})"),
        inner.map(lambda x: f"-({x})"),
        inner.map(lambda x: f"- -({x})"),
        st.tuples(inner, inner).map(lambda p: f"[{p[0]}, {p[1]}]"),
        st.tuples(inner, inner).map(lambda p: f"{{k: {p[0]}, 'x y': {p[1]}}}".replace("'", '"')),
        st.tuples(inner, inner).map(lambda p: f"[({p[0]})..({p[1]}))"),
        st.tuples(inner, inner, inner).map(lambda p: f"if {p[0]} then {p[1]} else {p[2]}"),
        st.tuples(inner, inner).map(lambda p: f"for i in [{p[0]}] return {p[1]}"),
        st.tuples(inner, inner).map(lambda p: f"some i in [{p[0]}] satisfies {p[1]}"),
        st.tuples(inner, inner).map(lambda p: f"({p[0]})[{p[1]}]"),
        st.tuples(inner, inner).map(lambda p: f"({p[0]}) in ({p[1]}, < 3)"),
        st.tuples(inner, inner, inner).map(lambda p: f"({p[0]}) between ({p[1]}) and ({p[2]})"),
        inner.map(lambda x: f"({x}).k"),
        inner.map(lambda x: f"({x}) instance of list<number>"),
        inner.map(lambda x: f"(function(q: number, r) {x})(r: 2, q: 1)"),
        inner.map(lambda x: f"string({x})"),
    ),
    max_leaves=8,
)


@given(st.text(max_size=60) | FRAGMENTS)
def test_no_text_makes_the_parser_raise_anything_but_its_own_errors(text):
    for compile_text in (compile_expression, compile_unary_tests):
        with suppress(FeelSyntaxError, FeelBudgetExceeded):
            compile_text(text)


@given(FRAGMENTS)
def test_no_expression_fails_in_any_other_way_than_by_a_budget(text):
    try:
        result = compile_expression(text).evaluate(NAMES)
        compile_unary_tests(text).matches(5, NAMES)
    except (FeelSyntaxError, FeelBudgetExceeded):
        return
    to_json(result)


@given(expressions)
def test_printed_and_read_again_a_tree_is_the_same(text):
    tree = Parser(text).whole_expression()
    printed = print_expression(tree)
    assert Parser(printed).whole_expression() == tree
    try:
        first = compile_expression(text).evaluate(NAMES)
    except FeelBudgetExceeded:
        return
    second = compile_expression(printed).evaluate(NAMES)
    assert to_json(first) == to_json(second)


@given(st.lists(expressions, min_size=1, max_size=3), st.booleans())
def test_printed_and_read_again_a_cell_is_the_same(texts, negated):
    joined = ", ".join(f"({text})" for text in texts)
    tree = Parser(f"not({joined})" if negated else joined).whole_tests()
    assert Parser(print_expression(tree)).whole_tests() == tree


@given(values)
def test_printed_and_read_again_a_value_is_the_same(given_value):
    loaded = compile_expression("x").evaluate({"x": given_value})
    printed = print_value(loaded)
    assert printed is not None
    again = compile_expression(printed).evaluate({})
    assert equal(again, loaded) is True
    assert to_json(again) == to_json(loaded)


@given(numbers, numbers)
def test_addition_is_that_of_decimals(a, b):
    assert compile_expression("a + b").evaluate({"a": a, "b": b}) == Decimal(a) + Decimal(b)
    assert compile_expression("a - b = -(b - a)").evaluate({"a": a, "b": b}) is True


@given(values, values)
def test_equality_is_the_same_from_both_sides(a, b):
    names = {"a": a, "b": b}
    assert compile_expression("a = b").evaluate(names) is compile_expression("b = a").evaluate(
        names
    )
    assert compile_expression("a = a").evaluate(names) is True


@given(st.dates(), st.integers(-40_000, 40_000))
def test_days_are_added_as_the_calendar_has_them(day, days):
    try:
        expected = day + dt.timedelta(days=days)
    except OverflowError:
        return
    names = {"day": day, "days": days}
    assert compile_expression('day + duration("P1D") * days').evaluate(names) == expected


@given(st.lists(numbers, max_size=8))
def test_sorted_lists_are_sorted(elements):
    result = compile_expression("sort(x)").evaluate({"x": elements})
    assert result == sorted(elements)
    assert compile_expression("sort(x, function(a, b) a > b)").evaluate({"x": elements}) == sorted(
        elements, reverse=True
    )
