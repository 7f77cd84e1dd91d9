"""What can go wrong with an expression, in a sentence for the administrator who typed it."""

from __future__ import annotations

from dataclasses import dataclass

from engine.errors import BadInput
from engine.words import in_two, say


class FeelSyntaxError(BadInput):
    """The text is no expression; ``position`` is the 0-based character where reading stopped."""

    code = "feel_syntax"

    def __init__(self, position: int, message_zh: str, message_en: str, source: str = "") -> None:
        line = source.count("\n", 0, position) + 1
        column = position - (source.rfind("\n", 0, position) + 1) + 1
        super().__init__(
            f"line {line}, column {column}: {message_en}",
            sentence=say(
                "表达式第{line}行第{column}个字：{said}",
                line=line,
                column=column,
                said=in_two(message_zh, message_en),
            ),
        )
        self.position, self.line, self.column = position, line, column
        self.message_zh, self.message_en = message_zh, message_en
        self.said = in_two(message_zh, message_en)


class FeelBudgetExceeded(BadInput):
    """The expression would cost more than any honest one; ``budget`` names the bound, ``limit`` its size."""

    code = "feel_budget"

    def __init__(self, budget: str, limit: int, message_zh: str) -> None:
        super().__init__(
            f"expression exceeds the budget {budget!r} of {limit}",
            sentence=say("表达式超出限度：{said}", said=message_zh),
        )
        self.budget, self.limit, self.message_zh = budget, limit, message_zh
        self.said = message_zh
        self.message_en = f"exceeds the budget {budget!r} of {limit}"


@dataclass(frozen=True, slots=True)
class FeelWarning:
    """Why something became null: a stable ``code`` and a sentence in both languages."""

    code: str
    message_zh: str
    message_en: str
