"""Figures from cases by a definition that is data: any procedure may count or list with one.

A definition (``_office/figures/KEY.yaml``) has columns that count cases, completed steps or limits that ran
out, by section and in total, and lists of cases. Every number keeps the numbers of the cases behind it. Knows no
procedure and reads no database: what is counted comes in as names for FEEL.
"""

from engine.counting.definition import (
    FOLDER,
    Definition,
    FiguresInvalid,
    definition_of,
    parse_figures,
)
from engine.counting.figures import Counted, Figures, count
from engine.counting.workbook import figures_workbook

__all__ = [
    "FOLDER",
    "Counted",
    "Definition",
    "Figures",
    "FiguresInvalid",
    "count",
    "definition_of",
    "figures_workbook",
    "parse_figures",
]
