"""Child process that fills one Word template; started by ``engine.letters``, never imported by it.

A template is a program: it is filled in a sandbox, without globals, in a process that may use little
processor time and memory, opens no file and has an empty environment. Knows nothing of the engine.
Importing what it needs takes most of its time, so one process waits with that done and forks a child for
each letter; the child gets the limits, answers and ends. Standard input of the waiting process: a line of
JSON ``[question file, answer file]``; standard output: a line when the child has ended. A question file
holds one line of JSON, then the templates' bytes; an answer file one line of JSON, then the letter. The
answer is ``{"ok": true}``, or ``{"ok": false, "problem": ..., ...}``.
"""

from __future__ import annotations

import io
import json
import os
import re
import resource
import select
import sys
import zipfile
from collections.abc import Iterator
from typing import Any, ClassVar, NoReturn

from docx import Document
from docxtpl import DocxTemplate
from jinja2 import TemplateError, TemplateSyntaxError, Undefined
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

IDLE_SECONDS = 120  # then the waiting process gives its memory back

_FILTERS = ("default", "first", "join", "last", "length", "trim", "list", "batch", "sum")
_TESTS = ("defined", "undefined", "none", "string", "number", "even", "odd", "in", "eq", "ne")


class Missing(Undefined):
    """A name that nobody filled: false in a condition, reported by name where it should be written."""

    seen: ClassVar[dict[str, None]] = {}  # in the order of the letter; one process fills one

    def _note(self) -> None:
        if self._undefined_exception is SecurityError:
            self._fail_with_undefined_error()
        self.seen[str(self._undefined_name or self._undefined_hint or "?")] = None

    def __str__(self) -> str:
        self._note()
        return ""

    def __html__(self) -> str:
        return str(self)

    def __iter__(self) -> Iterator[Any]:
        self._note()
        return iter(())

    def __len__(self) -> int:
        self._note()
        return 0

    def __bool__(self) -> bool:
        if self._undefined_exception is SecurityError:
            self._fail_with_undefined_error()
        return False

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return type(self)(name=f"{self._undefined_name}.{name}")


class _Environment(ImmutableSandboxedEnvironment):
    """The sandbox, with multiplication and powers of anything but small numbers taken out."""

    intercepted_binops = frozenset(["*", "**", "%", "<<"])

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        small = all(isinstance(side, int) and abs(side) < 10**6 for side in (left, right))
        if operator != "*" or not small:
            raise SecurityError(f"operator {operator} on these values")
        return left * right


def environment() -> ImmutableSandboxedEnvironment:
    """Return the sandbox that a template is filled in: no globals, few filters and tests."""
    env = _Environment(autoescape=True, undefined=Missing)
    env.globals.clear()
    env.filters = {name: env.filters[name] for name in _FILTERS}
    env.filters["段落"] = paragraphs
    env.tests = {name: env.tests[name] for name in _TESTS}
    return env


def paragraphs(value: object) -> list[str]:
    """Split a text into its paragraphs, for ``{%p for 段 in 理由 | 段落 %}``."""
    if isinstance(value, Missing):
        return list(value)
    if isinstance(value, list):
        return [str(one) for one in value]
    return [line.strip() for line in str(value).split("\n") if line.strip()]


def render(template: bytes, context: dict[str, Any]) -> bytes:
    """Fill a template and return the letter, read back once to see that it is one."""
    document = DocxTemplate(io.BytesIO(template))
    document.render(context, jinja_env=environment(), autoescape=True)
    if Missing.seen:
        raise _Problem("missing", names=list(Missing.seen))
    result = io.BytesIO()
    document.save(result)
    Document(io.BytesIO(result.getvalue()))
    return _steady(result)


def _steady(written: io.BytesIO) -> bytes:
    """Return a package without the moment of writing: the same input gives the same bytes."""
    steady = io.BytesIO()
    with zipfile.ZipFile(written) as source, zipfile.ZipFile(steady, "w") as target:
        for name in source.namelist():
            target.writestr(zipfile.ZipInfo(name), source.read(name), zipfile.ZIP_DEFLATED)
    return steady.getvalue()


def names_in(template: bytes) -> list[str]:
    """Return the names that a template expects to be filled, top-level ones only."""
    document = DocxTemplate(io.BytesIO(template))
    names: set[str] = document.get_undeclared_template_variables(jinja_env=environment())
    return sorted(names)


class _Problem(Exception):
    def __init__(self, problem: str, **facts: object) -> None:
        super().__init__(problem)
        self.answer = {"ok": False, "problem": problem, **facts}


def _limit(megabytes: int, cpu_seconds: int, output_bytes: int) -> None:
    memory = megabytes * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds))
    resource.setrlimit(resource.RLIMIT_FSIZE, (output_bytes, output_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))


def _work(question: dict[str, Any], data: bytes) -> tuple[dict[str, Any], bytes]:
    if question["do"] == "render":
        return {"ok": True}, render(data, question["context"])
    names = {}
    for name, size in question["templates"]:
        try:
            names[name] = names_in(data[:size])
        except TemplateError as error:
            raise _syntax(error, name) from error
        data = data[size:]
    return {"ok": True, "names": names}, b""


def _syntax(error: TemplateError, template: str = "") -> _Problem:
    if isinstance(error, SecurityError):
        return _Problem("forbidden", template=template, detail=str(error)[:300])
    detail = str(error.message)[:300]
    source = error.source if isinstance(error, TemplateSyntaxError) else None
    near = ""
    if source and isinstance(error, TemplateSyntaxError):
        lines = source.splitlines()
        line = lines[error.lineno - 1] if 0 < error.lineno <= len(lines) else ""
        near = re.sub(r"<[^>]*>", "", line)[:60]
    return _Problem("syntax", template=template, detail=detail, near=near)


def answer(question: dict[str, Any], data: bytes) -> tuple[dict[str, Any], bytes]:
    """Do what was asked and name the problem where there is one."""
    try:
        return _work(question, data)
    except _Problem as problem:
        return problem.answer, b""
    except TemplateError as error:
        return _syntax(error).answer, b""
    except (MemoryError, OverflowError, RecursionError) as error:
        return {"ok": False, "problem": "too_heavy", "detail": type(error).__name__}, b""
    except Exception as error:
        # The edge of the process: whatever a broken .docx makes the libraries raise becomes an answer.
        return {
            "ok": False,
            "problem": "broken",
            "detail": f"{type(error).__name__}: {error}"[:300],
        }, b""


def fill(given: str, answered: str) -> NoReturn:
    """Read the question, answer it, end: what the forked child does."""
    with open(given, "rb") as file:
        question = json.loads(file.readline())
        data = file.read()
    answer_file = open(answered, "wb")  # noqa: SIM115  # opened before the limits, ends with the process
    _limit(question["megabytes"], question["cpu_seconds"], question["output_bytes"])
    head, body = answer(question, data)
    answer_file.write(json.dumps(head, ensure_ascii=True).encode() + b"\n" + body)
    answer_file.close()
    os._exit(0)


def main() -> None:
    """Wait for questions until nobody asks any more."""
    while select.select([sys.stdin], [], [], IDLE_SECONDS)[0]:
        line = sys.stdin.readline()
        if not line:
            return
        given, answered = json.loads(line)
        child = os.fork()
        if child == 0:
            try:
                fill(given, answered)
            finally:
                os._exit(1)
        os.waitpid(child, 0)
        sys.stdout.write("done\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
