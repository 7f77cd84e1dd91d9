"""Whatever is typed ends in null, a syntax error or an exceeded budget, soon, and reaches nothing outside."""

from __future__ import annotations

import builtins
import inspect
import sys
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import pytest

from engine.feel import FeelBudgetExceeded, FeelSyntaxError, compile_expression, compile_unary_tests
from engine.feel.limits import MAX_STEPS

DATA = {"a": "text", "kind": "company", "days": 15, "form": {"amount": 100, "kind": "y"}}

# The attacks that worked on the evaluators we tried, as they would be typed here.
REWRITTEN = {
    "import": '__import__("os").getcwd()',
    "open a file": 'open("/etc/hostname").read()',
    "walk to all classes": "[].__class__.__base__.__subclasses__()",
    "walk from a text": '"".__class__.__mro__[2].__subclasses__()',
    "text formats": 'string join(["{0.__class__.__mro__}"], "").format(a)',
    "lambda globals": "(function() 0).__globals__",
    "frames of a generator": "(for x in [1] return x).gi_frame.f_builtins",
    "attribute by text": 'get value(a, "__cl" + "ass__")',
    "attribute of a context by text": 'get value(form, "__cl" + "ass__")',
    "type()": "type(a).mro()",
    "globals()": "globals()",
    "run a text": 'exec("import os")',
    "change the data": 'form.update(kind: "x")',
    "assign": 'kind := "x"',
    "huge power": "9**9**9**9**9**9",
    "huge shift": "1 << 10**11",
    "huge text": '"a" * 10**10',
    "huge list": "[0] * 10**10",
    "long loop": "sum(for i in 1..10**10 return 1)",
    "nested loops": "for i in 1..10**5, j in 1..10**5 return i",
    "deep brackets": "(" * 150 + "1" + ")" * 150,
    "format by percent": '"%10000000000d" % 1',
    "ljust": '"a".ljust(10**10)',
}

