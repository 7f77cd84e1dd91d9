"""Syntax tree to closures: each node becomes one function of a scope that returns a value.

What can be decided once is decided here: constants are folded, a name outside every inner scope is read
straight from the caller's names, comparisons with a constant have no call for the constant.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from decimal import Decimal, DecimalException
from typing import Any, Final, cast

from engine.feel import nodes as n
from engine.feel import operations, temporal
from engine.feel.builtins import BUILT_INS
from engine.feel.functions import BuiltIn, HostFunction, Lambda, call, describe
from engine.feel.kinds import Kind, is_instance, resolve
from engine.feel.limits import MAX_LIST
from engine.feel.scope import Code, Run, Scope
from engine.feel.values import INT_LIMIT, NUMBERS, SCALARS, FeelFunction, Range, items

_FAST: Final = frozenset({int, str, Decimal, dt.date})
_FAST_EQUAL: Final = frozenset({int, str, bool, Decimal, dt.date})
_PASS: Final = SCALARS - {int, Decimal}
_HOST_CLOCK: Final = frozenset({"now", "today"})

_MISSING: Final = object()


def constant(value: Any) -> Code:
    """Return code that always gives this value."""

    def run(_: Scope) -> Any:
        return value

    return run


class Compiler:
    """Compiles one tree; ``known`` are the names that a model defines and that hide built-in functions."""

    def __init__(self, known: frozenset[str] = frozenset()) -> None:
        self.known = known
        self.inner = 0

    def code(self, node: n.Node) -> Code:
        """Return the code of a node."""
        return cast("Code", getattr(self, "_" + type(node).__name__.lower())(node))

    # --- leaves ---

    def _literal(self, node: n.Literal) -> Code:
        return constant(node.value)

    def _at(self, node: n.At) -> Code:
        value = at_literal(node.text)
        if value is not None:
            return constant(value)

        def run(s: Scope) -> Any:
            s.run.warn(
                "at_literal",
                f"“{node.text}”不是日期、时间或时长",
                f"@{node.text!r} is no date, time or duration",
            )
            return None

        return run

    def _name(self, node: n.Name) -> Code:
        name = node.name
        if self.inner:

            def run_inner(s: Scope) -> Any:
                return lookup(s, name)

            return run_inner

        def run(s: Scope) -> Any:
            try:
                value = s.vars[name]
            except KeyError:
                return absent(s.run, name)
            return value if type(value) in _PASS else s.run.fetch(name, value)

        return run

    # --- operators ---

    def _binary(self, node: n.Binary) -> Code:
        left, right = self.code(node.left), self.code(node.right)
        if node.op in operations.ARITHMETIC:
            code = _arithmetic(node.op, left, right)
        elif isinstance(node.left, n.Name) and isinstance(node.right, n.Literal) and not self.inner:
            code = _compare_name(node.op, node.left.name, node.right.value)
        else:
            code = _comparing(node.op, left, right)
        if isinstance(node.left, n.Literal) and isinstance(node.right, n.Literal):
            value = code(Run({}))
            return code if value is None else constant(value)
        return code

    def _logic(self, node: n.Logic) -> Code:
        parts = [self.code(part) for part in node.parts]
        deciding = node.op == "or"
        if len(parts) == 2:
            first, second = parts

            def run_two(s: Scope) -> Any:
                a = first(s)
                if a is deciding:
                    return deciding
                b = second(s)
                if b is deciding:
                    return deciding
                return None if type(a) is not bool or type(b) is not bool else not deciding

            return run_two

        def run(s: Scope) -> Any:
            unknown = False
            for part in parts:
                value = part(s)
                if value is deciding:
                    return deciding
                unknown = unknown or type(value) is not bool
            return None if unknown else not deciding

        return run

    def _negation(self, node: n.Negation) -> Code:
        value = self.code(node.value)

        def run(s: Scope) -> Any:
            operand = value(s)
            result = operations.negate(operand)
            if result is None and operand is not None:
                _warn_operator(s.run, "-", operand)
            return result

        return run

    def _between(self, node: n.Between) -> Code:
        value, low, high = self.code(node.value), self.code(node.low), self.code(node.high)

        def run(s: Scope) -> Any:
            v, lo, hi = value(s), low(s), high(s)
            first, second = operations.compare(">=", v, lo), operations.compare("<=", v, hi)
            if first is None or second is None:
                _warn_operator(s.run, "between", v, lo, hi)
                return None
            return first and second

        return run

    def _in(self, node: n.In) -> Code:
        value = self.code(node.value)
        tests = [self.code(test) for test in node.tests]

        def run(s: Scope) -> Any:
            v = value(s)
            unknown = False
            for test in tests:
                found = operations.member(v, test(s), s.run)
                if found:
                    return True
                unknown = unknown or found is None
            return None if unknown and len(tests) == 1 else False

        return run

    def _comparison(self, node: n.Comparison) -> Code:
        value = self.code(node.value)

        def run(s: Scope) -> Any:
            end = value(s)
            if node.op not in ("=", "!=") and operations.order(end, end) is None:
                return None
            return operations.comparison_range(node.op, end)

        return run

    def _interval(self, node: n.Interval) -> Code:
        low, high = self.code(node.low), self.code(node.high)

        def run(s: Scope) -> Any:
            lo, hi = low(s), high(s)
            if lo is not None and hi is not None and operations.order(lo, hi) is None:
                _warn_operator(s.run, "..", lo, hi)
                return None
            return Range(lo, hi, node.low_included, node.high_included)

        if isinstance(node.low, n.Literal) and isinstance(node.high, n.Literal):
            value = run(Run({}))
            return run if value is None else constant(value)
        return run

    # --- structures ---

    def _listof(self, node: n.ListOf) -> Code:
        parts = [self.code(item) for item in node.items]
        items(parts)

        def run(s: Scope) -> Any:
            return [part(s) for part in parts]

        return run

    def _contextof(self, node: n.ContextOf) -> Code:
        self.inner += 1
        entries = [(key, self.code(value)) for key, value in node.entries]
        self.inner -= 1
        doubled = len({key for key, _ in entries}) != len(entries)

        def run(s: Scope) -> Any:
            if doubled:
                s.run.warn("double_key", "同一名称出现两次", "the same key stands twice")
                return None
            built: dict[str, Any] = {}
            inside = Scope(s, built)
            for key, value in entries:
                built[key] = value(inside)
            return built

        return run

    def _path(self, node: n.Path) -> Code:
        name = node.name
        if isinstance(node.value, n.Name) and not self.inner:
            return _path_of_name(node.value.name, name)
        value = self.code(node.value)

        def run(s: Scope) -> Any:
            return part_of(s.run, value(s), name)

        return run

    def _filter(self, node: n.Filter) -> Code:
        value = self.code(node.value)
        if isinstance(node.condition, n.Literal) and type(node.condition.value) in NUMBERS:
            index = node.condition.value
            return lambda s: pick(s.run, value(s), index)
        self.inner += 1
        condition = self.code(node.condition)
        self.inner -= 1
        cost = node.condition.size

        def run(s: Scope) -> Any:
            return filter_list(s, value(s), condition, cost)

        return run

    def _call(self, node: n.Call) -> Code:
        arguments = [self.code(argument) for argument in node.arguments]
        names = node.names
        function = self._callee(node.function)
        if isinstance(function, BuiltIn) and names is None and function.accepts(len(arguments)):
            return _call_known(function, arguments, node)
        target = constant(function) if isinstance(function, FeelFunction) else function

        def run(s: Scope) -> Any:
            return call(s.run, target(s), [argument(s) for argument in arguments], names)

        return run

    def _callee(self, node: n.Node) -> Code | FeelFunction:
        if not isinstance(node, n.Name):
            return self.code(node)
        name = node.name
        if (
            not node.local
            and name not in self.known
            and name not in _HOST_CLOCK
            and name in BUILT_INS
        ):
            return BUILT_INS[name]
        return lambda s: find_function(s, name)

    # --- control ---

    def _if(self, node: n.If) -> Code:
        condition, then, otherwise = (
            self.code(node.condition),
            self.code(node.then),
            self.code(node.otherwise),
        )

        def run(s: Scope) -> Any:
            return then(s) if condition(s) is True else otherwise(s)

        return run

    def _iterators(
        self, iterators: list[tuple[str, n.Node, n.Node | None]]
    ) -> list[tuple[str, Code]]:
        # The first list is outside the scope that the loop opens; the others may use the names before them.
        compiled: list[tuple[str, Code]] = []
        for name, low, high in iterators:
            first = self.code(low)
            second = self.code(high) if high is not None else None
            compiled.append((name, _source(first, second)))
        return compiled

    def _for(self, node: n.For) -> Code:
        self.inner += 1
        iterators, body = self._iterators(node.iterators), self.code(node.body)
        self.inner -= 1
        cost = node.body.size

        def run(s: Scope) -> Any:
            results: list[Any] = []
            names: dict[str, Any] = {"partial": results}
            inside = Scope(s, names)

            def once() -> bool:
                s.run.spend(cost)
                value = body(inside)
                results.append(value)
                if len(results) > MAX_LIST:
                    items(results)
                return True

            return results if _loop(inside, names, iterators, 0, once) is not None else None

        return run

    def _quantified(self, node: n.Quantified) -> Code:
        self.inner += 1
        iterators, body = self._iterators(node.iterators), self.code(node.body)
        self.inner -= 1
        cost, deciding = node.body.size, node.kind == "some"

        def run(s: Scope) -> Any:
            names: dict[str, Any] = {}
            inside = Scope(s, names)
            unknown = False

            def once() -> bool:
                nonlocal unknown
                s.run.spend(cost)
                value = body(inside)
                unknown = unknown or type(value) is not bool
                return value is not deciding

            finished = _loop(inside, names, iterators, 0, once)
            if finished is None:
                return None
            if not finished:
                return deciding
            return None if unknown else not deciding

        return run

    def _instanceof(self, node: n.InstanceOf) -> Code:
        value = self.code(node.value)

        def run(s: Scope) -> Any:
            kind = resolve(node.type, s.run.types)
            if kind is None:
                s.run.warn(
                    "type", f"没有名为“{node.type.name}”的类型", f"no type {node.type.name!r}"
                )
                return None
            return is_instance(value(s), kind)

        return run

    def _functionof(self, node: n.FunctionOf) -> Code:
        if node.external:
            names = tuple(name for name, _ in node.parameters)
            untyped = tuple(None for _ in names)
            return constant(Lambda("external", names, untyped, external, None, frames=1, size=1))
        self.inner += 1
        body = self.code(node.body)
        self.inner -= 1
        names = tuple(name for name, _ in node.parameters)
        frames, size = node.body.depth + 4, node.body.size + 1

        def run(s: Scope) -> Any:
            kinds: list[Kind | None] = []
            for _, written in node.parameters:
                kinds.append(resolve(written, s.run.types) if written is not None else None)
            return Lambda("", names, tuple(kinds), body, s, frames=frames, size=size)

        return run


# --- pieces of code that the compiler puts together ---------------------------------------------------


def at_literal(text: str) -> Any:
    """Return the moment or duration that ``@"text"`` means, None where it means none."""
    for read in (
        temporal.parse_date,
        temporal.parse_date_time,
        temporal.parse_time,
        temporal.parse_duration,
    ):
        value = read(text)
        if value is not None:
            return value
    return None


def lookup(scope: Scope, name: str) -> Any:
    """Return the value of a name, from the innermost scope outwards."""
    at: Scope | None = scope
    while at is not None:
        found = at.vars.get(name, _MISSING)
        if found is not _MISSING:
            # Only the caller's own data is raw; what an expression bound is a FEEL value already.
            return (
                found
                if at.parent is not None or type(found) in _PASS
                else scope.run.fetch(name, found)
            )
        at = at.parent
    return absent(scope.run, name)


def absent(run: Run, name: str) -> Any:
    """Return the function of that name where nothing else has it; else null, with a warning."""
    if name in run.functions:
        return HostFunction(name, run.functions[name])
    if name in BUILT_INS:
        return BUILT_INS[name]
    run.warn("unknown_name", f"没有名为“{name}”的数据", f"there is no {name!r}")
    return None


def find_function(scope: Scope, name: str) -> Any:
    """Return what a call of that name calls: data that is no function hides none."""
    at: Scope | None = scope
    while at is not None:
        found = at.vars.get(name)
        if isinstance(found, FeelFunction):
            return found
        at = at.parent
    run = scope.run
    if name in run.functions:
        return HostFunction(name, run.functions[name])
    if name in BUILT_INS:
        return BUILT_INS[name]
    run.warn("unknown_function", f"没有名为“{name}”的函数", f"there is no function {name!r}")
    return None


def part_of(run: Run, value: Any, name: str) -> Any:
    """Return a part of a value; null with a warning where it has none of that name."""
    if type(value) is list:
        run.spend(len(value))
    try:
        return operations.part(value, name)
    except KeyError:
        if value is not None:
            run.warn("unknown_part", f"其中没有“{name}”", f"there is no {name!r} in it")
        return None


def _path_of_name(first: str, second: str) -> Code:
    """Read one entry of a context without looking at the others."""

    def run(s: Scope) -> Any:
        try:
            value = s.vars[first]
        except KeyError:
            value = absent(s.run, first)
        if type(value) is dict and second in value:
            value = value[second]
            return value if type(value) in _PASS else s.run.fetch((first, second), value)
        return part_of(s.run, s.run.fetch(first, value), second)

    return run


def _warn_operator(run: Run, op: str, *operands: Any) -> None:
    zh, en = describe(operands)
    run.warn("operator", f"“{op}”不能用于{zh}", f"{op!r} cannot be applied to {en}")


def _arithmetic(op: str, left: Code, right: Code) -> Code:
    apply = operations.ARITHMETIC[op]

    def slow(s: Scope, a: Any, b: Any) -> Any:
        try:
            result = apply(a, b)
        except (DecimalException, ArithmeticError):
            result = None
        if result is None:
            _warn_operator(s.run, op, a, b)
        return result

    if op in ("+", "-", "*"):
        raw: Callable[[int, int], int] = {"+": int.__add__, "-": int.__sub__, "*": int.__mul__}[op]

        def run_fast(s: Scope) -> Any:
            a, b = left(s), right(s)
            if type(a) is int and type(b) is int:
                total = raw(a, b)
                if -INT_LIMIT < total < INT_LIMIT:
                    return total
            return slow(s, a, b)

        return run_fast

    def run(s: Scope) -> Any:
        return slow(s, left(s), right(s))

    return run


def _compare_slow(s: Scope, op: str, a: Any, b: Any) -> Any:
    result = operations.compare(op, a, b, s.run)
    if result is None:
        _warn_operator(s.run, op, a, b)
    return result


def _comparing(op: str, left: Code, right: Code) -> Code:
    fast = _FAST_EQUAL if op in ("=", "!=") else _FAST
    raw = _RAW[op]

    def run(s: Scope) -> Any:
        a, b = left(s), right(s)
        if type(a) is type(b) and type(a) in fast:
            return raw(a, b)
        return _compare_slow(s, op, a, b)

    return run


def _compare_name(op: str, name: str, fixed: Any) -> Code:
    kind = type(fixed)
    fast = kind in (_FAST_EQUAL if op in ("=", "!=") else _FAST)
    make = _COMPARE_FIXED[op]

    def slow(s: Scope, a: Any) -> Any:
        return _compare_slow(s, op, s.run.fetch(name, a), fixed)

    return make(name, fixed, kind if fast else _Never, slow)


class _Never:
    """No value has this type."""


Slow = Callable[[Scope, Any], Any]


def _eq(name: str, fixed: Any, kind: type, slow: Slow) -> Code:
    def run(s: Scope) -> Any:
        try:
            a = s.vars[name]
        except KeyError:
            a = absent(s.run, name)
        return a == fixed if type(a) is kind else slow(s, a)

    return run


def _ne(name: str, fixed: Any, kind: type, slow: Slow) -> Code:
    def run(s: Scope) -> Any:
        try:
            a = s.vars[name]
        except KeyError:
            a = absent(s.run, name)
        return a != fixed if type(a) is kind else slow(s, a)

    return run


def _lt(name: str, fixed: Any, kind: type, slow: Slow) -> Code:
    def run(s: Scope) -> Any:
        try:
            a = s.vars[name]
        except KeyError:
            a = absent(s.run, name)
        return a < fixed if type(a) is kind else slow(s, a)

    return run


def _le(name: str, fixed: Any, kind: type, slow: Slow) -> Code:
    def run(s: Scope) -> Any:
        try:
            a = s.vars[name]
        except KeyError:
            a = absent(s.run, name)
        return a <= fixed if type(a) is kind else slow(s, a)

    return run


def _gt(name: str, fixed: Any, kind: type, slow: Slow) -> Code:
    def run(s: Scope) -> Any:
        try:
            a = s.vars[name]
        except KeyError:
            a = absent(s.run, name)
        return a > fixed if type(a) is kind else slow(s, a)

    return run


def _ge(name: str, fixed: Any, kind: type, slow: Slow) -> Code:
    def run(s: Scope) -> Any:
        try:
            a = s.vars[name]
        except KeyError:
            a = absent(s.run, name)
        return a >= fixed if type(a) is kind else slow(s, a)

    return run


_COMPARE_FIXED: Final = {"=": _eq, "!=": _ne, "<": _lt, "<=": _le, ">": _gt, ">=": _ge}
_RAW: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "=": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


def _call_known(function: BuiltIn, arguments: list[Code], node: n.Call) -> Code:
    """Call a built-in function whose number of arguments is right; fold it where all are constants."""

    def run(s: Scope) -> Any:
        return call(s.run, function, [argument(s) for argument in arguments])

    if function.name in _FOLDABLE and all(isinstance(a, n.Literal) for a in node.arguments):
        value = run(Run({}))
        return run if value is None else constant(value)
    return run


_FOLDABLE: Final = frozenset({"date", "time", "date and time", "duration", "number"})


def external(s: Scope) -> Any:
    """Body of a function whose code stands outside: null, for no expression reaches code outside."""
    s.run.warn("external", "外部函数不受支持", "external functions are not supported")
    return None


def pick(run: Run, value: Any, index: Any) -> Any:
    """``list[index]``: from 1, or from the end with -1; null beyond either end."""
    elements = value if type(value) is list else [] if value is None else [value]
    at = int(index)
    if at != index or at == 0 or abs(at) > len(elements):
        run.warn("index", f"列表没有第{at}项", f"the list has no item {at}")
        return None
    return elements[at - 1 if at > 0 else at]


def filter_list(s: Scope, value: Any, condition: Code, cost: int) -> Any:
    """``list[condition]``: the items for which it is true; a number is an index after all."""
    elements = value if type(value) is list else [] if value is None else [value]
    kept: list[Any] = []
    run = s.run
    if not elements:
        return kept
    for position, item in enumerate(elements):
        run.spend(cost)
        inside = Scope(s, {"item": item})
        if isinstance(item, Mapping):
            run.spend(len(item))
            inside.vars = {"item": item, **item}
        verdict = condition(inside)
        if position == 0 and type(verdict) in NUMBERS:
            return pick(run, value, verdict)
        if verdict is True:
            kept.append(item)
    return kept


def _source(first: Code, second: Code | None) -> Code:
    """Return code for the list that an iterator walks: a list, a range, or a value alone."""

    def run(s: Scope) -> Any:
        low = first(s)
        if second is not None:
            return operations.span(low, second(s))
        if type(low) is Range:
            return _walk_range(low)
        if low is None or type(low) is list:
            return low
        return [low]

    return run


def _walk_range(interval: Range) -> list[Any] | None:
    if interval.op or operations.order(interval.low, interval.high) == 1:
        return None
    whole = operations.span(interval.low, interval.high)
    if whole is None:
        return None
    start = 0 if interval.low_included else 1
    return whole[start : len(whole) if interval.high_included else len(whole) - 1]


def _loop(
    inside: Scope,
    names: dict[str, Any],
    iterators: list[tuple[str, Code]],
    at: int,
    once: Callable[[], bool],
) -> bool | None:
    """Run ``once`` for each combination; False when it asked to stop, None when there is no list."""
    name, source = iterators[at]
    elements = source(inside)
    if elements is None:
        return None
    last = at + 1 == len(iterators)
    for element in elements:
        inside.run.spend(1)
        names[name] = element
        go_on = once() if last else _loop(inside, names, iterators, at + 1, once)
        if not go_on:
            return go_on
    # A name must not be seen by the list of an iterator before it in the next round.
    names.pop(name, None)
    return True
