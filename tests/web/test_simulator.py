"""The simulator on the engine itself: facts in words, and one number for what is left."""

from __future__ import annotations

import re

from tests.web.real import RealOffice
from tests.web.test_pages import text


def test_facts_are_offered_in_words_by_procedure(real: RealOffice) -> None:
    page = real.browser("zhou").get("/simulator")
    shown = [text(one) for one in page.select("select[name=kind] optgroup option")]
    assert shown
    assert [one for one in shown if not re.search("[一-鿿]", one)] == []


def test_a_limit_that_begins_later_does_not_say_two_numbers_of_days_left(real: RealOffice) -> None:
    zhou = real.browser("zhou")
    clock = zhou.get("/simulator").select_one("#clock option")["value"]
    page = zhou.get(f"/simulator?clock={clock}&kind=received&day=2027-06-01&number=")
    left = set(re.findall(r"还有\s*(\d+)\s*个工作日", text(page.main)))
    assert len(left) == 1, text(page.main)
