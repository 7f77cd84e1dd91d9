"""Files that an administrator brings: a whole procedure folder as a .zip, or one file of it.

Everything is looked at before anything is written, and then written whole or not at all. Nothing here
becomes a version: a changed folder waits on the procedures page until somebody puts it into force.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import stat
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import NoReturn

from engine import audit
from engine.access import require
from engine.commands.noting import note
from engine.environment import OFFICE, Environment
from engine.errors import BadInput
from engine.identity import Actor
from engine.procedure import (
    ENDINGS,
    MAX_FILE_BYTES,
    MAX_FILES,
    MAX_FOLDER_BYTES,
    content_hash,
    read_folder,
)
from engine.unit_of_work import UnitOfWork
from engine.words import say
from engine.yaml_source import YamlRefused, load_yaml

MAX_RATIO = 200  # an entry that unpacks to more than this many times its size is no document
_KEY = re.compile(r"[a-z][a-z0-9_]{0,59}")
_PATH = re.compile(r"[^/\\\x00-\x1f:*?\"<>|]+(/[^/\\\x00-\x1f:*?\"<>|]+){0,2}")
_PLACES = {"bpmn": "", "dmn": "", "docx": "letters/", "json": "calendar/", "po": "locale/"}


class UploadUnusable(BadInput):
    """What was uploaded cannot become part of a folder; the sentence says why. Nothing was written."""

    code = "upload_unusable"


def upload_folder(env: Environment, actor: Actor, data: bytes, *, key: str | None = None) -> str:
    """Put a folder that came as a .zip in place of ``processes/<key>``; return its key.

    Args:
        key: the procedure for which it was meant; None takes whatever the archive holds.

    Raises:
        Denied; UploadUnusable: not a usable archive, or of another procedure. Nothing was written.
    """
    require(env.institution().rules, actor, "procedures.deploy")
    files = unpacked(data)
    found = _key_of(files)
    if key is not None and found != key:
        _refuse(
            f"archive of {found}, not {key}",
            say("压缩包里是“{found}”，不是“{key}”，请核对后重新上传", found=found, key=key),
        )
    if found == OFFICE and key is None:
        _refuse("office data", say("本机关的资料请在它自己的页面上传"))
    _swap(env.config.processes / found, files)
    _told(env, actor, found, files)
    return found


def upload_file(
    env: Environment, actor: Actor, key: str, name: str, data: bytes, *, path: str = ""
) -> str:
    """Put one file into ``processes/<key>``; return its path in the folder.

    Args:
        name: the file's own name.
        path: where it belongs; "" takes the place of the file of that name, else the usual place.

    Raises:
        Denied; UploadUnusable: no such folder, a kind or size that does not belong, no place of its own.
    """
    require(env.institution().rules, actor, "procedures.deploy")
    folder = env.config.processes / key
    if not (_KEY.fullmatch(key) or key == OFFICE) or not folder.is_dir() or folder.is_symlink():
        _refuse(f"no folder {key}", say("没有文件夹 processes/{key}", key=key))
    have = read_folder(folder)
    target = _place(path.strip() or name, have, path.strip() != "")
    _refuse_unfit(target, len(data))
    files = {**have, target: data}
    if len(files) > MAX_FILES or sum(map(len, files.values())) > MAX_FOLDER_BYTES:
        _refuse("too much", say("文件夹会超过允许的大小，请先删去不用的文件"))
    write_file(folder, folder / target, data)
    _told(env, actor, key, {target: data})
    return target


def unpacked(data: bytes) -> dict[str, bytes]:
    """Return the files of an archive, {path in the folder: bytes}, sorted; one folder around all falls away.

    Raises:
        UploadUnusable: no archive, a path that leads out, a link, a kind, size or number that does not belong.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            files = _read_entries(archive)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, ValueError) as error:
        raise UploadUnusable(
            f"zip: {error}", sentence=say("压缩包打不开或者加了密码，请重新打包成普通的 .zip")
        ) from error
    return dict(sorted(_without_top(files).items()))


def _read_entries(archive: zipfile.ZipFile) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    total = 0
    entries = archive.infolist()
    if len(entries) > 4 * MAX_FILES:
        _refuse("too many entries", say("压缩包里的文件太多，请检查是否打错了包"))
    for info in entries:
        name = _name(info)
        if info.is_dir() or _hidden(name):
            continue
        if stat.S_ISLNK(info.external_attr >> 16):
            _refuse(f"link {name}", say("压缩包里的“{file}”是链接，请换成文件本身", file=name))
        if not _PATH.fullmatch(name.removeprefix(_top(name))) or ".." in name.split("/"):
            _refuse(f"path {name!r}", say("压缩包里的“{file}”路径不合规则", file=name[:80]))
        if info.file_size > MAX_FILE_BYTES or info.file_size > MAX_RATIO * max(
            info.compress_size, 1024
        ):
            _refuse(f"size {name}", say("压缩包里的“{file}”太大", file=name))
        with archive.open(info) as entry:
            content = entry.read(MAX_FILE_BYTES + 1)
        total += len(content)
        if len(content) > MAX_FILE_BYTES or total > MAX_FOLDER_BYTES or len(files) >= MAX_FILES:
            _refuse("too much", say("压缩包里的文件太多或者太大，请检查是否打错了包"))
        if name in files:
            _refuse(f"twice {name}", say("压缩包里的“{file}”出现了两次", file=name))
        files[name] = content
    return files


def _name(info: zipfile.ZipInfo) -> str:
    """The entry's name; archives made on Windows write Chinese names in GB18030 without saying so."""
    if info.flag_bits & 0x800:
        return info.filename
    try:
        return info.filename.encode("cp437").decode("gb18030")
    except (UnicodeEncodeError, UnicodeDecodeError):
        return info.filename


