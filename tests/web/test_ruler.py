"""The day ruler as it is drawn: every text of it can be read."""

from datetime import date, timedelta
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.queries import pages
from webui import ruler

FIRST = date(2026, 11, 18)  # Wed
WORDS = ("收到 11-18", "收到补正后的 12-01", "征求第三方 12-03", "今天 12-04", "恢复、今天 12-10")


def drawn(days: int, marks: dict[int, str]) -> ruler.Drawing:
    cells = [pages.RulerCell(FIRST + timedelta(n), "counted") for n in range(days)]
    named = [pages.RulerMark(FIRST + timedelta(n), text) for n, text in sorted(marks.items())]
    return ruler.draw(pages.Ruler(cells, named, [], FIRST, None, "…"))


def spans(drawing: ruler.Drawing) -> list[tuple[float, float, float]]:
    """Left, right and line of each text."""
    found = []
    for mark in drawing.marks:
        width = ruler._text_width(mark.text)
        left = mark.text_x if mark.anchor == "start" else mark.text_x - width
        found.append((left, left + width, mark.text_y))
    return found


@pytest.mark.parametrize("apart", [0, 1, 2, 3])
def test_the_names_of_adjacent_days_lay_over_each_other(apart):
    """The tick of 征求第三方 went through 收到补正后的, and 今天 through both."""
    marks = {2: WORDS[1], 2 + apart: WORDS[2], 3 + 2 * apart: WORDS[3]}
    readable(drawn(60, marks))


@given(st.dictionaries(st.integers(0, 39), st.sampled_from(WORDS), max_size=6))
def test_no_text_of_the_ruler_lies_over_another_or_on_a_tick(marks):
    readable(drawn(40, marks))


def readable(drawing: ruler.Drawing) -> None:
    texts = spans(drawing)
    for one, other in combinations(texts, 2):
        assert one[2] != other[2] or one[1] <= other[0] or other[1] <= one[0]
    for left, right, line in texts:
        for mark in drawing.marks:
            assert not (left < mark.x < right and mark.top <= line), (left, right, mark)
    assert all(mark.top >= drawing.top for mark in drawing.marks)
