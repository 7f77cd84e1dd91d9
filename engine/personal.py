"""Personal values of a record: sealed where they are stored, opened where a letter or a person needs them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.deployed import Deployed
from engine.environment import Environment
from engine.sealing import is_sealed


def seal_fields(env: Environment, deployed: Deployed, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record or submission with its personal values sealed."""
    personal = deployed.procedure.personal_fields
    return {
        key: env.sealer.seal(str(value), key)
        if key in personal and value not in (None, "") and not is_sealed(value)
        else value
        for key, value in fields.items()
    }


def open_fields(env: Environment, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record with its sealed values opened: for letters and for those who may see them."""
    return {
        key: env.sealer.open(str(value), key) if is_sealed(value) else value
        for key, value in fields.items()
    }
