"""Letters: a Word template filled in a limited child process.

Knows templates and plain values; no case, no number series, no database. A template is edited by the
office in Word, so it is treated as hostile: checked for active content when it is deployed, filled in a
sandbox in a process of its own when a letter is issued. What an applicant wrote stays text in it.
"""

from __future__ import annotations

import atexit
import contextlib
import hashlib
import json
import os
import re
import select
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from engine.letters.template import LetterInvalid, refusal, refuse_active_content

MAX_OUTPUT_BYTES = 16 * 1024 * 1024
MEGABYTES = 512
CPU_SECONDS = 5
WALL_SECONDS = 30

MAX_REMEMBERED = 1000

_NAMES: dict[bytes, frozenset[str]] = {}
_WORKER = Path(__file__).with_name("worker.py")
_ISO_DAY = re.compile(r"[12]\d{3}-\d{2}-\d{2}")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def render(template: bytes, context: Mapping[str, object], name: str = "模板") -> bytes:
    """Fill a template.

    Args:
        template: bytes of the .docx.
        context: {name: value}; dates become 2026年1月5日, truth 是/否, numbers their plain digits; lists and
            mappings go down to such values. None counts as not filled.
        name: what to call the template in an error.

    Returns:
        The bytes of a .docx.

    Raises:
        LetterInvalid: something that the template writes is not filled, or the template is unfit.
    """
    refuse_active_content(template, name)
    question: dict[str, object] = {"do": "render", "context": to_plain(context)}
    head, body = _ask(question, template, name)
    if not head["ok"] or not body.startswith(b"PK"):
        raise refusal(head, name)
    return body


def fields(template: bytes, name: str = "模板") -> set[str]:
    """Return the names that a template expects to be filled.

    Raises:
        LetterInvalid: no .docx, or its placeholders are not written rightly.
    """
    return fields_of({name: template})[name]


def fields_of(templates: Mapping[str, bytes]) -> dict[str, set[str]]:
    """Return the names of several templates, {template: names}, read in one child process.

    What was read once is remembered by its bytes: a folder is checked many times between two edits.
    """
    marks = {name: hashlib.sha256(data).digest() for name, data in templates.items()}
    known = {name: _NAMES[mark] for name, mark in marks.items() if mark in _NAMES}
    new = {name: data for name, data in templates.items() if name not in known}
    if new:
        known.update({name: frozenset(found) for name, found in _read_names(new).items()})
        if len(_NAMES) + len(new) > MAX_REMEMBERED:
            _NAMES.clear()
        _NAMES.update({marks[name]: known[name] for name in new})
    return {name: set(known[name]) for name in templates}


def _read_names(templates: Mapping[str, bytes]) -> dict[str, list[str]]:
    for name, data in templates.items():
        refuse_active_content(data, name)
    first = next(iter(templates))
    sizes = [(name, len(data)) for name, data in templates.items()]
    question: dict[str, object] = {"do": "fields", "templates": sizes}
    head, _ = _ask(question, b"".join(templates.values()), first)
    if not head["ok"]:
        raise refusal(head, head.get("template") or first)
    names: dict[str, list[str]] = head["names"]
    return names


def to_plain(value: object) -> object:
    """Return a value as a letter writes it: text, list or mapping of texts; None stays None."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, datetime):
        return f"{_day(value)}{value:%H:%M}"
    if isinstance(value, date):
        return _day(value)
    if isinstance(value, Decimal | float):
        text = f"{Decimal(repr(value)) if isinstance(value, float) else value:f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    if isinstance(value, Mapping):
        return {str(key): to_plain(one) for key, one in value.items() if one is not None}
    if isinstance(value, list | tuple):
        return [to_plain(one) for one in value]
    text = _CONTROL.sub("", str(value))
    # Arguments of an effect are JSON: a date among them comes as its ISO text.
    with contextlib.suppress(ValueError):
        return _day(date.fromisoformat(text)) if _ISO_DAY.fullmatch(text) else text
    return text


def _day(value: date) -> str:
    return f"{value.year}年{value.month}月{value.day}日"


def _ask(question: dict[str, object], data: bytes, name: str) -> tuple[dict[str, Any], bytes]:
    limits = {
        "megabytes": MEGABYTES,
        "cpu_seconds": CPU_SECONDS,
        "output_bytes": MAX_OUTPUT_BYTES,
    }
    first = json.dumps({**question, **limits}).encode() + b"\n"
    # Files, not pipes: the child's limit on file size then bounds what it can write.
    with tempfile.TemporaryDirectory(prefix="gongkai-letter-") as folder:
        given, answered = Path(folder) / "given", Path(folder) / "answered"
        given.write_bytes(first + data)
        answered.touch()
        if not _WAITING.fill(given, answered):
            raise LetterInvalid(name, "timeout", "模板太复杂，填写超过时限，请简化后再用")
        with answered.open("rb") as file:
            head, _, body = file.read(MAX_OUTPUT_BYTES).partition(b"\n")
    if not head:
        # Killed by its limits before it could say why.
        return {"ok": False, "problem": "too_heavy"}, b""
    answer: dict[str, Any] = json.loads(head)
    return answer, body


class _Waiting:
    """The process that waits with everything imported and forks a limited child for each letter."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._owner = 0
        self._lock = threading.Lock()

    def fill(self, given: Path, answered: Path) -> bool:
        """Have one question answered; False where that took too long."""
        with self._lock:
            for _ in range(2):  # it may have gone to rest just now
                try:
                    return self._ask(f"{json.dumps([str(given), str(answered)])}\n")
                except (BrokenPipeError, EOFError):
                    self._end()
            return True  # nothing was written: the caller takes it for too heavy

    def _ask(self, line: str) -> bool:
        process = self._running()
        if process.stdin is None or process.stdout is None:
            raise EOFError
        process.stdin.write(line)
        process.stdin.flush()
        if not select.select([process.stdout], [], [], WALL_SECONDS)[0]:
            self._end()
            return False
        if not process.stdout.readline():
            raise EOFError
        return True

    def _running(self) -> subprocess.Popen[str]:
        # A process forked from ours must not talk to the same waiting process as we do.
        if self._process is None or self._process.poll() is not None or self._owner != os.getpid():
            self._end()
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-X", "utf8", str(_WORKER)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={},
                text=True,
                start_new_session=True,
            )
            self._owner = os.getpid()
            atexit.register(self._end)
        return self._process

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        if self._owner == os.getpid() and process.poll() is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


_WAITING = _Waiting()
