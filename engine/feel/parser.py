"""Tokens to a syntax tree: precedence climbing, bounded in depth, one pass, no way back.

Names are resolved while reading: the longest of the names in scope, else adjacent words make one name.
Grammar: DMN 1.5, 10.3.1.2. Knows neither values nor what a function does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import contextmanager
from decimal import Decimal, DecimalException
from typing import TYPE_CHECKING, Any, Final

from engine.feel import nodes as n
from engine.feel.errors import FeelBudgetExceeded, FeelSyntaxError
from engine.feel.lexer import Token, slip_error, tokenize
from engine.feel.limits import MAX_DEPTH, MAX_NESTING
from engine.feel.names import BUILT_IN_NAMES
from engine.feel.values import CONTEXT, INT_LIMIT
from engine.feel.vocabulary import TYPE_NAMES, Vocabulary
from engine.words import say

if TYPE_CHECKING:
    from collections.abc import Iterator

KEYWORDS: Final = frozenset(
    [
        "and",
        "or",
        "in",
        "between",
        "then",
        "else",
        "return",
        "satisfies",
        "if",
        "for",
        "some",
        "every",
        "function",
        "external",
        "true",
        "false",
        "null",
        "not",
    ]
)
COMPARISONS: Final = frozenset({"=", "!=", "<", "<=", ">", ">="})
_BINDING: Final = {"or": 1, "and": 2, "+": 4, "-": 4, "*": 5, "/": 5, "**": 6} | dict.fromkeys(
    (*COMPARISONS, "between", "in"), 3
)
_CANNOT_START: Final = frozenset(
    [
        "and",
        "or",
        "in",
        "between",
        "then",
        "else",
        "return",
        "satisfies",
        ")",
        "]",
        "}",
        ",",
        ":",
        "..",
        "=",
        "!=",
        "<",
        "<=",
        ">",
        ">=",
        "+",
        "*",
        "/",
        "**",
        ".",
    ]
)
NAME: Final = "名称"
_BUILT_INS: Final = Vocabulary(BUILT_IN_NAMES)
_TYPES: Final = Vocabulary(TYPE_NAMES)


class Parser:
    """Reads one text once; ``free`` and ``calls`` are the names it does not bind itself."""

    def __init__(
        self,
        source: str,
        known: Vocabulary | Iterable[str] = (),
        members: Vocabulary | Iterable[str] = (),
    ) -> None:
        self.source = source
        self.tokens = tokenize(source)
        self.at = 0
        self.nesting = 0
        self.in_filter = 0
        self.interval_end = False
        self.known = known if isinstance(known, Vocabulary) else Vocabulary(known)
        self.members = members if isinstance(members, Vocabulary) else Vocabulary(members)
        self.scopes: list[Vocabulary] = []
        self.free: set[str] = set()
        self.certain: set[str] = set()
        self.calls: set[str] = set()

    # --- entrances ---

    def whole_expression(self) -> n.Node:
        """Read the text as one expression."""
        node: n.Node = self._whole(self.expression)
        return node

    def whole_tests(self) -> n.Tests:
        """Read the text as the unary tests of a table cell."""
        tests: n.Tests = self._whole(self._unary_tests)
        return tests

    def _whole(self, read: Any) -> Any:
        try:
            result = read()
        except RecursionError as error:
            raise self._too_deep() from error
        if self.tok.kind != "end":
            raise self._unexpected()
        return result

    # --- tokens ---

    @property
    def tok(self) -> Token:
        return self.tokens[self.at]

    def _is(self, *texts: str) -> bool:
        token = self.tokens[self.at]
        return token.text in texts and token.kind in ("op", "word")

    def _peek(self, ahead: int = 1) -> Token:
        return self.tokens[min(self.at + ahead, len(self.tokens) - 1)]

    def _take(self, text: str) -> bool:
        if self._is(text):
            self.at += 1
            return True
        return False

    def _expect(self, text: str) -> None:
        if not self._take(text):
            raise self._unexpected(text)

    def _unexpected(self, wanted: str = "") -> FeelSyntaxError:
        token = self.tok
        if token.kind == "slip":
            return slip_error(token, self.source)
        found_zh = f"“{token.text}”" if token.kind != "end" else "结尾"
        found_en = repr(token.text) if token.kind != "end" else "the end"
        if wanted:
            wanted_en = "a name" if wanted == NAME else repr(wanted)
            return self._error(
                f"这里应为“{wanted}”，却是{found_zh}", f"expected {wanted_en} but found {found_en}"
            )
        if token.kind == "end":
            return self._error("表达式没有写完", "the expression is incomplete")
        return self._error(f"这里不应出现{found_zh}", f"unexpected {found_en}")

    def _error(self, zh: str, en: str, position: int | None = None) -> FeelSyntaxError:
        return FeelSyntaxError(
            self.tok.start if position is None else position, zh, en, self.source
        )

    @staticmethod
    def _too_deep() -> FeelBudgetExceeded:
        return FeelBudgetExceeded(
            "nesting", MAX_NESTING, f"嵌套超过{MAX_NESTING}层，请拆成几个表达式"
        )

    @contextmanager
    def _nested(self) -> Iterator[None]:
        self.nesting += 1
        if self.nesting > MAX_NESTING:
            raise self._too_deep()
        yield
        self.nesting -= 1

    @contextmanager
    def _scope(self, names: Iterable[str]) -> Iterator[Vocabulary]:
        scope = Vocabulary(names)
        self.scopes.append(scope)
        yield scope
        self.scopes.pop()

    def _made(self, node: n.Node, *children: n.Node) -> Any:
        node.depth = 1 + max((child.depth for child in children), default=0)
        node.size = 1 + sum(child.size for child in children)
        if node.depth > MAX_DEPTH:
            raise FeelBudgetExceeded(
                "depth", MAX_DEPTH, say("运算链超过{count}层，请拆成几个表达式", count=MAX_DEPTH)
            )
        return node

    # --- expressions ---

    def expression(self) -> n.Node:
        """Read any expression."""
        return self._binary(1)

    def _binary(self, floor: int, left: n.Node | None = None) -> n.Node:
        left = self._operand() if left is None else left
        while True:
            token = self.tok
            binding = _BINDING.get(token.text, 0) if token.kind in ("op", "word") else 0
            if binding < max(floor, 1):
                return left
            self.at += 1
            if binding <= 2:
                left = self._logic(token.text, binding, left)
            elif token.text == "between":
                left = self._between(left)
            elif token.text == "in":
                tests = self._in_tests()
                left = self._made(n.In(left, tests), left, *tests)
            else:
                right = self._binary(binding + 1)
                left = self._made(n.Binary(token.text, left, right), left, right)

    def _logic(self, op: str, binding: int, first: n.Node) -> n.Node:
        parts = [first, self._binary(binding + 1)]
        while self._take(op):
            parts.append(self._binary(binding + 1))
        return self._made(n.Logic(op, parts), *parts)  # type: ignore[no-any-return]

    def _between(self, value: n.Node) -> n.Node:
        low = self._binary(4)
        self._expect("and")
        high = self._binary(4)
        return self._made(n.Between(value, low, high), value, low, high)  # type: ignore[no-any-return]

    def _in_tests(self) -> list[n.Node]:
        if self._is(*COMPARISONS):
            return [self._comparison()]
        if not self._is("("):
            return [self._binary(4)]
        with self._nested():
            tests = self._bracketed(several=True)
        if len(tests) == 1 and not isinstance(tests[0], n.Comparison):
            return [self._binary(4, self._postfix(tests[0]))]
        return tests

    def _comparison(self) -> n.Node:
        op = self.tok.text
        self.at += 1
        value = self._binary(4)
        return self._made(n.Comparison(op, value), value)  # type: ignore[no-any-return]

    def _operand(self) -> n.Node:
        minuses = 0
        while self._take("-"):
            minuses += 1
        with self._nested():
            value = self._postfix(self._primary())
        if minuses == 0:
            return value
        if isinstance(value, n.Literal) and type(value.value) in (int, Decimal):
            return self._made(n.Literal(-value.value if minuses % 2 else value.value))  # type: ignore[no-any-return]
        for _ in range(2 - minuses % 2):
            value = self._made(n.Negation(value), value)
        return value

    def _postfix(self, value: n.Node) -> n.Node:
        while True:
            if self._take("."):
                name = self._name(self.members, path=True)
                value = self._made(n.Path(value, name), value)
            elif self._is("[") and not (self.interval_end and self._closes_interval()):
                value = self._filter(value)
            elif self._is("("):
                value = self._call(value)
            elif self._is("instance") and self._peek().text == "of":
                self.at += 2
                with self._nested():
                    kind = self._type()
                value = self._made(n.InstanceOf(value, kind), value)
            else:
                return value

    def _closes_interval(self) -> bool:
        following = self._peek()
        return following.kind == "end" or (
            following.kind != "string" and following.text in _CANNOT_START
        )

    def _filter(self, value: n.Node) -> n.Node:
        self.at += 1
        self.in_filter += 1
        saved, self.interval_end = self.interval_end, False
        with self._nested(), self._scope(["item"]):
            condition = self.expression()
        self.in_filter -= 1
        self.interval_end = saved
        self._expect("]")
        return self._made(n.Filter(value, condition), value, condition)  # type: ignore[no-any-return]

    def _call(self, function: n.Node) -> n.Node:
        if isinstance(function, n.Name) and not function.local:
            self.free.discard(function.name)
            self.calls.add(function.name)
        self.at += 1
        arguments: list[n.Node] = []
        names: list[str] = []
        saved, self.interval_end = self.interval_end, False
        with self._nested():
            while not self._is(")"):
                name = self._argument_name()
                if bool(name is None) == bool(names) and arguments:
                    raise self._error(
                        "参数要么全带名称，要么全不带", "arguments are either all named or none"
                    )
                if name is not None:
                    names.append(name)
                arguments.append(self.expression())
                if not self._take(","):
                    break
        self.interval_end = saved
        self._expect(")")
        return self._made(n.Call(function, arguments, names or None), function, *arguments)  # type: ignore[no-any-return]

    def _argument_name(self) -> str | None:
        if self.tok.kind != "word":
            return None
        end = self.at
        while self.tokens[end].kind == "word" or (
            end > self.at and self.tokens[end].kind == "number"
        ):
            end += 1
        if self.tokens[end].text != ":" or self.tokens[end].kind != "op":
            return None
        name = " ".join(token.text for token in self.tokens[self.at : end])
        self.at = end + 1
        return name

    def _primary(self) -> n.Node:
        token = self.tok
        if token.kind == "number":
            self.at += 1
            return self._made(n.Literal(self._number(token)))  # type: ignore[no-any-return]
        if token.kind == "string":
            self.at += 1
            return self._made(n.Literal(token.text))  # type: ignore[no-any-return]
        if token.kind == "op":
            return self._punctuated()
        if token.kind == "end":
            raise self._unexpected()
        # A slip may begin a known name.
        return self._worded()

    def _number(self, token: Token) -> int | Decimal:
        if token.text.isdigit() and len(token.text) <= 34:
            return int(token.text)
        try:
            value = CONTEXT.create_decimal(token.text)
        except DecimalException:
            raise self._error("数字太大", "this number is too large", token.start) from None
        whole = (
            value == value.to_integral_value() and abs(value) < INT_LIMIT and "." not in token.text
        )
        return int(value) if whole else value

    def _punctuated(self) -> n.Node:
        saved, self.interval_end = self.interval_end, False
        node = self._bracket_or_at()
        self.interval_end = saved
        return node

    def _bracket_or_at(self) -> n.Node:
        text = self.tok.text
        if text == "(":
            return self._bracketed(several=False)[0]
        if text in ("[", "]"):
            return self._list_or_interval()
        if text == "{":
            return self._context()
        if text == "@" and self._peek().kind == "string":
            self.at += 2
            return self._made(n.At(self.tokens[self.at - 1].text))  # type: ignore[no-any-return]
        raise self._unexpected()

    def _bracketed(self, *, several: bool) -> list[n.Node]:
        """Read what stands in round brackets: an expression, an interval, a test, or several of them."""
        self._expect("(")
        if self._is(*COMPARISONS):
            tests = [self._comparison()]
        else:
            first = self.expression()
            if self._take(".."):
                # An interval takes its closing bracket along.
                return [self._interval(first, low_included=False)]
            tests = [first]
        while several and self._take(","):
            tests.append(self._positive_test())
        self._expect(")")
        return tests

    def _interval(self, low: n.Node, *, low_included: bool) -> n.Node:
        saved, self.interval_end = self.interval_end, True
        high = self.expression()
        self.interval_end = saved
        if not self._is(")", "]", "["):
            raise self._unexpected("]")
        included = self.tok.text == "]"
        self.at += 1
        return self._made(n.Interval(low, high, low_included, included), low, high)  # type: ignore[no-any-return]

    def _list_or_interval(self) -> n.Node:
        opened_outward = self.tok.text == "]"
        self.at += 1
        elements: list[n.Node] = []
        if not opened_outward and self._take("]"):
            return self._made(n.ListOf([]))  # type: ignore[no-any-return]
        while True:
            elements.append(self._positive_test())
            if len(elements) == 1 and self._take(".."):
                return self._interval(elements[0], low_included=not opened_outward)
            if opened_outward:
                raise self._unexpected("..")
            if not self._take(","):
                break
        self._expect("]")
        return self._made(n.ListOf(elements), *elements)  # type: ignore[no-any-return]

    def _context(self) -> n.Node:
        self._expect("{")
        entries: list[tuple[str, n.Node]] = []
        with self._scope([]) as scope:
            while not self._is("}"):
                key = self._key()
                value = self.expression()
                entries.append((key, value))
                scope.add(key)
                if not self._take(","):
                    break
        self._expect("}")
        return self._made(n.ContextOf(entries), *(value for _, value in entries))  # type: ignore[no-any-return]

    def _key(self) -> str:
        start = self.tok
        if start.kind == "string":
            self.at += 1
            self._expect(":")
            return start.text
        if start.kind != "word":
            raise self._unexpected(NAME)
        while not self._is(":"):
            if self.tok.kind in ("end", "string") or self._is("{", "}", ",", "[", "]"):
                raise self._unexpected(":")
            self.at += 1
        written = self.source[start.start : self.tokens[self.at - 1].end]
        self.at += 1
        return re.sub(r"\s+", " ", written)

    # --- words ---

    def _worded(self) -> n.Node:
        word = self.tok.text
        if word in KEYWORDS and word != "not":
            # A name that is nothing but a keyword must not take the keyword away.
            known = self._known_name()
            if known is None or known[1] == 1:
                return self._keyword(word)
        name = self._name(None)
        local = any(name in scope.names for scope in self.scopes)
        if not local:
            self.free.add(name)
            if not self.in_filter:
                self.certain.add(name)
        return self._made(n.Name(name, local))  # type: ignore[no-any-return]

    def _keyword(self, word: str) -> n.Node:
        self.at += 1
        if word in ("true", "false", "null"):
            return self._made(n.Literal({"true": True, "false": False, "null": None}[word]))  # type: ignore[no-any-return]
        if word == "if":
            return self._if()
        if word == "for":
            return self._for()
        if word in ("some", "every"):
            return self._quantified(word)
        if word == "function":
            return self._function()
        self.at -= 1
        raise self._unexpected()

    def _vocabularies(self) -> list[Vocabulary]:
        return [*self.scopes, self.known, _BUILT_INS, *([self.members] if self.in_filter else [])]

    def _known_name(self) -> tuple[str, int] | None:
        best: tuple[str, int] | None = None
        for vocabulary in self._vocabularies():
            found = vocabulary.longest(self.tokens, self.at)
            if found and (best is None or found[1] > best[1]):
                best = found
        return best

    def _name(self, vocabulary: Vocabulary | None, *, path: bool = False) -> str:
        """Read a name: the longest known one, or adjacent words, whichever is longer."""
        known = (
            self._known_name() if vocabulary is None else vocabulary.longest(self.tokens, self.at)
        )
        end = self.at
        while self._continues_name(end, path):
            end += 1
        if known is not None and known[1] >= end - self.at:
            self.at += known[1]
            return known[0]
        if end == self.at:
            raise self._unexpected(NAME)
        words = self.tokens[self.at : end]
        self.at = end
        return " ".join(token.text for token in words)

    def _continues_name(self, at: int, path: bool) -> bool:
        token = self.tokens[at]
        if token.kind == "number":
            return at > self.at and token.text.isdigit()
        if token.kind != "word":
            return False
        if token.text == "instance" and self.tokens[at + 1].text == "of":
            return False
        if token.text == "between" and at > self.at and self._is_call_between(at):
            return True
        return token.text not in KEYWORDS or (path and at == self.at)

    def _is_call_between(self, at: int) -> bool:
        """Tell ``working days between(a, b)`` from ``x between (a) and b``: only a call has a comma there.

        The standard would refuse the name; no valid expression of it reads differently for this.
        """
        if self.tokens[at + 1].text != "(" or self.tokens[at + 1].start != self.tokens[at].end:
            return False
        depth = 0
        for token in self.tokens[at + 1 : at + 200]:
            if token.kind == "op":
                depth += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(token.text, 0)
                if depth == 0:
                    return False
                if depth == 1 and token.text == ",":
                    return True
        return False

    def _plain_name(self) -> str:
        """Read a name that is being bound: everything up to the sign or keyword after it."""
        start = self.at
        while self.tok.kind == "word" and (self.at == start or not self._is("in")):
            if self.tok.text in KEYWORDS and self.at == start:
                raise self._unexpected(NAME)
            self.at += 1
        if self.at == start:
            raise self._unexpected(NAME)
        return " ".join(token.text for token in self.tokens[start : self.at])

    def _if(self) -> n.Node:
        condition = self.expression()
        self._expect("then")
        then = self.expression()
        self._expect("else")
        otherwise = self.expression()
        return self._made(n.If(condition, then, otherwise), condition, then, otherwise)  # type: ignore[no-any-return]

    def _iterators(self, scope: Vocabulary) -> list[tuple[str, n.Node, n.Node | None]]:
        iterators: list[tuple[str, n.Node, n.Node | None]] = []
        while True:
            name = self._plain_name()
            self._expect("in")
            source = self.expression()
            high = self.expression() if self._take("..") else None
            iterators.append((name, source, high))
            scope.add(name)
            if not self._take(","):
                return iterators

    @staticmethod
    def _sources(iterators: list[tuple[str, n.Node, n.Node | None]]) -> list[n.Node]:
        return [node for _, low, high in iterators for node in (low, high) if node is not None]

    def _for(self) -> n.Node:
        with self._scope([]) as scope:
            iterators = self._iterators(scope)
            self._expect("return")
            scope.add("partial")
            body = self.expression()
        return self._made(n.For(iterators, body), body, *self._sources(iterators))  # type: ignore[no-any-return]

    def _quantified(self, kind: str) -> n.Node:
        with self._scope([]) as scope:
            iterators = self._iterators(scope)
            self._expect("satisfies")
            body = self.expression()
        node = n.Quantified(kind, iterators, body)
        return self._made(node, body, *self._sources(iterators))  # type: ignore[no-any-return]

    def _function(self) -> n.Node:
        self._expect("(")
        parameters: list[tuple[str, n.TypeOf | None]] = []
        while not self._is(")"):
            name = self._plain_name()
            parameters.append((name, self._type() if self._take(":") else None))
            if not self._take(","):
                break
        self._expect(")")
        external = self._take("external")
        with self._scope([name for name, _ in parameters]):
            body = self.expression()
        return self._made(n.FunctionOf(parameters, body, external), body)  # type: ignore[no-any-return]

    # --- types ---

    def _type(self) -> n.TypeOf:
        with self._nested():
            return self._any_type()

    def _any_type(self) -> n.TypeOf:
        word = self.tok.text
        if word in ("list", "range", "context", "function") and self._peek().text == "<":
            self.at += 2
            kind = n.TypeOf(word)
            self._type_arguments(kind)
            self._expect(">")
            if word == "function":
                self._expect("->")
                kind.result = self._type()
            return kind
        known = _TYPES.longest(self.tokens, self.at) or self.known.longest(self.tokens, self.at)
        if known is not None and self.tok.text != "function":
            self.at += known[1]
            name = known[0]
        elif self._take("function"):
            name = "function"
        else:
            name = "null" if self._take("null") else self._name(self.known)
        while self._take("."):
            name += "." + self._name(self.known)
        return n.TypeOf(name)

    def _type_arguments(self, kind: n.TypeOf) -> None:
        while not self._is(">"):
            if kind.name == "context":
                key = self._key()
                kind.members.append((key, self._type()))
            else:
                kind.arguments.append(self._type())
            if not self._take(","):
                return

    # --- unary tests ---

    def _unary_tests(self) -> n.Tests:
        if self._is("-") and self._peek().kind == "end":
            self.at += 1
            return self._made(n.Tests([], anything=True))  # type: ignore[no-any-return]
        if self._is("not") and self._peek().text == "(":
            negated = self._negated_tests()
            if negated is not None:
                return negated
        tests = self._positive_tests()
        return self._made(n.Tests(tests), *tests)  # type: ignore[no-any-return]

    def _negated_tests(self) -> n.Tests | None:
        """Read ``not(tests)`` where it is the whole cell; None where it begins an expression."""
        depth, end = 0, self.at + 1
        while True:
            token = self.tokens[end]
            if token.kind == "end":
                return None
            if token.kind == "op":
                depth += {"(": 1, ")": -1}.get(token.text, 0)
            end += 1
            if depth == 0:
                break
        if self.tokens[end].kind != "end":
            return None
        self.at += 2
        with self._nested():
            tests = self._positive_tests()
        self._expect(")")
        return self._made(n.Tests(tests, negated=True), *tests)  # type: ignore[no-any-return]

    def _positive_tests(self) -> list[n.Node]:
        tests = [self._positive_test()]
        while self._take(","):
            tests.append(self._positive_test())
        return tests

    def _positive_test(self) -> n.Node:
        return self._comparison() if self._is(*COMPARISONS) else self.expression()
