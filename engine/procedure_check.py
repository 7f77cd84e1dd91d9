"""What a procedure folder gets wrong besides its diagrams, as findings; and what its diagrams may name.

``gongkai check``, deploying and the procedures page show these findings next to those of the diagrams.
Reads values only; the diagrams themselves are ``engine.bpmn``'s.
"""

from __future__ import annotations

import html
import re
from collections.abc import Collection, Mapping

from engine.bpmn import standing_ids
from engine.bpmn.findings import ERROR, WARNING, Finding, Known
from engine.bpmn.model import Definition
from engine.errors import BadInput
from engine.letters import LetterInvalid, fields_of
from engine.office import Office
from engine.procedure import Procedure
from engine.settings_check import unknown_settings
from engine.words import say
from engine.yaml_source import YamlRefused

EFFECTS = frozenset(
    (
        "issue_letter",
        "allot_number",
        "notify",
        "publish",
        "archive_case",
        "bundle_papers",
        "start_case",
        "record_outcome",
        "count_figures",
        "compile_report",
        "write_rules",
    )
)
# Dated legal facts that have one name in every procedure; a procedure may add its own.
CASE_EVENTS = frozenset(
    (
        "submitted",
        "arrived",
        "signed",
        "confirmed",
        "received",
        "correction_notice_sent",
        "correction_notice_received",
        "correction_received",
        "third_party_sent",
        "third_party_received",
        "third_party_opinion",
        "agency_consult_sent",
        "agency_consult_received",
        "agency_opinion",
        "extension_approved",
        "extension_notified",
        "fee_notice_received",
        "fee_paid",
        "reasons_requested",
        "reasons_received",
        "delayed_period_set",
        "info_formed",
        "info_changed",
        "reply_sent",
        "reply_served",
        "answered_on_spot",
        "report_year_end",
        "provisional_classification",
        "decision_received",
        "reconsideration_copy_received",
        "reconsideration_decision_received",
        "mailed",
        "routed_to_office",
        "contact_attempt_failed",
    )
)
BUILT_IN_NAMES = frozenset(("case", "clock", "label", "letters", "settings", "steps", "units"))
LETTER_NAMES = frozenset(("文号", "成文日期", say("标题"), "救济", say("案件编号")))


def inspect(
    files: Mapping[str, bytes],
    office: Office | None = None,
    settings: Collection[str] | None = None,
) -> tuple[Procedure | None, list[Finding]]:
    """Read a folder's content and say what is wrong with it.

    Args:
        files: {relative path: bytes}.
        office: holds roles, sections, series and remedies against the folder; None leaves that out.
        settings: names of the office's settings; None leaves them unchecked.

    Returns:
        The procedure, or None where it cannot be read at all; and the findings.
    """
    try:
        procedure = Procedure.from_files(files, office)
    except YamlRefused as error:
        return None, [_finding(error, error.file, error.file, error.line)]
    asked = unknown_settings(procedure, settings) if settings is not None else []
    clear = _in_the_clear(procedure)
    return procedure, [*_templates(procedure, office), *_unused(procedure), *clear, *asked]


def known(
    procedure: Procedure,
    office: Office | None,
    previous: Definition | None = None,
    settings: Collection[str] | None = None,
) -> Known:
    """Return what the procedure's diagram may refer to, for the deployment check.

    previous: the diagram in force, at whose elements open cases may stand.
    """
    roles = {**{key: key for key in office.roles}, **office.role_ids()} if office else None
    return Known(
        roles=roles,
        forms=frozenset(procedure.forms),
        form_fields={key: form.field_keys for key, form in procedure.forms.items()},
        letters=frozenset(procedure.letters),
        effects=EFFECTS,
        settings=frozenset(settings) if settings is not None else None,
        fields=BUILT_IN_NAMES | procedure.variables,
        events=CASE_EVENTS,
        previous_ids=standing_ids(previous) if previous is not None else None,
    )


def _templates(procedure: Procedure, office: Office | None) -> list[Finding]:
    """Each template is harmless, can be read, and names nothing that nobody fills."""
    templates = {one.template: procedure.files[one.template] for one in procedure.letters.values()}
    names: dict[str, set[str]] = {}
    findings = []
    for path, data in templates.items():
        # One by one only after the whole batch failed: a child process costs a third of a second.
        if names := names or _names_of_all(templates):
            break
        try:
            fields_of({path: data})
        except LetterInvalid as error:
            findings.append(_finding(error, path, path, None))
    if office is None or findings:
        return findings
    for letter in procedure.letters.values():
        filled = {*LETTER_NAMES, *office.letterhead, *procedure.letter_fields, *letter.fields}
        findings += [
            Finding(
                letter.template,
                name,
                "letter_field",
                ERROR,
                say(
                    "{template} 用到“{name}”，没有地方填它；请在 procedure.yaml 的 letter_fields 里补上，或者改正模板",
                    template=letter.template,
                    name=name,
                ),
                f"{letter.template} names {name!r}, which nothing fills",
            )
            for name in sorted(names[letter.template] - filled)
        ]
    return findings


def _names_of_all(templates: Mapping[str, bytes]) -> dict[str, set[str]]:
    try:
        return fields_of(templates)
    except LetterInvalid:
        return {}


def _unused(procedure: Procedure) -> list[Finding]:
    """A Word template that no letter names is ignored in silence: say so."""
    used = {one.template for one in procedure.letters.values()}
    return [
        Finding(
            path,
            path,
            "letter_unused",
            WARNING,
            say("{path} 没有用处：procedure.yaml 的 letters 里没有它，请补上或者删去", path=path),
            f"{path} is named by no letter of procedure.yaml",
        )
        for path in procedure.files
        if path.endswith(".docx") and path not in used
    ]


_TOLD = re.compile(r"<gk:(?:records|effect(?=[^>]*\sname=\"notify\"))\s[^>]*>")  # facts and notices
_COMPUTED = re.compile(r"\"(=[^\"]*)\"")


def _in_the_clear(procedure: Procedure) -> list[Finding]:
    """Personal values that would be stored as they are: in the subject, a plain column, a fact or a notice."""
    told = [("procedure.yaml", "subject", procedure.subject.text)]
    if procedure.kind is not None:
        told.append(("procedure.yaml", "kind", procedure.kind.text))
    columns = [one for one in procedure.register if not one.personal]
    told += [("procedure.yaml", f"register {one.key}", one.value.text) for one in columns]
    for path, data in procedure.sources.items():
        tags = _TOLD.findall(data.decode("utf-8", "replace"))
        computed = [text for tag in tags for text in _COMPUTED.findall(tag)]
        told += [(path, path, html.unescape(text)) for text in computed]
    fields = "|".join(sorted(procedure.personal.fields)) or "(?!)"
    cells = "|".join(sorted(set().union(*procedure.personal.columns.values()))) or "(?!)"
    # A field stands alone, a cell behind the row that it is of: ``party.full_name``.
    known = re.compile(rf"(?<![\w.\"])(?:{fields})(?![\w\"])|\.(?:{cells})\b")
    return [
        Finding(
            file,
            element,
            "personal_in_the_clear",
            WARNING,
            say(
                "{where}用到个人信息“{name}”，会不加密地存下、显示，请改用代称或者去掉",
                where=element,
                name=found[0].removeprefix("."),
            ),
            f"{element} would store the personal value {found[0]} in the clear",
        )
        for file, element, text in told
        if (found := known.search(text))
    ]


def _finding(error: BadInput, file: str, element: str, line: int | None) -> Finding:
    return Finding(file, element, error.code, ERROR, error.sentence, str(error), line)
