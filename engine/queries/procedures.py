"""Procedures for administrators: versions in force and past, and folders that changed on disk.

Nothing here shows what is in a case: only how many cases there are, and at which step.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from engine.access import require
from engine.bpmn.model import Definition
from engine.commands.deploying import diagram_in_force, findings_of
from engine.deployed import deployed_from
from engine.environment import OFFICE, Environment
from engine.errors import BadInput, EngineError, NotFound
from engine.identity import Actor
from engine.institution import Institution
from engine.office.settings import OfficeSettings
from engine.procedure import content_hash, read_folder
from engine.queries.changes import Change, length_words
from engine.queries.common import People, reason_of
from engine.queries.differences import differences, marks
from engine.queries.pages import ProcedureRow, ProcedureView, VersionPage, VersionView
from engine.queries.published_rules import published_rules
from engine.store import definitions as store
from engine.store import figures
from engine.timesource import legal_day
from engine.unit_of_work import UnitOfWork
from engine.words import say
from engine.yaml_source import YamlRefused, load_yaml


def procedures(env: Environment, actor: Actor) -> list[ProcedureRow]:
    """Return every procedure, those first that wait to be put into force; the office's own data last.

    Raises:
        Denied: the actor may not see procedures.
    """
    require(env.institution().rules, actor, "procedures.read")
    env.refresh()
    stored = _Stored.read(env)
    rows = []
    for key in sorted({*stored.rows, *_folders(env)}, key=lambda key: (key == OFFICE, key)):
        versions = stored.views(key)
        folder = _Folder.read(env, key)
        rows.append(
            ProcedureRow(
                key,
                _title(env, key, stored.rows.get(key), folder.files),
                versions,
                folder.differs_from(env, stored.rows.get(key)),
                sum(view.open_cases for view in versions),
                is_office=key == OFFICE,
                is_missing=not folder.is_there,
            )
        )
    return sorted(rows, key=lambda row: (row.is_office, not row.changed))


def procedure_page(env: Environment, actor: Actor, key: str) -> ProcedureView:
    """Return one procedure with what was found in its folder and how that differs from the version in force.

    Raises:
        Denied; NotFound: neither a version nor a folder.
    """
    require(env.institution().rules, actor, "procedures.read")
    env.refresh()
    stored = _Stored.read(env)
    rows, folder = stored.rows.get(key), _Folder.read(env, key)
    if rows is None and not folder.is_there:
        raise NotFound("procedure", key)
    versions = stored.views(key)
    changed = folder.differs_from(env, rows)
    found = _Compared.of(env, key, rows, folder) if changed else _Compared()
    return ProcedureView(
        key=key,
        title=_title(env, key, rows, folder.files),
        versions=versions,
        changed=changed,
        findings=found.findings,
        differences=found.changes,
        open_cases=sum(view.open_cases for view in versions),
        xml_url=_drawing_of(key, rows, found.has_drawing),
        is_office=key == OFFICE,
        is_missing=not folder.is_there,
        marks=found.marks,
        steps=found.steps or _steps(env, rows),
        stranded=stored.stranded(env, rows, found.elements) if found.elements else (),
        published_rules=published_rules(env, key),
    )


def version_page(
    env: Environment, actor: Actor, key: str, number: int, against: int | None = None
) -> VersionPage:
    """Return one version, compared with another (the one before it, where none is named).

    Raises:
        Denied, NotFound.
    """
    require(env.institution().rules, actor, "procedures.read")
    stored = _Stored.read(env)
    rows = stored.rows.get(key, [])
    row = next((one for one in rows if one["number"] == number), None)
    if row is None:
        raise NotFound("version", f"{key} {number}")
    earlier = [one["number"] for one in rows if one["number"] < number]
    other = against if against is not None else max(earlier, default=None)
    with UnitOfWork(env.database, writing=False) as uow:
        files = store.files(uow.connection, row["id"])
        base = next((one for one in rows if one["number"] == other), None)
        before = store.files(uow.connection, base["id"]) if base else {}
    office = env.institution().office
    changes = differences(key, before, files, office) if base else []
    is_office = key == OFFICE
    clocks = {} if is_office else env.deployed(row["id"]).clocks
    return VersionPage(
        key=key,
        title=_title(env, key, rows, files),
        version=next(view for view in stored.views(key) if view.number == number),
        numbers=[one["number"] for one in rows],
        against=other if base else None,
        differences=changes,
        marks={} if is_office else marks(changes, files, office),
        xml_url="" if is_office else f"/versions/{row['id']}/diagram.bpmn",
        steps=_steps(env, [row]) if not is_office else (),
        waiting=stored.waiting(env, row),
        limits=[
            (one.title, _limit(env.institution().settings, one.length), one.article)
            for one in clocks.values()
        ],
        files=[(path, len(data)) for path, data in files.items()],
    )


def _limit(settings: OfficeSettings, length: str) -> str:
    """A limit in words; one that a setting gives (``@name``) with the setting's title."""
    if not length.startswith("@") or length[1:] not in settings:
        return length_words(length)
    one = settings.setting(length[1:])
    return say("{length}（设置：{title}）", length=length_words(str(one.value)), title=one.title)


