"""Personal values at rest: sealed with AES-256-GCM under the key of this machine, and masked on screens.

Basis: 个人信息保护法 第六条、第五十一条. The key stands in ``data/secret.key``, never in the database, so a
stolen database or backup shows no identity number.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from engine.errors import EngineError

PREFIX = "sealed:1:"
WRAPPED = "sealed"  # the one key of a value that is sealed and no text
ERASED = "（已删除）"  # what stands where a personal value was erased
_NONCE_BYTES = 12


class SealBroken(EngineError):
    """A sealed value does not open: another key, or changed bytes."""

    code = "seal_broken"


class Sealer:
    """Seals and opens texts, and derives the keys that sign forms and sessions."""

    def __init__(self, key: bytes) -> None:
        if len(key) != 32:
            raise ValueError("the key has 32 bytes")
        self._key = key
        self._cipher = AESGCM(self.derive("seal"))

    @classmethod
    def from_file(cls, path: Path, *, create: bool = False) -> Sealer:
        """Read the key, or make a new one with mode 0600 where ``create`` allows it."""
        if not path.exists() and create:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(secrets.token_bytes(32))
                file.flush()
                os.fsync(file.fileno())
        return cls(path.read_bytes())

    def derive(self, purpose: str) -> bytes:
        """Return a key of 32 bytes for one purpose."""
        return hmac.new(self._key, purpose.encode(), hashlib.sha256).digest()

    def seal(self, text: str, place: str) -> str:
        """Seal a text so that it opens only at ``place`` (such as ``case|field``)."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = self._cipher.encrypt(nonce, text.encode(), place.encode())
        return PREFIX + base64.urlsafe_b64encode(nonce + sealed).decode()

    def open(self, sealed: str, place: str) -> str:
        """Return the text of a sealed value.

        Raises:
            SealBroken: it was sealed elsewhere, under another key, or changed.
        """
        try:
            raw = base64.urlsafe_b64decode(sealed.removeprefix(PREFIX))
            return self._cipher.decrypt(
                raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], place.encode()
            ).decode()
        except (InvalidTag, ValueError) as error:
            raise SealBroken(f"the value at {place} does not open") from error


# How many signs of a number stay at its beginning and end.
_ENDS = {"first3_last4": (3, 4), "last4": (0, 4), "hidden": (0, 0)}


def is_sealed(value: object) -> bool:
    """True for a value that ``Sealer.seal`` made, and for one that is no text and was sealed as JSON."""
    if isinstance(value, str):
        return value.startswith(PREFIX)
    return isinstance(value, Mapping) and value.keys() == {WRAPPED} and is_sealed(value[WRAPPED])


def holds_sealed(value: object) -> bool:
    """Whether something sealed stands in a value."""
    if is_sealed(value):
        return True
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(holds_sealed(one) for one in inner)


def withheld(value: Any) -> Any:
    """Return a value as somebody sees it who may not see what is sealed: null, in rows without these cells."""
    if is_sealed(value):
        return None
    if isinstance(value, Mapping):
        return {key: withheld(one) for key, one in value.items() if not is_sealed(one)}
    return [withheld(one) for one in value] if isinstance(value, list) else value


def mask(text: str, numbers: str = "first3_last4") -> str:
    """Return a personal text as lists show it: the first three and last four at most, never all.

    ``顾小明`` becomes ``顾某``; an address keeps its first six characters. Of a number stays what the office's
    setting ``id_masking`` says: ``first3_last4``, ``last4`` or ``hidden``.
    """
    if text == ERASED:
        return text
    if re.fullmatch(r"[\dXx]{8,}", text):
        first, last = _ENDS.get(numbers, (0, 0))
        return text[:first] + "*" * (len(text) - first - last) + text[len(text) - last :]
    if "@" in text:
        name, _, host = text.partition("@")
        return name[:1] + "***@" + host
    if len(text) <= 4:
        return text[:1] + "某" if text else ""
    return text[:6] + "*" * min(6, len(text) - 6) if len(text) > 6 else text[:2] + "***"
