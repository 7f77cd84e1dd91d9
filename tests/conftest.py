"""What all tests share. Each part's own builders stand beside its tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

# The same examples in every run of a check, new ones at everybody's desk; a busy machine is no mistake.
settings.register_profile("gongkai", deadline=None, derandomize=os.environ.get("CI") == "true")
settings.load_profile("gongkai")


@pytest.fixture(scope="session")
def project() -> Path:
    """The folder of the checkout."""
    return Path(__file__).resolve().parent.parent


@pytest.fixture(autouse=True)
def no_configuration_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test never reads the configuration of the office whose machine it runs on, nor its language."""
    monkeypatch.delenv("GONGKAI_CONFIG", raising=False)
    monkeypatch.setenv("LANGUAGE", "zh_CN")