class _Stored:
    """What the database knows of all procedures, read in one transaction."""

    def __init__(
        self,
        rows: Mapping[str, Sequence[Mapping[str, Any]]],
        open_by: Mapping[str, int],
        standing: Mapping[tuple[str, str], int],
        people: People,
        day: date,
    ) -> None:
        self.rows, self.open_by, self.standing, self.people = rows, open_by, standing, people
        self.day = day

    @classmethod
    def read(cls, env: Environment) -> _Stored:
        with UnitOfWork(env.database, writing=False) as uow:
            connection = uow.connection
            return cls(
                {key: store.versions(connection, key) for key in store.procedures(connection)},
                store.open_cases_by_version(connection),
                figures.open_steps(connection),
                People.read(connection, legal_day(env.time.now())),
                legal_day(env.time.now()),
            )

    def views(self, key: str) -> list[VersionView]:
        rows = self.rows.get(key, ())
        current = next((row for row in rows if not store.waits(row, self.day)), None)
        return [
            VersionView(
                number=row["number"],
                deployed_at=row["deployed_at"],
                deployed_by=self.people.name(row["deployed_by"]),
                reason=reason_of(row),
                in_force=row is current,
                hash=row["content_hash"][:12],
                open_cases=self.open_by.get(row["id"], 0),
                from_day=row["in_force_from"],
                waits=index == 0 and row is not current,
            )
            for index, row in enumerate(rows)
        ]

    def waiting(self, env: Environment, row: Mapping[str, Any]) -> list[tuple[str, int]]:
        """Steps of a version at which open cases stand."""
        if row["procedure"] == OFFICE:
            return []
        activities = env.deployed(row["id"]).definition.activities
        return [
            (activity.name, self.standing[(row["id"], key)])
            for key, activity in activities.items()
            if (row["id"], key) in self.standing
        ]

    def stranded(
        self, env: Environment, rows: Sequence[Mapping[str, Any]] | None, kept: frozenset[str]
    ) -> list[tuple[str, int]]:
        """Steps at which open cases stand and which the changed folder no longer has."""
        found: dict[str, int] = {}
        for row in rows or ():
            activities = env.deployed(row["id"]).definition.activities
            for (version, element), count in self.standing.items():
                if version == row["id"] and element in activities and element not in kept:
                    name = activities[element].name
                    found[name] = found.get(name, 0) + count
        return list(found.items())


class _Folder:
    """A folder on disk as it stands now; ``problem`` where it cannot even be read."""

    def __init__(
        self, files: Mapping[str, bytes], problem: BadInput | None, *, is_there: bool
    ) -> None:
        self.files, self.problem, self.is_there = files, problem, is_there

    @classmethod
    def read(cls, env: Environment, key: str) -> _Folder:
        folder: Path = env.config.processes / key
        if key not in {OFFICE, *_folders(env)} or not folder.is_dir():
            return cls({}, None, is_there=False)
        try:
            return cls(read_folder(folder), None, is_there=True)
        except BadInput as error:
            return cls({}, error, is_there=True)

    def differs_from(self, env: Environment, rows: Sequence[Mapping[str, Any]] | None) -> bool:
        if not self.is_there:
            return False
        if self.problem or not rows:
            return True
        return content_hash(self.files, env.config.hash_algorithm) != str(rows[0]["content_hash"])


