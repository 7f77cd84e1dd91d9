"""Syntax tree to closures: each node becomes one function of a scope that returns a value.

What can be decided once is decided here: constants are folded, a name outside every inner scope is read
straight from the caller's names, comparisons with a constant have no call for the constant.
"""

from __future__ import annotations

from typing import Any, Final, cast

from engine.feel import nodes as n
from engine.feel import operations, temporal
from engine.feel.builtins import BUILT_INS
from engine.feel.functions import BuiltIn, Lambda, call, charge
from engine.feel.kinds import Kind, is_instance, resolve
from engine.feel.limits import MAX_LIST
from engine.feel.pieces import (
    PASS,
    absent,
    arithmetic,
    call_known,
    comparing,
    comparing_fixed,
    comparing_name,
    constant,
    external,
    filter_list,
    find_function,
    lookup,
    loop,
    part_of,
    path_of_name,
    pick,
    snapshot,
    uses_name,
    walked,
    warn_operator,
)
from engine.feel.scope import Code, Run, Scope
from engine.feel.values import NUMBERS, FeelFunction, Range, items

_HOST_CLOCK: Final = frozenset({"now", "today"})


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
        value = temporal.parse_any(node.text)
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
            return value if type(value) in PASS else s.run.fetch(name, value)

        return run

    # --- operators ---

    def _binary(self, node: n.Binary) -> Code:
        left, right = self.code(node.left), self.code(node.right)
        if node.op in operations.ARITHMETIC:
            code = arithmetic(node.op, left, right)
        elif isinstance(node.right, n.Literal) and isinstance(node.left, n.Name) and not self.inner:
            code = comparing_name(node.op, node.left.name, node.right.value)
        elif isinstance(node.right, n.Literal):
            code = comparing_fixed(node.op, left, node.right.value)
        else:
            code = comparing(node.op, left, right)
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
                warn_operator(s.run, "-", operand)
            return result

        return run

    def _between(self, node: n.Between) -> Code:
        value, low, high = self.code(node.value), self.code(node.low), self.code(node.high)

        def run(s: Scope) -> Any:
            v, lo, hi = value(s), low(s), high(s)
            first, second = operations.compare(">=", v, lo), operations.compare("<=", v, hi)
            if first is None or second is None:
                warn_operator(s.run, "between", v, lo, hi)
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
                warn_operator(s.run, "..", lo, hi)
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
            return path_of_name(node.value.name, name)
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
            return call_known(function, arguments, node)
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
            compiled.append((name, walked(first, second)))
        return compiled

    def _for(self, node: n.For) -> Code:
        self.inner += 1
        iterators, body = self._iterators(node.iterators), self.code(node.body)
        self.inner -= 1
        cost = node.body.size
        looks_back = uses_name(node.body, "partial")

        def run(s: Scope) -> Any:
            results: list[Any] = []
            names: dict[str, Any] = {}
            inside = Scope(s, names)

            def once() -> bool:
                s.run.spend(cost)
                if looks_back:
                    names["partial"] = snapshot(s.run, results)
                value = body(inside)
                results.append(value)
                if len(results) > MAX_LIST:
                    items(results)
                return True

            return results if loop(inside, names, iterators, 0, once) is not None else None

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

            finished = loop(inside, names, iterators, 0, once)
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
            operand = value(s)
            charge(s.run, operand)
            return is_instance(operand, kind)

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
