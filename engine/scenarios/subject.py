"""What a scenario is run against: a single .bpmn file or a procedure folder, loaded and compiled.

Reads files; knows where called processes, forms and the office's data are looked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.bpmn import DefinitionRefused, Finding, Known, analyse, load_xml
from engine.bpmn.findings import ERROR
from engine.bpmn.model import Definition
from engine.bpmn.tags import children
from engine.errors import BadInput, EngineError
from engine.words import say

if TYPE_CHECKING:
    from engine.business_calendar import BusinessCalendar
    from engine.decisions import Decisions
    from engine.institution import Institution
    from engine.procedure import Procedure

MAX_SIBLINGS = 400


class Refused(EngineError):
    """Deployment refuses what a scenario would run."""

    code = "refused"

    def __init__(self, findings: list[Finding]) -> None:
        super().__init__(str(DefinitionRefused(findings)))
        self.findings = findings


@dataclass(slots=True)
class Subject:
    """A definition with everything around it.

    ``procedure`` is None for a bare file; ``library`` holds what may be called, by process; ``beside`` what was
    given with it, whose processes messages and signals may begin.
    """

    definition: Definition
    decisions: Decisions | None = None
    procedure: Procedure | None = None
    institution: Institution | None = None
    calendar: BusinessCalendar | None = None
    library: dict[str, Subject] = field(default_factory=dict)
    beside: list[Subject] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    @property
    def clocks(self) -> Mapping[str, Any]:
        """The clocks of a case: those of the definition and of what it calls."""
        from engine.deployed import all_clocks, called_definitions

        def find(name: str) -> Definition | None:
            return self.library[name].definition if name in self.library else None

        return all_clocks(self.definition, called_definitions(self.definition, find))

    def under(self, settings: Mapping[str, object]) -> Subject:
        """Return the same under other settings of the office; itself where none differs.

        Raises:
            SettingUnknown, SettingRefused: there is no such setting, or not with this value.
        """
        if not settings:
            return self
        if self.institution is None:
            raise BadInput(
                "no office",
                sentence=say("这里没有 _office 文件夹，不能改设置，请在 processes/ 里试算"),
            )
        return replace(self, institution=self.institution.under(settings))


def load_subject(
    path: Path, extra: tuple[Path, ...] = (), *, process: str | None = None
) -> Subject:
    """Load a .bpmn file or a procedure folder with the processes that it may call.

    Args:
        extra: further files or folders with called processes.
        process: the process to start, where the file holds several.

    Raises:
        Refused: the deployment check refuses it. BadInput: it cannot be read at all.
    """
    institution = institution_near(path) if path.is_dir() else None
    found, findings = _load_all(path, extra, institution)
    subject = found[0][0]
    if subject.institution is None:
        _surround(subject, path)
    library = {p: s for s, _ in reversed(found[1:]) for p in s.definition.processes}
    if path.is_dir():
        library = {**_siblings(path, institution, set(subject.definition.processes)), **library}
    known = {**library, **dict.fromkeys(subject.definition.processes)}
    for one in _called_from(subject, library):
        findings += unresolved(one, known)
    subject.library = library
    subject.beside = [s for s, _ in found[1:]]
    subject.findings = findings
    if any(f.severity == ERROR for f in findings):
        raise Refused(findings)
    if process is not None and process in subject.definition.processes:
        subject.definition.main = process
    return subject


def _called_from(subject: Subject, library: Mapping[str, Subject]) -> list[Subject]:
    """Return a subject and those whose processes it calls, directly or through others."""
    reached = [subject]
    for one in reached:
        for name in one.definition.calls:
            other = library.get(name)
            if other is not None and all(other is not known for known in reached):
                reached.append(other)
    return reached


def _load_all(
    path: Path, extra: tuple[Path, ...], institution: Institution | None
) -> tuple[list[tuple[Subject, Known]], list[Finding]]:
    found = []
    findings: list[Finding] = []
    for one in (path, *extra):
        subject, said, known = load_one(one, institution)
        findings += said
        if subject is not None:
            found.append((subject, known))
    if any(f.severity == ERROR for f in findings):
        raise Refused(findings)
    return found, findings


def load_one(
    path: Path, institution: Institution | None
) -> tuple[Subject | None, list[Finding], Known]:
    """Load one file or folder by itself; returns it, or None with the findings why not."""
    if path.is_dir():
        return _folder(path, institution)
    sources = {path.name: path.read_bytes()}
    known = Known()
    findings, definition = analyse(sources, known=known)
    if definition is None:
        return None, findings, known
    tables = sorted(path.parent.glob("*.dmn"))[:MAX_SIBLINGS]
    return (
        Subject(definition, _decisions(tables), None, institution, findings=findings),
        findings,
        known,
    )


def _folder(
    path: Path, institution: Institution | None
) -> tuple[Subject | None, list[Finding], Known]:
    from engine.procedure import read_folder
    from engine.procedure_check import inspect, known

    if not (path / "procedure.yaml").exists():
        return _plain_folder(path, institution)
    try:
        files = read_folder(path)
        office = institution.office if institution else None
        settings = institution.settings if institution else None
        procedure, findings = inspect(files, office, settings)
    except BadInput as error:
        return None, [_finding(path.name, error)], Known()
    if procedure is None:
        return None, findings, Known()
    about = known(procedure, office, settings=settings)
    said, definition = analyse(procedure.sources, known=about, main=procedure.key)
    findings = [*findings, *said]
    if definition is None:
        return None, findings, about
    try:
        decisions = _decisions_of(procedure.sources)
    except BadInput as error:
        return None, [*findings, _finding(path.name, error)], about
    subject = Subject(definition, decisions, procedure, institution, findings=findings)
    return subject, findings, about


def _plain_folder(
    path: Path, institution: Institution | None
) -> tuple[Subject | None, list[Finding], Known]:
    """A folder of diagrams without procedure.yaml: all its files as one definition."""
    sources = {p.name: p.read_bytes() for p in sorted(path.glob("*.bpmn"))}
    if not sources:
        sentence = say("{path} 里没有流程图（.bpmn）", path=path.name)
        return (
            None,
            [Finding(path.name, path.name, "empty", ERROR, sentence, "no .bpmn here")],
            Known(),
        )
    findings, definition = analyse(sources)
    if definition is None:
        return None, findings, Known()
    decisions = _decisions(sorted(path.glob("*.dmn")))
    return Subject(definition, decisions, None, institution, findings=findings), findings, Known()


def _siblings(path: Path, institution: Institution | None, own: set[str]) -> dict[str, Subject]:
    """Return the processes of sibling folders, for call activities; a broken sibling is left out."""
    found: dict[str, Subject] = {}
    for folder in sorted(path.resolve().parent.iterdir())[:MAX_SIBLINGS]:
        if folder == path.resolve() or not folder.is_dir() or folder.name.startswith(("_", ".")):
            continue
        if not any(folder.glob("*.bpmn")):
            continue
        subject, _, _ = load_one(folder, institution)
        for process in subject.definition.processes if subject else ():
            if process not in own and subject is not None:
                found[process] = subject
    return found


def process_ids(paths: list[Path]) -> frozenset[str]:
    """Return the ids of the processes in these files; a file that cannot be read has none."""
    found: set[str] = set()
    for path in paths:
        try:
            root = load_xml(path.read_bytes(), path.name)
        except BadInput:
            continue
        found.update(str(p.get("id")) for p in children(root, "process"))
    return frozenset(found)


def unresolved(subject: Subject, library: Mapping[str, Any]) -> list[Finding]:
    """A call activity whose process is nowhere is an error of the file that calls."""
    there = {*subject.definition.processes, *library}
    return [
        Finding(
            subject.definition.processes[node.process_id].file,
            node.id,
            "called-process",
            ERROR,
            say(
                "“{step}”调用的流程“{given}”不存在",
                step=node.name or node.id,
                given=node.call.process.text,
            ),
            f"{node.id}: the called process {node.call.process.text!r} does not exist",
            node.line,
        )
        for node in subject.definition.all_nodes()
        if node.call is not None
        and node.call.process.expression is None
        and node.call.process.text not in there
    ]


def _surround(subject: Subject, path: Path) -> None:
    """Give a bare file the office's calendar; the office itself only where a clock is drawn."""
    from engine.business_calendar import BusinessCalendar

    place = office_near(path)
    if place is None:
        return
    if subject.definition.clocks:
        subject.institution = institution_near(path)
    elif (place / "calendar").is_dir():
        subject.calendar = BusinessCalendar.load(place / "calendar")