def _hidden(name: str) -> bool:
    parts = name.split("/")
    return any(
        (part.startswith((".", "~$")) and part not in {".", ".."}) or part == "__MACOSX"
        for part in parts
    )


def _top(name: str) -> str:
    """A folder that may stand around the whole content: its name and the slash behind it."""
    first, slash, _ = name.partition("/")
    return first + slash if slash and (_KEY.fullmatch(first) or first == OFFICE) else ""


def _without_top(files: Mapping[str, bytes]) -> dict[str, bytes]:
    tops = {path.partition("/")[0] for path in files}
    if "procedure.yaml" in files or "roles.yaml" in files or len(tops) != 1:
        found = dict(files)
    else:
        top = tops.pop() + "/"
        found = {path.removeprefix(top): data for path, data in files.items()}
    for path, data in found.items():
        _refuse_unfit(path, len(data))
    return found


def _refuse_unfit(path: str, size: int) -> None:
    if not _PATH.fullmatch(path) or ".." in path.split("/") or path.startswith("/"):
        _refuse(f"path {path!r}", say("“{file}”路径不合规则", file=path[:80]))
    if any(part.startswith((".", "~$")) for part in path.split("/")):
        _refuse(f"hidden {path!r}", say("“{file}”路径不合规则", file=path[:80]))
    if PurePosixPath(path).suffix.lstrip(".").lower() not in ENDINGS:
        kinds = "、".join(sorted(ENDINGS))
        _refuse(
            f"kind {path}", say("“{file}”不能放进流程文件夹，只放 {kinds}", file=path, kinds=kinds)
        )
    if size > MAX_FILE_BYTES:
        _refuse(f"size {path}", say("“{file}”太大", file=path))


def _key_of(files: Mapping[str, bytes]) -> str:
    if "procedure.yaml" in files:
        try:
            top = load_yaml(files["procedure.yaml"], "procedure.yaml")
        except YamlRefused as error:
            raise UploadUnusable(str(error), sentence=error.sentence) from error
        key = str(top.get("key", "")) if isinstance(top, dict) else ""
        if not _KEY.fullmatch(key):
            _refuse("no key", say("procedure.yaml 里没有 key，或者写得不合规则"))
        return key
    if not {"roles.yaml", "settings.yaml"} <= set(files):
        _refuse("no procedure.yaml", say("压缩包里没有 procedure.yaml，请把整个流程文件夹打包"))
    return OFFICE


def _place(wish: str, have: Mapping[str, bytes], said: bool) -> str:
    plain = wish.replace("\\", "/")
    if said:
        return plain
    name = plain.rsplit("/", 1)[-1]
    same = [path for path in have if path.rsplit("/", 1)[-1] == name]
    if len(same) == 1:
        return same[0]
    ending = PurePosixPath(name).suffix.lstrip(".").lower()
    if len(same) > 1 or (ending not in _PLACES and "/" not in plain):
        _refuse(
            f"no place for {name}",
            say("看不出“{file}”该放在哪里，请写明位置，例如 forms/{file}", file=name),
        )
    return _PLACES[ending] + name


def _swap(folder: Path, files: Mapping[str, bytes]) -> None:
    """Put the files in place of a folder: written aside, then two renames; the old one is back if they fail."""
    if folder.is_symlink():
        _refuse("symbolic link", say("processes/{key} 是链接，不能替换", key=folder.name))
    try:
        aside = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}.new-"))
    except OSError as error:
        raise _unwritable(error) from error
    old = aside.with_name(aside.name.replace(".new-", ".old-"))
    try:
        for path, data in files.items():
            target = aside / path
            target.parent.mkdir(parents=True, exist_ok=True)
            _write_synced(target, data)
        aside.chmod(0o755)
        if folder.exists():
            folder.rename(old)
        try:
            aside.rename(folder)
        except OSError:
            if old.exists():
                old.rename(folder)
            raise
    except OSError as error:
        raise _unwritable(error) from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    shutil.rmtree(old, ignore_errors=True)
    _sync(folder.parent)


def write_file(folder: Path, path: Path, data: bytes) -> None:
    """Write one file of a folder, whole or not at all, durably.

    Raises:
        UploadUnusable: the path leads out of the folder, or the folder cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.parent.resolve().is_relative_to(folder.resolve()):
            _refuse("leads out", say("“{file}”路径不合规则", file=path.name))
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        os.close(handle)
        temporary = Path(name)
        try:
            _write_synced(temporary, data)
            temporary.chmod(0o644)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
        _sync(path.parent)
    except OSError as error:
        raise _unwritable(error) from error


def _write_synced(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _unwritable(error: OSError) -> UploadUnusable:
    return UploadUnusable(
        f"cannot write: {error}",
        sentence=say("processes 文件夹写不进去，什么也没有改，请告诉系统管理员"),
    )


def _refuse(message: str, sentence: str) -> NoReturn:
    raise UploadUnusable(message, sentence=sentence)


def _told(env: Environment, actor: Actor, key: str, files: Mapping[str, bytes]) -> None:
    """The upload is an act: who brought which bytes stands in the trail."""
    body = {
        "files": len(files),
        "hash": content_hash(files, env.config.hash_algorithm),
        "paths": sorted(files)[:50],
        "bytes": sum(map(len, files.values())),
    }
    with UnitOfWork(env.database, writing=True) as uow:
        note(
            env,
            uow.connection,
            actor,
            audit.AuditEvent("FolderUploaded", f"procedure:{key}", body=body),
        )
        uow.commit()
