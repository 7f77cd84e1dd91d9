"""Whole calculations as somebody reviewed them: each answer that a test of time asks for, line by line.

`calculations.txt` is read, not believed: a line that changes shows in the diff, and a person says whether the
law wants it. ``WRITE_CALCULATIONS=1 pytest tests/time -p no:xdist`` writes it anew.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from engine.statutory_clock import CaseEvent, ClockAnswer, Entry

FILE = Path(__file__).with_name("calculations.txt")


def story(
    clock: str,
    facts: Sequence[CaseEvent],
    today: date | None,
    party: str | None,
    chosen: Mapping[str, object],
) -> str:
    """Return the one line that names a story."""
    said = [clock, *(_fact(one) for one in facts)]
    said += [f"{name}={value}" for name, value in sorted(chosen.items())]
    said += [f"of {party}"] if party else []
    said += [f"today {today}"] if today else []
    return " · ".join(said)


def _fact(event: CaseEvent) -> str:
    fields = [f"{name}={value}" for name, value in event.fields.items()]
    return " ".join([event.kind, event.date.isoformat(), *fields])


def written(found: ClockAnswer) -> str:
    """Return an answer with everything that a page shows of it."""
    head = {
        "due": found.due_at or found.due,
        "original": found.original_at or found.original,
        "state": found.state,
        "provisional": found.provisional,
        "internal": found.internal,
        "before": found.before,
        "left": found.left,
        "allowance": found.allowance,
        "unit": found.unit,
        "started": found.started_on,
        "ended": found.ended_on,
        "held": found.held,
        "until": found.held_until,
        "nature": found.nature,
        "party": found.party,
    }
    lines = [f"= {found.title}: " + ", ".join(f"{k} {v}" for k, v in head.items() if v)]
    return "\n".join([*lines, *(_line(one) for one in found.explanation)])


def _line(one: Entry) -> str:
    stretch = f"{one.first or ''}/{one.last or ''}"
    marks = [f"on {one.on}" if one.on else "", f"due {one.due}" if one.due else ""]
    marks += ["in vain" if not one.effective else "", *(f"<{said}>" for said in one.evidence)]
    numbers = f"+{one.counted} -{one.skipped}"
    about = " ".join(word for word in (one.rule, stretch, numbers, *marks) if word)
    return f"  {about} | {one.title} | {one.article} | {one.text}"


def reviewed() -> dict[str, str]:
    """Return the stories and their calculations as they stand in the file."""
    if not FILE.exists():
        return {}
    blocks = FILE.read_text(encoding="utf-8").strip().split("\n\n")
    return dict(tuple(block.split("\n", 1)) for block in blocks)  # type: ignore[misc]


_REVIEWED = reviewed()


def assert_reviewed(name: str, found: ClockAnswer) -> None:
    """Hold an answer against the file; with WRITE_CALCULATIONS, put it there."""
    text = written(found)
    if os.environ.get("WRITE_CALCULATIONS"):
        _REVIEWED[name] = text
        blocks = [f"{story}\n{lines}" for story, lines in sorted(_REVIEWED.items())]
        FILE.write_text("\n\n".join(blocks) + "\n", encoding="utf-8")
    assert text == _REVIEWED.get(name, "not reviewed yet"), name