OWN = {
    # numbers
    "power tower": "10**(10**(10**(10**10)))",
    "negative power of zero": "0**-99999999999",
    "power with a huge exponent": "1.0000001**99999999999999999999",
    "root of a power": "2**0.0000000000000000000000000000001",
    "exponent in a literal": "1e99999999999999",
    "digits without end": "9" * 1000,
    "fraction without end": "0." + "9" * 1000,
    "exp of much": "exp(1e30)",
    "rounding to many places": "decimal(1/3, 6000)",
    "rounding a huge number": "round up(1e6000, 6000)",
    "modulo far apart": "modulo(1e6000, 7)",
    "factorial by loop": "for i in 1..9999 return if i = 1 then 1 else i * partial[-1]",
    "endless sum": "sum(for i in 1..9999, j in 1..9999 return i)",
    "division by nearly nothing": "1 / 1e-6143 / 1e-6143",
    # texts
    "doubled text": '{a: "aaaaaaaaaaaaaaaa", b: a+a+a+a+a+a+a+a, c: b+b+b+b+b+b+b+b, d: c+c+c+c+c+c+c+c, e: d+d+d+d+d+d+d+d, f: e+e+e+e}.f',
    "joined text": 'string join(for i in 1..9999 return "aaaaaaaaaaaaaaaaaaaaaaaaaaaa", ",")',
    "joined by a long text": 'string join(for i in 1..9999 return "a", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")',
    "replaced text": 'replace(string join(for i in 1..9999 return "a"), "a", "bbbbbbbbbbbbbbbbbbbb")',
    "replaced group": 'replace("' + "a" * 5000 + '", "(a+)", "' + "$1" * 200 + '")',
    "upper case that grows": 'upper case("' + "ß" * 40_000 + '")',
    "lower case that grows": 'lower case("' + "İ" * 33_000 + '")',
    "string of a big list": "string(for i in 1..9999 return [i, i, i, i])",
    "string of deep lists": "string(" + "[" * 50 + "]" * 50 + ")",
    "split into too many": 'split("' + ",a" * 20_000 + '", ",")',
    "a long expression": "1" + " " * 70_000,
    "a long string": '"' + "a" * 70_000 + '"',
    # lists and contexts
    "flattened lists": "flatten(for i in 1..9999 return [1, 2, 3])",
    "concatenated lists": "concatenate(for i in 1..6000 return 1, for i in 1..6000 return 1)",
    "appended list": "append(for i in 1..9999 return 1, 1, 2, 3)",
    "list of lists of lists": "{a: 1..9, b: [a,a,a,a,a,a,a,a,a,a], c: [b,b,b,b,b,b,b,b,b,b], d: [c,c,c,c,c,c,c,c,c,c], e: [d,d,d,d,d,d,d,d,d,d], f: [e,e,e,e,e,e,e,e,e,e], g: flatten(f)}",
    "doubled lists compared": "{a: [1,1], b: [a,a], c: [b,b], d: [c,c], e: [d,d], f: [e,e], g: [f,f], h: [g,g], i: [h,h], j: [i,i], k: [j,j], l: [k,k], m: [l,l], n: [m,m], o: [n,n], p: [o,o], q: [p,p], r: [q,q], s: [r,r], t: [s,s], u: [t,t], v: u = u}.v",
    "distinct values of contexts": "distinct values(for i in 1..3000 return {a: i})",
    "index of a deep list": "index of(for i in 1..9999 return [i], [5])",
    "sort with an expensive function": "sort(for i in 1..9999 return 1, function(a, b) count(for i in 1..999 return i) > 5)",
    "sort with an unfair function": "sort(for i in 1..500 return i, function(a, b) true)",
    "filter in a filter": "(for i in 1..2000 return i)[count((for j in 1..2000 return j)[item > 1]) > 5]",
    "merged contexts": "context merge(for i in 1..9999 return {a: i, b: i, c: i})",
    "context put in a loop": "for i in 1..9999 return context put({a: 1}, string(i), 1)",
    "deep list literal": "[" * 100 + "]" * 100,
    "deep context literal": "{a: " * 100 + "1" + "}" * 100,
    "negative index far away": "[1][-99999999999999999999999999]",
    "index that is no place": "[1][1e300]",
    # ranges
    "huge range": "for i in 1..1e30 return i",
    "huge range of dates": 'for i in date("0001-01-01")..date("9999-12-31") return i',
    "range far below": "for i in -1e300..1e300 return i",
    "range in a list": "for i in [1..99999999] return i",
    "open range walked": "for i in (>1) return i",
    # functions
    "endless recursion": "{f: function(n) f(n + 1), r: f(1)}.r",
    "mutual recursion": "{f: function(n) g(n), g: function(n) f(n), r: f(1)}.r",
    "recursion that doubles": "{f: function(n) f(n - 1) + f(n - 2), r: f(50)}.r",
    "function applied to itself": "(function(f) f(f))(function(f) f(f))",
    "Y combinator": "(function(f) (function(x) f(function(y) x(x)(y)))(function(x) f(function(y) x(x)(y))))(function(g) function(n) g(n + 1))(1)",
    "recursion in a filter": "{f: function(n) [1][f(n) > 1], r: f(1)}.r",
    "recursion in a loop": "{f: function(n) for i in 1..5 return f(n), r: f(1)}.r",
    "function kept in a list": "{f: function(n) [f][1](n), r: f(1)}.r",
    "external code": 'function(x) external {java: {class: "java.lang.Runtime", method signature: "exec(java.lang.String)"}}',
    "external code called": '(function(x) external {java: {class: "java.lang.System", method signature: "exit(int)"}})(1)',
    # nesting
    "many unary signs": "-" * 60_000 + "1",
    "many unary signs of a name": "-" * 60_000 + "a",
    "many ifs": "if true then " * 100 + "1" + " else 2" * 100,
    "many fors": "for i in [1] return " * 100 + "1",
    "many functions": "function(x) " * 100 + "1",
    "a long sum": "+".join("1" * 5000),
    "a long comparison": "=".join("1" * 5000),
    "a long path": "a" + ".b" * 5000,
    "many filters": "[1]" + "[1]" * 5000,
    "many calls": "f" + "()" * 5000,
    "a long conjunction": " and ".join(["true"] * 10_000),
    "many in": "1" + " in [1]" * 5000,
    "many instances": "1" + " instance of number" * 5000,
    "deep types": "1 instance of " + "list<" * 100 + "number" + ">" * 100,
    "many intervals": "[1.." * 100 + "1" + "]" * 100,
    "many comments": "/* */" * 10_000 + "1",
    "brackets never closed": "([{" * 20,
    "names with between": "a between(" * 200,
    # regular expressions
    "nested quantifiers": 'matches("' + "a" * 40 + 'b", "^(a+)+$")',
    "overlapping branches": 'matches("' + "a" * 40 + 'b", "^(a|aa)+$")',
    "back reference": 'matches("' + "a" * 40 + 'b", "(a*)*\\\\1c|(a|aa)+$")',
    "counted repetition": 'matches("a", "(((a{99}){99}){99}){99}")',
    "deep groups": 'matches("a", "' + "(" * 200 + ")" * 200 + '")',
    "long pattern": 'matches("a", "' + "a?" * 600 + '")',
    "pattern over a long text": 'matches("' + "ab" * 30_000 + '", "(a|b|ab)*c")',
    "replace over a long text": 'replace("' + "ab" * 30_000 + '", "(a|b|ab)*c", "x")',
    "look-behind of other flavours": 'matches("aa", "(?<=a)a")',
    # attributes and names
    "dunder name": "__builtins__",
    "dunder call": "__import__(1)",
    "dunder of data": "form.__class__",
    "dunder of a list": "[1].__len__",
    "dunder of a number": "(5).__class__",
    "dunder of a date": 'date("2026-03-02").__class__',
    "method of a date": 'date("2026-03-02").isoformat()',
    "method of a text": "a.upper()",
    "part of a function": "abs.body",
    "private of a function": "(function(x) x).scope",
    "key of a context": '{"__class__": 1}.__class__.__base__',
    "zone as a path": 'time("10:00:00@../../../../etc/passwd")',
    "zone of the machine": 'time("10:00:00@localtime")',
    "null character": "\x00",
    "surrogate": '"\ud800"',
    "direction marks": "a\u202eb",
}


