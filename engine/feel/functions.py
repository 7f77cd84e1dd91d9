"""What an expression can call: built-in functions, functions written in FEEL, functions handed in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import DecimalException
from typing import Any

from engine.feel.kinds import ANY, NAMES_ZH, Kind, coerce, kind_of
from engine.feel.scope import Code, Run, Scope
from engine.feel.values import FeelFunction, load


class BuiltIn(FeelFunction):
    """A function of the standard; each ``signature`` is a list of parameter names, ``*`` the rest.

    ``name: type`` tells two signatures with as many parameters apart in a call by name. ``body`` takes the run
    and the arguments in order; it returns None for arguments it cannot use. ``cost`` is what a call takes off
    the budget, about a microsecond each.
    """

    __slots__ = ("body", "cost", "kinds", "shortest", "signatures")

    def __init__(
        self,
        name: str,
        signatures: Sequence[str],
        body: Callable[..., Any],
        required: int,
        cost: int = 1,
    ) -> None:
        self.kinds: dict[str, str] = {}
        self.signatures = [self._parameters(signature) for signature in signatures]
        super().__init__(name, self.signatures[0])
        self.body, self.shortest, self.cost = body, required, cost

    def _parameters(self, signature: str) -> tuple[str, ...]:
        names: list[str] = []
        for part in signature.split(",") if signature else []:
            name, _, kind = part.strip().partition(": ")
            names.append(name)
            if kind:
                self.kinds[name] = kind
        return tuple(names)

    def accepts(self, count: int) -> bool:
        """Tell whether so many arguments by position make sense."""
        if any("*" in signature for signature in self.signatures):
            return count >= self.shortest
        return self.shortest <= count <= max(len(signature) for signature in self.signatures)


class Lambda(FeelFunction):
    """A function written as an expression; it sees the names around it."""

    __slots__ = ("code", "frames", "kinds", "result", "scope", "size")

    def __init__(
        self,
        name: str,
        parameters: tuple[str, ...],
        kinds: tuple[Kind | None, ...],
        code: Code,
        scope: Scope | None,
        *,
        frames: int,
        size: int,
        result: Kind | None = None,
    ) -> None:
        super().__init__(name, parameters)
        self.kinds, self.code, self.scope, self.frames, self.size = kinds, code, scope, frames, size
        self.result = result

    @property
    def signature(self) -> tuple[list[Kind], Kind]:
        """The types of the parameters and of the result, as far as they are declared."""
        return [kind or ANY for kind in self.kinds], self.result or ANY


class HostFunction(FeelFunction):
    """A Python callable that the caller handed in under a name.

    Arguments that it cannot use (null, a text for a date) give null; its own errors pass through.
    """

    __slots__ = ("call",)

    def __init__(self, name: str, call: Callable[..., Any]) -> None:
        super().__init__(name, None)
        self.call = call


CHARACTERS_A_STEP = 64


def text_cost(values: Sequence[Any]) -> int:
    """Return the steps that looking through the texts among the values takes."""
    return sum(len(value) // CHARACTERS_A_STEP for value in values if type(value) is str)


def charge(run: Run, value: Any) -> None:
    """Take off the budget what walking through all parts of a value costs."""
    waiting = [value]
    while waiting:
        at = waiting.pop()
        parts = at if type(at) is list else list(at.values()) if isinstance(at, Mapping) else ()
        run.spend(len(parts))
        waiting += parts


def describe(values: Sequence[Any]) -> tuple[str, str]:
    """Return the types of the values, in Chinese and in English."""
    kinds = [kind_of(value) for value in values]
    return "、".join(NAMES_ZH.get(kind, kind) for kind in kinds), ", ".join(kinds)


def call(run: Run, function: Any, arguments: list[Any], names: list[str] | None = None) -> Any:
    """Call a function with arguments in order, or by the given names; null where that is impossible."""
    if isinstance(function, BuiltIn):
        return _call_built_in(run, function, arguments, names)
    if isinstance(function, Lambda):
        return _call_lambda(run, function, arguments, names)
    if isinstance(function, HostFunction):
        return _call_host(run, function, arguments, names)
    if function is not None:
        run.warn("not_a_function", "这个值不是函数，不能调用", "this value is no function")
    return None


def _call_built_in(
    run: Run, function: BuiltIn, arguments: list[Any], names: list[str] | None
) -> Any:
    ordered = arguments if names is None else by_name(function, arguments, names)
    if ordered is None or (names is None and not function.accepts(len(ordered))):
        run.warn(
            "arguments",
            f"函数“{function.name}”的参数个数或名称不对",
            f"wrong arguments for {function.name!r}",
        )
        return None
    run.spend(function.cost + text_cost(ordered))
    try:
        result = function.body(run, *ordered)
    except (DecimalException, ArithmeticError):
        result = None
    if type(result) is str:
        run.spend(len(result) // CHARACTERS_A_STEP)
    if result is None:
        zh, en = describe(ordered)
        run.warn(
            "function_null",
            f"函数“{function.name}”不能用于（{zh}）",
            f"{function.name}({en}) is null",
        )
    return result


def by_name(function: BuiltIn, arguments: list[Any], names: list[str]) -> list[Any] | None:
    """Put named arguments into the order of the first signature that has them all; None where none has."""
    given = dict(zip(names, arguments, strict=True))
    if len(given) != len(names):
        return None
    for signature in function.signatures:
        plain = [name.strip("*") for name in signature]
        if not given.keys() <= set(plain):
            continue
        if any(
            kind_of(given[name]) != kind for name, kind in function.kinds.items() if name in given
        ):
            continue
        required = plain[: min(function.shortest, len(plain))]
        if not all(name in given for name in required):
            continue
        last = max((plain.index(name) for name in given), default=-1)
        return [given.get(name) for name in plain[: last + 1]]
    return None


def _call_lambda(run: Run, function: Lambda, arguments: list[Any], names: list[str] | None) -> Any:
    parameters = function.parameters or ()
    if names is not None:
        if set(names) != set(parameters) or len(names) != len(parameters):
            run.warn(
                "arguments",
                f"函数“{function.name}”的参数名称不对",
                f"wrong arguments for {function.name!r}",
            )
            return None
        given = dict(zip(names, arguments, strict=True))
        arguments = [given[name] for name in parameters]
    if len(arguments) != len(parameters):
        run.warn(
            "arguments",
            f"函数“{function.name}”的参数个数不对",
            f"wrong arguments for {function.name!r}",
        )
        return None
    bound: dict[str, Any] = {}
    for name, kind, value in zip(parameters, function.kinds, arguments, strict=True):
        if kind is not None:
            charge(run, value)
        bound[name], fitted = coerce(value, kind)
        if not fitted:
            run.warn(
                "argument_type", f"参数“{name}”的类型不对", f"argument {name!r} has the wrong type"
            )
            return None
    return run_body(run, function, bound)


def run_body(run: Run, function: Lambda, bound: dict[str, Any]) -> Any:
    """Run the body of a function with its parameters bound."""
    run.spend(function.size)
    run.enter(function.frames)
    result = function.code(Scope(function.scope or run, bound))
    run.leave(function.frames)
    result, fitted = coerce(result, function.result)
    if not fitted:
        run.warn(
            "result_type",
            f"函数“{function.name}”的结果类型不对",
            f"{function.name!r} gave the wrong type",
        )
    return result


def _call_host(
    run: Run, function: HostFunction, arguments: list[Any], names: list[str] | None
) -> Any:
    run.spend(1)
    try:
        if names is None:
            return load(function.call(*arguments))
        keywords = dict(zip((name.replace(" ", "_") for name in names), arguments, strict=True))
        return load(function.call(**keywords))
    except (TypeError, ValueError, ArithmeticError, LookupError, AttributeError) as error:
        zh, en = describe(arguments)
        run.warn(
            "function_null",
            f"函数“{function.name}”不能用于（{zh}）",
            f"{function.name}({en}) is null: {type(error).__name__}",
        )
        return None
