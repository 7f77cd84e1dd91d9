"""Abuse 27: whoever changes a procedure to hide a delay is told on: every change of who, when and which way is listed."""

from __future__ import annotations

import re
from functools import cache

import pytest

from engine.office import Office
from engine.procedure import read_folder
from engine.queries.differences import differences
from tests.integration.conftest import ROOT

# (folder, what is sought, what takes its place): each time it stands in the drawing is one seeded change.
KINDS = [
    ("on_request", r'(?<= length=")P(\d+)WD(?=")', lambda m: f"P{int(m[1]) + 7}WD"),
    ("on_request", r'(?<= offset=")-P(\d+)WD(?=")', lambda m: f"-P{int(m[1]) + 4}WD"),
    ("on_request", r'(?<=atMost=")P20WD(?=")', lambda m: "P60WD"),
    ("on_request", r'(?<=camunda:candidateGroups=")[^"]+(?=")', lambda m: "web_editor"),
    ("on_request", r'(?<=<gk:unit value=")[^"]+(?=")', lambda m: "= null"),
    ("on_request", r'(?<= group=")\w+(?=")', lambda m: "web_editor"),
    ("on_request", r"<gk:suspends [^>]*>", lambda m: ""),
    ("on_request", r"<gk:warns [^>]*>", lambda m: ""),
    ("on_request", r"<gk:records [^>]*/>", lambda m: ""),
    ("on_request", r'(?<=<gk:records event=")\w+(?=")', lambda m: "mailed"),
    (
        "on_request",
        r"(?<=<bpmn:conditionExpression xsi:type=\"bpmn:tFormalExpression\">)[^<]+(?=<)",
        lambda m: "= true",
    ),
    ("accountability", r'(?<=camunda:assignee=")[^"]+(?=")', lambda m: "= null"),
    ("accountability", r"<gk:separation [^>]*>", lambda m: ""),
    ("proactive_disclosure", r'(?<= length=")P(\d+)WD(?=")', lambda m: f"P{int(m[1]) + 7}WD"),
    ("review_and_approval", r"<gk:separation [^>]*>", lambda m: ""),
]
MOST = 4  # of each kind


@cache
def shipped(folder: str) -> dict[str, bytes]:
    return dict(read_folder(ROOT / "processes" / folder))


def seeded() -> list[tuple[str, str, str]]:
    """Return (folder, what was changed, the drawing with one change in it)."""
    found = []
    for folder, pattern, other in KINDS:
        drawing = shipped(folder)[f"{folder}.bpmn"].decode()
        places = [one for one in re.finditer(pattern, drawing) if other(one) != one[0]]
        assert places, f"{folder}: nothing fits {pattern}"
        found += [
            (
                folder,
                f"{one[0]} at {one.start()}",
                drawing[: one.start()] + other(one) + drawing[one.end() :],
            )
            for one in places[:MOST]
        ]
    return found


SEEDED = seeded()


def test_thirty_changes_are_seeded():
    assert len(SEEDED) >= 30


@pytest.fixture(scope="module")
def office() -> Office:
    return Office.from_files(read_folder(ROOT / "processes" / "_office"))


@pytest.mark.parametrize(
    ("folder", "what", "drawing"), SEEDED, ids=[f"{a}: {b}" for a, b, _ in SEEDED]
)
def test_abuse_27_a_change_of_who_when_or_which_way_is_listed(office, folder, what, drawing):
    before = shipped(folder)
    told = differences(folder, before, {**before, f"{folder}.bpmn": drawing.encode()}, office)
    said = [f"{one.name}{one.text}" for one in told]
    assert said, what
    assert "办理不变" not in "".join(said), what
    assert all(one.file == f"{folder}.bpmn" for one in told), said


def test_what_no_comparison_knows_was_called_a_change_of_layout(office):
    folder, drawing = "on_request", shipped("on_request")["on_request.bpmn"].decode()
    before = shipped(folder)
    noted = drawing.replace("<bpmndi:BPMNDiagram", "<!-- x --><bpmndi:BPMNDiagram", 1)
    moved = drawing.replace('<dc:Bounds x="356"', '<dc:Bounds x="357"', 1)
    for changed, said in ((noted, "请打开文件核对"), (moved, "办理不变")):
        assert changed != drawing
        (one,) = differences(
            folder, before, {**before, "on_request.bpmn": changed.encode()}, office
        )
        assert said in one.text
