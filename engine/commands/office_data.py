"""Changing one thing of the office's own data from a page: a year of the calendar, a setting.

The change is shown first with every date of an open case that it would move; then it is written into the
folder and put into force in one go. Where the folder holds other changes that nobody has put into force,
it is refused: they must not slip in with it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine import audit
from engine.access import require
from engine.business_calendar.notice import read_notice
from engine.business_calendar.years import CalendarChange, preview_year
from engine.commands.deploying import DeployedVersion, deploy_office
from engine.commands.folders import write_file
from engine.commands.noting import note
from engine.commands.passing_time import HOLIDAYS_AWAITED
from engine.commands.recomputing import Moving, preview_clocks
from engine.environment import OFFICE, Environment
from engine.errors import BadInput, EngineError
from engine.identity import Actor
from engine.institution import CALENDAR_FOLDER, Institution
from engine.office.settings import FILE as SETTINGS_FILE
from engine.office.settings import OfficeSettings, Setting, Value
from engine.procedure import read_folder
from engine.store import definitions as store
from engine.store import outbox
from engine.unit_of_work import UnitOfWork
from engine.words import say

Progress = Callable[[int, int], object]


def _unseen(done: int, total: int) -> None:
    """Nobody looks."""


class OtherChangesWaiting(BadInput):
    """The folder holds changes that are not in force; ``paths`` names them."""

    code = "other_changes_waiting"

    def __init__(self, paths: Sequence[str]) -> None:
        super().__init__(
            f"not in force: {', '.join(paths)}",
            sentence=say(
                "本机关资料的文件夹里还有没启用的改动（{files}），请先在“程序”页启用或者改回，再做这一项",
                files="、".join(paths[:5]),
            ),
        )
        self.paths = paths


@dataclass(frozen=True)
class YearPreview:
    """What taking in a year would change: days, and dates of open cases. ``data`` is the year file to be kept."""

    change: CalendarChange
    moving: Sequence[Moving]
    data: bytes


@dataclass(frozen=True)
class SettingPreview:
    """What another value of a setting would change."""

    setting: Setting
    value: Value
    moving: Sequence[Moving]


def year_file(data: bytes, name: str, year: int | None = None) -> bytes:
    """Return a year file from what somebody brought: JSON as it is, else the notice as it is worded.

    Raises:
        CalendarRefused: neither; the sentence says where it is wrong.
    """
    if data.lstrip()[:1] == b"{":
        return data
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return read_notice(data.decode(encoding), name, year)
        except UnicodeDecodeError:
            continue
    raise BadInput(
        "unknown encoding", sentence=say("不是 UTF-8 或 GB18030 编码的文字，请另存后再导入")
    )


def preview_calendar(
    env: Environment,
    actor: Actor,
    data: bytes,
    name: str,
    progress: Progress = _unseen,
    *,
    known: Sequence[Moving] | None = None,
) -> YearPreview:
    """Say what taking in a year file would change; nothing is written.

    Args:
        progress: told how many of how many open cases were computed.
        known: the dates that it moves, where that was computed before.

    Raises:
        Denied; CalendarRefused: the file cannot be used.
    """
    require(env.institution().rules, actor, "calendar.import")
    change = preview_year(_calendar_folder(env), data, name)
    if known is None:
        known = _moving(env, {_year_path(change.year): data}, progress)
    return YearPreview(change, known, data)


def import_calendar(
    env: Environment,
    actor: Actor,
    data: bytes,
    name: str,
    reason: str,
    progress: Callable[[int, int], object] = lambda done, total: None,
) -> DeployedVersion:
    """Take in a year: a new version of the office's data, every open clock computed again.

    Args:
        progress: told how many of how many open cases were computed again.

    Raises:
        Denied; CalendarRefused; OtherChangesWaiting; BadInput: no reason, or nothing changes.
    """
    require(env.institution().rules, actor, "calendar.import")
    change = preview_year(_calendar_folder(env), data, name)
    path = _year_path(change.year)
    done = _put_into_force(env, actor, path, data, reason, progress)
    days = {
        "added": len(change.added),
        "removed": len(change.removed),
        "changed": len(change.changed),
    }
    body = {"year": change.year, "source": change.source, "checksum": change.checksum, **days}
    _told(env, actor, "CalendarImported", f"calendar:{change.year}", body, reason, done)
    with UnitOfWork(env.database, writing=True) as uow:
        outbox.settle(uow.connection, HOLIDAYS_AWAITED.format(year=change.year))
        uow.commit()
    return done


def preview_setting(
    env: Environment,
    actor: Actor,
    name: str,
    value: str,
    progress: Progress = _unseen,
    *,
    known: Sequence[Moving] | None = None,
) -> SettingPreview:
    """Say which dates another value would move; nothing is written.

    Args:
        progress: told how many of how many open cases were computed.
        known: the dates that it moves, where that was computed before.

    Raises:
        Denied; SettingUnknown, SettingRefused.
    """
    require(env.institution().rules, actor, "settings.change")
    settings = env.institution().settings
    changed = settings.changed({name: value})
    if known is None:
        data = _with_value(env, settings.setting(name), changed[name])
        known = _moving(env, {SETTINGS_FILE: data}, progress)
    return SettingPreview(settings.setting(name), changed[name], known)


def change_setting(
    env: Environment,
    actor: Actor,
    name: str,
    value: str,
    reason: str,
    progress: Callable[[int, int], object] = lambda done, total: None,
) -> DeployedVersion:
    """Give a setting another value; written into ``settings.yaml`` and put into force.

    Raises:
        Denied; SettingUnknown, SettingRefused; OtherChangesWaiting; BadInput: no reason, or it has that value.
    """
    require(env.institution().rules, actor, "settings.change")
    settings = env.institution().settings
    before, after = settings.setting(name), settings.changed({name: value})[name]
    if before.value == after:
        raise BadInput(
            f"{name} unchanged", sentence=say("“{title}”本来就是这样，没有改动", title=before.title)
        )
    data = _with_value(env, before, after)
    done = _put_into_force(env, actor, SETTINGS_FILE, data, reason, progress)
    body = {"changes": [[name, str(before.value), str(after)]]}
    _told(env, actor, "SettingsChanged", f"setting:{name}", body, reason, done)
    return done


def _put_into_force(
    env: Environment,
    actor: Actor,
    path: str,
    data: bytes,
    reason: str,
    progress: Callable[[int, int], object],
) -> DeployedVersion:
    """Write one file of the office's data and deploy it; where that fails the file is as it was."""
    if not reason.strip():
        raise BadInput("no reason", sentence=say("请写明理由，例如通知的文号或者会议纪要编号"))
    folder = env.config.processes / OFFICE
    on_disk, in_force = read_folder(folder), _in_force(env)
    waiting = sorted(
        one
        for one in {*on_disk, *in_force}
        if one != path and on_disk.get(one) != in_force.get(one)
    )
    if waiting:
        raise OtherChangesWaiting(waiting)
    files = {**in_force, path: data}
    Institution.from_files(files, "check")
    file = folder / path
    before = file.read_bytes() if file.exists() else None
    write_file(folder, file, data)
    try:
        return deploy_office(env, actor, dict(sorted(files.items())), reason, progress)
    except EngineError:
        if before is None:
            file.unlink(missing_ok=True)
        else:
            write_file(folder, file, before)
        raise


