"""Compiled expressions and table cells, kept in bounded caches."""

from __future__ import annotations

import datetime as dt
import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, Generic, TypeVar

from engine.feel import nodes as n
from engine.feel import operations, temporal
from engine.feel.builtins import BUILT_INS
from engine.feel.compiler import Compiler
from engine.feel.errors import FeelBudgetExceeded, FeelWarning
from engine.feel.limits import CACHE_CHARACTERS, CACHE_ENTRIES, MAX_FRAMES, MAX_NESTING
from engine.feel.parser import Parser
from engine.feel.pieces import uses_name
from engine.feel.scope import Code, Run, Scope
from engine.feel.values import FeelFunction, Range, load
from engine.feel.vocabulary import Vocabulary
from engine.feel.writing import write_inside, write_number

Functions = Mapping[str, Callable[..., Any]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """A value and why parts of it became null."""

    value: Any
    warnings: tuple[FeelWarning, ...]


class Expression:
    """One expression, compiled once, safe to share between threads.

    Attributes:
        text: as it was written.
        names: top-level names that it reads, or may read inside a filter; no functions it calls.
        certain: those of ``names`` that certainly are top-level names.
        calls: names of functions that it calls and that are not built in.
        node: the syntax tree.
    """

    __slots__ = ("calls", "certain", "code", "names", "node", "text")

    def __init__(self, text: str, parser: Parser, node: n.Node, code: Code) -> None:
        self.text, self.node, self.code = text, node, code
        self.names = frozenset(parser.free - {*BUILT_INS} | (parser.free & parser.known.names))
        self.certain = self.names & parser.certain
        self.calls = frozenset(parser.calls - {*BUILT_INS})

    def evaluate(
        self,
        names: Mapping[str, Any],
        functions: Functions | None = None,
        *,
        warnings: list[FeelWarning] | None = None,
    ) -> Any:
        """Return the value for these names (JSON-like data or FEEL values); null where it has none.

        Args:
            names: the data, by top-level name.
            functions: what else may be called, by name, with arguments in order.
            warnings: receives why something became null.

        Raises:
            FeelBudgetExceeded: it would cost too much.
        """
        run = Run(names, functions)
        try:
            value = self.code(run)
        except RecursionError as error:
            raise stack_exceeded() from error
        if warnings is not None and run.warnings:
            warnings.extend(run.warnings)
        return value

    def outcome(self, names: Mapping[str, Any], functions: Functions | None = None) -> Outcome:
        """Evaluate and return the warnings along with the value."""
        warnings: list[FeelWarning] = []
        value = self.evaluate(names, functions, warnings=warnings)
        return Outcome(value, tuple(warnings))


def guarded(code: Code, scope: Scope) -> Any:
    """Run code; a stack that does not hold becomes an exceeded budget."""
    try:
        return code(scope)
    except RecursionError as error:
        raise stack_exceeded() from error


def stack_exceeded() -> FeelBudgetExceeded:
    """Return the error for a stack that does not hold."""
    return FeelBudgetExceeded("recursion", MAX_FRAMES, "嵌套或函数调用层数太深")


class UnaryTests:
    """The tests of one table cell; ``names`` as for an expression, without ``?``."""

    __slots__ = ("_code", "calls", "names", "node", "text")

    def __init__(
        self, text: str, parser: Parser, node: n.Tests, code: Callable[[Any, Scope], bool | None]
    ) -> None:
        self.text, self.node, self._code = text, node, code
        self.names = frozenset(parser.free - {*BUILT_INS} - {"?"})
        self.calls = frozenset(parser.calls - {*BUILT_INS})

    def matches(
        self, value: Any, names: Mapping[str, Any], functions: Functions | None = None
    ) -> bool | None:
        """Tell whether the value passes; None where it cannot be told."""
        return self.test(load(value), Run(names, functions))

    def test(self, value: Any, scope: Scope) -> bool | None:
        """Like ``matches``, inside a run that goes on."""
        try:
            return self._code(value, scope)
        except RecursionError as error:
            raise stack_exceeded() from error


def compile_tree(node: n.Node, known: frozenset[str] = frozenset(), *, inner: bool = False) -> Code:
    """Return the code of a tree; ``inner`` where it will run in a scope below the run itself."""
    compiler = Compiler(known)
    compiler.inner = int(inner)
    return compiler.code(node)


def read_expression(
    text: str,
    known: Vocabulary | Collection[str] = (),
    members: Vocabulary | Collection[str] = (),
    *,
    inner: bool = False,
) -> Expression:
    """Compile without the cache, in the light of names that a model defines.

    Args:
        text: the expression.
        known: names in scope; they win over built-in functions and may hold spaces, keywords and signs.
        members: names of entries that a path or a filter may meet.
        inner: the code will run in a scope of its own below the run.

    Raises:
        FeelSyntaxError: the text is no expression.
        FeelBudgetExceeded: it is too long or nested too deeply.
    """
    parser = Parser(text, known, members)
    node = parser.whole_expression()
    return Expression(
        text, parser, node, _guarded_compile(node, frozenset(parser.known.names), inner)
    )


def read_unary_tests(
    text: str,
    known: Vocabulary | Collection[str] = (),
    members: Vocabulary | Collection[str] = (),
    *,
    inner: bool = False,
) -> UnaryTests:
    """Compile the tests of a cell without the cache; arguments as for ``read_expression``."""
    parser = Parser(text, known, members)
    node = parser.whole_tests()
    known_names = frozenset(parser.known.names)
    tests = [_compile_test(test, known_names, inner) for test in node.tests]
    return UnaryTests(text, parser, node, _combined(tests, node))


def _guarded_compile(node: n.Node, known: frozenset[str], inner: bool) -> Code:
    try:
        return compile_tree(node, known, inner=inner)
    except RecursionError as error:
        raise FeelBudgetExceeded("nesting", MAX_NESTING, "嵌套太深，请拆成几个表达式") from error


Test = Callable[[Any, Scope], bool | None]
_FAST_LITERALS: Final = frozenset({int, str, bool, dt.date})


def _compile_test(node: n.Node, known: frozenset[str], inner: bool) -> Test:
    if isinstance(node, n.Comparison) and isinstance(node.value, n.Literal):
        return _literal_comparison(node.op, node.value.value)
    if isinstance(node, n.Literal) and type(node.value) in _FAST_LITERALS:
        return _literal_comparison("=", node.value)
    code = _guarded_compile(node, known, True)
    if uses_name(node, "?"):

        def uses(value: Any, scope: Scope) -> bool | None:
            result = code(Scope(scope, {"?": value}))
            if type(result) is bool or result is None:
                return result
            return operations.member(value, result, scope.run)

        return uses
    # Without ``?`` the code may run in the scope as it is.
    code = code if inner else _guarded_compile(node, known, False)

    def test(value: Any, scope: Scope) -> bool | None:
        result = code(scope)
        if type(result) is bool and type(value) is not bool:
            return result
        if result is None:
            return value is None if isinstance(node, n.Literal) else None
        return operations.member(value, result, scope.run)

    return test


def _literal_comparison(op: str, fixed: Any) -> Test:
    kind = type(fixed)
    if kind not in _FAST_LITERALS:
        return lambda value, scope: operations.compare(op, value, fixed, scope.run)
    raw: dict[str, Test] = {
        "=": lambda v, s: v == fixed if type(v) is kind else operations.compare("=", v, fixed),
        "!=": lambda v, s: v != fixed if type(v) is kind else operations.compare("!=", v, fixed),
        "<": lambda v, s: v < fixed if type(v) is kind else operations.compare("<", v, fixed),
        "<=": lambda v, s: v <= fixed if type(v) is kind else operations.compare("<=", v, fixed),
        ">": lambda v, s: v > fixed if type(v) is kind else operations.compare(">", v, fixed),
        ">=": lambda v, s: v >= fixed if type(v) is kind else operations.compare(">=", v, fixed),
    }
    # A boolean has no order.
    return raw[op] if kind is not bool or op in ("=", "!=") else lambda v, s: None


def _combined(tests: list[Test], node: n.Tests) -> Test:
    if node.anything:
        return lambda value, scope: True
    if len(tests) == 1 and not node.negated:
        return tests[0]

    def any_of(value: Any, scope: Scope) -> bool | None:
        unknown = False
        for test in tests:
            verdict = test(value, scope)
            if verdict:
                return True
            unknown = unknown or verdict is None
        return None if unknown else False

    if not node.negated:
        return any_of

    def none_of(value: Any, scope: Scope) -> bool | None:
        verdict = any_of(value, scope)
        return None if verdict is None else not verdict

    return none_of


# --- caches -------------------------------------------------------------------------------------------

T = TypeVar("T", Expression, UnaryTests)
Key = tuple[str, frozenset[str]]


class Cache(Generic[T]):
    """The last compiled ones, bounded in number and in characters of source text."""

    def __init__(self, make: Callable[..., T]) -> None:
        self._make: Callable[..., T] = make
        self._kept: OrderedDict[Key, T] = OrderedDict()
        self._lock = threading.Lock()
        self.characters = 0

    def get(self, text: str, known: frozenset[str]) -> T:
        """Return what was compiled before, or compile it now."""
        key = (text, known)
        found = self._kept.get(key)
        if found is not None:
            return found
        made: T = self._make(text, known)
        with self._lock:
            if key not in self._kept:
                self._kept[key] = made
                self.characters += len(text)
            while len(self._kept) > CACHE_ENTRIES or (
                self.characters > CACHE_CHARACTERS and len(self._kept) > 1
            ):
                (old, _), _ = self._kept.popitem(last=False)
                self.characters -= len(old)
        return made

    def __len__(self) -> int:
        return len(self._kept)


EXPRESSIONS: Final[Cache[Expression]] = Cache(read_expression)
TESTS: Final[Cache[UnaryTests]] = Cache(read_unary_tests)


def compile_expression(text: str, known: Collection[str] = ()) -> Expression:
    """Return the compiled expression, from the cache where it was compiled before.

    Args:
        text: the expression.
        known: names in scope that are more than words with spaces (``a-b``, ``days in weekend``).

    Raises:
        FeelSyntaxError: the text is no expression; position and sentences say where and why.
        FeelBudgetExceeded: it is too long or nested too deeply.
    """
    return EXPRESSIONS.get(text, frozenset(known))


def compile_unary_tests(text: str, known: Collection[str] = ()) -> UnaryTests:
    """Return the compiled tests of a table cell; arguments and errors as for ``compile_expression``."""
    return TESTS.get(text, frozenset(known))


# --- values to JSON -----------------------------------------------------------------------------------


def to_json(value: Any, depth: int = 0) -> Any:
    """Return the value as JSON data.

    A whole number becomes int, another a float where that is exact to 15 digits, else its digits as text;
    moments and durations become ISO 8601 text, a range or function the text of its expression.
    """
    if depth > MAX_NESTING:
        raise FeelBudgetExceeded("nesting", MAX_NESTING, "数据嵌套太深")
    value = load(value) if depth == 0 else value
    if value is None or type(value) in (bool, str, int):
        return value
    if type(value) is Decimal:
        return _json_number(value)
    if type(value) is list:
        return [to_json(item, depth + 1) for item in value]
    if isinstance(value, Mapping):
        return {key: to_json(item, depth + 1) for key, item in value.items()}
    if isinstance(value, Range | FeelFunction):
        return write_inside(value, depth)
    return temporal.write(value)


def _json_number(value: Decimal) -> int | float | str:
    if value == value.to_integral_value() and abs(value) < 10**34:
        return int(value)
    return float(value) if len(value.as_tuple().digits) <= 15 else write_number(value)
