"""A clock definition under the settings of an office: which rules hold, and with which values.

Resolving happens once for each combination of the settings that a definition names; what comes out is what
the count reads, with lengths parsed and rules sorted by the event that they wait for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from engine.errors import BadInput
from engine.lengths import Length, LengthInvalid, Unit, parse_length
from engine.statutory_clock.definition import ClockDefinition, ClockInvalid, Rule, read_conditions
from engine.words import listed, say

REMEMBERED = 64  # combinations of settings, for each definition

Conditions = tuple[tuple[str, frozenset[str]], ...]

# In which order the rules that wait for one event take effect: an end before a beginning, a restart before what
# could only hold in the new count.
_ORDER = {
    kind: place
    for place, kind in enumerate(
        (
            "stops",
            "closes",
            "restarts",
            "starts",
            "waits",
            "suspends",
            "extends",
            "replaces",
        )
    )
}

# What may stand where a rule chooses among words; the first holds where nothing is said.
_CHOICES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "restarts": {"reopens": ("false", "true", "only")},
    "suspends": {
        "firstDay": ("counted", "excluded"),
        "lastDay": ("excluded", "counted"),
        "late": ("limit", "opinion"),
    },
    "waits": {"before": ("current", "unextended")},
    "keeps": {"what": ("extensions", "suspensions")},
    "extends": {"noticeRule": ("ignored", "recorded", "required")},
    "rolls": {"to": ("next_working_day",)},
    "internal": {"on": ("last_working_day",)},
}


class SettingMissing(BadInput):
    """A clock names a setting that the office does not have."""

    code = "setting_missing"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"no setting {name!r}",
            sentence=say("没有名为“{name}”的设置，请在 settings.yaml 中补上", name=name),
        )
        self.name = name


@dataclass(frozen=True, eq=False, slots=True)
class Effect:
    """One rule under the settings; fields that its kind does not use are empty."""

    kind: str
    title: str
    article: str
    events: tuple[str, ...] = ()
    where: Conditions = ()
    length: Length | None = None
    length_field: str = ""
    reopens: bool = False
    only_ended: bool = False
    until: frozenset[str] = frozenset()
    limit: str = ""
    per: str = ""
    first_day_out: bool = False
    last_day_counts: bool = False
    late_counts: bool = False
    times: int | None = None
    within: str = ""
    before_unextended: bool = False
    clock: str = ""
    by: str = ""
    at_most: Length | None = None
    notice: str = ""
    notice_rule: str = ""
    outcome: str = ""
    falls_on: tuple[int, int] = (0, 0)


@dataclass(frozen=True, eq=False, slots=True)
class Resolved:
    """A clock as it counts under given settings."""

    definition: ClockDefinition
    length: Length | None
    by_event: Mapping[str, tuple[tuple[str, Effect], ...]]
    abandons: Mapping[str, Effect]
    lapses: Effect | None
    falls: Effect | None
    rolls: Effect | None
    internal: Effect | None
    keeps: frozenset[str]

    @property
    def unit(self) -> Unit:
        """What the clock counts; a fixed date counts days."""
        return self.length.unit if self.length else "day"


def resolve(definition: ClockDefinition, settings: Mapping[str, object]) -> Resolved:
    """Return the clock under ``settings``; the same object for the same values.

    Raises:
        SettingMissing: the clock names a setting that is not there.
        ClockInvalid: a value cannot be used where it stands.
    """
    try:
        values = {name: str(settings[name]) for name in definition.setting_names}
    except KeyError as error:
        raise SettingMissing(str(error.args[0])) from error
    key = tuple(values.values())
    known = definition.resolved.get(key)
    if not isinstance(known, Resolved):
        known = _Reading(definition, values).resolved()
        if len(definition.resolved) == REMEMBERED:
            definition.resolved.clear()
        definition.resolved[key] = known
    return known


def length_of(definition: ClockDefinition, settings: Mapping[str, object]) -> Length | None:
    """Return how long a clock is as it is drawn under ``settings``; None where it falls on a fixed day.

    Raises:
        SettingMissing, ClockInvalid.
    """
    return resolve(definition, settings).length


class _Reading:
    """Reads one definition; errors name it."""

    def __init__(self, definition: ClockDefinition, values: Mapping[str, str]) -> None:
        self.definition, self.values = definition, values

    def resolved(self) -> Resolved:
        effects = [self.effect(rule) for rule in self.definition.rules if self.holds(rule)]
        by_kind: dict[str, list[Effect]] = {}
        for effect in effects:
            by_kind.setdefault(effect.kind, []).append(effect)

        def only(kind: str) -> Effect | None:
            return by_kind[kind][0] if kind in by_kind else None

        length = self.length(self.value(self.definition.length)) if self.definition.length else None
        return Resolved(
            definition=self.definition,
            length=length,
            by_event=_by_event(effects),
            abandons={effect.clock: effect for effect in by_kind.get("abandons", ())},
            lapses=only("lapses"),
            falls=only("falls"),
            rolls=only("rolls"),
            internal=only("internal"),
            keeps=frozenset(effect.outcome for effect in by_kind.get("keeps", ())),
        )

    def holds(self, rule: Rule) -> bool:
        conditions = read_conditions(self.definition.id, rule.attributes.get("when", ""))
        return all(self.values[name] in words for name, words in conditions)

    def effect(self, rule: Rule) -> Effect:
        said = {name: self.value(text) for name, text in rule.attributes.items()}

        chosen = self.chosen(rule.kind, said)
        return Effect(
            kind=rule.kind,
            title=said.get("title", ""),
            article=said.get("article") or self.definition.article,
            events=tuple((said.get("event") or said.get("from") or "").split()),
            where=read_conditions(
                self.definition.id, said.get("where") or said.get("unless") or ""
            ),
            length=self.length(said["length"]) if "length" in said else None,
            length_field=said.get("lengthField", ""),
            reopens=chosen.get("reopens") in ("true", "only"),
            only_ended=chosen.get("reopens") == "only",
            until=frozenset(said.get("until", "").split()),
            limit=said.get("limit", ""),
            per=said.get("per", ""),
            first_day_out=chosen.get("firstDay") == "excluded",
            last_day_counts=chosen.get("lastDay") == "counted",
            late_counts=chosen.get("late") == "opinion",
            times=self.times(said.get("times", "unlimited")),
            within=said.get("within", ""),
            before_unextended=chosen.get("before") == "unextended",
            clock=said.get("clock", ""),
            by=said.get("by", ""),
            at_most=self.length(said["atMost"]) if "atMost" in said else None,
            notice=said.get("notice", ""),
            notice_rule=chosen.get("noticeRule", "ignored"),
            outcome=said.get("outcome") or said.get("what", ""),
            falls_on=self.fixed_day(said["on"]) if rule.kind == "falls" else (0, 0),
        )

    def value(self, text: str) -> str:
        return self.values[text[1:]] if text.startswith("@") else text

    def length(self, text: str) -> Length:
        try:
            length = parse_length(text)
            if length.amount < 1:
                raise LengthInvalid(text)
        except LengthInvalid as error:
            raise ClockInvalid(
                self.definition.id, f"length {text!r}", say("长度“{given}”不能用", given=text)
            ) from error
        return length

    def chosen(self, kind: str, said: Mapping[str, str]) -> dict[str, str]:
        found = {}
        for name, words in _CHOICES.get(kind, {}).items():
            found[name] = text = said.get(name, words[0])
            if text not in words:
                raise ClockInvalid(
                    self.definition.id,
                    f"{kind} {name}={text!r}",
                    say(
                        "“{name}”应为 {words} 之一，现为“{given}”",
                        name=name,
                        words=listed(words),
                        given=text,
                    ),
                )
        return found

    def times(self, text: str) -> int | None:
        if text == "unlimited":
            return None
        if not text.isdecimal():
            raise ClockInvalid(
                self.definition.id,
                f"times={text!r}",
                say("次数应为整数或 unlimited，现为“{given}”", given=text),
            )
        return int(text)

    def fixed_day(self, text: str) -> tuple[int, int]:
        """Read ISO 8601's ``--MM-DD``, a day of every year."""
        try:
            # A leap year, so that --02-29 could be said.
            day = date.fromisoformat(f"2000{text[1:]}" if text.startswith("--") else text)
        except ValueError as error:
            raise ClockInvalid(
                self.definition.id,
                f"on={text!r}",
                say("固定日期应写成 --01-31，现为“{given}”", given=text),
            ) from error
        return day.month, day.day


def _by_event(effects: list[Effect]) -> dict[str, tuple[tuple[str, Effect], ...]]:
    waiting: dict[str, list[tuple[str, Effect]]] = {}
    for effect in effects:
        for name in effect.events:
            waiting.setdefault(name, []).append((effect.kind, effect))
        if effect.kind == "waits":
            for name in effect.until:
                waiting.setdefault(name, []).append(("closes", effect))
    return {
        name: tuple(sorted(found, key=lambda pair: _ORDER[pair[0]]))
        for name, found in waiting.items()
    }
