"""Text functions (DMN 1.5, 10.3.4.3). A character is a code point."""

from __future__ import annotations

from typing import Any, Final

from engine.feel import patterns
from engine.feel.functions import BuiltIn
from engine.feel.scope import Run
from engine.feel.values import NUMBERS, check_length, items, text


def single(value: Any) -> Any:
    """Return the element of a list of one, where a single value is wanted."""
    return value[0] if type(value) is list and len(value) == 1 else value


def _texts(*values: Any) -> list[str] | None:
    singles = [single(value) for value in values]
    return singles if all(type(value) is str for value in singles) else None


def _substring(_: Run, value: Any, start: Any, length: Any = None) -> Any:
    value, start, length = single(value), single(start), single(length)
    if type(value) is not str or type(start) not in NUMBERS or int(start) == 0:
        return None
    begin = int(start) - 1 if start > 0 else len(value) + int(start)
    if begin < 0 or begin > len(value) or abs(start) > len(value) + 1:
        return None
    if length is None:
        return value[begin:]
    if type(length) not in NUMBERS or length < 1:
        return None
    return value[begin : begin + int(min(length, len(value)))]


def _string_length(_: Run, value: Any) -> Any:
    value = single(value)
    return len(value) if type(value) is str else None


def _upper_case(_: Run, value: Any) -> Any:
    value = single(value)
    return text(value.upper()) if type(value) is str else None


def _lower_case(_: Run, value: Any) -> Any:
    value = single(value)
    return text(value.lower()) if type(value) is str else None


def _substring_before(_: Run, value: Any, match: Any) -> Any:
    pair = _texts(value, match)
    return (
        None
        if pair is None
        else pair[0].partition(pair[1])[0]
        if pair[1] and pair[1] in pair[0]
        else ""
    )


def _substring_after(_: Run, value: Any, match: Any) -> Any:
    pair = _texts(value, match)
    if pair is None:
        return None
    return pair[0].partition(pair[1])[2] if pair[1] else pair[0]


def _contains(_: Run, value: Any, match: Any) -> Any:
    pair = _texts(value, match)
    return None if pair is None else pair[1] in pair[0]


def _starts_with(_: Run, value: Any, match: Any) -> Any:
    pair = _texts(value, match)
    return None if pair is None else pair[0].startswith(pair[1])


def _ends_with(_: Run, value: Any, match: Any) -> Any:
    pair = _texts(value, match)
    return None if pair is None else pair[0].endswith(pair[1])


def _pattern(run: Run, pattern: str, flags: Any) -> patterns.Pattern | None:
    flags = "" if flags is None else flags
    if type(flags) is not str:
        return None
    run.spend(len(pattern))
    compiled = patterns.compile_pattern(pattern, flags)
    if compiled is None:
        run.warn(
            "pattern",
            f"“{pattern[:60]}”不是合规的正则表达式",
            f"{pattern[:60]!r} is no valid pattern",
        )
    else:
        run.spend(len(compiled.program))
    return compiled


def _matched(run: Run, pattern: patterns.Pattern, value: str) -> list[list[int]] | None:
    """Return all matches, and take what they cost off the run's budget."""
    meter = patterns.Meter()
    found = patterns.pieces(pattern, value, meter)
    run.spend(meter.used)
    return found


def _matches(run: Run, value: Any, pattern: Any, flags: Any = None) -> Any:
    pair = _texts(value, pattern)
    compiled = _pattern(run, pair[1], flags) if pair else None
    if pair is None or compiled is None:
        return None
    meter = patterns.Meter()
    found = patterns.contains_match(compiled, pair[0], meter)
    run.spend(meter.used)
    return found


def _replace(run: Run, value: Any, pattern: Any, replacement: Any, flags: Any = None) -> Any:
    three = _texts(value, pattern, replacement)
    compiled = _pattern(run, three[1], flags) if three else None
    if three is None or compiled is None:
        return None
    found = _matched(run, compiled, three[0])
    if found is None:
        return None
    template = (
        three[2].replace("\\", "\\\\").replace("$", "\\$") if "q" in (flags or "") else three[2]
    )
    built: list[str] = []
    at = size = 0
    for match in found:
        inserted = patterns.expand(template, three[0], match)
        if inserted is None:
            return None
        built += (three[0][at : match[0]], inserted)
        size += len(inserted)
        check_length(size)
        at = match[1]
    return text("".join([*built, three[0][at:]]))


def _split(run: Run, value: Any, delimiter: Any) -> Any:
    pair = _texts(value, delimiter)
    compiled = _pattern(run, pair[1], "") if pair else None
    if pair is None or compiled is None:
        return None
    found = _matched(run, compiled, pair[0])
    if found is None:
        return None
    parts: list[str] = []
    at = 0
    for match in found:
        parts.append(pair[0][at : match[0]])
        at = match[1]
    return items([*parts, pair[0][at:]])


def _string_join(run: Run, values: Any, delimiter: Any = None) -> Any:
    values = values if type(values) is list else [values]
    if values == [None] or any(v is not None and type(v) is not str for v in values):
        return None
    delimiter = "" if delimiter is None else single(delimiter)
    if type(delimiter) is not str:
        return None
    run.spend(len(values))
    parts = [v for v in values if v is not None]
    check_length(sum(map(len, parts)) + len(delimiter) * max(0, len(parts) - 1))
    return text(delimiter.join(parts))


FUNCTIONS: Final = (
    BuiltIn("substring", ["string, start position, length"], _substring, 2),
    BuiltIn("string length", ["string"], _string_length, 1),
    BuiltIn("upper case", ["string"], _upper_case, 1),
    BuiltIn("lower case", ["string"], _lower_case, 1),
    BuiltIn("substring before", ["string, match"], _substring_before, 2),
    BuiltIn("substring after", ["string, match"], _substring_after, 2),
    BuiltIn("replace", ["input, pattern, replacement, flags"], _replace, 3, 5),
    BuiltIn("contains", ["string, match"], _contains, 2),
    BuiltIn("starts with", ["string, match"], _starts_with, 2),
    BuiltIn("ends with", ["string, match"], _ends_with, 2),
    BuiltIn("matches", ["input, pattern, flags"], _matches, 2, 3),
    BuiltIn("split", ["string, delimiter"], _split, 2, 5),
    BuiltIn("string join", ["list, delimiter"], _string_join, 1),
)
