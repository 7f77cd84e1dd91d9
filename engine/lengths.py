"""Lengths of time in the one notation that every file of an office uses: ISO 8601 plus ``WD``.

``P20WD`` twenty working days, ``P60D`` sixty calendar days, ``P6M`` six months, ``PT24H`` hours,
``-P3WD`` three working days before. A length is a value; what it means on a calendar is not known here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

from engine.errors import BadInput
from engine.words import say

Unit = Literal["working_day", "day", "month", "hour", "second"]

# At most six digits a part: no length can reach past what a date can hold by accident or malice.
_LENGTH = re.compile(
    r"(?P<sign>-)?P"
    r"(?:(?P<years>\d{1,6})Y)?"
    r"(?:(?P<months>\d{1,6})M)?"
    r"(?:(?P<weeks>\d{1,6})W(?!D))?"
    r"(?:(?P<working_days>\d{1,6})WD)?"
    r"(?:(?P<days>\d{1,6})D)?"
    r"(?:T(?=\d)(?:(?P<hours>\d{1,6})H)?(?:(?P<minutes>\d{1,6})M)?(?:(?P<seconds>\d{1,6})S)?)?",
    re.ASCII,
)


class LengthInvalid(BadInput):
    """The text is no length; ``text`` is what stood there."""

    code = "length_invalid"

    def __init__(self, text: str) -> None:
        super().__init__(
            f"not a length of time: {text!r}",
            sentence=say(
                "“{given}”不是时间长度，请写成 P20WD（工作日）、P60D（天）、P6M（月）或 PT24H（小时）",
                given=text,
            ),
        )
        self.text = text


@dataclass(frozen=True, slots=True)
class Length:
    """A length of time. All parts are natural numbers; ``sign`` is 1 or -1 and holds for all of them."""

    sign: int = 1
    hours: int = 0
    days: int = 0
    working_days: int = 0
    months: int = 0
    weeks: int = 0
    years: int = 0
    minutes: int = 0
    seconds: int = 0

    # Worked out once: counting asks for both all the time. None: the units do not go together.
    _unit: Unit | None = field(init=False, compare=False, repr=False)
    _amount: int = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        seconds = self.minutes * 60 + self.seconds
        found: dict[Unit, int] = {
            "working_day": self.working_days,
            "month": self.years * 12 + self.months,
            "day": self.weeks * 7 + self.days,
            "second" if seconds else "hour": self.hours * 3600 + seconds if seconds else self.hours,
        }
        used = [(unit, amount) for unit, amount in found.items() if amount]
        unit, amount = used[0] if used else ("day", 0)
        object.__setattr__(self, "_unit", unit if len(used) < 2 else None)
        object.__setattr__(self, "_amount", self.sign * amount)

    @property
    def unit(self) -> Unit:
        """The unit in which a limit of this length is counted.

        Raises:
            LengthInvalid: it mixes units that cannot be counted as one (working days with months).
        """
        if self._unit is None:
            raise LengthInvalid(str(self))
        return self._unit

    @property
    def amount(self) -> int:
        """How many of ``unit`` it holds, with its sign."""
        if self._unit is None:
            raise LengthInvalid(str(self))
        return self._amount

    def __str__(self) -> str:
        day = "".join(
            f"{value}{letter}"
            for value, letter in (
                (self.years, "Y"),
                (self.months, "M"),
                (self.weeks, "W"),
                (self.working_days, "WD"),
                (self.days, "D"),
            )
            if value
        )
        time = "".join(
            f"{value}{letter}"
            for value, letter in ((self.hours, "H"), (self.minutes, "M"), (self.seconds, "S"))
            if value
        )
        text = day + (f"T{time}" if time else "")
        return f"{'-' if self.sign == -1 else ''}P{text or '0D'}"


@lru_cache(maxsize=1024)
def parse_length(text: str) -> Length:
    """Read a length.

    Args:
        text: for example ``P20WD``, ``P60D``, ``P6M``, ``PT24H``, ``-P3WD``; parts may be joined as ISO 8601
            allows (``P1Y6M``, ``PT1H5S``).

    Raises:
        LengthInvalid: it is none.
    """
    found = _LENGTH.fullmatch(text.strip())
    parts = (
        {key: int(value) for key, value in found.groupdict("").items() if value.isdigit()}
        if found
        else {}
    )
    if found is None or not parts:
        raise LengthInvalid(text)
    return Length(sign=-1 if found["sign"] else 1, **parts)
