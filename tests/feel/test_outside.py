"""What comes in from outside, what goes out, and what stays where it is."""

from __future__ import annotations

import datetime as dt
from collections import OrderedDict, UserDict
from decimal import Decimal
from enum import IntEnum, StrEnum
from types import MappingProxyType, SimpleNamespace
from zoneinfo import ZoneInfo

import pytest

from engine.errors import EngineError, NotFound
from engine.feel import (
    DaysTime,
    FeelBudgetExceeded,
    Range,
    YearsMonths,
    compile_expression,
    compile_unary_tests,
    to_json,
)
from engine.feel.expression import Cache, read_expression
from engine.feel.values import load
from tests.feel.builders import codes, same, value


class Colour(StrEnum):
    RED = "red"


class Level(IntEnum):
    ONE = 1


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (1, "x = 1"),
        (1.5, "x = 1.5"),
        (0.1, "x + 0.2 = 0.3"),
        (Decimal("1.5"), "x = 1.5"),
        (Decimal("NaN"), "x = null"),
        (Decimal("Infinity"), "x = null"),
        (float("nan"), "x = null"),
        (float("inf"), "x = null"),
        (10**40, "x > 1e39"),
        pytest.param(10**7000, "x = null", id="beyond the exponent"),
        (Decimal("1e99999"), "x = null"),
        (True, "x"),
        (Level.ONE, "x = 1"),
        (Colour.RED, 'x = "red"'),
        ((1, 2), "x = [1, 2]"),
        ({2, 1}, "x = [1, 2]"),
        (frozenset({1}), "x = [1]"),
        ([1.5, [2.5]], "x = [1.5, [2.5]]"),
        ({"a": 1.5}, "x.a = 1.5"),
        ({"a": {"b": [1, 2.5]}}, "x.a.b[2] = 2.5"),
        (OrderedDict(a=1), "x.a = 1"),
        (UserDict({"a": 1}), "x.a = 1"),
        (MappingProxyType({"a": 1.5}), "x.a = 1.5"),
        ({1: "one"}, 'get value(x, "1") = "one"'),
        (dt.date(2026, 3, 2), 'x = @"2026-03-02"'),
        (dt.time(10), 'x = @"10:00:00"'),
        (dt.datetime(2026, 3, 2, tzinfo=dt.UTC), 'x = @"2026-03-02T00:00:00Z"'),
        (dt.datetime(2026, 3, 2, tzinfo=ZoneInfo("Asia/Shanghai")), 'x.timezone = "Asia/Shanghai"'),
        (dt.timedelta(hours=36), 'x = @"P1DT12H"'),
        (YearsMonths(14), 'x = @"P1Y2M"'),
        (DaysTime(10**9), 'x = @"PT1S"'),
        (Range(1, 2, True, True), "1 in x"),
        (b"bytes", "x = null"),
        (object(), "x = null"),
        (SimpleNamespace(a=1), "x.a = null"),
        (len, "x = null"),
        (dt, "x = null"),
    ],
)
def test_data_becomes_a_value_or_null(given, text):
    assert same(text, x=given)


def test_data_with_odd_keys_stays_readable():
    assert value("count(get entries(x))", x={("a",): 1, "b": 2}) == 2


def test_data_nested_too_deeply_or_in_a_circle_is_refused():
    circle: list[object] = []
    circle.append(circle)
    with pytest.raises(FeelBudgetExceeded):
        value("x = 1", x=circle)
    with pytest.raises(FeelBudgetExceeded):
        value("x = 1", x=[0] * 10_001)
    with pytest.raises(FeelBudgetExceeded):
        value("x = 1", x={str(at): at for at in range(10_001)})


def test_plain_data_is_not_copied():
    data = [1, "a", {"b": [None]}]
    assert load(data) is data


def test_a_function_handed_in_gets_values_and_gives_data():
    functions = {
        "double it": lambda x: float(x) * 2,
        "f": lambda day, count: day + dt.timedelta(days=int(count)),
        "wrong": lambda: {}["missing"],
        "refuses": _refuse,
        "by name": lambda first_day, n: [first_day, n],
    }
    read = compile_expression
    assert read("double it(1.5)").evaluate({}, functions) == 3
    assert read('f(date("2026-03-02"), 1)').evaluate({}, functions) == dt.date(2026, 3, 3)
    assert read("f(1, 2)").outcome({}, functions).warnings[0].code == "function_null"
    assert read("wrong()").evaluate({}, functions) is None
    assert read("by name(n: 1, first day: 2)").evaluate({}, functions) == [2, 1]
    assert read("f").evaluate({}, functions) is not None
    with pytest.raises(NotFound):
        read("refuses()").evaluate({}, functions)


def _refuse() -> None:
    raise NotFound("calendar", "1900")


@pytest.mark.parametrize(
    ("given", "json"),
    [
        (None, None),
        (True, True),
        (5, 5),
        (Decimal("5.00"), 5),
        (Decimal("1.25"), 1.25),
        (Decimal("0.3333333333333333333333333333333333"), "0.3333333333333333333333333333333333"),
        (Decimal("1e40"), 1e40),
        (1.5, 1.5),
        ("a", "a"),
        ([1, Decimal("2.5")], [1, 2.5]),
        ({"a": dt.date(2026, 3, 2)}, {"a": "2026-03-02"}),
        (dt.time(10), "10:00:00"),
        (dt.datetime(2026, 3, 2, tzinfo=dt.UTC), "2026-03-02T00:00:00Z"),
        (YearsMonths(1), "P1M"),
        (DaysTime(0), "PT0S"),
        (Range(1, 2, True, False), "[1..2)"),
        (object(), None),
    ],
)
def test_values_become_json(given, json):
    assert to_json(given) == json


def test_far_and_fine_moments_become_json():
    assert to_json(value('date("-2026-03-02")')) == "-2026-03-02"
    assert to_json(value('time("10:00:00.123456789")')) == "10:00:00.123456789"
    assert (
        to_json(value('@"123456-01-01T00:00:00@Europe/Paris"'))
        == "123456-01-01T00:00:00@Europe/Paris"
    )
    assert to_json(value("abs")) == "function(n)"
    with pytest.raises(FeelBudgetExceeded):
        to_json([[]], depth=60)


def test_the_same_text_is_compiled_once():
    assert compile_expression("1 + 41") is compile_expression("1 + 41")
    assert compile_unary_tests("> 41") is compile_unary_tests("> 41")
    assert compile_expression("a-b", ["a-b"]) is not compile_expression("a-b")


def test_two_that_compile_the_same_text_at_once_keep_one():
    waiting = [1]

    def make(text, known):
        if waiting.pop():
            waiting.append(0)
            cache.get(text, known)
        return read_expression(text)

    cache = Cache(make)
    cache.get("1", frozenset())
    assert (len(cache), cache.characters) == (1, 1)


def test_an_outcome_carries_its_warnings():
    outcome = compile_expression("missing").outcome({})
    assert outcome.value is None
    assert outcome.warnings[0].message_zh == "没有名为“missing”的数据"
    assert outcome.warnings[0].message_en == "there is no 'missing'"


def test_warnings_are_kept_up_to_a_number():
    assert len(codes("for i in 1..1000 return missing")) == 50


def test_names_may_be_any_mapping():
    assert compile_expression("a + b.c").evaluate(UserDict({"a": 1, "b": {"c": 2}})) == 3


def test_every_error_is_one_of_the_engine():
    assert issubclass(FeelBudgetExceeded, EngineError)