class _Compared:
    """What the deployment check and the comparison say of a changed folder."""

    def __init__(self) -> None:
        self.findings: Sequence[object] = ()
        self.changes: Sequence[Change] = ()
        self.marks: Mapping[str, Mapping[str, object]] = {}
        self.steps: Sequence[str] = ()
        self.elements: frozenset[str] = frozenset()
        self.has_drawing = False

    @classmethod
    def of(
        cls,
        env: Environment,
        key: str,
        rows: Sequence[Mapping[str, Any]] | None,
        folder: _Folder,
    ) -> _Compared:
        found = cls()
        if folder.problem is not None:
            found.findings = [folder.problem]
            return found
        before: Mapping[str, bytes] = {}
        if rows:
            with UnitOfWork(env.database, writing=False) as uow:
                before = store.files(uow.connection, rows[0]["id"])
        office = env.institution().office
        found.findings = _findings(env, key, folder.files)
        if rows:
            found.changes = differences(key, before, folder.files, office)
            found.marks = marks(found.changes, folder.files, office)
        if key != OFFICE:
            found.has_drawing = _main(key, folder.files) is not None
            found._look(env, folder.files)
        return found

    def _look(self, env: Environment, files: Mapping[str, bytes]) -> None:
        try:
            made = deployed_from(files, env.institution().office, version_id="looked at", number=0)
        except EngineError:
            return
        self.elements = frozenset(made.definition.activities)
        self.steps = _named(made.definition)


def _findings(env: Environment, key: str, files: Mapping[str, bytes]) -> list[object]:
    try:
        if key == OFFICE:
            Institution.from_files(files, "check")
            return []
        previous = diagram_in_force(env, key)
        return list(findings_of(files, env.institution(), previous)[1])
    except BadInput as error:
        return [error]


def _folders(env: Environment) -> list[str]:
    """Folders that could become a procedure, also those without any version yet."""
    if not env.config.processes.is_dir():
        return []
    return [
        path.name
        for path in env.config.processes.iterdir()
        if path.is_dir() and path.name[0] != "." and (path / "procedure.yaml").is_file()
    ]


def _title(
    env: Environment,
    key: str,
    rows: Sequence[Mapping[str, Any]] | None,
    files: Mapping[str, bytes],
) -> str:
    if key == OFFICE:
        return say("本机关资料")
    if rows:
        return env.deployed(rows[0]["id"]).procedure.title
    try:
        top = load_yaml(files.get("procedure.yaml", b""), "procedure.yaml")
    except YamlRefused:
        return key
    return str(top.get("title") or key) if isinstance(top, dict) else key


def _steps(env: Environment, rows: Sequence[Mapping[str, Any]] | None) -> list[str]:
    if not rows or rows[0]["procedure"] == OFFICE:
        return []
    return _named(env.deployed(rows[0]["id"]).definition)


def _named(definition: Definition) -> list[str]:
    """Return what the drawing calls its steps; what it gives no name has only an id, which tells nobody anything."""
    return [one.name for one in definition.activities.values() if one.name != one.id]


def _drawing_of(key: str, rows: Sequence[Mapping[str, Any]] | None, in_folder: bool) -> str:
    if key == OFFICE:
        return ""
    if in_folder:
        return f"/procedures/{key}/folder/diagram.bpmn"
    return f"/versions/{rows[0]['id']}/diagram.bpmn" if rows else ""


def _main(key: str, files: Mapping[str, bytes]) -> str | None:
    drawings = [path for path in files if path.endswith(".bpmn")]
    named = f"{key}.bpmn"
    return named if named in drawings else next(iter(drawings), None)


def diagram_xml(env: Environment, actor: Actor, version_id: str) -> bytes:
    """Return the diagram of a version as it was drawn: no case content, so any signed-in person may.

    Raises:
        NotFound: no such version.
    """
    if not actor.roles:
        raise NotFound("version", version_id)
    procedure = env.deployed(version_id).procedure
    return procedure.files[procedure.main]


def folder_diagram(env: Environment, actor: Actor, key: str) -> bytes:
    """Return the diagram that lies in a folder now.

    Raises:
        Denied; NotFound: no such folder, or none in it.
    """
    files = folder_files(env, actor, key)
    main = _main(key, files)
    if main is None:
        raise NotFound("diagram", key)
    return files[main]


def folder_files(env: Environment, actor: Actor, key: str) -> dict[str, bytes]:
    """Return what lies in a folder now, for download.

    Raises:
        Denied; NotFound: no such folder, or one that cannot be read.
    """
    require(env.institution().rules, actor, "procedures.read")
    folder = _Folder.read(env, key)
    if not folder.is_there or folder.problem is not None:
        raise NotFound("folder", key)
    return dict(folder.files)


def version_files(env: Environment, actor: Actor, key: str, number: int) -> dict[str, bytes]:
    """Return the whole content of one version, for download.

    Raises:
        Denied, NotFound.
    """
    require(env.institution().rules, actor, "procedures.read")
    with UnitOfWork(env.database, writing=False) as uow:
        for row in store.versions(uow.connection, key):
            if row["number"] == number:
                return store.files(uow.connection, row["id"])
    raise NotFound("version", f"{key} {number}")
