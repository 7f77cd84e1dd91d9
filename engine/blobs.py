"""Files by the hash of their bytes: written whole and durable before a row names them, never changed."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from engine.errors import EngineError
from engine.words import say


class BlobDamaged(EngineError):
    """The bytes on disk are not those that were stored; ``title`` names the file where the reader knows it."""

    code = "blob_damaged"

    def __init__(self, message: str, title: str = "") -> None:
        super().__init__(message)
        self.title = title

    @property
    def sentence(self) -> str:
        """What to do, in the reader's language."""
        return say(
            "文件“{title}”丢失了，或者被改动过，和存入时的校验码不符，没有打开。请告诉系统管理员，从备份里找回这个文件。",
            title=self.title or str(self),
        )


class Blobs:
    """A folder of immutable files named by SHA-256."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, data: bytes) -> str:
        """Store bytes and return their SHA-256 (hex). Storing the same bytes again makes them young again."""
        digest = hashlib.sha256(data).hexdigest()
        target = self._path(digest)
        with suppress(FileNotFoundError):
            os.utime(target)
            return digest
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        temporary = target.with_name(f".{secrets.token_hex(8)}")
        with open(temporary, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o600)
        os.replace(temporary, target)
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        return digest

    def get(self, digest: str) -> bytes:
        """Return the bytes of a hash.

        Raises:
            BlobDamaged: they are gone or were changed on disk.
        """
        try:
            data = self._path(digest).read_bytes()
        except FileNotFoundError as error:
            raise BlobDamaged(f"blob {digest} is gone") from error
        if hashlib.sha256(data).hexdigest() != digest:
            raise BlobDamaged(f"blob {digest} was changed on disk")
        return data

    def is_whole(self, digest: str) -> bool:
        """Return whether the bytes of a hash are there as they were stored."""
        try:
            with open(self._path(digest), "rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest() == digest
        except FileNotFoundError:
            return False

    def drop(self, digest: str, named: Callable[[list[str]], set[str]]) -> None:
        """Remove a file, unless a document still names it."""
        if not named([digest]):
            self._path(digest).unlink(missing_ok=True)

    def drop_unnamed(self, named: Callable[[list[str]], set[str]], before: datetime) -> int:
        """Remove files that no document names: an import that was only looked at, a step that failed.

        Args:
            named: which of some hashes are in use; asked for those only that are old enough.
            before: what was stored since may be named in a moment.

        Returns:
            How many were removed.
        """
        edge = before.timestamp()
        old = [
            path
            for path in sorted(self.folder.glob("??/*"))
            if path.is_file() and path.stat().st_mtime <= edge
        ]
        kept = named([path.name for path in old if not path.name.startswith(".")])
        return sum(_drop(path, edge) for path in old if path.name not in kept)

    def _path(self, digest: str) -> Path:
        return self.folder / digest[:2] / digest


def _drop(path: Path, edge: float) -> bool:
    """Remove a file, unless its bytes were stored again since it was looked at."""
    aside = path.with_name(f".{secrets.token_hex(8)}")
    try:
        os.replace(path, aside)
        if aside.stat().st_mtime > edge:
            os.replace(aside, path)
            return False
        aside.unlink()
    except FileNotFoundError:  # another look was faster
        return False
    return True
