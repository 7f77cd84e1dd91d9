"""Word documents as PDF/A-2b (GB/T 18894, ISO 19005-2), where the machine has LibreOffice.

The converter runs in a child process with limits, a profile of its own that allows no macros, an empty environment
and an empty folder. Knows bytes; no case, no database. Nothing is installed or downloaded: a machine without a
converter is told so in a sentence.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

PROGRAMS = ("soffice", "libreoffice")
WALL_SECONDS = 180

_WORKER = Path(__file__).with_name("pdfa_worker.py")
_PART = re.compile(rb"pdfaid:part(?:>|=[\"'])2")
_CONFORMANCE = re.compile(rb"pdfaid:conformance(?:>|=[\"'])[BU]")
_SETTING = (
    '<item oor:path="/org.openoffice.Office.Common/{path}"><prop oor:name="{name}" oor:op="fuse">'
    "<value>{value}</value></prop></item>"
)
# Version 2 is PDF/A-2b; macros of the highest security level are never run; links are never updated.
_PROFILE = (
    '<?xml version="1.0" encoding="UTF-8"?><oor:items xmlns:oor="http://openoffice.org/2001/registry">'
    + _SETTING.format(path="Filter/PDF/Export", name="SelectPdfVersion", value="2")
    + _SETTING.format(path="Security/Scripting", name="MacroSecurityLevel", value="3")
    + _SETTING.format(path="Security/Scripting", name="DisableMacrosExecution", value="true")
    + "</oor:items>"
)


def converter() -> Path | None:
    """Return the converter that is installed, None where there is none."""
    found = next((path for name in PROGRAMS if (path := shutil.which(name))), None)
    return Path(found) if found else None


def to_pdfa(program: Path, documents: Mapping[str, bytes]) -> dict[str, bytes]:
    """Convert several .docx in one go.

    Args:
        program: what ``converter`` returned.
        documents: {any name: bytes of a .docx}, checked for active content before.

    Returns:
        {name: bytes of a PDF/A-2b}; what could not be converted in time, or came out as another kind, is missing.
    """
    if not documents:
        return {}
    with tempfile.TemporaryDirectory(prefix="gongkai-pdfa-") as folder:
        home = Path(folder)
        (home / "profile" / "user").mkdir(parents=True)
        (home / "profile" / "user" / "registrymodifications.xcu").write_text(_PROFILE, "utf-8")
        for number, data in enumerate(documents.values()):
            (home / f"{number}.docx").write_bytes(data)
        _run(program, home, [f"{number}.docx" for number in range(len(documents))])
        made = {
            name: path.read_bytes()
            for number, name in enumerate(documents)
            if (path := home / "out" / f"{number}.pdf").is_file()
        }
    return {name: data for name, data in made.items() if is_pdfa(data)}


def is_pdfa(data: bytes) -> bool:
    """Return whether a PDF declares itself PDF/A-2 (its metadata are never compressed)."""
    return (
        data.startswith(b"%PDF-")
        and _PART.search(data) is not None
        and _CONFORMANCE.search(data) is not None
    )


def _run(program: Path, home: Path, names: list[str]) -> None:
    profile = f"-env:UserInstallation={(home / 'profile').as_uri()}"
    asked = ["--convert-to", "pdf:writer_pdf_Export", "--outdir", str(home / "out"), *names]
    command = [str(program), "--headless", "--norestore", profile, *asked]
    process = subprocess.Popen(
        [sys.executable, "-I", str(_WORKER), *command],
        cwd=home,
        env={"HOME": str(home), "PATH": os.defpath, "LANG": "C.UTF-8", "TMPDIR": str(home)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(WALL_SECONDS)
    # The program starts another one that does the work: both end here, also after a time-out.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
