"""The audit trail as evidence: hash chain, verification, checkpoints kept outside the machine. No storage."""

from engine.audit.trail import (
    CHAINED,
    GENESIS,
    AuditEvent,
    Break,
    Head,
    Who,
    breaks,
    canonical,
    chain,
    commitment,
    plain,
    row_hash,
    stamp,
)

__all__ = [
    "CHAINED",
    "GENESIS",
    "AuditEvent",
    "Break",
    "Head",
    "Who",
    "breaks",
    "canonical",
    "chain",
    "commitment",
    "plain",
    "row_hash",
    "stamp",
]
