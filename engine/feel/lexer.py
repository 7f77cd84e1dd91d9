"""Text to tokens. Knows no grammar; what makes a name of several tokens is the parser's affair."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from engine.feel.errors import FeelBudgetExceeded, FeelSyntaxError
from engine.feel.limits import DIGITS, MAX_SOURCE
from engine.words import say

NAME_START = (
    "A-Za-z_?"
    "\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c-\u200d\u2070-\u218f\u2c00-\u2fef"
    "\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd\U00010000-\U000effff"
)
# The standard counts full-width punctuation and ideographic marks among the letters; in an office they are
# slips of the input method, so they are refused with a hint instead of becoming part of a name.
_SLIPS: Final = {
    "，": ",", "。": ".", "；": ";", "：": ":", "（": "(", "）": ")", "【": "[", "】": "]", "「": '"', "」": '"',
    "“": '"', "”": '"', "‘": '"', "＝": "=", "＞": ">", "＜": "<", "＋": "+", "－": "-", "！": "!", "、": ",",
    "×": "*", "÷": "/", "≥": ">=", "≤": "<=", "≠": "!=", "｛": "{", "｝": "}", "［": "[", "］": "]", "《": '"', "》": '"',
    "＊": "*", "／": "/", "＂": '"', "＠": "@",
}  # fmt: skip
_SLIP_CLASS = "".join(re.escape(character) for character in _SLIPS)
_TOKEN: Final = re.compile(
    rf"""
      (?P<space>(?:[\s\u180e\u200b\ufeff]|//[^\n]*|/\*.*?\*/)+)
    | (?P<slip>[{_SLIP_CLASS}])
    | (?P<number>(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
    | (?P<word>[{NAME_START}](?:(?![{_SLIP_CLASS}])[{NAME_START}0-9\u00b7\u0300-\u036f\u203f-\u2040'’])*)
    | (?P<string>"(?:[^"\\]|\\.)*")
    | (?P<op>\.\.|\*\*|->|<=|>=|!=|/(?!\*)|[-+*=<>()\[\]{{}},.:@'’|;&%\#!$^~])
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPES: Final = {
    "n": "\n",
    "t": "\t",
    "r": "\r",
    '"': '"',
    "'": "'",
    "\\": "\\",
    "b": "\b",
    "f": "\f",
    "/": "/",
}
_ESCAPE: Final = re.compile(r"\\(u[0-9a-fA-F]{4}|U[0-9a-fA-F]{6}|.)", re.DOTALL)
_PAIR: Final = re.compile("[\ud800-\udbff][\udc00-\udfff]")


@dataclass(frozen=True, slots=True)
class Token:
    """``kind`` is word, number, string, op, slip or end; ``text`` as written (a string: its content).

    A slip is a full-width sign: an error unless a known name holds it.
    """

    kind: str
    text: str
    start: int
    end: int


def tokenize(source: str) -> list[Token]:
    """Return the tokens of the text and an end token.

    Raises:
        FeelSyntaxError: a character or a string that cannot be read.
        FeelBudgetExceeded: a text longer than 64 KiB.
    """
    if len(source) > MAX_SOURCE:
        raise FeelBudgetExceeded(
            "source", MAX_SOURCE, say("表达式超过{count}个字符", count=MAX_SOURCE)
        )
    tokens: list[Token] = []
    position = 0
    while position < len(source):
        match = _TOKEN.match(source, position)
        if match is None:
            raise _unreadable(source, position)
        kind, content = str(match.lastgroup), match.group()
        if kind == "number" and len(content) > 200:
            raise FeelBudgetExceeded(
                "digits", 200, say("数字太长，最多{count}位有效数字", count=DIGITS)
            )
        if kind != "space":
            content = unescape(content[1:-1]) if kind == "string" else content
            tokens.append(Token(kind, content, position, match.end()))
        position = match.end()
    tokens.append(Token("end", "", len(source), len(source)))
    return tokens


def slip_error(token: Token, source: str) -> FeelSyntaxError:
    """Return the error for a full-width sign, naming the one that is meant."""
    meant = _SLIPS[token.text]
    return FeelSyntaxError(
        token.start,
        f"“{token.text}”是全角或中文标点，请改用英文半角“{meant}”",
        f"{token.text!r} is full-width punctuation; use {meant!r}",
        source,
    )


def unescape(content: str) -> str:
    """Replace the escapes of a string; an unknown one stays as it is written."""
    if "\\" not in content:
        return content
    plain = _ESCAPE.sub(_escaped, content)
    return _PAIR.sub(lambda pair: pair[0].encode("utf-16", "surrogatepass").decode("utf-16"), plain)


def _escaped(match: re.Match[str]) -> str:
    body = match[1]
    if len(body) > 1:
        code = int(body[1:], 16)
        return chr(code) if code <= 0x10FFFF else match[0]
    return _ESCAPES.get(body, match[0])


def _unreadable(source: str, position: int) -> FeelSyntaxError:
    if source[position] == '"':
        return FeelSyntaxError(
            position, "文字缺少结尾的引号", "this text has no closing quotation mark", source
        )
    if source.startswith("/*", position):
        return FeelSyntaxError(position, "注释缺少结尾的“*/”", "this comment is not closed", source)
    return FeelSyntaxError(
        position,
        f"不认识的字符“{source[position]}”",
        f"unexpected character {source[position]!r}",
        source,
    )
