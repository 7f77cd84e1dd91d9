"""A letter's template as it is taken in: a plain .docx, or a refusal that says what to do.

Somebody edited it in Word, so it is treated as hostile: no macros, no embedded objects, nothing from elsewhere,
nothing that unpacks to more than it seems. What its fields mean is not known here.
"""

from __future__ import annotations

import html
import io
import re
import zipfile
from collections.abc import Mapping
from typing import Any

from engine.errors import BadInput
from engine.words import say

MAX_TEMPLATE_BYTES = 8 * 1024 * 1024
MAX_UNPACKED_BYTES = 64 * 1024 * 1024
MAX_PARTS = 500

_EXTERNAL = re.compile(rb"<Relationship\b[^>]*TargetMode\s*=\s*[\"']External[\"'][^>]*>", re.I)
_HYPERLINK = re.compile(rb"Type\s*=\s*[\"'][^\"']*/hyperlink[\"']")
_FIELD_TEXT = re.compile(
    r"<w:instrText[^>]*>([^<]*)<|<w:fldSimple[^>]*w:instr\s*=\s*[\"']([^\"']*)", re.I
)
_ACTIVE_FIELD = re.compile(
    r"\b(DDE|DDEAUTO|INCLUDETEXT|INCLUDEPICTURE|IMPORT|LINK|DATABASE)\b", re.I
)
_ENCODING = re.compile(rb"<\?xml[^>]*encoding\s*=\s*[\"']([^\"']+)", re.I)
_ACTIVE_PARTS = ("vbaproject", "vbadata", "/embeddings/", "/activex/", "oleobject", "/afchunk")


class LetterInvalid(BadInput):
    """A template cannot be used or filled; ``problem`` is a stable word.

    One of ``broken``, ``active``, ``syntax``, ``forbidden``, ``missing`` (then ``names`` holds what nobody
    filled), ``too_heavy``, ``timeout``.
    """

    code = "letter_invalid"

    def __init__(
        self, template: str, problem: str, sentence: str, *, names: tuple[str, ...] = ()
    ) -> None:
        super().__init__(
            f"{template}: {problem}",
            sentence=say("{file}：{sentence}", file=template, sentence=sentence),
        )
        self.template, self.problem, self.names = template, problem, names


def refusal(head: Mapping[str, Any], name: str) -> LetterInvalid:
    problem = str(head.get("problem", "broken"))
    if problem == "missing":
        names = tuple(str(one) for one in head["names"])
        return LetterInvalid(
            name,
            problem,
            say("还没有填“{names}”，请补全后再发出", names="”“".join(names)),
            names=names,
        )
    sentences = {
        "syntax": say("{{{{ }}}} 或 {{% %}} 写得不对")
        + (say("，在“{what}”附近", what=head.get("near")) if head.get("near") else ""),
        "forbidden": say("用了不许用的写法，模板里只能填写名称、判断和循环"),
        "too_heavy": say("模板太复杂，超过内存或时间限度，请简化后再用"),
        "broken": say("不是完整的 Word 文件（.docx），请在 Word 或 WPS 里重新另存"),
    }
    return LetterInvalid(name, problem, sentences.get(problem, sentences["broken"]))


def refuse_active_content(template: bytes, name: str) -> None:
    """Refuse a template that is no plain .docx: macros, embedded objects, links to elsewhere, too large.

    Raises:
        LetterInvalid: ``broken`` or ``active``.
    """
    if len(template) > MAX_TEMPLATE_BYTES:
        raise LetterInvalid(
            name,
            "broken",
            say("模板超过{size} MB，请缩小图片", size=MAX_TEMPLATE_BYTES // 1024 // 1024),
        )
    try:
        with zipfile.ZipFile(io.BytesIO(template)) as package:
            _inspect(package, name)
    except (zipfile.BadZipFile, KeyError, NotImplementedError, RuntimeError, EOFError) as error:
        raise refusal({"problem": "broken"}, name) from error


def _inspect(package: zipfile.ZipFile, name: str) -> None:
    parts = package.infolist()
    if len(parts) > MAX_PARTS or sum(one.file_size for one in parts) > MAX_UNPACKED_BYTES:
        raise LetterInvalid(name, "broken", say("文件解开后太大，请检查是否放错了文件"))
    for part in parts:
        if any(word in f"/{part.filename}".lower() for word in _ACTIVE_PARTS):
            raise _active(name, say("宏、控件或嵌入的对象"))
    types = package.read("[Content_Types].xml")
    if b"macroEnabled" in types or b"wordprocessingml.document.main+xml" not in types:
        raise _active(name, say("宏，或者不是普通的 Word 文档（.docx）"))
    for part in parts:
        if part.filename.endswith((".xml", ".rels")):
            _inspect_xml(package.read(part), name)


def _inspect_xml(data: bytes, name: str) -> None:
    encoding = _ENCODING.search(data[:200])
    if data[:2] in (b"\xff\xfe", b"\xfe\xff") or (encoding and encoding[1].lower() != b"utf-8"):
        raise LetterInvalid(name, "broken", say("内部编码不是 UTF-8，请在 Word 或 WPS 里重新另存"))
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise _active(name, say("DOCTYPE 或实体声明"))
    for relation in _EXTERNAL.findall(data):
        if not _HYPERLINK.search(relation):
            raise _active(name, say("指向外部文件的链接（例如外部模板或图片）"))
    if b"<w:altChunk" in data:
        raise _active(name, say("嵌入的其他文档"))
    text = data.decode("utf-8", "replace")
    fields_text = "".join(first or second for first, second in _FIELD_TEXT.findall(text))
    if _ACTIVE_FIELD.search(html.unescape(fields_text)):
        raise _active(name, say("取外部内容的域"))


def _active(name: str, what: str) -> LetterInvalid:
    return LetterInvalid(name, "active", say("模板里有{what}，请删去后另存为 .docx", what=what))