def run(text: str) -> object:
    """Evaluate as an expression; the result, or the code of the error."""
    try:
        return compile_expression(text).evaluate(DATA)
    except (FeelSyntaxError, FeelBudgetExceeded) as error:
        return error.code


@contextmanager
def a_step_costs_at_most(calls: int) -> Iterator[None]:
    """Count the calls, of Python and of C, that are made meanwhile: the budget of steps must bound all work.

    Each works on values of bounded size, so that so many calls are a second or two on any machine; the time itself
    is not asserted, since a busy machine is no mistake.
    """
    made = 0

    def count(_: FrameType, event: str, __: object) -> None:
        nonlocal made
        made += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        yield
    finally:
        sys.setprofile(None)
    assert made < calls * MAX_STEPS


@pytest.mark.parametrize("attack", [*REWRITTEN, *OWN])
def test_an_attack_ends_soon_and_changes_nothing(attack):
    before = {
        key: value.copy() if isinstance(value, dict) else value for key, value in DATA.items()
    }
    with a_step_costs_at_most(20):
        result = run({**REWRITTEN, **OWN}[attack])
    assert before == DATA
    assert harmless(result)


@pytest.mark.parametrize(
    "attack",
    [
        *(
            "huge text",
            "huge list",
            "long loop",
            "doubled text",
            "joined text",
            "joined by a long text",
        ),
        *(
            "replaced text",
            "replaced group",
            "upper case that grows",
            "split into too many",
            "flattened lists",
        ),
        *(
            "concatenated lists",
            "list of lists of lists",
            "huge range",
            "huge range of dates",
            "long pattern",
        ),
        *(
            "string of a big list",
            "endless recursion",
            "power tower",
            "back reference",
            "rounding a huge number",
        ),
    ],
)
def test_an_attack_stays_small(attack):
    tracemalloc.start()
    run({**REWRITTEN, **OWN}[attack])
    peak = tracemalloc.get_traced_memory()[1] / 2**20
    tracemalloc.stop()
    assert peak < 32


def harmless(value: object) -> bool:
    """Tell whether a result is plain data: nothing that leads out of it."""
    if isinstance(value, list):
        return all(map(harmless, value[:100]))
    if isinstance(value, dict):
        return all(map(harmless, value.values()))
    return not isinstance(value, type) and type(value).__module__.split(".")[0] in (
        "builtins",
        "decimal",
        "engine",
    )


@pytest.mark.parametrize("attack", [*REWRITTEN, *OWN])
def test_an_attack_in_a_cell_ends_as_well(attack):
    text = {**REWRITTEN, **OWN}[attack]
    try:
        verdict = compile_unary_tests(text).matches(5, DATA)
    except (FeelSyntaxError, FeelBudgetExceeded):
        return
    assert verdict in (True, False, None)


@pytest.mark.parametrize("attack", REWRITTEN)
def test_what_worked_elsewhere_gives_null_or_an_error_here(attack):
    result = run(REWRITTEN[attack])
    if attack == "huge power":
        assert result is None
    else:
        # A path into a list goes into each of its elements, none of which has such a part.
        assert result in (None, [None], "feel_syntax", "feel_budget")


@pytest.mark.parametrize("name", sorted(vars(builtins)))
def test_no_function_of_python_answers_to_its_name(name):
    if name in ("abs", "all", "any", "max", "min", "range", "sum"):
        pytest.skip("a function of FEEL has the same name")
    assert run(f'{name}("1")') in (None, "feel_syntax")
    assert run(name) in (None, "feel_syntax")


