"""Checks exported audit rows without Gongkai: standard library only.

    python verify.py audit.jsonl

Each line is one row. Every row's hash must fit its content, and the rows of each case must follow from
one another. Exit status 0: they hold; 1: they do not, and the first row that does not is named.
"""

import hashlib
import json
import sys
from collections.abc import Iterator
from typing import Any

GENESIS = "0" * 64
CHAINED = [
    "seq",
    "at",
    "actor",
    "actor_name",
    "role",
    "on_behalf",
    "address",
    "action",
    "object",
    "case_id",
    "case_seq",
    "result",
    "reason",
    "version",
    "body",
    "personal",
    "alg",
    "prev",
    "case_prev",
]


def row_hash(row: dict[str, Any]) -> str:
    """Return the hash of a row over its chained columns."""
    content = {name: row[name] for name in CHAINED}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.new(row["alg"], text.encode()).hexdigest()


def problems(rows: list[dict[str, Any]]) -> Iterator[tuple[int, str]]:
    """Yield (seq, why) for every row that does not hold."""
    heads: dict[str, tuple[int, str]] = {}
    last: dict[str, Any] | None = None
    for row in rows:
        if row_hash(row) != row["hash"]:
            yield row["seq"], "its hash does not fit its content"
        if last is not None and row["seq"] <= last["seq"]:
            yield row["seq"], "it does not stand in the order of the trail"
        if last is not None and row["seq"] == last["seq"] + 1 and row["prev"] != last["hash"]:
            yield row["seq"], "it does not follow from the row before it"
        if row["case_id"]:
            seq, head = heads.get(row["case_id"], (0, GENESIS))
            if row["case_seq"] != seq + 1 or row["case_prev"] != head:
                yield row["seq"], "it does not follow from the row before it in its case"
            heads[row["case_id"]] = (row["case_seq"], row["hash"])
        last = row


def main(path: str) -> int:
    """Check a file of rows and say what came out."""
    with open(path, encoding="utf-8") as file:
        rows = [json.loads(line) for line in file if line.strip()]
    found = list(problems(rows))
    for seq, why in found:
        print(f"row {seq}: {why}")  # noqa: T201
    print(f"{len(rows)} rows, {len(found)} problems")  # noqa: T201
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "audit.jsonl"))
