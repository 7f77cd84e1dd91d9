"""A mistake is told with its place and in a sentence, in Chinese and in English."""

from __future__ import annotations

import pytest

from engine.feel import FeelBudgetExceeded, FeelSyntaxError, compile_expression, compile_unary_tests


@pytest.mark.parametrize(
    ("text", "position", "chinese", "english"),
    [
        ("", 0, "表达式没有写完", "incomplete"),
        ("1 +", 3, "表达式没有写完", "incomplete"),
        ("1 2", 2, "不应出现“2”", "unexpected"),
        ("(1", 2, "应为“)”，却是结尾", "expected ')' but found the end"),
        ("[1", 2, "应为“]”", "expected"),
        ("[1..2", 5, "应为“]”", "expected"),
        ("]1, 2]", 2, "应为“..”", "expected"),
        ("{a 1}", 4, "应为“:”", "expected"),
        ("{a: 1", 5, "应为“}”", "expected"),
        ("f(1", 3, "应为“)”", "expected"),
        ("f(1, a: 2)", 8, "参数要么全带名称", "all named or none"),
        ("f(a: 1, 2)", 8, "参数要么全带名称", "all named or none"),
        ("if 1 then 2", 11, "应为“else”", "expected"),
        ("if 1 else 2", 5, "应为“then”", "expected"),
        ("for i in [1] 1", 13, "应为“return”", "expected"),
        ("for i of [1] return 1", 9, "应为“in”", "expected"),
        ("some i in [1] return 1", 14, "应为“satisfies”", "expected"),
        ("a between 1 or 2", 12, "应为“and”", "expected"),
        ("1 then", 2, "不应出现“then”", "unexpected"),
        ("then", 0, "不应出现“then”", "unexpected"),
        ("* 2", 0, "不应出现“*”", "unexpected"),
        ("@5", 0, "不应出现“@”", "unexpected"),
        ('"abc', 0, "缺少结尾的引号", "no closing quotation mark"),
        ("1 /* a", 2, "注释缺少结尾", "not closed"),
        ("1 ` 2", 2, "不认识的字符", "unexpected character"),
        ("a ＝ 1", 2, "请改用英文半角“=”", "full-width"),
        ("“a”", 0, "请改用英文半角", "full-width"),
        ("f(a，b)", 3, "请改用英文半角“,”", "full-width"),
        ("1e999999", 0, "数字太大", "too large"),
        ("a instance of", 13, "应为“名称”", "expected"),
        ("a instance of list<", 19, "应为“名称”", "expected"),
        ("1 in (2..4, 1)", 10, "应为“]”", "expected"),
        ("a instance of function<number>", 30, "应为“->”", "expected"),
        ("function(a b", 12, "应为“)”", "expected"),
        ("function a", 9, "应为“(”", "expected"),
    ],
)
def test_a_mistake_is_named_where_it_is(text, position, chinese, english):
    with pytest.raises(FeelSyntaxError) as caught:
        compile_expression(text)
    error = caught.value
    assert error.position == position
    assert chinese in error.message_zh
    assert english in error.message_en
    assert error.code == "feel_syntax"
    assert error.sentence.startswith(f"表达式第{error.line}行第{error.column}个字：")


def test_the_line_and_the_column_count_from_one():
    with pytest.raises(FeelSyntaxError) as caught:
        compile_expression("1 +\n  2 +\n  )")
    assert (caught.value.line, caught.value.column) == (3, 3)


@pytest.mark.parametrize("cell", ["", "1,", "not(", "not(1", "< ", "1 2", "- 5 -", "not(1) 2"])
def test_a_cell_with_a_mistake_is_refused(cell):
    with pytest.raises(FeelSyntaxError):
        compile_unary_tests(cell)


def test_an_exceeded_budget_names_it():
    with pytest.raises(FeelBudgetExceeded) as caught:
        compile_expression("1" + " + 1" * 300)
    assert caught.value.budget == "depth"
    assert caught.value.limit == 200
    assert "请拆成几个表达式" in caught.value.sentence
    assert "depth" in caught.value.message_en