@pytest.mark.parametrize(
    "inside",
    [
        *(
            'big + "x"',
            "upper case(big)",
            'matches(big, "b")',
            'matches("a", "(a{99}){30}" + string(i))',
        ),
        *(
            "x ** 3.3",
            "exp(x)",
            "sort(list)",
            "distinct values(list)",
            "list instance of list<number>",
            "rows.a.b",
        ),
        *(
            'range("[1..3]")',
            "date and time(day)",
            "partial",
            "get entries(context)",
            "string(list)",
            "list = list",
        ),
    ],
)
def test_a_loop_around_anything_ends_at_the_budget(inside):
    names = {
        "big": "a" * 64_000,
        "x": 3.7,
        "list": list(range(10_000)),
        "day": "2026-03-02T10:00:00@Europe/Paris",
        "rows": [[at] * 100 for at in range(90)],
        "context": {f"k{at}": at for at in range(10_000)},
    }
    with a_step_costs_at_most(20), pytest.raises(FeelBudgetExceeded):
        compile_expression(f"for i in 1..9000, j in 1..9000 return {inside}").evaluate(names)


def test_a_stack_that_is_nearly_full_ends_in_an_exceeded_budget():
    read = compile_expression("(" * 50 + "1" + "+ a)" * 50)
    cell = compile_unary_tests("(" * 50 + "? " + "+ a)" * 50)

    def deep(left: int) -> object:
        return deep(left - 1) if left else read.evaluate({"a": 1})

    def deep_cell(left: int) -> object:
        return deep_cell(left - 1) if left else cell.matches(1, {"a": 1})

    def deep_reading(left: int) -> object:
        return (
            deep_reading(left - 1)
            if left
            else compile_expression("(" * 55 + f"{left + 71}" + ")" * 55)
        )

    def deep_chain(left: int) -> object:
        return deep_chain(left - 1) if left else compile_expression("7" + " + a" * 190)

    depth = sys.getrecursionlimit() - len(inspect.stack())
    for step in (deep, deep_cell, deep_reading, deep_chain):
        with pytest.raises(FeelBudgetExceeded):
            step(depth - 60)


def test_there_are_enough_attacks():
    assert len(OWN) >= 60


@pytest.mark.parametrize(
    ("text", "budget"),
    [
        ("a" * 65_537, "source"),
        ("9" * 201, "digits"),
        ("(" * 61 + "1" + ")" * 61, "nesting"),
        ("1" + "+1" * 200, "depth"),
        ("for i in 1..10001 return i", "list"),
        ("for i in 1..1000, j in 1..11 return i", "list"),
        ("every i in 1..9000, j in 1..9000 satisfies true", "steps"),
        ("{f: function(n) f(n), r: f(1)}.r", "recursion"),
        ('"' + "a" * 60_000 + '" + "' + "a" * 5_000 + '"', "text"),
        ('matches("a", "' + "a" * 1_001 + '")', "pattern"),
    ],
)
def test_each_budget_holds_at_its_bound(text, budget):
    if budget == "text":
        left, right = "a" * 60_000, "a" * 5_537
        with pytest.raises(FeelBudgetExceeded) as caught:
            compile_expression("x + y").evaluate({"x": left, "y": right})
        assert compile_expression("x + y").evaluate({"x": left, "y": right[1:]}) == left + right[1:]
    else:
        with pytest.raises(FeelBudgetExceeded) as caught:
            compile_expression(text).evaluate({})
    assert caught.value.budget == budget


@pytest.mark.parametrize(
    "text",
    [
        "a" * 65_536,
        "9" * 200,
        "(" * 59 + "1" + ")" * 59,
        "1" + "+1" * 198,
        "for i in 1..10000 return i",
        "every i in 1..200, j in 1..1000 satisfies true",
    ],
)
def test_within_its_bound_an_expression_runs(text):
    compile_expression(text).evaluate({})


def test_the_cache_is_bounded():
    from engine.feel.expression import EXPRESSIONS
    from engine.feel.limits import CACHE_CHARACTERS, CACHE_ENTRIES

    for number in range(CACHE_ENTRIES + 10):
        compile_expression(f"{number} + 1")
    assert len(EXPRESSIONS) <= CACHE_ENTRIES
    for number in range(40):
        compile_expression(f"{number}" + " " * 60_000)
    assert EXPRESSIONS.characters <= CACHE_CHARACTERS
