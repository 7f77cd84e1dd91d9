"""The command line ``gongkai``: one Click group, one module of commands for each kind of user.

Exit status 0: good; 1: a check failed or something was refused; 2: wrong usage. With ``--json``
standard output carries JSON and nothing else.
"""

from __future__ import annotations

import importlib
import sys

import click

from engine.cli.speaking import told
from engine.storage_faults import fault_of

# Each module adds its commands to ``group`` in a function ``register``.
MODULES = ("definitions", "decisions", "time", "server", "keeping", "importing", "reporting")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def group() -> None:
    """公开：政府信息公开办理。 Run and check the procedures of an office."""


def main() -> None:
    """Entry point of the console script."""
    for name in MODULES:
        importlib.import_module(f"engine.cli.{name}").register(group)
    try:
        group()
    except (
        Exception
    ) as error:  # the edge: what the disk or the database could not do is one sentence
        fault = fault_of(error)
        if fault is None:
            raise
        click.echo(f"Error: {told(fault.condition)} ({fault})", err=True)
        sys.exit(1)
