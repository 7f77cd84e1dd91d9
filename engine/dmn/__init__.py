"""Decisions by the DMN standard, 1.1 to 1.5: tables and expressions that administrators draw.

Evaluates on FEEL; knows no case, no diagram, no XML library and no clock. A result carries the rules that
matched, for the audit trail.
"""

from engine.dmn.errors import DecisionNotFound, DmnRefused, Problem
from engine.dmn.evaluate import evaluate, evaluate_service
from engine.dmn.model import DecisionModel, parse_dmn, parse_models
from engine.dmn.run import DecisionResult, Match

__all__ = [
    "DecisionModel",
    "DecisionNotFound",
    "DecisionResult",
    "DmnRefused",
    "Match",
    "Problem",
    "evaluate",
    "evaluate_service",
    "parse_dmn",
    "parse_models",
]
