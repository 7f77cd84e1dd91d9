"""``make tck``: run the kit, print what failed, write docs/dmn_tck.md, and refuse to fall back.

Exit status 1 where the folder is missing, where fewer cases pass than ``ratchet.txt`` says, or where anything
of level 2 fails. A better number is for a person to write into ``ratchet.txt``.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from pathlib import Path

from tests.tck.cases import Verdict, run_level

RATCHET = Path(__file__).with_name("ratchet.txt")
REPORT = Path(__file__).parents[2] / "docs" / "dmn_tck.md"
LEVELS = ("compliance-level-2", "compliance-level-3")


def say(line: str) -> None:
    sys.stdout.write(line + "\n")


def main() -> int:
    folder = os.environ.get("DMN_TCK", "")
    cases = Path(folder) / "TestCases"
    if not folder or not all((cases / level).is_dir() for level in LEVELS):
        sys.stderr.write("DMN TCK not found: set DMN_TCK to the folder that holds TestCases/.\n")
        return 1
    results = {level: list(run_level(cases / level)) for level in LEVELS}
    for level, verdicts in results.items():
        show(level, verdicts)
    REPORT.write_text(report(results), encoding="utf-8")
    return conclude(results)


def show(level: str, verdicts: list[Verdict]) -> None:
    counts = Counter(verdict.outcome for verdict in verdicts)
    say(f"{level}: {counts['passed']} passed, {counts['failed']} failed, {counts['error']} errors")
    for verdict in verdicts:
        if verdict.outcome != "passed":
            say(f"  {verdict.outcome}: {verdict.case.name}: {verdict.why[:200]}")


def passed(verdicts: list[Verdict]) -> int:
    return sum(verdict.outcome == "passed" for verdict in verdicts)


def conclude(results: dict[str, list[Verdict]]) -> int:
    every = [verdict for verdicts in results.values() for verdict in verdicts]
    second = results[LEVELS[0]]
    least = int(RATCHET.read_text(encoding="utf-8"))
    fallen = passed(every) < least or passed(second) < len(second)
    if fallen:
        sys.stderr.write(f"fewer than before: at least {least} must pass, and all of level 2\n")
    say(f"TCK level-2: {passed(second)} of {len(second)}, all: {passed(every)} of {len(every)}")
    return int(fallen)


def report(results: dict[str, list[Verdict]]) -> str:
    """Return the page for docs/."""
    lines = [
        "# DMN TCK",
        "",
        "Results of the DMN Technology Compatibility Kit with `engine/feel` and `engine/dmn`, written by `make tck`.",
        "A case passes when each of its results does; numbers may differ by 1e-8. Where the kit expects an error,",
        "null or an exceeded budget counts, nothing else.",
        "",
        "| Level | Cases | Passed | Failed | Errors |",
        "|---|---|---|---|---|",
    ]
    for level, verdicts in results.items():
        counts = Counter(verdict.outcome for verdict in verdicts)
        cells = (level, len(verdicts), counts["passed"], counts["failed"], counts["error"])
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    missing = [
        verdict
        for verdicts in results.values()
        for verdict in verdicts
        if verdict.outcome != "passed"
    ]
    external = [verdict for verdict in missing if verdict.case.suite.endswith("external-java")]
    others = [verdict for verdict in missing if verdict not in external]
    lines += ["", "## What is missing", ""]
    if external:
        lines += [
            f"**External Java functions ({len(external)} cases)** are unsupported on purpose: an expression never",
            "reaches code outside of the functions handed in by name. They evaluate to null with a message. Cases: "
            + ", ".join(verdict.case.id for verdict in external)
            + ".",
            "",
        ]
    nothing = "Nothing else." if external else "Nothing."
    lines += [f"- {verdict.case.name} ({verdict.outcome})" for verdict in others] or [nothing]
    lines += ["", *CHOICES]
    return "\n".join(lines) + "\n"


CHOICES = [
    "## Where the standard leaves a choice",
    "",
    "- Moments are equal to the whole second (the standard names the second as the finest part); `<` is exact.",
    "- A date beside a date and time counts as its midnight in UTC.",
    "- `now()` and `today()` come from the caller; without one they are null.",
    "- Adjacent words that no scope knows are read as one name.",
    "- A decision without requirements sees all inputs by name, as files with a single table expect.",
    "- No rule matches and no default is given: null, with a message (0 for COUNT).",
]


if __name__ == "__main__":
    sys.exit(main())