def _moving(env: Environment, replaced: Mapping[str, bytes], progress: Progress) -> list[Moving]:
    files = {**_in_force(env), **replaced}
    return preview_clocks(env, Institution.from_files(files, "preview"), progress)


def _in_force(env: Environment) -> dict[str, bytes]:
    version = env.version_in_force(OFFICE)
    with UnitOfWork(env.database, writing=False) as uow:
        return store.files(uow.connection, version)


def _calendar_folder(env: Environment) -> Path:
    return env.config.processes / OFFICE / CALENDAR_FOLDER.rstrip("/")


def _year_path(year: int) -> str:
    return f"{CALENDAR_FOLDER}{year}.json"


def _with_value(env: Environment, setting: Setting, value: Value) -> bytes:
    """Return ``settings.yaml`` with one ``value:`` line more, less or other; everything else as it was written."""
    before = _in_force(env)[SETTINGS_FILE]
    text = before.decode("utf-8")
    entry = re.search(
        rf"^(?P<indent> *)- name: {setting.name} *\n(?P<rest>(?:(?P=indent)  .*\n|\n|(?P=indent) *#.*\n)*)",
        text if text.endswith("\n") else text + "\n",
        re.MULTILINE,
    )
    if entry is None:
        raise _unusual(setting)
    indent = entry["indent"] + "  "
    rest = re.sub(rf"^{indent}value:.*\n", "", entry["rest"], flags=re.MULTILINE)
    if value != setting.default:
        line = f"{indent}value: {_yaml(value)}\n"
        rest, count = re.subn(
            rf"^({indent}default:.*\n)", rf"\g<1>{line}", rest, count=1, flags=re.MULTILINE
        )
        if not count:
            raise _unusual(setting)
    head = text[: entry.start()] + f"{entry['indent']}- name: {setting.name}\n"
    after = (head + rest + text[entry.end() :]).encode("utf-8")
    _refuse_other(before, after, setting, value)
    return after


def _refuse_other(before: bytes, after: bytes, setting: Setting, value: Value) -> None:
    """Read the new text as the engine will; nothing but this one value may differ."""
    wanted = OfficeSettings.from_bytes(before).changed({setting.name: value})
    if dict(OfficeSettings.from_bytes(after)) != dict(wanted):
        raise _unusual(setting)


def _yaml(value: Value) -> str:
    return str(value) if isinstance(value, int) else f'"{value}"'


def _unusual(setting: Setting) -> BadInput:
    return BadInput(
        f"settings.yaml: cannot place {setting.name}",
        sentence=say(
            "settings.yaml 里“{name}”的写法不常见，请用编辑器改这个文件", name=setting.name
        ),
    )


def _told(
    env: Environment,
    actor: Actor,
    action: str,
    about: str,
    body: Mapping[str, object],
    reason: str,
    done: DeployedVersion,
) -> None:
    moved = {"moved_limits": len(done.moved), "version": done.number}
    event = audit.AuditEvent(
        action, about, body={**body, **moved}, reason=reason.strip(), version=done.version_id
    )
    with UnitOfWork(env.database, writing=True) as uow:
        note(env, uow.connection, actor, event)
        uow.commit()
