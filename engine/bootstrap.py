"""The one place where the parts are wired: from the configuration to an environment that works."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import IO

from engine import letters
from engine.blobs import Blobs
from engine.config import Config
from engine.environment import Environment
from engine.errors import EngineError
from engine.migrate import upgrade
from engine.sealing import Sealer
from engine.timesource import SystemTime, TimeSource
from engine.unit_of_work import Engine, open_database


class FolderHeld(EngineError):
    """Another process already works on this data folder; ``folder`` names it."""

    code = "folder_held"

    def __init__(self, folder: Path) -> None:
        super().__init__(f"{folder} is held by another process")
        self.folder = folder
        self.sentence = f"数据文件夹 {folder} 正被另一个进程使用，请先停掉它"


def prepare_data(config: Config) -> None:
    """Make the data folder, readable by its owner only."""
    config.data.mkdir(parents=True, exist_ok=True)
    os.chmod(config.data, 0o700)


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
