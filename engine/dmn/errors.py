"""What makes a decision file unusable as a whole. Faults of a single cell are problems of the model instead."""

from __future__ import annotations

from dataclasses import dataclass

from engine.errors import BadInput, NotFound
from engine.words import in_two, listed, say


class DmnRefused(BadInput):
    """The file is no DMN, or has nothing that can be decided."""

    code = "dmn_refused"

    def __init__(self, file: str, message_zh: str, message_en: str) -> None:
        super().__init__(
            f"{file}: {message_en}",
            sentence=say("{file}：{sentence}", file=file, sentence=in_two(message_zh, message_en)),
        )
        self.file, self.message_zh, self.message_en = file, message_zh, message_en


class DecisionNotFound(NotFound):
    """The model has no decision of that name or id; ``names`` are those it has."""

    code = "decision_not_found"

    def __init__(self, wanted: str, names: list[str]) -> None:
        super().__init__("decision", wanted)
        self.names = names
        self.sentence = (
            say(
                "没有名为“{wanted}”的决策，可用的有：{known}",
                wanted=wanted,
                known=listed(names[:20]),
            )
            if names
            else say("没有名为“{wanted}”的决策，文件中也没有别的决策", wanted=wanted)
        )


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in a model that cannot be used; ``element`` is the id (or name) of where it stands."""

    element: str
    rule: str
    message_zh: str
    message_en: str
    line: int | None = None


Read = tuple[
    str, int | None, str, str
]  # element, line, a name and the member of it that is read there
