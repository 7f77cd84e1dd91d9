"""Every rule of the deployment check stands in docs/bpmn.md, and no other."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
CODE = [*(ROOT / "engine" / "bpmn").glob("*.py"), ROOT / "engine" / "scenarios" / "subject.py"]


def test_every_rule_is_documented_and_every_documented_rule_exists() -> None:
    text = "\n".join(file.read_text(encoding="utf-8") for file in CODE)
    calls = r'(?:\.error|\.warning|\.info|_resolve)\(\s*(?:report,\s*node,\s*)?"([a-z-]+)"'
    rules = set(re.findall(calls, text))
    rules |= set(re.findall(r'"[a-zA-Z]+": \(\s*"([a-z]+-[a-z-]+)",', text))
    told = (
        (ROOT / "docs" / "bpmn.md").read_text(encoding="utf-8").split("## Rules")[1].split("## ")[0]
    )
    documented = set(re.findall(r"`([a-z]+(?:-[a-z]+)*)`", told)) - {"error", "warning", "info"}
    assert rules - documented == set()
    assert {rule for rule in documented if f'"{rule}"' not in text} == set()
