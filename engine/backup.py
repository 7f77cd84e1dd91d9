"""A backup that is proven: written whole, checked against its own list, and opened once before it counts.

Holds the database as of one moment, every file by its hash, and a list of both with their hashes. The key of
this machine is not in it: whoever has the backup reads no identity number. The key is kept elsewhere.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import tempfile
import zipfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from engine import audit
from engine.config import Config
from engine.errors import BadInput
from engine.words import say

DATABASE = "gongkai.sqlite"
LIST = "manifest.json"


class BackupRefused(BadInput):
    """The backup cannot be made or used; nothing was changed."""

    code = "backup_refused"


@dataclass(frozen=True)
class Backup:
    """What a backup holds: rows of the trail, its head, files, bytes."""

    rows: int
    head: str
    files: int
    size: int


def write_backup(config: Config, target: Path, at: datetime) -> Backup:
    """Write a backup and prove it by reading it back.

    Raises:
        BackupRefused: the database is not SQLite, or the target exists.
    """
    source = _sqlite_path(config)
    if target.exists():
        raise BackupRefused(
            f"{target} exists",
            sentence=say("{target} 已存在，请换一个文件名，旧备份不覆盖", target=target),
        )
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        copy = Path(folder) / DATABASE
        # VACUUM INTO, never a copy of the file: what is still in the -wal would be missing.
        with sqlite3.connect(source) as connection:
            connection.execute("VACUUM INTO ?", (str(copy),))
        connection.close()
        partial = Path(folder) / "backup.zip"
        _pack(partial, copy, config.blobs, at)
        found = check_backup(partial)
        with open(partial, "rb+") as file:
            os.fsync(file.fileno())
        os.chmod(partial, 0o600)
        os.replace(partial, target)
    return found


def _sqlite_path(config: Config) -> Path:
    if not config.database.startswith("sqlite:///"):
        raise BackupRefused(
            "not SQLite",
            sentence=say("数据库不是 SQLite：请用 pg_dump 备份数据库，并备份 data/blobs 文件夹"),
        )
    return Path(config.database.removeprefix("sqlite:///"))


def _pack(target: Path, database: Path, blobs: Path, at: datetime) -> None:
    files = {DATABASE: database}
    if blobs.is_dir():
        files |= {
            f"blobs/{path.parent.name}/{path.name}": path
            for path in sorted(blobs.glob("??/*"))
            if not path.name.startswith(".")
        }
    hashes = {name: _sha256(path) for name, path in files.items()}
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, path in files.items():
            archive.write(path, name)
        archive.writestr(LIST, json.dumps({"at": audit.stamp(at), "files": hashes}, indent=1))


def _sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_backup(source: Path) -> Backup:
    """Open a backup, compare every file with its list, check the database and the audit chain.

    Raises:
        BackupRefused: something is missing, changed, or does not hold; it says what.
    """
    with tempfile.TemporaryDirectory() as folder:
        names = _unpack(source, Path(folder))
        rows, head = _proven(Path(folder) / DATABASE)
    return Backup(rows, head, len(names) - 1, source.stat().st_size)


def _unpack(source: Path, folder: Path) -> list[str]:
    try:
        with zipfile.ZipFile(source) as archive:
            listed = json.loads(archive.read(LIST))["files"]
            if sorted([*listed, LIST]) != sorted(archive.namelist()):
                raise BackupRefused(
                    "list differs", sentence=say("备份里的文件与清单对不上，不能使用")
                )
            for name, digest in listed.items():
                target = (folder / name).resolve()
                if not target.is_relative_to(folder.resolve()):
                    raise BackupRefused("path", sentence=say("备份里有不该有的路径，不能使用"))
                target.parent.mkdir(parents=True, exist_ok=True)
                data = archive.read(name)
                if hashlib.sha256(data).hexdigest() != digest:
                    raise BackupRefused(
                        f"{name} changed",
                        sentence=say("备份里的 {name} 被改动或损坏，不能使用", name=name),
                    )
                target.write_bytes(data)
    except (zipfile.BadZipFile, KeyError, json.JSONDecodeError, OSError) as error:
        raise BackupRefused(
            "broken", sentence=say("{source} 不是完整的备份文件", source=source.name)
        ) from error
    return list(listed)


def _proven(database: Path) -> tuple[int, str]:
    connection = sqlite3.connect(database)
    connection.row_factory = sqlite3.Row
    try:
        if connection.execute("PRAGMA integrity_check").fetchone()[0] != "ok":
            raise BackupRefused("integrity", sentence=say("备份里的数据库已损坏，不能使用"))
        rows = [dict(row) for row in connection.execute("SELECT * FROM audit_event ORDER BY seq")]
    finally:
        connection.close()
    broken = next(audit.breaks(rows), None)
    if broken is not None:
        raise BackupRefused(
            "audit", sentence=say("备份里的审计链在第{seq}条断开，不能使用", seq=broken.seq)
        )
    return len(rows), rows[-1]["hash"] if rows else audit.GENESIS


def restore_backup(source: Path, config: Config) -> Backup:
    """Put a backup into an empty data folder; refuse where there is a database already.

    Raises:
        BackupRefused: the backup does not hold, or the folder is in use. Nothing was changed then.
    """
    target = _sqlite_path(config)
    if target.exists():
        raise BackupRefused(
            f"{target} exists",
            sentence=say("{target} 已有数据库；请先移走整个数据文件夹再恢复", target=target),
        )
    found = check_backup(source)
    config.data.mkdir(parents=True, exist_ok=True)
    os.chmod(config.data, 0o700)
    with tempfile.TemporaryDirectory(dir=config.data) as folder:
        _unpack(source, Path(folder))
        blobs = Path(folder) / "blobs"
        if blobs.is_dir():
            os.replace(blobs, config.blobs)
        # The database last: until it is there, nothing has been restored.
        os.replace(Path(folder) / DATABASE, target)
    return found
