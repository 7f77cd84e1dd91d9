"""FEEL, the expression language of DMN 1.5: text to closures, closures on data to values.

For conditions, decision tables, forms, timers and assignments. Knows no case, no diagram and no clock; reaches
no attribute, file or Python function that was not handed in by name. See docs/dmn_tck.md for what it is
measured by.
"""

from engine.feel.errors import FeelBudgetExceeded, FeelSyntaxError, FeelWarning
from engine.feel.expression import (
    Expression,
    Outcome,
    UnaryTests,
    compile_expression,
    compile_unary_tests,
    to_json,
)
from engine.feel.paths import counted_from_nothing, members_called, members_read
from engine.feel.values import DaysTime, Range, YearsMonths

__all__ = [
    "DaysTime",
    "Expression",
    "FeelBudgetExceeded",
    "FeelSyntaxError",
    "FeelWarning",
    "Outcome",
    "Range",
    "UnaryTests",
    "YearsMonths",
    "compile_expression",
    "compile_unary_tests",
    "counted_from_nothing",
    "members_called",
    "members_read",
    "to_json",
]
