"""Regular expressions of XPath, matched in bounded time."""

from __future__ import annotations

import pytest

from engine.feel import FeelBudgetExceeded
from engine.feel.patterns import compile_pattern, contains_match, expand, pieces


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("a|b|c", "xc", True),
        ("a|b|c", "xd", False),
        ("^a$", "a", True),
        ("^a$", "ba", False),
        ("a.c", "a\nc", False),
        ("a{2}", "aa", True),
        ("a{2,3}b", "aaab", True),
        ("^a{2,3}$", "aaaa", False),
        ("^a{2,}$", "aaaa", True),
        ("(?:ab)+c", "ababc", True),
        (r"\d+", "x12", True),
        (r"\D", "12", False),
        (r"^\w+$", "ab1", True),
        (r"\W", "ab!", True),
        (r"\s", "a b", True),
        (r"\S", "  ", False),
        (r"^\i\c*$", "a-b.c", True),
        (r"^\i", "1", False),
        (r"^\C+$", "!!", True),
        (r"^\I", "1", True),
        (r"\n\r\t", "\n\r\t", True),
        (r"\p{Lu}", "aB", True),
        (r"\P{L}", "ab", False),
        (r"\p{IsCJKUnifiedIdeographs}", "中", True),
        (r"[\p{L}]", "a", True),
        ("[a-c]", "b", True),
        ("[^a-c]", "b", False),
        ("[a-c-[b]]", "b", False),
        ("[a-c-[b]]", "c", True),
        (r"[\n-\r]", "\n", True),
        (r"[\-a]", "-", True),
        ("[a-]", "-", True),
        (r"[a\]]", "]", True),
        (r"\^\$\.\*", "^$.*", True),
        (r"(a)\1", "aa", True),
        (r"(a)|b\1", "b", True),
        (r"(a)(b)(c)(d)(e)(f)(g)(h)(i)(j)\10", "abcdefghijj", True),
        ("", "x", True),
        ("a*?b", "aab", True),
        ("a+?", "aa", True),
        ("a??b", "ab", True),
        ("a{0,2}?b", "aab", True),
    ],
)
def test_patterns_of_the_standard(pattern, text, found):
    compiled = compile_pattern(pattern)
    assert compiled is not None
    assert contains_match(compiled, text) is found


@pytest.mark.parametrize(
    "pattern",
    [
        "(", ")", "[", "]", "{", "}", "*", "+", "?", "a**", "a{", "a{x}", "a{3,1}", "a{,2}", "a{99999}", "a{1,x}", "\\", r"\1", r"\q",
        r"(a\1)", r"\p", r"\p{", r"\p{Xx}", r"\p{IsNothing}", r"\p[L]", "[]", "[z-a]", "[a-\\d]", "[a", "[a-", "[a-[b]", "[[a]", "[a-[b]c]", "(?=a)", "(a", "[ab", "(a))", "(?a", "(?",
        "(" * 40 + ")" * 40, "[a-[a-" * 20, "[" + "a-[" * 40, "()" * 70,
    ],
)  # fmt: skip
def test_what_is_no_pattern_of_the_standard_is_refused(pattern):
    assert compile_pattern(pattern) is None


@pytest.mark.parametrize(
    ("pattern", "text", "flags", "found"),
    [
        ("a", "A", "i", True),
        ("[a-c]", "B", "i", True),
        ("a.c", "a\nc", "s", True),
        ("^b$", "a\nb\nc", "m", True),
        ("a b", "ab", "x", True),
        ("a[ ]b", "a b", "x", True),
        (r"a\[ b", "a[b", "x", True),
        ("a.c", "a.c", "q", True),
        ("a.c", "abc", "q", False),
        (r"(a)\1", "aA", "i", True),
    ],
)
def test_flags(pattern, text, flags, found):
    compiled = compile_pattern(pattern, flags)
    assert compiled is not None
    assert contains_match(compiled, text) is found


def test_an_unknown_flag_is_refused():
    assert compile_pattern("a", "g") is None


@pytest.mark.parametrize(
    "pattern",
    [
        "(a+)+$",
        "(a|aa)+$",
        "^(a*)*$",
        "^(a|a)*$",
        "^(a|b|ab)*c",
        "(a?){40}a{40}$",
        "([a-z]+)*[0-9]",
    ],
)
def test_patterns_that_explode_elsewhere_are_matched_in_no_time(pattern):
    compiled = compile_pattern(pattern)
    assert compiled is not None
    assert contains_match(compiled, "a" * 60 + "!") is False


def test_back_references_end_at_the_budget():
    compiled = compile_pattern(r"(a*)*\1c|(a|aa)+$")
    assert compiled is not None
    with pytest.raises(FeelBudgetExceeded) as caught:
        contains_match(compiled, "a" * 40 + "b")
    assert caught.value.budget == "pattern steps"


@pytest.mark.parametrize("pattern", ["a" * 1001, "((((a{99}){99}){99}){99}){99}", "(a{999}){999}"])
def test_a_pattern_too_large_is_refused(pattern):
    with pytest.raises(FeelBudgetExceeded) as caught:
        compile_pattern(pattern)
    assert caught.value.budget == "pattern"


def test_pieces_and_replacements():
    compiled = compile_pattern("(b)|c")
    assert compiled is not None
    text = "abcd"
    found = pieces(compiled, text)
    assert found is not None
    assert [(match[0], match[1]) for match in found] == [(1, 2), (2, 3)]
    assert expand("<$0$1$11>", text, found[0]) == "<bbb1>"
    assert expand("<$1$2>", text, found[1]) == "<>"
    assert expand("\\\\\\$", text, found[0]) == "\\$"
    assert expand("$", text, found[0]) is None
    assert expand("\\a", text, found[0]) is None


def test_a_match_of_nothing_moves_on():
    compiled = compile_pattern("^|b")
    assert compiled is not None
    assert pieces(compiled, "ab") is None
    boundary = compile_pattern("(?:^x)?b|$", "")
    assert boundary is not None
    assert pieces(boundary, "ab") is None
    multi = compile_pattern("$x|b")
    assert multi is not None
    assert pieces(multi, "abb") == [[1, 2], [2, 3]]


def test_a_replacement_may_name_a_group_of_two_digits():
    compiled = compile_pattern("(a)" * 11)
    assert compiled is not None
    text = "a" * 11
    found = pieces(compiled, text)
    assert found is not None
    assert expand("<$11>", text, found[0]) == "<a>"
    assert expand("<$12>", text, found[0]) == "<a2>"
