"""The statutory annual report: tables computed from cases, checked, and written down.

What is counted in which cell is data (``processes/_office/reports/*.yaml``), chosen by year; this package
knows no row, no outcome and no procedure. It reads no database: cases come in as names for FEEL.
"""

from engine.annual_report.balance import Check, checks_of, refuse_unbalanced
from engine.annual_report.definition import (
    FOLDER,
    ReportDefinition,
    ReportInvalid,
    definition_for,
    parse_definition,
)
from engine.annual_report.figures import Cell, Record, Report, compile_report
from engine.annual_report.workbook import workbook
from engine.annual_report.writing import letter_values

__all__ = [
    "FOLDER",
    "Cell",
    "Check",
    "Record",
    "Report",
    "ReportDefinition",
    "ReportInvalid",
    "checks_of",
    "compile_report",
    "definition_for",
    "letter_values",
    "parse_definition",
    "refuse_unbalanced",
    "workbook",
]
