"""Rules about the code that no single part can keep alone.

Which part may import which stands in setup.cfg; here it is checked, with the rules that imports do not show.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
MODULES = sorted(
    path
    for part in ("engine", "webui")
    for path in (PROJECT / part).rglob("*.py")
    if "node_modules" not in path.parts and "versions" not in path.parts
)

# The names by which a program could run text, or bring objects to life out of bytes.
RUNS_TEXT = {"eval", "exec", "compile", "__import__"}
REVIVES_OBJECTS = {"pickle", "marshal", "shelve", "dill", "cloudpickle"}
# Readers of XML that know no limits; escaping text for XML reads nothing.
READS_XML = ("xml.etree", "xml.dom", "xml.sax", "xml.parsers")
ASKS_THE_CLOCK = {
    "datetime": {"now", "today", "utcnow"},
    "date": {"today"},
    "time": {"time", "time_ns", "localtime", "gmtime"},
}


def nodes(path: Path) -> Iterator[ast.AST]:
    """Walk the syntax of one file."""
    return ast.walk(ast.parse(path.read_text(encoding="utf-8"), str(path)))


def imported(path: Path) -> Iterator[str]:
    """The modules that a file names in its imports, wherever they stand."""
    for node in nodes(path):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


def offences(of_file) -> list[str]:
    """["engine/x.py: what"] for whatever ``of_file`` finds in a module."""
    return [
        f"{path.relative_to(PROJECT)}: {what}"
        for path in MODULES
        for what in sorted(set(of_file(path)))
    ]


def test_imports_point_downwards():
    # In a process of its own: within this one it silences every logger that is there already.
    asked = "import sys; from importlinter import cli; sys.exit(cli.lint_imports(no_cache=True, no_logo=True))"
    done = subprocess.run(
        [sys.executable, "-c", asked], cwd=PROJECT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_module_opens_with_what_it_is_for():
    assert not offences(
        lambda path: (
            [] if ast.get_docstring(ast.parse(path.read_text("utf-8"))) else ["no docstring"]
        )
    )


def test_no_text_is_run_as_code():
    def calls(path):
        for node in nodes(path):
            match node:
                case ast.Call(func=ast.Name(id=name)) if name in RUNS_TEXT:
                    yield f"calls {name}()"

    assert not offences(calls)


def test_no_object_is_revived_from_bytes():
    assert not offences(
        lambda path: [name for name in imported(path) if name.split(".")[0] in REVIVES_OBJECTS]
    )


def test_xml_is_read_at_the_one_entrance_only():
    assert not offences(
        lambda path: [
            name
            for name in imported(path)
            if name.startswith(READS_XML) and name != "xml.sax.saxutils"
        ]
    )


def test_only_the_time_source_asks_what_time_it_is():
    def asks(path):
        if path == PROJECT / "engine" / "timesource.py":
            return
        for node in nodes(path):
            match node:
                case ast.Attribute(value=ast.Name(id=of), attr=name):
                    if name in ASKS_THE_CLOCK.get(of, ()):
                        yield f"{of}.{name}, line {node.lineno}"

    assert not offences(asks)
