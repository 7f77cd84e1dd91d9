"""One folder per kind of element: a diagram drawn by hand and what must happen on it."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.scenarios import read_scenario, run_scenario

HERE = Path(__file__).parent
FEATURES = sorted(HERE.glob("*/*.yaml"))


@pytest.mark.parametrize("file", FEATURES, ids=[f"{f.parent.name}/{f.stem}" for f in FEATURES])
def test_feature(file: Path) -> None:
    scenario = read_scenario(file.read_bytes(), file.name)
    outcomes = run_scenario(file.with_suffix(".bpmn"), scenario)
    assert [o.as_dict() for o in outcomes if not o.ok] == []
    assert len(outcomes) == len(scenario.runs)
