"""The built-in functions of DMN 1.5 by name. They take FEEL values and give null for what they cannot use."""

from __future__ import annotations

from typing import Final

from engine.feel.builtins import contexts, conversion, intervals, lists, moments, numbers, texts
from engine.feel.functions import BuiltIn

BUILT_INS: Final[dict[str, BuiltIn]] = {
    function.name: function
    for part in (contexts, conversion, intervals, lists, moments, numbers, texts)
    for function in part.FUNCTIONS
}
