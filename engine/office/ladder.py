"""The ladder of warnings as data (``ladder.yaml``): when, to whom, which card, and when nobody is disturbed.

Rungs for statutory limits, rungs for the internal limits of steps, quiet hours. Sends nothing.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, time

from engine.lengths import LengthInvalid, parse_length
from engine.words import listed, say
from engine.yaml_source import Entry

CARDS = ("", "yellow", "red", "black")
CHANNELS = ("inbox", "banner")


@dataclass(frozen=True)
class LadderStep:
    """One warning: when relative to a due date (a length such as ``-P3WD``), to whom, which card.

    ``by``: ``inbox`` (the list of reminders) or ``banner`` (also above every page until it was seen).
    ``starts``: the procedure that a limit that ran out starts, but for the clocks of ``starts_not_for``.
    """

    level: int
    at: str
    to: tuple[str, ...]
    title: str
    card: str = ""
    starts: str = ""
    clocks: tuple[str, ...] = ()
    starts_not_for: tuple[str, ...] = ()
    by: str = "inbox"


@dataclass(frozen=True)
class Quiet:
    """When no warning goes out: from ``begins`` to ``ends`` of the next morning, and on rest days.

    What falls into it goes out as soon as it is over. ``not_for``: clocks that know no quiet.
    """

    begins: time | None = None
    ends: time | None = None
    rest_days: bool = False
    not_for: frozenset[str] = frozenset()

    def holds(self, now: datetime, clock: str, *, is_working_day: bool) -> bool:
        """Whether a warning of ``clock`` waits; ``now`` in the office's zone."""
        if clock in self.not_for:
            return False
        if self.rest_days and not is_working_day:
            return True
        if self.begins is None or self.ends is None:
            return False
        at = now.time()
        if self.begins <= self.ends:
            return self.begins <= at < self.ends
        return at >= self.begins or at < self.ends


def read_step(entry: Entry, roles: Collection[str]) -> LadderStep:
    """Read a rung; what is wrong is refused with its line."""
    at, to = entry.text("at"), entry.texts("to")
    try:
        parse_length(at)
    except LengthInvalid:
        entry.refuse(
            f"at {at}",
            say("{where}的 at“{at}”不是期限，请写成 -P3WD 的形式", where=entry.where, at=at),
        )
    for role in to:
        if role != "holder" and role not in roles:
            entry.refuse(
                f"to {role}",
                say("{where}提醒的“{role}”不在 roles.yaml 里", where=entry.where, role=role),
            )
    level, card, by = entry.integer("level"), entry.text("card", ""), entry.text("by", "inbox")
    if card not in CARDS:
        entry.refuse(
            f"card {card}", say("{where}的 card 应为 yellow、red 或 black", where=entry.where)
        )
    if by not in CHANNELS:
        entry.refuse(
            f"by {by}",
            say(
                "{where}的 by 应为 {channels} 之一",
                where=entry.where,
                channels=listed(CHANNELS),
            ),
        )
    step = LadderStep(
        level if level is not None else 0,
        at,
        to,
        entry.text("title"),
        card,
        entry.text("starts", ""),
        entry.texts("clocks"),
        entry.texts("starts_not_for"),
        by,
    )
    entry.done()
    return step


def read_quiet(entry: Entry) -> Quiet:
    """Read ``quiet: {from, until, rest_days, not_for}``; without it nothing is quiet."""
    if "quiet" not in entry:
        return Quiet()
    one = entry.entry("quiet", say("免打扰"))
    quiet = Quiet(
        _time(one, "from"),
        _time(one, "until"),
        one.flag("rest_days"),
        frozenset(one.texts("not_for")),
    )
    one.done()
    if (quiet.begins is None) != (quiet.ends is None):
        one.refuse("from and until", say("免打扰要同时写 from 和 until"))
    return quiet


def _time(entry: Entry, key: str) -> time | None:
    text = entry.optional(key)
    try:
        return None if text is None else time.fromisoformat(text)
    except ValueError:
        entry.refuse(
            f"{key} {text}", say("{where}的 {key} 应写成 18:00", where=entry.where, key=key)
        )
