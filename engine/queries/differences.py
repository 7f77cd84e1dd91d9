"""The differences between two contents of a procedure folder, in sentences and on the diagram."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from engine.deployed import Deployed, deployed_from
from engine.environment import OFFICE
from engine.errors import BadInput, EngineError
from engine.office import Office
from engine.office.settings import FILE as SETTINGS
from engine.office.settings import OfficeSettings
from engine.queries.changes import Change, altered
from engine.queries.content_changes import content_changes, file_change
from engine.queries.drawn_changes import drawn_changes
from engine.words import say


def differences(
    key: str, before: Mapping[str, bytes], after: Mapping[str, bytes], office: Office
) -> list[Change]:
    """Return what changed from one content of a folder to another.

    Where one of them cannot be compiled (the folder is being worked on) only files are told.
    """
    if key == OFFICE:
        return list(_office(before, after))
    try:
        old, new = _compiled(before, office), _compiled(after, office)
    except EngineError:
        return [
            file_change(path, before, after)
            for path in sorted(set(before) | set(after))
            if before.get(path) != after.get(path)
        ]
    found = [*drawn_changes(old, new, office), *content_changes(old.procedure, new.procedure)]
    main = new.procedure.main
    if not found and before.get(main) != after.get(main):
        same = _apart_from_layout(before.get(main)) == _apart_from_layout(after.get(main))
        told = (
            say("流程图的版面有改动，办理不变") if same else say("流程图有其他改动，请打开文件核对")
        )
        found.append(Change("changed", main, told, main))
    return found


def _apart_from_layout(drawing: bytes | None) -> bytes:
    """Return a drawing without where its shapes stand: the interchange comes last in the file."""
    return re.split(rb"<[\w.-]*:?BPMNDiagram\b", drawing or b"", maxsplit=1)[0].strip()


def marks(
    changes: Iterable[Change], after: Mapping[str, bytes], office: Office
) -> dict[str, dict[str, str]]:
    """Return ``{element: {"mark": 新 or 改, "state": added or changed}}`` for the drawing of the new content."""
    forms = _steps_of_forms(after, office)
    found: dict[str, dict[str, str]] = {}
    for change in changes:
        if change.tag == "gone":
            continue
        elements = forms.get(change.element, [change.element] if change.element else [])
        for element in elements:
            if change.tag == "new" and element == change.element:
                found[element] = {"mark": say("新"), "state": "added"}
            else:
                found.setdefault(element, {"mark": say("改"), "state": "changed"})
    return found


def named(changes: Sequence[Change], tag: str) -> list[str]:
    """Return the names of the steps with a tag, each once: the drawing's sentence."""
    drawn = [one.name for one in changes if one.tag == tag and one.element]
    return list(dict.fromkeys(drawn))


def _compiled(files: Mapping[str, bytes], office: Office) -> Deployed:
    return deployed_from(files, office, version_id="compared", number=0)


def _steps_of_forms(after: Mapping[str, bytes], office: Office) -> dict[str, list[str]]:
    try:
        activities = _compiled(after, office).definition.activities
    except EngineError:
        return {}
    found: dict[str, list[str]] = {}
    for key, activity in activities.items():
        if activity.form:
            found.setdefault(f"form:{activity.form}", []).append(key)
    return found


def _office(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> Iterable[Change]:
    for path in sorted(set(before) | set(after)):
        if before.get(path) == after.get(path):
            continue
        told = list(_settings(before, after)) if path == SETTINGS else []
        yield from told or [file_change(path, before, after)]


def _settings(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> Iterable[Change]:
    try:
        old = OfficeSettings.from_bytes(before.get(SETTINGS, b""))
        new = OfficeSettings.from_bytes(after.get(SETTINGS, b""))
    except BadInput:
        return
    known = {one.name: one for one in old.all}
    for one in new.all:
        was = known.get(one.name)
        if was is None:
            yield Change("new", one.title, say("新增设置"), SETTINGS)
            continue
        words = [each.choices.get(str(each.value), str(each.value)) for each in (was, one)]
        change = altered(one.title, say("设置"), words[0], words[1], SETTINGS)
        if change:
            yield change
