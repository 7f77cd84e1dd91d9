"""Files by the hash of their bytes: written whole and durable before a row names them, never changed."""

from __future__ import annotations

import hashlib
import os
import secrets
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
        """Store bytes and return their SHA-256 (hex). Storing the same bytes again changes nothing."""
        digest = hashlib.sha256(data).hexdigest()
        target = self._path(digest)
        if target.exists():
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

    def _path(self, digest: str) -> Path:
        return self.folder / digest[:2] / digest
