"""The command line ``gongkai``: one Click group, one module of commands for each kind of user.

Exit status 0: good; 1: a check failed or something was refused; 2: wrong usage. With ``--json``
standard output carries JSON and nothing else. What the engine refuses, and what the disk or the database cannot do, is
one sentence: said here, at the edge, for every command.
"""

from __future__ import annotations

import importlib
from typing import Any

import click

from engine.cli.speaking import Told, told
from engine.errors import EngineError, sentence_of
from engine.storage_faults import fault_of

# Each module adds its commands to ``group`` in a function ``register``.
MODULES = ("definitions", "decisions", "time", "server", "keeping", "importing", "reporting")


class _Edge(click.Group):
    """Says in one sentence what its commands could not do."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except EngineError as error:
            raise Told(sentence_of(error)) from error
        except Exception as error:
            fault = fault_of(error)
            if fault is None:
                raise
            raise click.ClickException(f"{told(fault.condition)} ({fault})") from error


@click.group(cls=_Edge, context_settings={"help_option_names": ["-h", "--help"]})
def group() -> None:
    """公开：政府信息公开办理。 Run and check the procedures of an office."""


def whole() -> click.Group:
    """Return the group with all its commands."""
    for name in MODULES:
        importlib.import_module(f"engine.cli.{name}").register(group)
    return group


def main() -> None:
    """Entry point of the console script."""
    whole()()