def office_near(path: Path) -> Path | None:
    """Return the office's folder: beside the procedure, above the file, or in ./processes."""
    near = [p if p.name == "_office" else p / "_office" for p in path.resolve().parents]
    places = [*near[:3], Path.cwd() / "processes" / "_office"]
    places.append(Path(__file__).resolve().parents[2] / "processes" / "_office")
    return next((place for place in places if place.is_dir()), None)


def institution_near(path: Path) -> Institution | None:
    """Return the office's data that a file or folder belongs to, None where there is none.

    Raises:
        BadInput: the office's data cannot be used.
    """
    from engine.institution import Institution

    place = office_near(path)
    return Institution.from_files(_office_files(place), "try") if place is not None else None


def _office_files(place: Path) -> dict[str, bytes]:
    return {
        str(p.relative_to(place)): p.read_bytes()
        for p in sorted(place.rglob("*"))
        if p.is_file() and p.suffix in (".yaml", ".json")
    }


def _decisions(tables: list[Path]) -> Decisions | None:
    try:
        return _decisions_of({p.name: p.read_bytes() for p in tables})
    except BadInput:
        return None  # a broken neighbour of a bare file; a decision that is asked for fails by name


def _decisions_of(sources: Mapping[str, bytes]) -> Decisions | None:
    from engine.decisions import Decisions

    tables = {n: d for n, d in sources.items() if n.endswith(".dmn")}
    return Decisions.from_sources(tables) if tables else None


def _finding(file: str, error: BadInput) -> Finding:
    named = getattr(error, "file", file)
    return Finding(
        named, named, error.code, ERROR, error.sentence, str(error), getattr(error, "line", None)
    )
