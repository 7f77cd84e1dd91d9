"""Procedure folders, loaded once for all of their worked cases."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from engine.scenarios import Subject, load_subject


@pytest.fixture(scope="session")
def loaded() -> Callable[[Path], Subject]:
    """Read, check and compile a folder; the second time it is there already."""
    return cache(load_subject)
