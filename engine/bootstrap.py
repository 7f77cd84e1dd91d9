"""The one place where the parts are wired: from the configuration to an environment that works."""

from __future__ import annotations

import fcntl
import os
import tempfile
from pathlib import Path
from typing import IO

from engine import letters
from engine.blobs import Blobs
from engine.config import Config
from engine.environment import Environment
from engine.errors import EngineError
from engine.migrate import upgrade
from engine.sealing import Sealer
from engine.storage_faults import fault_of
from engine.timesource import SystemTime, TimeSource
from engine.unit_of_work import Engine, open_database
from engine.words import say


class FolderHeld(EngineError):
    """Another process already works on this data folder; ``folder`` names it."""

    code = "folder_held"

    def __init__(self, folder: Path) -> None:
        super().__init__(f"{folder} is held by another process")
        self.folder = folder
        self.sentence = say("数据文件夹 {folder} 正被另一个进程使用，请先停掉它", folder=folder)


class FolderUnusable(EngineError):
    """The data folder cannot be made or written; ``folder`` names it."""

    code = "folder_unusable"

    def __init__(self, folder: Path, why: OSError) -> None:
        super().__init__(f"{folder}: {why}")
        self.folder = folder
        fault = fault_of(why)
        told = (
            fault.condition
            if fault
            else say("它不是文件夹，或者建不成（{why}），请核对 config.yaml 的 data", why=why)
        )
        self.sentence = say("数据文件夹 {folder} 不能用：{told}", folder=folder, told=told)


def prepare_data(config: Config) -> None:
    """Make the data folder, readable by its owner only.

    Raises:
        FolderUnusable: it cannot be made, or nothing can be written into it.
    """
    try:
        config.data.mkdir(parents=True, exist_ok=True)
        os.chmod(config.data, 0o700)
        with tempfile.TemporaryFile(dir=config.data) as probe:
            probe.write(b"can it be written")
    except OSError as error:
        raise FolderUnusable(config.data, error) from error


def hold(config: Config) -> IO[str]:
    """Take the data folder for this process until the returned file is closed.

    Raises:
        FolderHeld: another process has it.
    """
    lock = open(config.data / "lock", "w", encoding="utf-8")  # noqa: SIM115  # held, not read
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.close()
        raise FolderHeld(config.data) from error
    lock.write(str(os.getpid()))
    lock.flush()
    return lock


def build_environment(
    config: Config, *, time: TimeSource | None = None, database: Engine | None = None
) -> Environment:
    """Open everything an engine needs; migrates the database to the newest schema.

    Args:
        time: the machine's clock unless a test or the demonstration gives another.
        database: one that is open already (tests).
    """
    prepare_data(config)
    engine = database or open_database(config.database)
    upgrade(engine)
    return Environment(
        config=config,
        database=engine,
        time=time or SystemTime(),
        sealer=Sealer.from_file(config.secret_key_file, create=True),
        blobs=Blobs(config.blobs),
        render=letters.render,
    )
