"""``gongkai check``: the findings of folders and files, as one list."""

from __future__ import annotations

from pathlib import Path

from engine.bpmn import Finding, Known, analyse, load_xml
from engine.bpmn.findings import ERROR
from engine.dmn import parse_dmn
from engine.errors import BadInput
from engine.procedure_check import CASE_EVENTS
from engine.scenarios.subject import Subject, institution_near, load_one, process_ids, unresolved

MAX_FILE_BYTES = 32 * 1024 * 1024


def check_paths(paths: tuple[Path, ...]) -> list[Finding]:
    """Check procedure folders, folders of procedures, or single .bpmn and .dmn files.

    Without a path: every folder of ``./processes``.
    """
    findings: list[Finding] = []
    for path in paths or (Path("processes"),):
        findings += _check(path)
    return findings


def _check(path: Path) -> list[Finding]:
    if path.is_dir():
        return _folder(path)
    if not path.exists():
        return [_cannot(path, "文件不存在", "no such file")]
    if path.stat().st_size > MAX_FILE_BYTES:
        return [_cannot(path, "文件过大，请检查是否放错了文件", "too large")]
    if path.suffix == ".dmn":
        return _table(path.name, path.read_bytes())
    neighbours = [p for p in sorted(path.parent.glob("*.bpmn")) if p != path][:400]
    findings, definition = analyse({path.name: path.read_bytes()}, known=Known(events=CASE_EVENTS))
    if definition is not None:
        others = process_ids(neighbours)
        subject = Subject(definition)
        findings += [f for f in unresolved(subject, dict.fromkeys(others)) if f.severity == ERROR]
    return findings


def _folder(path: Path) -> list[Finding]:
    if (path / "roles.yaml").exists():
        return _office(path)
    own = (path / "procedure.yaml").exists() or any(path.glob("*.bpmn"))
    if not own:
        below = [
            p for p in sorted(path.iterdir()) if p.is_dir() and not p.name.startswith((".", "_"))
        ]
        if not below:
            return [_cannot(path, "里没有流程文件", "no procedure here")]
        office = [path / "_office"] if (path / "_office").is_dir() else []
        return [f for folder in (*office, *below) for f in _folder(folder)]
    subject, findings, _ = load_one(path, institution_near(path))
    for table in sorted(path.glob("*.dmn")):
        findings = findings + [
            f for f in _table(table.name, table.read_bytes()) if f not in findings
        ]
    if subject is not None:
        siblings = [p for p in sorted(path.resolve().parent.glob("*/*.bpmn")) if p.parent != path][
            :400
        ]
        findings = findings + unresolved(subject, dict.fromkeys(process_ids(siblings)))
    return findings


def _office(path: Path) -> list[Finding]:
    """The office's own data: can it be used as it stands?"""
    try:
        institution_near(path / "_")
    except BadInput as error:
        named = getattr(error, "file", path.name)
        return [
            Finding(
                named,
                named,
                error.code,
                ERROR,
                error.sentence,
                str(error),
                getattr(error, "line", None),
            )
        ]
    return []


def _table(name: str, data: bytes) -> list[Finding]:
    try:
        model = parse_dmn(load_xml(data, name), name)
    except BadInput as error:
        return [
            Finding(
                name,
                name,
                error.code,
                ERROR,
                error.sentence,
                str(error),
                getattr(error, "line", None),
            )
        ]
    return [
        Finding(
            name,
            str(getattr(problem, "element", None) or name),
            str(getattr(problem, "rule", "dmn")),
            str(getattr(problem, "severity", ERROR)),
            str(getattr(problem, "message_zh", getattr(problem, "message", problem))),
            str(getattr(problem, "message_en", problem)),
            getattr(problem, "line", None),
        )
        for problem in getattr(model, "problems", ())
    ]


def _cannot(path: Path, zh: str, en: str) -> Finding:
    return Finding(
        path.name, path.name, "unreadable", ERROR, f"{path.name} {zh}", f"{path.name}: {en}"
    )
