"""The trail as evidence: one text per value, and no change of any row that goes unseen.

The verifier that is handed out with evidence (``engine.audit.verifier``) shares no code with the engine: it must
come to the same verdict.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import audit
from engine.audit import CHAINED, AuditEvent, Head, Who, verifier

Rows = list[dict[str, Any]]

MORNING = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
NAMES = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | NAMES,
    lambda inner: st.lists(inner) | st.dictionaries(NAMES, inner),
)


def trail(alg: str = "sha256") -> Rows:
    """Twelve rows of two cases and of the office, in three commands."""
    rows: Rows = []
    for round_ in range(3):
        heads = {row["case_id"]: Head(row["case_seq"], row["hash"]) for row in rows}
        heads.pop(None, None)
        more, _ = audit.chain(
            [
                AuditEvent("CaseStarted", f"case:{round_}", "a", {"主题": "危房鉴定报告"}),
                AuditEvent("TaskCompleted", f"task:{round_}", "b", personal={"name": "顾小明"}),
                AuditEvent("SignedIn", "person:zhou"),
                AuditEvent("Refused", "task:9", "a", result="denied", reason="不由您的岗位办理"),
            ],
            who=Who("p1", "周敏", "disclosure_officer", address="127.0.0.1"),
            at=MORNING,
            head=Head(rows[-1]["seq"], rows[-1]["hash"]) if rows else Head(),
            case_heads=heads,
            alg=alg,
        )
        rows += more
    return rows


@given(VALUES)
def test_the_text_of_a_value_is_the_one_that_the_standard_library_writes(value):
    standard = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert audit.canonical(value) == standard


@pytest.mark.parametrize("value", [1.5, [1, {"a": 2.0}], MORNING, {"a": {1, 2}}, b"x"])
def test_what_has_no_single_text_is_refused(value):
    with pytest.raises(TypeError):
        audit.canonical(value)


@pytest.mark.parametrize("alg", ["sha256", "sm3"])
def test_an_untouched_trail_holds_for_both_verifiers(alg):
    rows = trail(alg)
    assert list(audit.breaks(rows)) == []
    assert list(verifier.problems(rows)) == []


@pytest.mark.parametrize("column", [*CHAINED, "hash"])
def test_a_change_of_any_column_of_any_row_is_found_at_its_row(column):
    for place in range(12):
        rows = trail()
        before = rows[place][column]
        rows[place][column] = before + 1 if isinstance(before, int) else f"{before or ''}x"
        if column == "alg":
            rows[place]["alg"] = "sha512"
        found = list(audit.breaks(rows))
        assert found, (column, place)
        # A changed number leaves a gap before its row; every other change is told with the row's own number.
        assert found[0].seq in (place + 1, place + 2), (column, place)
        assert list(verifier.problems(rows)), (column, place)


def _without(rows: Rows) -> None:
    del rows[5]


def _swapped(rows: Rows) -> None:
    rows[5], rows[6] = rows[6], rows[5]


def _twice(rows: Rows) -> None:
    rows.insert(5, dict(rows[5]))


def _rehashed_alone(rows: Rows) -> None:
    rows[5]["reason"] = "改过"
    rows[5]["hash"] = audit.row_hash(rows[5])


@pytest.mark.parametrize("tamper", [_without, _swapped, _twice, _rehashed_alone])
def test_a_row_that_is_lacking_moved_doubled_or_hashed_anew_is_found(
    tamper: Callable[[Rows], None],
):
    rows = trail()
    tamper(rows)
    found = list(audit.breaks(rows))
    assert all(one.sentence and not one.sentence.isascii() for one in found)
    assert found
    assert found[0].seq in (6, 7)
    assert list(verifier.problems(rows))
