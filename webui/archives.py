"""Folders as .zip files for download: the same content gives the same bytes."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from urllib.parse import quote

from flask import Response

from webui.security import DOWNLOAD_POLICY

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the format knows nothing earlier


def zipped(files: Mapping[str, bytes], top: str) -> bytes:
    """Return an archive of the files, all inside a folder ``top``."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in sorted(files.items()):
            info = zipfile.ZipInfo(f"{top}/{path}", _EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            archive.writestr(info, data)
    return buffer.getvalue()


def download(data: bytes, filename: str, media_type: str) -> Response:
    """Return bytes as a file to keep: never shown inside our pages, never run."""
    plain = "".join(
        char if char.isascii() and (char.isalnum() or char in "._-") else "_" for char in filename
    )
    answer = Response(data, content_type=media_type)
    answer.headers["Content-Disposition"] = (
        f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(filename, safe='')}"
    )
    answer.headers["Content-Security-Policy"] = DOWNLOAD_POLICY
    return answer
