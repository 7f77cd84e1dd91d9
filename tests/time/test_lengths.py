"""Lengths: the one notation, read and written back."""

from __future__ import annotations

import pytest

from engine.lengths import Length, LengthInvalid, parse_length


@pytest.mark.parametrize(
    ("text", "unit", "amount"),
    [
        ("P20WD", "working_day", 20),
        ("-P3WD", "working_day", -3),
        ("P60D", "day", 60),
        ("P2W", "day", 14),
        ("P1W2D", "day", 9),
        ("P6M", "month", 6),
        ("P1Y6M", "month", 18),
        ("PT24H", "hour", 24),
        ("PT1H5S", "second", 3605),
        ("P0D", "day", 0),
        ("P0WD", "day", 0),
    ],
)
def test_a_length_has_one_unit_and_an_amount(text, unit, amount):
    length = parse_length(text)
    assert (length.unit, length.amount) == (unit, amount)
    assert parse_length(str(length)) == length


@pytest.mark.parametrize(
    "text", ["P1Y2M", "P3W4D", "P5WD", "PT6H7M8S", "-PT9M", "P1Y2M3W4WD5DT6H7M8S", "P0D"]
)
def test_a_length_is_written_as_it_is_read(text):
    assert str(parse_length(text)) == text


def test_a_refused_length_says_in_two_languages_how_one_is_written():
    with pytest.raises(LengthInvalid, match=r"^not a length of time: 'P20'$") as refused:
        parse_length("P20")
    assert refused.value.sentence == (
        "“P20”不是时间长度，请写成 P20WD（工作日）、P60D（天）、P6M（月）或 PT24H（小时）"
    )


@pytest.mark.parametrize(
    "text", ["", "P", "PT", "20", "P20", "P1DT", "PT20WD", "P-3WD", "p20wd", "P1234567D", "P³D"]
)
def test_what_is_no_length_is_refused(text):
    with pytest.raises(LengthInvalid) as refused:
        parse_length(text)
    assert refused.value.text == text
    assert text in refused.value.sentence


def test_mixed_units_cannot_be_counted_as_one():
    with pytest.raises(LengthInvalid):
        Length(months=1, working_days=3).unit  # noqa: B018
