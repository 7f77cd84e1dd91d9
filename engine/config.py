"""The machine: reads ``config.yaml``. What the institution knows stands in ``processes/``, not here.

Every key has a default and none is secret. Paths count from the folder of the file.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from engine.errors import BadInput
from engine.words import say


class ConfigInvalid(BadInput):
    """``config.yaml`` cannot be used; the sentence names the key."""

    code = "config_invalid"


@dataclass(frozen=True)
class Tls:
    """Certificate and key of the server's own TLS."""

    cert: Path
    key: Path


@dataclass(frozen=True)
class Config:
    """All settings of the machine. Seconds where the name does not say otherwise."""

    home: Path
    processes: Path
    data: Path
    database: str
    host: str = "127.0.0.1"
    port: int = 8080
    behind_proxy: bool = False
    tls: Tls | None = None
    threads: int = 8
    scheduler_interval: int = 5
    clock_tolerance_seconds: int = 60
    clock_jump_hours: int = 24
    hash_algorithm: str = "sha256"
    log_level: str = "INFO"
    notify: tuple[str, ...] = field(default_factory=tuple)
    audit_checkpoint_file: Path | None = None

    @property
    def blobs(self) -> Path:
        """Where uploaded and issued files are kept, by the hash of their bytes."""
        return self.data / "blobs"

    @property
    def secret_key_file(self) -> Path:
        """The key that seals personal data and signs forms; mode 0600, never in the database."""
        return self.data / "secret.key"


_KNOWN = {
    "processes": str,
    "data": str,
    "database": str,
    "host": str,
    "port": int,
    "behind_proxy": bool,
    "tls": dict,
    "threads": int,
    "scheduler_interval": int,
    "clock_tolerance_seconds": int,
    "clock_jump_hours": int,
    "hash_algorithm": str,
    "log_level": str,
    "notify": list,
    "audit_checkpoint_file": str,
}


def load_config(path: Path | None = None) -> Config:
    """Read ``path``, else ``GONGKAI_CONFIG``, else ``config.yaml`` in the current folder if there is one.

    Raises:
        ConfigInvalid: not YAML, an unknown key, or a value of the wrong kind; it names the key.
    """
    named = path or (Path(os.environ["GONGKAI_CONFIG"]) if "GONGKAI_CONFIG" in os.environ else None)
    file = named or Path("config.yaml")
    if named and not file.is_file():
        raise ConfigInvalid(
            f"{file}: no such file", sentence=say("找不到配置文件 {file}", file=file)
        )
    values = _read(file) if file.is_file() else {}
    return _build(values, file.absolute().parent, file.name)


def _read(file: Path) -> dict[str, Any]:
    try:
        values = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigInvalid(
            f"{file}: not YAML",
            sentence=say("{file} 不是完整的 YAML，请检查缩进和冒号", file=file.name),
        ) from error
    if not isinstance(values, dict):
        raise ConfigInvalid(
            f"{file}: not a mapping", sentence=say("{file} 应当由“键: 值”组成", file=file.name)
        )
    return values


def _build(values: dict[str, Any], home: Path, name: str) -> Config:
    for key, value in values.items():
        kind = _KNOWN.get(key)
        if kind is None:
            raise ConfigInvalid(
                f"unknown key {key!r}",
                sentence=say("{name}：没有“{key}”这一项，请核对拼写", name=name, key=key),
            )
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise ConfigInvalid(
                f"wrong kind of {key!r}",
                sentence=say(
                    "{name}：“{key}”的值类型不对，应为 {kind}",
                    name=name,
                    key=key,
                    kind=kind.__name__,
                ),
            )
    data = home / values.pop("data", "data")
    tls = values.pop("tls", None)
    if tls is not None and set(tls) != {"cert", "key"}:
        raise ConfigInvalid(
            "tls needs cert and key",
            sentence=say("{name}：“tls”应当写明 cert 和 key 两个文件", name=name),
        )
    kept = values.pop("audit_checkpoint_file", "")
    if kept and (home / kept).resolve().is_relative_to(data.resolve()):
        raise ConfigInvalid(
            "checkpoints inside the data folder",
            sentence=say(
                "{name}：“audit_checkpoint_file”不能放在数据文件夹里，请写U盘或者另一台机器上的位置",
                name=name,
            ),
        )
    return Config(
        home=home,
        data=data,
        processes=home / values.pop("processes", "processes"),
        database=values.pop("database", f"sqlite:///{data / 'gongkai.sqlite'}"),
        tls=Tls(home / tls["cert"], home / tls["key"]) if tls else None,
        audit_checkpoint_file=home / kept if kept else None,
        notify=tuple(values.pop("notify", ())),
        **values,
    )
