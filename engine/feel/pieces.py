"""The pieces of code that the compiler puts together: looking up names, comparing, walking lists.

Each function either returns code (a function of a scope) or does one step of it.
"""

from __future__ import annotations

import datetime as dt
import operator
from collections.abc import Callable, Mapping
from decimal import Decimal, DecimalException
from typing import Any, Final

from engine.feel import nodes as n
from engine.feel import operations
from engine.feel.builtins import BUILT_INS
from engine.feel.functions import CHARACTERS_A_STEP, BuiltIn, HostFunction, call, describe
from engine.feel.scope import Code, Run, Scope
from engine.feel.values import INT_LIMIT, NUMBERS, SCALARS, FeelFunction, Range

PASS: Final = SCALARS - {int, Decimal}
"""Types whose values need no look when they come from outside."""

_MISSING: Final = object()


def constant(value: Any) -> Code:
    """Return code that always gives this value."""

    def run(_: Scope) -> Any:
        return value

    return run


def lookup(scope: Scope, name: str) -> Any:
    """Return the value of a name, from the innermost scope outwards."""
    at: Scope | None = scope
    while at is not None:
        found = at.vars.get(name, _MISSING)
        if found is not _MISSING:
            # Only the caller's own data is raw; what an expression bound is a FEEL value already.
            return (
                found
                if at.parent is not None or type(found) in PASS
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
    try:
        return operations.part(value, name, run)
    except KeyError:
        if value is not None:
            run.warn("unknown_part", f"其中没有“{name}”", f"there is no {name!r} in it")
        return None


def path_of_name(first: str, second: str) -> Code:
    """Read one entry of a context without looking at the others."""

    def run(s: Scope) -> Any:
        try:
            value = s.vars[first]
        except KeyError:
            value = absent(s.run, first)
        if type(value) is dict and second in value:
            value = value[second]
            return value if type(value) in PASS else s.run.fetch((first, second), value)
        return part_of(s.run, s.run.fetch(first, value), second)

    return run


def warn_operator(run: Run, op: str, *operands: Any) -> None:
    zh, en = describe(operands)
    run.warn("operator", f"“{op}”不能用于{zh}", f"{op!r} cannot be applied to {en}")


def arithmetic(op: str, left: Code, right: Code) -> Code:
    """Return code for an arithmetic operator; whole numbers take a short way."""
    apply = operations.ARITHMETIC[op]

    def slow(s: Scope, a: Any, b: Any) -> Any:
        try:
            result = apply(a, b)
        except (DecimalException, ArithmeticError):
            result = None
        if result is None:
            warn_operator(s.run, op, a, b)
        elif type(result) is str:
            s.run.spend(len(result) // CHARACTERS_A_STEP)
        return result

    if op not in _WHOLE:
        cost = _COSTS.get(op, 0)

        def run_slow(s: Scope) -> Any:
            s.run.spend(cost)
            return slow(s, left(s), right(s))

        return run_slow
    raw = _WHOLE[op]

    def run(s: Scope) -> Any:
        a, b = left(s), right(s)
        if type(a) is int and type(b) is int:
            total = raw(a, b)
            if -INT_LIMIT < total < INT_LIMIT:
                return total
        return slow(s, a, b)

    return run


def comparing(op: str, left: Code, right: Code) -> Code:
    """Return code for a comparison; two values of the same plain type take a short way."""
    raw, fast = _RAW[op], _fast(op)

    def run(s: Scope) -> Any:
        a, b = left(s), right(s)
        if type(a) is type(b) and type(a) in fast:
            return raw(a, b)
        return _compare_slow(s, op, a, b)

    return run


def comparing_fixed(op: str, left: Code, fixed: Any) -> Code:
    """Return code for a comparison with a constant."""
    raw = _RAW[op]
    kind = type(fixed) if type(fixed) in _fast(op) else _Never

    def run(s: Scope) -> Any:
        a = left(s)
        return raw(a, fixed) if type(a) is kind else _compare_slow(s, op, a, fixed)

    return run


def comparing_name(op: str, name: str, fixed: Any) -> Code:
    """Return code for what conditions mostly are: a top-level name compared with a constant."""
    raw = _RAW[op]
    kind = type(fixed) if type(fixed) in _fast(op) else _Never

    def run(s: Scope) -> Any:
        try:
            a = s.vars[name]
        except KeyError:
            a = absent(s.run, name)
        return (
            raw(a, fixed) if type(a) is kind else _compare_slow(s, op, s.run.fetch(name, a), fixed)
        )

    return run


def _compare_slow(s: Scope, op: str, a: Any, b: Any) -> Any:
    result = operations.compare(op, a, b, s.run)
    if result is None:
        warn_operator(s.run, op, a, b)
    return result


class _Never:
    """No value has this type."""


# A Decimal is not among them: one that is no number may come from outside.
_ORDERED: Final = frozenset({int, str, dt.date})
_COMPARABLE: Final = _ORDERED | {bool}


def _fast(op: str) -> frozenset[type]:
    return _COMPARABLE if op in ("=", "!=") else _ORDERED


_WHOLE: Final[dict[str, Callable[[int, int], int]]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
}
_COSTS: Final = {"**": 60}
_RAW: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def call_known(function: BuiltIn, arguments: list[Code], node: n.Call) -> Code:
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


def walked(first: Code, second: Code | None) -> Code:
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


def uses_name(node: Any, name: str) -> bool:
    """Tell whether a name stands anywhere in a tree."""
    waiting: list[Any] = [node]
    while waiting:
        at = waiting.pop()
        if isinstance(at, n.Name) and at.name == name:
            return True
        if isinstance(at, n.Node):
            waiting += [
                getattr(at, part)
                for part in at.__dataclass_fields__
                if part not in ("depth", "size")
            ]
        elif isinstance(at, list | tuple):
            waiting += at
    return False


def snapshot(run: Run, results: list[Any]) -> list[Any]:
    """Return what ``partial`` is: the results so far, apart from those to come."""
    run.spend(len(results) // 10)
    return results.copy()


def loop(
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
        go_on = once() if last else loop(inside, names, iterators, at + 1, once)
        if not go_on:
            return go_on
    # A name must not be seen by the list of an iterator before it in the next round.
    names.pop(name, None)
    return True
