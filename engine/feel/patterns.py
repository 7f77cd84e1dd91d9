"""Regular expressions of XPath 2.0 (DMN 1.5, 10.3.4.3), matched without ever exploding.

Not Python's ``re``: its flavour differs (class subtraction, blocks, no look-around here) and it can hang for
hours on one short pattern. A pattern is compiled to a small program; the matcher remembers which pairs of
instruction and position have failed, so that it needs at most length times program steps. Only back-references
cannot be remembered so; for them, and for all, a budget of steps holds.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from engine.feel.errors import FeelBudgetExceeded
from engine.feel.limits import MAX_MATCH_STEPS, MAX_PATTERN
from engine.words import say

MAX_PROGRAM: Final = 4_000
MAX_GROUPS: Final = 60
_SPACE: Final = frozenset(" \t\n\r")
_SPECIAL: Final = frozenset("\\|.?*+(){}[]-^$")
_BLOCKS: Final = {
    "BasicLatin": (0x0, 0x7F),
    "Latin-1Supplement": (0x80, 0xFF),
    "LatinExtended-A": (0x100, 0x17F),
    "LatinExtended-B": (0x180, 0x24F),
    "IPAExtensions": (0x250, 0x2AF),
    "SpacingModifierLetters": (0x2B0, 0x2FF),
    "CombiningDiacriticalMarks": (0x300, 0x36F),
    "Greek": (0x370, 0x3FF),
    "GreekandCoptic": (0x370, 0x3FF),
    "Cyrillic": (0x400, 0x4FF),
    "Armenian": (0x530, 0x58F),
    "Hebrew": (0x590, 0x5FF),
    "Arabic": (0x600, 0x6FF),
    "Devanagari": (0x900, 0x97F),
    "Thai": (0xE00, 0xE7F),
    "Tibetan": (0xF00, 0xFFF),
    "HangulJamo": (0x1100, 0x11FF),
    "Mongolian": (0x1800, 0x18AF),
    "LatinExtendedAdditional": (0x1E00, 0x1EFF),
    "GreekExtended": (0x1F00, 0x1FFF),
    "GeneralPunctuation": (0x2000, 0x206F),
    "SuperscriptsandSubscripts": (0x2070, 0x209F),
    "CurrencySymbols": (0x20A0, 0x20CF),
    "LetterlikeSymbols": (0x2100, 0x214F),
    "NumberForms": (0x2150, 0x218F),
    "Arrows": (0x2190, 0x21FF),
    "MathematicalOperators": (0x2200, 0x22FF),
    "EnclosedAlphanumerics": (0x2460, 0x24FF),
    "BoxDrawing": (0x2500, 0x257F),
    "GeometricShapes": (0x25A0, 0x25FF),
    "CJKRadicalsSupplement": (0x2E80, 0x2EFF),
    "CJKSymbolsandPunctuation": (0x3000, 0x303F),
    "Hiragana": (0x3040, 0x309F),
    "Katakana": (0x30A0, 0x30FF),
    "Bopomofo": (0x3100, 0x312F),
    "EnclosedCJKLettersandMonths": (0x3200, 0x32FF),
    "CJKCompatibility": (0x3300, 0x33FF),
    "CJKUnifiedIdeographsExtensionA": (0x3400, 0x4DBF),
    "CJKUnifiedIdeographs": (0x4E00, 0x9FFF),
    "HangulSyllables": (0xAC00, 0xD7AF),
    "PrivateUse": (0xE000, 0xF8FF),
    "CJKCompatibilityIdeographs": (0xF900, 0xFAFF),
    "HalfwidthandFullwidthForms": (0xFF00, 0xFFEF),
}
_CATEGORIES: Final = frozenset(
    [
        "L",
        "Lu",
        "Ll",
        "Lt",
        "Lm",
        "Lo",
        "M",
        "Mn",
        "Mc",
        "Me",
        "N",
        "Nd",
        "Nl",
        "No",
        "P",
        "Pc",
        "Pd",
        "Ps",
        "Pe",
        "Pi",
        "Pf",
        "Po",
        "Z",
        "Zs",
        "Zl",
        "Zp",
        "S",
        "Sm",
        "Sc",
        "Sk",
        "So",
        "C",
        "Cc",
        "Cf",
        "Co",
        "Cn",
    ]
)

Predicate = Callable[[str], bool]


class PatternInvalid(Exception):
    """The text is no regular expression of the standard."""


# --- what one character may be ------------------------------------------------------------------------


def _variants(character: str) -> set[str]:
    return {character, character.lower(), character.upper(), character.casefold()}


def _one(character: str, ignore_case: bool) -> Predicate:
    if not ignore_case:
        return lambda c: c == character
    wanted = _variants(character)
    return lambda c: bool(_variants(c) & wanted)


def _between(low: str, high: str, ignore_case: bool) -> Predicate:
    if not ignore_case:
        return lambda c: low <= c <= high
    return lambda c: any(len(v) == 1 and low <= v <= high for v in _variants(c))


def _name_start(c: str) -> bool:
    return c.isalpha() or c in "_:"


def _name_part(c: str) -> bool:
    return c.isalnum() or c in "_:-." or unicodedata.category(c)[0] == "M"


def _word(c: str) -> bool:
    return unicodedata.category(c)[0] not in "PZC"


_CLASS_ESCAPES: Final[dict[str, Predicate]] = {
    "d": lambda c: unicodedata.category(c) == "Nd",
    "s": lambda c: c in _SPACE,
    "w": _word,
    "i": _name_start,
    "c": _name_part,
}
_CHARACTER_ESCAPES: Final = {"n": "\n", "r": "\r", "t": "\t"}


def _negated(predicate: Predicate) -> Predicate:
    return lambda c: not predicate(c)


def _any_of(predicates: list[Predicate]) -> Predicate:
    return lambda c: any(predicate(c) for predicate in predicates)


# --- reading ------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Atom:
    """``kind``: set, group, start, end, back, sequence, choice; ``least``/``most`` how often."""

    kind: str
    what: Any = None
    parts: list[Any] = field(default_factory=list)
    least: int = 1
    most: int | None = 1
    lazy: bool = False


class _Reader:
    def __init__(self, text: str, flags: str) -> None:
        self.text, self.at, self.depth = text, 0, 0
        self.ignore_case, self.dot_all = "i" in flags, "s" in flags
        self.groups = 0
        self.closed: set[int] = set()
        self.has_back = False

    def whole(self) -> _Atom:
        atom = self.choice()
        if self.at < len(self.text):
            raise PatternInvalid
        return atom

    def peek(self) -> str:
        return self.text[self.at] if self.at < len(self.text) else ""

    def take(self) -> str:
        if self.at >= len(self.text):
            raise PatternInvalid
        self.at += 1
        return self.text[self.at - 1]

    def choice(self) -> _Atom:
        self.depth += 1
        if self.depth > 30:
            raise PatternInvalid
        branches = [self.sequence()]
        while self.peek() == "|":
            self.at += 1
            branches.append(self.sequence())
        self.depth -= 1
        return branches[0] if len(branches) == 1 else _Atom("choice", parts=branches)

    def sequence(self) -> _Atom:
        parts: list[_Atom] = []
        while self.peek() not in ("", "|", ")"):
            parts.append(self.repeated(self.atom()))
        return _Atom("sequence", parts=parts)

    def repeated(self, atom: _Atom) -> _Atom:
        sign = self.peek()
        if sign not in ("?", "*", "+", "{"):
            return atom
        self.at += 1
        least, most = {"?": (0, 1), "*": (0, None), "+": (1, None)}.get(sign, (0, 0))
        if sign == "{":
            least, most = self.bounds()
        lazy = self.peek() == "?"
        self.at += lazy
        if self.peek() in ("?", "*", "+", "{"):
            raise PatternInvalid
        return _Atom("repeat", parts=[atom], least=least, most=most, lazy=lazy)

    def bounds(self) -> tuple[int, int | None]:
        end = self.text.find("}", self.at)
        low, comma, high = self.text[self.at : end].partition(",") if end >= 0 else ("", "", "")
        if not (low.isascii() and low.isdigit() and len(low) < 5) or (
            high and not (high.isdigit() and len(high) < 5)
        ):
            raise PatternInvalid
        self.at = end + 1
        least = int(low)
        most = int(high) if high else None if comma else least
        if most is not None and most < least:
            raise PatternInvalid
        return least, most

    def atom(self) -> _Atom:
        character = self.take()
        if character == "(":
            return self.group()
        if character == "[":
            return _Atom("set", self.character_class())
        if character == ".":
            return _Atom("set", (lambda c: True) if self.dot_all else (lambda c: c not in "\n\r"))
        if character in "^$":
            return _Atom("start" if character == "^" else "end")
        if character == "\\":
            return self.escape()
        if character in "?*+{}])":
            raise PatternInvalid
        return _Atom("set", _one(character, self.ignore_case))

    def group(self) -> _Atom:
        capturing = self.peek() != "?"
        if not capturing:
            self.at += 1
            if self.take() != ":":
                raise PatternInvalid
            number = 0
        else:
            self.groups += 1
            number = self.groups
            if number > MAX_GROUPS:
                raise PatternInvalid
        inside = self.choice()
        # A choice ends at a closing bracket or at the end of the text, where there is nothing to take.
        self.take()
        self.closed.add(number)
        return _Atom("group", number, [inside])

    def escape(self) -> _Atom:
        if self.peek().isdigit() and self.peek() != "0":
            number = int(self.take())
            while self.peek().isdigit() and number * 10 + int(self.peek()) <= self.groups:
                number = number * 10 + int(self.take())
            if number not in self.closed:
                raise PatternInvalid
            self.has_back = True
            return _Atom("back", number)
        return _Atom("set", self.escaped())

    def escaped(self) -> Predicate:
        """Read what follows a backslash, in or outside of a class."""
        character = self.take()
        if character in _CHARACTER_ESCAPES:
            return _one(_CHARACTER_ESCAPES[character], False)
        if character in _SPECIAL:
            return _one(character, False)
        if character in "pP":
            predicate = self.property()
            return _negated(predicate) if character == "P" else predicate
        if character.lower() in _CLASS_ESCAPES:
            predicate = _CLASS_ESCAPES[character.lower()]
            return predicate if character.islower() else _negated(predicate)
        raise PatternInvalid

    def property(self) -> Predicate:
        end = self.text.find("}", self.at)
        if self.take() != "{" or end < 0:
            raise PatternInvalid
        name = self.text[self.at : end]
        self.at = end + 1
        if name in _CATEGORIES:
            return lambda c: unicodedata.category(c).startswith(name)
        if name.startswith("Is") and name[2:] in _BLOCKS:
            low, high = _BLOCKS[name[2:]]
            return lambda c: low <= ord(c) <= high
        raise PatternInvalid

    def character_class(self) -> Predicate:
        self.depth += 1
        if self.depth > 30:
            raise PatternInvalid
        negative = self.peek() == "^"
        self.at += negative
        members: list[Predicate] = []
        removed: Predicate | None = None
        while self.peek() != "]" or not members:
            if self.text.startswith("-[", self.at) and members:
                self.at += 2
                removed = self.character_class()
                break
            members.append(self.class_member())
        if self.take() != "]":
            raise PatternInvalid
        self.depth -= 1
        union = _any_of(members)
        base = _negated(union) if negative else union
        if removed is None:
            return base
        without = removed
        return lambda c: base(c) and not without(c)

    def class_member(self) -> Predicate:
        character = self.take()
        if character in "[]":
            raise PatternInvalid
        low = character
        if character == "\\":
            escaped = self.peek()
            if escaped not in _CHARACTER_ESCAPES and escaped not in _SPECIAL:
                return self.escaped()
            self.at += 1
            low = _CHARACTER_ESCAPES.get(escaped, escaped)
        if self.peek() != "-" or self.text[self.at + 1 : self.at + 2] in ("]", "["):
            return _one(low, self.ignore_case)
        self.at += 1
        high = self.take()
        if high == "\\":
            escaped = self.take()
            if escaped not in _CHARACTER_ESCAPES and escaped not in _SPECIAL:
                raise PatternInvalid
            high = _CHARACTER_ESCAPES.get(escaped, escaped)
        if high < low:
            raise PatternInvalid
        return _between(low, high, self.ignore_case)


# --- the program --------------------------------------------------------------------------------------


class Pattern:
    """A compiled regular expression. ``program`` is a list of (operation, argument, argument)."""

    def __init__(self, text: str, flags: str) -> None:
        reader = _Reader(text, flags)
        tree = reader.whole()
        self.ignore_case, self.multi_line = reader.ignore_case, "m" in flags
        self.groups, self.remember = reader.groups, not reader.has_back
        self.program: list[list[Any]] = []
        self._emit(tree)
        self._add("match")

    def _add(self, *instruction: Any) -> int:
        if len(self.program) >= MAX_PROGRAM:
            raise FeelBudgetExceeded("pattern", MAX_PROGRAM, "正则表达式太大")
        self.program.append([*instruction, None, None][:3])
        return len(self.program) - 1

    def _emit(self, atom: _Atom) -> None:
        if atom.kind == "sequence":
            for part in atom.parts:
                self._emit(part)
        elif atom.kind == "choice":
            self._emit_choice(atom.parts)
        elif atom.kind == "group":
            if atom.what:
                self._add("save", 2 * atom.what)
            self._emit(atom.parts[0])
            if atom.what:
                self._add("save", 2 * atom.what + 1)
        elif atom.kind == "repeat":
            self._emit_repeat(atom)
        else:
            self._add(atom.kind, atom.what)

    def _emit_choice(self, branches: list[_Atom]) -> None:
        ends: list[int] = []
        for branch in branches[:-1]:
            split = self._add("split")
            self.program[split][1] = split + 1
            self._emit(branch)
            ends.append(self._add("jump"))
            self.program[split][2] = len(self.program)
        self._emit(branches[-1])
        for end in ends:
            self.program[end][1] = len(self.program)

    def _emit_repeat(self, atom: _Atom) -> None:
        body = atom.parts[0]
        for _ in range(atom.least):
            self._emit(body)
        if atom.most is None:
            split = self._add("split")
            self._emit(body)
            self._add("jump", split)
            self._aim(split, split + 1, len(self.program), atom.lazy)
            return
        splits: list[int] = []
        for _ in range(atom.most - atom.least):
            splits.append(self._add("split"))
            self._emit(body)
        for split in splits:
            self._aim(split, split + 1, len(self.program), atom.lazy)

    def _aim(self, split: int, inside: int, behind: int, lazy: bool) -> None:
        self.program[split][1:] = [behind, inside] if lazy else [inside, behind]

    # --- running ---

    def search(self, text: str, start: int, meter: Meter) -> list[int] | None:
        """Return the positions [begin, end, group 1 begin, ...] of the first match from start on, -1: unset."""
        seen: set[tuple[int, int]] = set()
        for begin in range(start, len(text) + 1):
            found = self._match(text, begin, seen, meter)
            if found is not None:
                return found
        return None

    def _match(
        self, text: str, begin: int, seen: set[tuple[int, int]], meter: Meter
    ) -> list[int] | None:
        stack: list[tuple[int, int, list[int]]] = [(0, begin, [begin, -1] + [-1, -1] * self.groups)]
        program, length = self.program, len(text)
        while stack:
            at, position, saved = stack.pop()
            while True:
                meter.tick()
                if self.remember:
                    if (at, position) in seen:
                        break
                    seen.add((at, position))
                operation, first, second = program[at]
                if operation == "set":
                    if position >= length or not first(text[position]):
                        break
                    at, position = at + 1, position + 1
                elif operation == "split":
                    stack.append((second, position, saved))
                    at = first
                elif operation == "jump":
                    at = first
                elif operation == "save":
                    saved = saved.copy()
                    saved[first] = position
                    at += 1
                elif operation == "match":
                    return [begin, position, *saved[2:]]
                else:
                    moved = self._assert(operation, first, text, position, saved)
                    if moved is None:
                        break
                    at, position = at + 1, moved
        return None

    def _assert(
        self, operation: str, number: int, text: str, position: int, saved: list[int]
    ) -> int | None:
        if operation == "start":
            here = position == 0 or (self.multi_line and text[position - 1] == "\n")
            return position if here else None
        if operation == "end":
            here = position == len(text) or (self.multi_line and text[position] == "\n")
            return position if here else None
        begin, end = saved[2 * number], saved[2 * number + 1]
        if begin < 0 or end < 0:
            return position
        wanted, found = text[begin:end], text[position : position + end - begin]
        same = wanted == found or (self.ignore_case and wanted.casefold() == found.casefold())
        return position + len(wanted) if same else None


class Meter:
    """Counts the steps of one use of a pattern."""

    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = MAX_MATCH_STEPS

    @property
    def used(self) -> int:
        """The steps taken so far."""
        return MAX_MATCH_STEPS - self.left

    def tick(self) -> None:
        """Take one step off."""
        self.left -= 1
        if self.left < 0:
            raise FeelBudgetExceeded(
                "pattern steps", MAX_MATCH_STEPS, "正则表达式的匹配步数太多，请简化"
            )


@lru_cache(maxsize=200)
def compile_pattern(text: str, flags: str = "") -> Pattern | None:
    """Return the pattern; None where the text or the flags are not those of the standard."""
    if not set(flags) <= set("smixq"):
        return None
    if len(text) > MAX_PATTERN:
        raise FeelBudgetExceeded(
            "pattern", MAX_PATTERN, say("正则表达式超过{count}个字符", count=MAX_PATTERN)
        )
    if "q" in flags:
        text = "".join("\\" + c if c in _SPECIAL else c for c in text)
    elif "x" in flags:
        text = _without_space(text)
    try:
        return Pattern(text, flags)
    except PatternInvalid:
        return None


def _without_space(text: str) -> str:
    kept: list[str] = []
    depth, escaped = 0, False
    for character in text:
        if character in _SPACE and not depth:
            continue
        if not escaped:
            depth = max(0, depth + {"[": 1, "]": -1}.get(character, 0))
        escaped = character == "\\" and not escaped
        kept.append(character)
    return "".join(kept)


def contains_match(pattern: Pattern, text: str, meter: Meter | None = None) -> bool:
    """Tell whether the pattern matches anywhere in the text."""
    return pattern.search(text, 0, meter or Meter()) is not None


def pieces(pattern: Pattern, text: str, meter: Meter | None = None) -> list[list[int]] | None:
    """Return all matches, left to right; None where the pattern matches the empty text."""
    meter = meter or Meter()
    if pattern.search("", 0, meter) is not None:
        return None
    found: list[list[int]] = []
    at = 0
    while (match := pattern.search(text, at, meter)) is not None:
        found.append(match)
        at = match[1] if match[1] > match[0] else match[1] + 1
    return found


def expand(template: str, text: str, match: list[int]) -> str | None:
    """Put groups into a replacement text; None where the template is not one of the standard."""
    built: list[str] = []
    at, groups = 0, len(match) // 2 - 1
    while at < len(template):
        character = template[at]
        at += 1
        if character == "\\":
            if template[at : at + 1] not in ("\\", "$"):
                return None
            built.append(template[at])
            at += 1
        elif character == "$":
            if not template[at : at + 1].isdigit():
                return None
            number = int(template[at])
            at += 1
            while template[at : at + 1].isdigit() and number * 10 + int(template[at]) <= groups:
                number = number * 10 + int(template[at])
                at += 1
            if number <= groups and match[2 * number] >= 0 <= match[2 * number + 1]:
                built.append(text[match[2 * number] : match[2 * number + 1]])
        else:
            built.append(character)
    return "".join(built)
