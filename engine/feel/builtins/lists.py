"""List functions (DMN 1.5, 10.3.4.4). A single value stands for the list of it."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import cmp_to_key
from typing import Any, Final

from engine.feel.builtins.numbers import is_number
from engine.feel.functions import BuiltIn, Lambda, call
from engine.feel.limits import MAX_LIST
from engine.feel.operations import add, divide, equal, multiply, order
from engine.feel.scope import Run
from engine.feel.values import CONTEXT, NUMBERS, FeelFunction, items


def as_list(value: Any) -> list[Any]:
    """Return the list, or the list of the single value; null is the empty list nowhere but here."""
    return value if type(value) is list else [value]


def _given(run: Run, values: tuple[Any, ...]) -> list[Any] | None:
    """Return the elements of ``f(list)`` or ``f(a, b, c)``; None for ``f(null)``."""
    if len(values) == 1:
        if values[0] is None:
            return None
        elements = as_list(values[0])
    else:
        elements = list(values)
    run.spend(len(elements))
    return elements


def _over(body: Callable[[Run, list[Any]], Any]) -> Callable[..., Any]:
    def run_over(run: Run, *values: Any) -> Any:
        elements = _given(run, values)
        return None if elements is None else body(run, elements)

    return run_over


def _numbers(body: Callable[[list[Any]], Any], *, empty: Any = None) -> Callable[..., Any]:
    def over(_: Run, elements: list[Any]) -> Any:
        if not all(is_number(element) for element in elements):
            return None
        return body(elements) if elements else empty

    return _over(over)


def _sum(numbers: list[Any]) -> Any:
    total: Any = 0
    for number in numbers:
        total = add(total, number)
    return total


def _product(numbers: list[Any]) -> Any:
    total: Any = 1
    for number in numbers:
        total = multiply(total, number)
    return total


def _mean(numbers: list[Any]) -> Any:
    return divide(_sum(numbers), len(numbers))


def _median(numbers: list[Any]) -> Any:
    ordered = sorted(numbers)
    middle = len(ordered) // 2
    return (
        ordered[middle]
        if len(ordered) % 2
        else divide(add(ordered[middle - 1], ordered[middle]), 2)
    )


def _stddev(numbers: list[Any]) -> Any:
    if len(numbers) < 2:
        return None
    mean = Decimal(_mean(numbers))
    squares = Decimal(0)
    for number in numbers:
        distance = CONTEXT.subtract(number, mean)
        squares = CONTEXT.add(squares, CONTEXT.multiply(distance, distance))
    return CONTEXT.sqrt(CONTEXT.divide(squares, Decimal(len(numbers) - 1)))


def _mode(numbers: list[Any]) -> Any:
    counts: dict[Any, int] = {}
    for number in numbers:
        counts[number] = counts.get(number, 0) + 1
    most = max(counts.values())
    return sorted(number for number, count in counts.items() if count == most)


def _extreme(wanted: int) -> Callable[..., Any]:
    def over(_: Run, elements: list[Any]) -> Any:
        best: Any = None
        for element in elements:
            sign = order(element, element if best is None else best)
            if sign is None:
                return None
            if best is None or sign == wanted:
                best = element
        return best

    return _over(over)


def _decided(deciding: bool) -> Callable[..., Any]:
    def over(_: Run, elements: list[Any]) -> Any:
        if deciding in [e for e in elements if type(e) is bool]:
            return deciding
        return None if any(type(e) is not bool for e in elements) else not deciding

    def strict(run: Run, *values: Any) -> Any:
        return over(run, elements) if (elements := _given(run, values)) is not None else None

    return strict


def _count(run: Run, value: Any) -> Any:
    if value is None:
        return None
    return len(as_list(value))


def _list_contains(run: Run, value: Any, element: Any) -> Any:
    if value is None:
        return None
    run.spend(len(as_list(value)))
    return any(equal(item, element, run) is True for item in as_list(value))


def _index(elements: list[Any], position: Any, *, beyond: int = 0) -> int | None:
    """Return the 0-based place of a 1-based or negative position; None outside the list."""
    if not is_number(position):
        return None
    at = int(position)
    if at == 0 or abs(at) > len(elements) + (beyond if at > 0 else 0):
        return None
    return at - 1 if at > 0 else len(elements) + at


def _sublist(run: Run, value: Any, start: Any, length: Any = None) -> Any:
    if value is None:
        return None
    elements = as_list(value)
    run.spend(len(elements))
    begin = _index(elements, start, beyond=1)
    if begin is None:
        return None
    if length is None:
        return elements[begin:]
    if not is_number(length) or length < 0 or begin + int(length) > len(elements):
        return None
    return elements[begin : begin + int(length)]


def _append(run: Run, value: Any, *more: Any) -> Any:
    if value is None:
        return None
    run.spend(len(as_list(value)) + len(more))
    return items([*as_list(value), *more])


def _concatenate(run: Run, *lists: Any) -> Any:
    if any(value is None for value in lists):
        return None
    joined: list[Any] = []
    for value in lists:
        run.spend(len(as_list(value)))
        joined += as_list(value)
        items(joined)
    return joined


def _insert_before(run: Run, value: Any, position: Any, element: Any) -> Any:
    if value is None:
        return None
    elements = as_list(value)
    run.spend(len(elements))
    at = _index(elements, position, beyond=1)
    return None if at is None else items([*elements[:at], element, *elements[at:]])


def _remove(run: Run, value: Any, position: Any) -> Any:
    if value is None:
        return None
    elements = as_list(value)
    run.spend(len(elements))
    at = _index(elements, position)
    return None if at is None else [*elements[:at], *elements[at + 1 :]]


def _list_replace(run: Run, value: Any, which: Any, element: Any) -> Any:
    if value is None:
        return None
    elements = as_list(value)
    run.spend(len(elements))
    if isinstance(which, FeelFunction):
        return _replace_matching(run, elements, which, element)
    at = _index(elements, which)
    return None if at is None else [*elements[:at], element, *elements[at + 1 :]]


def _replace_matching(run: Run, elements: list[Any], match: FeelFunction, element: Any) -> Any:
    if isinstance(match, Lambda) and len(match.parameters or ()) != 2:
        return None
    replaced: list[Any] = []
    for old in elements:
        verdict = call(run, match, [old, element])
        if type(verdict) is not bool:
            return None
        replaced.append(element if verdict else old)
    return replaced


def _reverse(run: Run, value: Any) -> Any:
    if value is None:
        return None
    run.spend(len(as_list(value)))
    return as_list(value)[::-1]


def _index_of(run: Run, value: Any, element: Any) -> Any:
    if value is None:
        return None
    run.spend(len(as_list(value)))
    return [at for at, item in enumerate(as_list(value), 1) if equal(item, element, run) is True]


def _distinct(run: Run, elements: list[Any]) -> list[Any]:
    run.spend(len(elements))
    kept: list[Any] = []
    known: set[Any] = set()
    for element in elements:
        if type(element) in NUMBERS or type(element) is str:
            if element not in known:
                known.add(element)
                kept.append(element)
            continue
        run.spend(len(kept) + 1)
        if not any(equal(element, old, run) is True for old in kept):
            kept.append(element)
    return kept


def _distinct_values(run: Run, value: Any) -> Any:
    return None if value is None else _distinct(run, as_list(value))


def _union(run: Run, *lists: Any) -> Any:
    joined = _concatenate(run, *lists)
    return None if joined is None else _distinct(run, joined)


def _flatten(run: Run, value: Any) -> Any:
    if value is None:
        return None
    flat: list[Any] = []
    waiting = [iter(as_list(value))]
    while waiting:
        for element in waiting[-1]:
            run.spend(1)
            if type(element) is list:
                waiting.append(iter(element))
                break
            flat.append(element)
            if len(flat) > MAX_LIST:
                items(flat)
        else:
            waiting.pop()
    return flat


def _sort(run: Run, value: Any, precedes: Any = None) -> Any:
    if value is None:
        return None
    elements = as_list(value)
    if precedes is None:
        if any(order(element, elements[0]) is None for element in elements):
            return None
        run.spend(len(elements) * 30)
        return sorted(elements, key=cmp_to_key(lambda a, b: order(a, b) or 0))
    if not isinstance(precedes, FeelFunction):
        return None

    def compare(a: Any, b: Any) -> int:
        # A stable order: only a clear "b comes first" moves anything.
        if call(run, precedes, [a, b]) is True:
            return -1
        return 1 if call(run, precedes, [b, a]) is True else 0

    return sorted(elements, key=cmp_to_key(compare))


FUNCTIONS: Final = (
    BuiltIn("list contains", ["list, element"], _list_contains, 2),
    BuiltIn("count", ["list"], _count, 1),
    BuiltIn("min", ["list", "*"], _extreme(-1), 1),
    BuiltIn("max", ["list", "*"], _extreme(1), 1),
    BuiltIn("sum", ["list", "*"], _numbers(_sum), 1),
    BuiltIn("mean", ["list", "*"], _numbers(_mean), 1),
    BuiltIn("product", ["list", "*"], _numbers(_product), 1),
    BuiltIn("median", ["list", "*"], _numbers(_median), 1),
    BuiltIn("stddev", ["list", "*"], _numbers(_stddev), 1),
    BuiltIn("mode", ["list", "*"], _numbers(_mode, empty=[]), 1),
    BuiltIn("all", ["list", "*"], _decided(False), 1),
    BuiltIn("any", ["list", "*"], _decided(True), 1),
    BuiltIn("sublist", ["list, start position, length"], _sublist, 2),
    BuiltIn("append", ["list, item", "*"], _append, 2),
    BuiltIn("concatenate", ["list", "*"], _concatenate, 1),
    BuiltIn("insert before", ["list, position, newItem"], _insert_before, 3),
    BuiltIn("remove", ["list, position"], _remove, 2),
    BuiltIn("list replace", ["list, position, newItem", "list, match, newItem"], _list_replace, 3),
    BuiltIn("reverse", ["list"], _reverse, 1),
    BuiltIn("index of", ["list, match"], _index_of, 2),
    BuiltIn("union", ["list", "*"], _union, 1),
    BuiltIn("distinct values", ["list"], _distinct_values, 1),
    BuiltIn("flatten", ["list"], _flatten, 1),
    BuiltIn("sort", ["list, precedes"], _sort, 1),
)
