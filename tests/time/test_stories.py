"""Dated stories through the interface of ``gongkai clock``: due date, original date, state, provisional or not.

``stories*.yaml`` say for each what the law wants and why; the days were counted apart from the engine.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.cli.clock_questions import Institution, answered
from engine.office.settings import OfficeSettings
from engine.yaml_source import load_yaml
from tests.time.weekdays import day

FILES = sorted(Path(__file__).parent.glob("stories*.yaml"))
STORIES = [one for path in FILES for one in load_yaml(path.read_bytes(), path.name)["stories"]]
TOLD = [story for story in STORIES if "refused" not in story]
REFUSED = [story for story in STORIES if "refused" in story]
PROCESSES = Path(__file__).resolve().parents[2] / "processes"
SETTINGS = OfficeSettings.load(PROCESSES / "_office")


@pytest.fixture(scope="session")
def institution():
    return Institution(PROCESSES)


def question(story):
    """Return a story as ``gongkai clock`` reads it."""
    procedure, clock = story["clock"].split("/")
    events = [event(text) for text in story["facts"]]
    optional = {key: story[key] for key in ("channel", "party", "settings") if key in story}
    return {"id": 1, "procedure": procedure, "clock": clock, "events": events, **optional}


def event(text):
    """``kind date field=value ...``; numbers and truth values as JSON has them."""
    kind, on, *fields = text.split()
    plain = dict(field.split("=", 1) for field in fields)
    values = {"true": True, "false": False}
    typed = {k: values.get(v, int(v) if v.isdigit() else v) for k, v in plain.items()}
    return {"date": on, "kind": kind, **typed}


def told(value):
    """A day with its weekday, which is checked; an instant as it is."""
    if value in (None, "none"):
        return None
    return value if ":" in value else day(value).isoformat()


@pytest.mark.parametrize("story", TOLD, ids=[one["story"] for one in TOLD])
def test_a_story_ends_as_the_law_says(story, institution):
    found = answered(institution, question(story))
    assert "error" not in found, found
    assert {
        "due": found["due"],
        "original": found["original"],
        "state": found["state"],
        "provisional": found["provisional"],
        "internal": found.get("internal"),
    } == {
        "due": told(story["due"]),
        "original": told(story.get("original", story["due"])),
        "state": story.get("state", "running"),
        "provisional": story.get("provisional", False),
        "internal": told(story.get("internal")),
    }
    assert any(
        story.get("says", "") in line["text"] for line in found["explanation"] or [{"text": ""}]
    )


@pytest.mark.parametrize("story", TOLD, ids=[one["story"] for one in TOLD])
def test_a_story_does_not_depend_on_the_order_of_its_days(story, institution):
    """Facts of different days may be listed in any order; within one day the list is the order."""
    asked = question(story)
    days = [one["date"][:10] for one in asked["events"]]
    if len(set(days)) < len(days):
        asked["events"].sort(key=lambda one: one["date"][:10], reverse=True)
    else:
        asked["events"].reverse()
    assert answered(institution, asked) == answered(institution, question(story))


@pytest.mark.parametrize("story", REFUSED, ids=[one["story"] for one in REFUSED])
def test_a_question_that_cannot_be_answered_says_why(story, institution):
    found = answered(institution, {"id": 7, **story["question"]})
    assert set(found) == {"id", "error"}
    assert story["refused"] in found["error"]
    assert found["id"] == 7


def test_each_story_has_a_name_of_its_own():
    names = [story["story"] for story in STORIES]
    assert len(names) == len(set(names))


# What a setting of the law moves on the clocks; all others are about who, how and what is written.
UNMOVED = {"received 2026-03-02": "2026-03-30", "received 2026-09-18": "2026-10-22"}


@pytest.mark.parametrize(
    ("name", "value"),
    [(one.name, value) for one in SETTINGS.all for value in one.choices],
)
def test_no_choice_of_the_office_moves_a_plain_request(name, value, institution):
    """Each open question of the law under each of its values; what it moves is told by the stories named after it."""
    for fact, due in UNMOVED.items():
        asked = question({"clock": "on_request/reply", "facts": [fact], "settings": {name: value}})
        found = answered(institution, asked)
        assert (found["due"], found["state"]) == (due, "running")


def test_every_clock_that_is_drawn_has_a_story(clocks):
    drawn = {f"{procedure}/{clock}" for procedure, found in clocks.items() for clock in found}
    untold = drawn - {story["clock"] for story in TOLD}
    assert untold <= {
        "accountability/defence",
        "accountability/objection",
        "dedicated_machine/yearly_check",
    }
