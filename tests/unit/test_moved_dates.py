"""The list of dates that a change moves leads to the calculation of the limit it names."""

from __future__ import annotations

from engine.queries.calendar import _why


def test_of_several_parties_the_calculation_of_this_one_is_opened():
    assert _why("1", "reply", None) == "/cases/1/clocks/reply"
    assert (
        _why("1", "third_party_opinion", "甲 公司") == "/cases/1/clocks/third_party_opinion"
        "?party=%E7%94%B2+%E5%85%AC%E5%8F%B8"
    )
