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
