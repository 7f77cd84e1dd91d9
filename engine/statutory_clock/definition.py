"""Clock definitions: the rules of a statutory limit (法定期限), as they stand in the diagram.

A definition is what ``gk:clock`` says, attribute by attribute. Every number, event name, article and choice of
law is in there or in the office's settings; this module knows only the kinds of rule and what each may say.

An attribute's value ``@name`` is the value of the setting ``name``; ``when="name=value|value name=value"``
keeps a rule only under those settings. ``where`` and ``unless`` ask the same of an event's fields.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from engine.errors import BadInput
from engine.words import listed, say

# Kind of rule: (what it must say, what else it may say). docs/clocks.md explains each in a sentence.
VOCABULARY: Mapping[str, tuple[frozenset[str], frozenset[str]]] = {
    kind: (frozenset(must.split()), frozenset(may.split()))
    for kind, must, may in (
        ("starts", "event", "where length lengthField decision"),
        ("suspends", "from until", "limit per firstDay lastDay late"),
        ("waits", "from until", "limit times within before"),
        ("abandons", "clock", ""),
        ("restarts", "event", "where length lengthField reopens times"),
        ("keeps", "what", ""),
        ("extends", "event", "by length atMost times notice noticeRule"),
        ("replaces", "event by", ""),
        ("stops", "event", "where"),
        ("lapses", "outcome", "unless"),
        ("falls", "on", ""),
        ("rolls", "to", ""),
        ("internal", "on", ""),
        ("warns", "at", ""),
    )
}
_EVERYWHERE = frozenset(("title", "article", "when"))
_OF_CLOCK = frozenset(("id", "title", "length", "article", "per", "nature", "rules"))
NATURES = ("limit", "reminder", "expected")


class ClockInvalid(BadInput):
    """A clock definition says something that cannot be executed; ``clock`` names it."""

    code = "clock_invalid"

    def __init__(self, clock: str, message: str, sentence: str) -> None:
        super().__init__(
            f"clock {clock!r}: {message}",
            sentence=say("期限“{clock}”：{sentence}", clock=clock, sentence=sentence),
        )
        self.clock = clock


@dataclass(frozen=True, eq=False, slots=True)
class Rule:
    """One rule as it stands: its kind, and its attributes."""

    kind: str
    attributes: Mapping[str, str]

    def words(self, name: str) -> tuple[str, ...]:
        """The words of an attribute that is a list."""
        return tuple(self.attributes.get(name, "").split())


@dataclass(frozen=True, eq=False, slots=True)
class ClockDefinition:
    """A statutory clock as drawn.

    ``nature`` is ``limit`` (ours; running over it is a breach), ``reminder`` (a limit without a number in law) or
    ``expected`` (somebody else's limit, never a breach of ours). ``per`` names the field that tells several clocks
    of one kind in a case apart.
    """

    id: str
    title: str
    length: str
    article: str
    rules: tuple[Rule, ...]
    per: str = ""
    nature: str = "limit"
    # Read from the rules: the settings and the events that they name.
    setting_names: tuple[str, ...] = ()
    event_names: frozenset[str] = frozenset()
    titled_events: frozenset[str] = frozenset()  # those of rules that say what they are called
    # Definitions under the settings met so far; a pure function's memory, no state.
    resolved: dict[object, object] = field(default_factory=dict, repr=False)

    @classmethod
    def from_mapping(cls, source: Mapping[str, object]) -> ClockDefinition:
        """Read ``{id, title, length, article, per?, nature?, rules: [{kind, ...attributes}]}``.

        Raises:
            ClockInvalid: an unknown or missing attribute or kind of rule, or no way for the clock to begin or end.
        """
        clock = str(source.get("id") or "")
        if not clock:
            raise ClockInvalid("?", "no id", say("缺少 id"))
        if unknown := set(source) - _OF_CLOCK:
            name = min(unknown)
            raise ClockInvalid(
                clock, f"unknown attribute {name}", say("不认识“{name}”，请检查拼写", name=name)
            )
        given = source.get("rules") or ()
        if not isinstance(given, list | tuple):
            raise ClockInvalid(clock, "rules is no list", say("规则应为列表"))
        rules = tuple(_rule(clock, rule) for rule in given)
        kinds = {rule.kind for rule in rules}
        length = str(source.get("length") or "")
        if "starts" not in kinds:
            raise ClockInvalid(clock, "never starts", say("没有起算的规则（gk:starts）"))
        if not length and "falls" not in kinds:
            raise ClockInvalid(clock, "no length", say("没有长度（length）"))
        nature = str(source.get("nature") or "limit")
        if nature not in NATURES:
            raise ClockInvalid(
                clock,
                f"nature {nature}",
                say("nature 应为 {natures} 之一", natures=listed(NATURES)),
            )
        return cls(
            id=clock,
            title=str(source.get("title") or clock),
            length=length,
            article=str(source.get("article") or ""),
            rules=rules,
            per=str(source.get("per") or ""),
            nature=nature,
            setting_names=tuple(sorted(_setting_names(length, rules))),
            event_names=_event_names(rules),
            titled_events=_event_names([rule for rule in rules if rule.attributes.get("title")]),
        )

    def to_mapping(self) -> dict[str, object]:
        """Return the definition in the shape that ``from_mapping`` reads; plain JSON."""
        optional = {"per": self.per} if self.per else {}
        return {
            "id": self.id,
            "title": self.title,
            "length": self.length,
            "article": self.article,
            "nature": self.nature,
            **optional,
            "rules": [{"kind": rule.kind, **rule.attributes} for rule in self.rules],
        }

    @property
    def is_ours(self) -> bool:
        """Whether running over it is a breach of the office's own duty: a limit that does not lapse for others."""
        return self.nature == "limit" and not any(rule.kind == "lapses" for rule in self.rules)

    @property
    def warnings(self) -> tuple[str, ...]:
        """When to warn, as lengths relative to the due date, in the order drawn."""
        return tuple(rule.attributes["at"] for rule in self.rules if rule.kind == "warns")

    @property
    def derived(self) -> Mapping[str, str]:
        """``{event: decision}``: events that a decision table derives from others, where nobody recorded them."""
        return {
            word: rule.attributes["decision"]
            for rule in self.rules
            if "decision" in rule.attributes
            for word in rule.words("event")
        }

    def title_of(self, event: str) -> str:
        """What the rules call an event that does something by itself; "" where none names it."""
        found = (rule for rule in self.rules if event in rule.words("event"))
        return next((rule.attributes["title"] for rule in found if "title" in rule.attributes), "")

    @property
    def references(self) -> frozenset[str]:
        """The clocks that this one asks about."""
        names = ("limit", "within", "clock")
        return frozenset(word for rule in self.rules for name in names for word in rule.words(name))


def read_conditions(clock: str, text: str) -> tuple[tuple[str, frozenset[str]], ...]:
    """Read ``name=value|value name=value`` into pairs of a name and the words it may be."""
    pairs = []
    for part in text.split():
        name, equals, values = part.partition("=")
        if not (name and equals and values):
            raise ClockInvalid(
                clock, f"condition {text!r}", say("条件“{given}”应写成 名称=值 的形式", given=text)
            )
        pairs.append((name, frozenset(values.split("|"))))
    return tuple(pairs)


def check_references(
    definitions: Mapping[str, ClockDefinition], settings: Iterable[str] | None = None
) -> list[ClockInvalid]:
    """Return what does not resolve among the clocks of one procedure: unknown clocks, circles, unknown settings."""
    problems = []
    known = None if settings is None else frozenset(settings)
    for clock in definitions.values():
        for name in sorted(clock.references - set(definitions)):
            problems.append(
                ClockInvalid(clock.id, f"no clock {name}", say("没有叫“{name}”的期限", name=name))
            )
        for name in clock.setting_names:
            if known is not None and name not in known:
                problems.append(
                    ClockInvalid(
                        clock.id, f"no setting {name}", say("没有叫“{name}”的设置", name=name)
                    )
                )
        if _meets_itself(clock.id, definitions):
            problems.append(ClockInvalid(clock.id, "refers to itself", say("期限之间循环引用")))
    return problems


def _rule(clock: str, source: object) -> Rule:
    if not isinstance(source, Mapping):
        raise ClockInvalid(clock, "a rule is no mapping", say("规则的格式不对"))
    attributes = {str(key): str(value) for key, value in source.items() if key != "kind"}
    kind = str(source.get("kind"))
    if kind not in VOCABULARY:
        raise ClockInvalid(
            clock,
            f"unknown rule {kind}",
            say(
                "不认识规则“{kind}”，可用的有：{vocabulary}",
                kind=kind,
                vocabulary=listed(VOCABULARY),
            ),
        )
    must, may = VOCABULARY[kind]
    if missing := must - set(attributes):
        raise ClockInvalid(
            clock,
            f"{kind} without {min(missing)}",
            say("规则“{kind}”缺少“{missing}”", kind=kind, missing=min(missing)),
        )
    if unknown := set(attributes) - must - may - _EVERYWHERE:
        raise ClockInvalid(
            clock,
            f"{kind} with {min(unknown)}",
            say("规则“{kind}”不认识“{unknown}”，请检查拼写", kind=kind, unknown=min(unknown)),
        )
    if kind == "extends" and ("by" in attributes) == ("length" in attributes):
        raise ClockInvalid(
            clock,
            "extends by a field or by a length",
            say("规则“extends”应写明 by 或 length，只写其中一个"),
        )
    for name in ("when", "where", "unless"):
        read_conditions(clock, attributes.get(name, ""))
    return Rule(kind, attributes)


def _event_names(rules: Iterable[Rule]) -> frozenset[str]:
    return frozenset(
        word
        for rule in rules
        for name in ("event", "from", "until", "notice")
        for word in rule.words(name)
    )


def _setting_names(length: str, rules: Iterable[Rule]) -> set[str]:
    values = [length, *(value for rule in rules for value in rule.attributes.values())]
    names = {value[1:] for value in values if value.startswith("@")}
    for rule in rules:
        names.update(name for name, _ in read_conditions("", rule.attributes.get("when", "")))
    return names


def _meets_itself(clock: str, definitions: Mapping[str, ClockDefinition]) -> bool:
    seen: set[str] = set()
    ahead = list(definitions[clock].references)
    while ahead:
        name = ahead.pop()
        if name == clock:
            return True
        if name not in seen and name in definitions:
            seen.add(name)
            ahead.extend(definitions[name].references)
    return False
