"""Files that arrive with a form: read, looked at, refused where they are not what they say.

The name's ending, the first bytes and, for packed formats, the listing must agree. Nothing is unpacked and
nothing is executed here; whether a form takes a kind of file is the form's own rule.
"""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from pathlib import PurePosixPath

from flask_babel import gettext as _
from werkzeug.datastructures import FileStorage, MultiDict

from engine.errors import BadInput

MIB = 1024 * 1024
MAX_FILE = 50 * MIB
MAX_FILES = 50
MAX_ENTRIES = 2000
MAX_UNPACKED = 200 * MIB
MAX_RATIO = 100

_ZIP = b"PK\x03\x04"
MEDIA_TYPES = {
    "pdf": "application/pdf",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "ofd": "application/ofd",
    "zip": "application/zip",
    "txt": "text/plain",
}
_FIRST_BYTES = {
    "pdf": (b"%PDF-",),
    "jpg": (b"\xff\xd8\xff",),
    "jpeg": (b"\xff\xd8\xff",),
    "png": (b"\x89PNG\r\n\x1a\n",),
    "docx": (_ZIP,),
    "xlsx": (_ZIP,),
    "ofd": (_ZIP,),
    "zip": (_ZIP, b"PK\x05\x06"),
}
_INSIDE = {"docx": "word/document.xml", "xlsx": "xl/workbook.xml", "ofd": "OFD.xml"}
_NESTED = (".zip", ".rar", ".7z", ".gz", ".tar", ".docm", ".xlsm", ".exe", ".jar")


class UploadRefused(BadInput):
    """An uploaded file cannot be taken; the sentence names it."""

    code = "upload_refused"


@dataclass(frozen=True)
class Upload:
    """A file as it arrived: the field it answers, its own name (never a path), what it is, its bytes."""

    field: str
    filename: str
    media_type: str
    data: bytes


def read_uploads(files: MultiDict[str, FileStorage]) -> list[Upload]:
    """Read the files of a post.

    Raises:
        UploadRefused: too many, too large, an unknown kind, or not what its name says.
    """
    sent = [(name, storage) for name, storage in files.items(multi=True) if storage.filename]
    if len(sent) > MAX_FILES:
        raise UploadRefused(
            "too many files", sentence=str(_("一次最多上传50个文件，请分几次上传。"))
        )
    return [_read(name, storage) for name, storage in sent]


def _read(field: str, storage: FileStorage) -> Upload:
    filename = _plain_name(storage.filename or "")
    data = storage.stream.read(MAX_FILE + 1)
    if len(data) > MAX_FILE:
        raise _refusal(filename, _("超过50 MB，请压缩或者拆开后再上传。"))
    if not data:
        raise _refusal(filename, _("是空文件，请核对后重新上传。"))
    ending = PurePosixPath(filename).suffix.lower().lstrip(".")
    if ending not in MEDIA_TYPES:
        raise _refusal(
            filename, _("不是可以上传的文件。请转换成 pdf、jpg、png、docx、xlsx、ofd、txt 或 zip。")
        )
    _check_content(filename, ending, data)
    return Upload(field, filename, MEDIA_TYPES[ending], data)


def _plain_name(filename: str) -> str:
    last = filename.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(char for char in last if char.isprintable())[:200] or "file"


def _check_content(filename: str, ending: str, data: bytes) -> None:
    expected = _FIRST_BYTES.get(ending)
    if expected is not None and not data.startswith(expected):
        raise _refusal(filename, _("的内容和它的类型不符，请核对是不是改过扩展名。"))
    if ending == "txt" and b"\0" in data:
        raise _refusal(filename, _("的内容和它的类型不符，请核对是不是改过扩展名。"))
    if ending in ("docx", "xlsx", "ofd", "zip"):
        _check_packed(filename, ending, data)


def _check_packed(filename: str, ending: str, data: bytes) -> None:
    """Look at the listing only; sizes are those declared, which any unpacking would meet first."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            external = _names_remote_template(archive) if ending in ("docx", "xlsx") else False
    except (
        zipfile.BadZipFile,
        ValueError,
        NotImplementedError,
        RuntimeError,
        EOFError,
        OSError,
    ) as error:
        raise _refusal(filename, _("已经损坏，请重新保存后再上传。")) from error
    names = [one.filename for one in entries]
    total = sum(one.file_size for one in entries)
    packed = sum(one.compress_size for one in entries) or 1
    if (
        len(entries) > MAX_ENTRIES
        or total > MAX_UNPACKED
        or (total / packed > MAX_RATIO and total > MIB)
    ):
        raise _refusal(filename, _("展开后太大，请拆开后再上传。"))
    if ending in _INSIDE and _INSIDE[ending] not in names:
        raise _refusal(filename, _("的内容和它的类型不符，请核对是不是改过扩展名。"))
    if ending != "zip" and any("vbaproject" in name.lower() for name in names):
        raise _refusal(filename, _("带有宏，请另存为不带宏的文件后再上传。"))
    if ending == "zip" and any(name.lower().endswith(_NESTED) for name in names):
        raise _refusal(filename, _("里面还有压缩包或者程序，请取出后分别上传。"))
    if external:
        raise _refusal(filename, _("引用了外部模板，请断开链接、另存后再上传。"))


def _names_remote_template(archive: zipfile.ZipFile) -> bool:
    for name in ("word/_rels/settings.xml.rels",):
        if name in archive.namelist() and archive.getinfo(name).file_size < MIB:
            text = archive.read(name).lower()
            return b"attachedtemplate" in text and b'targetmode="external"' in text.replace(
                b"'", b'"'
            )
    return False


def _refusal(filename: str, what: str) -> UploadRefused:
    return UploadRefused(
        f"upload {filename!r} refused", sentence=str(_("“%(name)s”", name=filename[:60])) + what
    )
