"""The names of the built-in functions of DMN 1.5; the parser must know them before it meets their code."""

from __future__ import annotations

from typing import Final

BUILT_IN_NAMES: Final = (
    # conversion
    "date", "date and time", "time", "number", "string", "duration", "years and months duration", "context",
    "range",
    # boolean
    "not", "is",
    # text
    "substring", "string length", "upper case", "lower case", "substring before", "substring after", "replace",
    "contains", "starts with", "ends with", "matches", "split", "string join",
    # lists
    "list contains", "count", "min", "max", "sum", "mean", "all", "any", "sublist", "append",
    "concatenate", "insert before", "remove", "list replace", "reverse", "index of", "union", "distinct values",
    "flatten", "product", "median", "stddev", "mode", "sort",
    # numbers
    "decimal", "floor", "ceiling", "round up", "round down", "round half up", "round half down", "abs", "modulo",
    "sqrt", "log", "exp", "odd", "even",
    # dates
    "now", "today", "day of year", "day of week", "month of year", "week of year",
    # ranges
    "before", "after", "meets", "met by", "overlaps", "overlaps before", "overlaps after", "finishes",
    "finished by", "includes", "during", "starts", "started by", "coincides",
    # contexts
    "get value", "get entries", "context put", "context merge",
)  # fmt: skip
