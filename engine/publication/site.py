"""The static site of what was published: files as they were reviewed, catalogue entries, pages.

Bytes and plain values in, a folder out that any web server can show (政府信息公开目录, Art. 12 and 24). Written
whole and durable, again and again with the same result. Knows no case, no database and no clock; decides nothing.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from engine.errors import EngineError
from engine.publication.pages import SCRIPT, STYLE, catalogue_page, entry_page

_UNSAFE = re.compile(r"[\x00-\x1f\x7f/\\:*?\"<>|\s]+")
_LONGEST_NAME = 80


class PublicationBroken(EngineError):
    """What lies on the site, or would, is not what was reviewed; or it could not be written."""

    code = "publication_broken"


@dataclass(frozen=True)
class PublishedFile:
    """One file of an entry: the name that readers see, the SHA-256 (hex) of its bytes, its size in bytes."""

    name: str
    sha256: str
    size: int

    @property
    def address(self) -> str:
        """Its name on the site: never the same for other bytes, so that nobody is served an old one."""
        cleaned = _UNSAFE.sub("-", self.name).strip(".-") or "file"
        stem, dot, ending = cleaned.rpartition(".")
        short = f"{stem[:_LONGEST_NAME]}{dot}{ending}" if stem else cleaned[:_LONGEST_NAME]
        return f"{self.sha256[:12]}-{short}"


@dataclass(frozen=True)
class CatalogueEntry:
    """One item of the catalogue (Art. 12 ¶3: index, name, summary, date of formation; the rest by practice).

    ``sequence`` orders the states of one entry: an older one never replaces a newer one. ``notes`` are what the
    public is told of later acts, oldest first: ``{on, kind, text}``. Dates are ISO texts, "" where there is none.
    """

    index: str
    title: str
    sequence: int
    summary: str = ""
    formed_on: str = ""
    number: str = ""
    category: str = ""
    topic: str = ""
    validity: str = ""
    column: str = ""
    publisher: str = ""
    entered_on: str = ""
    withdrawn_on: str = ""
    files: tuple[PublishedFile, ...] = ()
    notes: tuple[Mapping[str, str], ...] = field(default_factory=tuple)

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> CatalogueEntry:
        """Read an entry as ``as_dict`` wrote it; unknown keys are left out."""
        known = {key: given[key] for key in cls.__dataclass_fields__ if key in given}
        known["files"] = tuple(PublishedFile(**one) for one in known.get("files", ()))
        known["notes"] = tuple(dict(one) for one in known.get("notes", ()))
        return cls(**known)

    def as_dict(self) -> dict[str, Any]:
        """Return the entry as JSON keeps it."""
        found = asdict(self)
        return {**found, "files": list(found["files"]), "notes": [dict(n) for n in self.notes]}

    @property
    def address(self) -> str:
        """Its folder on the site."""
        return f"items/{_UNSAFE.sub('-', self.index).strip('.-')}"

    def withdrawn(self, on: str, text: str, sequence: int) -> CatalogueEntry:
        """Return what remains when it is taken down: that it was there, and what the public is told.

        Title and summary go too: they may be the reason.
        """
        note = {"on": on, "kind": "withdrawn", "text": text}
        return CatalogueEntry(
            index=self.index,
            title="",
            sequence=sequence,
            publisher=self.publisher,
            entered_on=self.entered_on,
            withdrawn_on=on,
            notes=(note,),
        )

    def noted(self, on: str, kind: str, text: str, **changes: Any) -> CatalogueEntry:
        """Return the entry with other values and, where there is a text, a note that says so."""
        note = ({"on": on, "kind": kind, "text": text},) if text else ()
        return replace(self, notes=(*self.notes, *note), **changes)


class Site:
    """The folder. Several processes may write: one at a time, each leaves it whole."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, entry: CatalogueEntry, data: Mapping[str, bytes]) -> bool:
        """Bring one entry and its files to the state given; the same state again changes nothing.

        Args:
            data: {sha256: bytes} of the entry's files.

        Returns:
            False where the site holds a later state of this entry already.

        Raises:
            PublicationBroken: bytes are not those of their hash, or the folder cannot be written.
        """
        for one in entry.files:
            if hashlib.sha256(data.get(one.sha256, b"")).hexdigest() != one.sha256:
                raise PublicationBroken(
                    f"{entry.index}: bytes of {one.name!r} are not the reviewed ones"
                )
        try:
            with self._alone():
                there = self.entry(entry.index)
                if there is not None and there.sequence > entry.sequence:
                    return False
                self._write(entry, data)
                self._write_catalogue()
            return True
        except OSError as error:
            raise PublicationBroken(f"{self.folder}: {error}") from error

    def entry(self, index: str) -> CatalogueEntry | None:
        """Return the entry with an index number, None where there is none."""
        return self._read(self.folder / CatalogueEntry(index, "", 0).address / "entry.json")

    def entries(self) -> list[CatalogueEntry]:
        """Return all entries, the newest first."""
        found = (self._read(path) for path in self.folder.glob("items/*/entry.json"))
        there = [one for one in found if one is not None]
        return sorted(there, key=lambda one: (one.entered_on, one.index), reverse=True)

    def problems(self) -> list[str]:
        """Compare every file on the site with the hash of its entry; return the addresses that differ."""
        return [
            f"{entry.address}/{one.address}"
            for entry in self.entries()
            for one in entry.files
            if not _holds(self.folder / entry.address / one.address, one.sha256)
        ]

    def _write(self, entry: CatalogueEntry, data: Mapping[str, bytes]) -> None:
        folder = self.folder / entry.address
        for one in entry.files:
            target = folder / one.address
            if not _holds(target, one.sha256):
                _replace(target, data[one.sha256])
            if not _holds(target, one.sha256):
                raise PublicationBroken(f"{target} reads back other bytes than were written")
        # The page last: it never names a file that is not there yet.
        _replace(folder / "entry.json", _json(entry.as_dict()))
        _replace(folder / "index.html", entry_page(entry.as_dict(), _addresses(entry)).encode())
        kept = {"entry.json", "index.html", *(one.address for one in entry.files)}
        for old in folder.iterdir():
            if old.name not in kept:
                old.unlink()

    def _write_catalogue(self) -> None:
        entries = self.entries()
        public = [{**one.as_dict(), "address": f"{one.address}/index.html"} for one in entries]
        _replace(self.folder / "style.css", STYLE.encode())
        _replace(self.folder / "search.js", SCRIPT.encode())
        _replace(self.folder / "catalogue.json", _json(public))
        _replace(self.folder / "index.html", catalogue_page(public).encode())

    @staticmethod
    def _read(path: Path) -> CatalogueEntry | None:
        try:
            return CatalogueEntry.from_dict(json.loads(path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return None

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the folder's lock: two that rebuild the catalogue at once would lose an entry."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with open(self.folder / ".lock", "a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _addresses(entry: CatalogueEntry) -> dict[str, str]:
    return {one.sha256: one.address for one in entry.files}


def _json(value: object) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


def _holds(path: Path, digest: str) -> bool:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest() == digest
    except FileNotFoundError:
        return False


def _replace(target: Path, data: bytes) -> None:
    """Write a file whole and durable, or leave the old one; leave it alone where it holds these bytes."""
    if target.exists() and target.read_bytes() == data:
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{secrets.token_hex(8)}")
    with open(temporary, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, target)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
