"""Files by the hash of their bytes: written whole and durable before a row names them, never changed."""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path

from engine.errors import EngineError


class BlobDamaged(EngineError):
    """The bytes on disk are not those that were stored."""

    code = "blob_damaged"


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

    def _path(self, digest: str) -> Path:
        return self.folder / digest[:2] / digest
