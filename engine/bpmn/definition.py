"""From sources to a definition: load, check, normalise, parse, compile; or the findings why not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lxml import etree

from engine.bpmn import check as checks
from engine.bpmn import compile as compiling
from engine.bpmn import parse, rewrite, tags
from engine.bpmn.findings import ERROR, DefinitionRefused, Finding, Known, Report
from engine.bpmn.load import XmlRefused, load_xml
from engine.bpmn.model import Definition, Process
from engine.bpmn.reading import Reading, line, owner_id
from engine.errors import BadInput


def check(sources: Mapping[str, bytes], known: Known | None = None) -> list[Finding]:
    """Return everything the deployment check says about a set of .bpmn files."""
    return analyse(sources, known=known)[0]


def compile_definition(
    sources: Mapping[str, bytes], *, known: Known | None = None, main: str | None = None
) -> Definition:
    """Compile a set of .bpmn files to one definition.

    Args:
        sources: file name -> bytes. Called processes may stand in the same set; .dmn files are left out.
        known: what the office knows; nothing of it is checked where None.
        main: the process to start; chosen by ``compile.choose_main`` where None.

    Raises:
        DefinitionRefused: some finding is an error.
    """
    findings, definition = analyse(sources, known=known, main=main)
    if definition is None:
        raise DefinitionRefused(findings)
    return definition


def analyse(
    sources: Mapping[str, bytes], *, known: Known | None = None, main: str | None = None
) -> tuple[list[Finding], Definition | None]:
    """Return the findings, and the definition where none of them is an error."""
    known = known or Known()
    findings: list[Finding] = []
    loaded: list[tuple[str, etree._Element, Report]] = []
    for name, data in sources.items():
        if name.lower().endswith(".dmn"):
            continue  # decision tables of the same folder are the decisions' own reader's
        report = Report(name)
        root = _load(data, name, report)
        if root is not None:
            loaded.append((name, root, report))
        else:
            findings += report.findings
    for _, root, report in loaded:
        checks.structure(root, report)
    checks.across(loaded)
    compiled: list[tuple[etree._Element, Reading, list[Process]]] = []
    for name, root, report in loaded:
        if any(f.severity == ERROR for f in report.findings):
            continue
        reading = Reading(report, known)
        compiled.append((root, reading, _compile(name, root, reading)))
    definition = None
    for root, reading, _ in compiled:
        _clocks(root, reading.report)
    broken = any(f.severity == ERROR for _, _, r in loaded for f in r.findings) or bool(findings)
    if compiled and not broken:
        definition = compiling.assemble(sources, compiled, main)
        checks.meaning(definition, compiled, known)
    for _, _, report in loaded:
        findings += report.findings
    if any(f.severity == ERROR for f in findings):
        definition = None
    return findings, definition


def _load(data: bytes, name: str, report: Report) -> etree._Element | None:
    try:
        root = load_xml(data, name)
    except XmlRefused as refused:
        report.error("xml", name, refused.line, refused.sentence, str(refused))
        return None
    rewrite.normalise(root)
    return root


def _clocks(root: etree._Element, report: Report) -> None:
    """A clock that cannot be read refuses the file."""
    try:
        compiling.clocks_of(root)
    except BadInput as error:
        clock = next(root.iter(f"{{{tags.GK}}}clock"))
        report.error("clock", owner_id(clock), line(clock), error.sentence, str(error))


def _compile(name: str, root: etree._Element, reading: Reading) -> list[Process]:
    compiling.names_of(root, reading)
    specs: dict[str, Any] = parse.parse(root, name)
    return compiling.FileCompiler(name, root, specs, reading).processes()
