"""Everything that a screen or a register shows. Reads, decides nothing, changes nothing."""

from engine.commands.correcting import correctable
from engine.queries.answering import asked, followed, with_button
from engine.queries.audit import audit_page
from engine.queries.calculation import calculation
from engine.queries.calendar import calendar_page, moved_dates, office_report
from engine.queries.case import case_page
from engine.queries.disclosures import disclosures
from engine.queries.inbox import arrivals, case_list, inbox
from engine.queries.labels import catalogues as label_catalogues
from engine.queries.labels import labels_of
from engine.queries.lateness import lateness
from engine.queries.migration import MigrationPage, migrations
from engine.queries.notices import notices
from engine.queries.organisation import organisation_page
from engine.queries.people import accounts_page, person_page
from engine.queries.procedures import (
    diagram_xml,
    folder_diagram,
    folder_files,
    procedure_page,
    procedures,
    version_files,
    version_page,
)
from engine.queries.references import case_choices
from engine.queries.registers import register_page
from engine.queries.report import annual_letter, annual_report, annual_workbook
from engine.queries.rules import rules_document, rules_page
from engine.queries.settings import setting_view, settings_page, value_words
from engine.queries.several import together_page
from engine.queries.shell import bureau, demo_accounts, shell
from engine.queries.simulator import simulate, simulator_options
from engine.queries.statistics import statistics_page
from engine.queries.task import action_page, start_page, task_page

__all__ = [
    "MigrationPage",
    "accounts_page",
    "action_page",
    "annual_letter",
    "annual_report",
    "annual_workbook",
    "arrivals",
    "asked",
    "audit_page",
    "bureau",
    "calculation",
    "calendar_page",
    "case_choices",
    "case_list",
    "case_page",
    "correctable",
    "demo_accounts",
    "diagram_xml",
    "disclosures",
    "folder_diagram",
    "folder_files",
    "followed",
    "inbox",
    "label_catalogues",
    "labels_of",
    "lateness",
    "migrations",
    "moved_dates",
    "notices",
    "office_report",
    "organisation_page",
    "person_page",
    "procedure_page",
    "procedures",
    "register_page",
    "rules_document",
    "rules_page",
    "setting_view",
    "settings_page",
    "shell",
    "simulate",
    "simulator_options",
    "start_page",
    "statistics_page",
    "task_page",
    "together_page",
    "value_words",
    "version_files",
    "version_page",
    "with_button",
]
