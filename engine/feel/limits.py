"""How much one expression may cost; nothing here knows how expressions are written.

Every bound is a guard against a typing mistake or an attack, not a setting of the office.
"""

from __future__ import annotations

MAX_SOURCE = 64 * 1024
"""Characters of one expression."""

MAX_TEXT = 64 * 1024
"""Characters of any text that an expression builds."""

MAX_LIST = 10_000
"""Items of any list that an expression builds."""

MAX_STEPS = 500_000
"""Node evaluations of one run that a loop or a function may cause."""

MAX_NESTING = 60
"""Brackets and keywords within each other."""

MAX_DEPTH = 200
"""Depth of the syntax tree, whichever way it came about."""

MAX_FRAMES = 500
"""Sum of the depths of the function bodies that are being called."""

MAX_PATTERN = 1_000
"""Characters of a regular expression."""

MAX_MATCH_STEPS = 200_000
"""Steps that one use of a regular expression may take."""

MAX_WARNINGS = 50
"""Warnings kept of one run."""

CACHE_ENTRIES = 2_000
"""Compiled expressions kept."""

CACHE_CHARACTERS = 2_000_000
"""Characters of source text that the kept expressions may add up to."""

DIGITS = 34
"""Significant decimal digits of a number (IEEE 754 decimal128, as DMN demands)."""
