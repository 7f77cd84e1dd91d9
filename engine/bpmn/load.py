"""The one entrance for XML: every .bpmn, .dmn or other XML of an administrator comes through here.

Refuses before it parses: size, DOCTYPE, entities, depth, number of elements. Knows no BPMN.
"""

from __future__ import annotations

import re

from lxml import etree

from engine.errors import BadInput
from engine.words import say

MAX_BYTES = 4 * 1024 * 1024
MAX_ELEMENTS = 60_000
MAX_DEPTH = 64
MAX_TEXT = 256 * 1024

_FORBIDDEN = re.compile(rb"<!\s*(DOCTYPE|ENTITY)", re.IGNORECASE)


class XmlRefused(BadInput):
    """The bytes are no XML that may come in; ``file`` names them, ``sentence`` says what to do."""

    code = "xml_refused"

    def __init__(self, file: str, message: str, sentence: str, line: int | None = None) -> None:
        super().__init__(
            f"{file}: {message}", sentence=say("{file}：{sentence}", file=file, sentence=sentence)
        )
        self.file, self.line = file, line


def load_xml(data: bytes, name: str) -> etree._Element:
    """Parse bytes into a tree that holds no entity, no DOCTYPE and nothing from elsewhere.

    Args:
        data: the file as it was read; UTF-8, UTF-16 or any encoding that XML declares.
        name: what to call the file in an error.

    Raises:
        XmlRefused: too large, too deep, not well formed, or with a DOCTYPE.
    """
    if len(data) > MAX_BYTES:
        raise XmlRefused(
            name,
            "too large",
            say("文件超过{size} MB，请检查是否放错了文件", size=MAX_BYTES // 1024 // 1024),
        )
    if not data.strip():
        raise XmlRefused(name, "empty", say("文件是空的，请重新保存后再上传"))
    if _FORBIDDEN.search(data) or _FORBIDDEN.search(data.replace(b"\x00", b"")):
        raise XmlRefused(name, "DOCTYPE", say("文件含有 DOCTYPE 或实体声明，请删去后再上传"))
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        attribute_defaults=False,
        huge_tree=False,
        remove_pis=True,
        remove_comments=True,  # one in the middle of an expression would hide the rest of it
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError, LookupError) as error:
        if "excessive depth" in str(error).lower():
            raise _out_of_proportion(name) from error
        line = getattr(error, "lineno", None)
        raise XmlRefused(
            name,
            f"not well formed: {error}",
            say("不是完整的 XML，第{line}行附近有错，请重新导出后再上传", line=line)
            if line
            else say("不是完整的 XML，请重新导出后再上传"),
            line,
        ) from error
    if root.getroottree().docinfo.doctype:  # type: ignore[union-attr]  # missing from the stubs
        raise XmlRefused(name, "DOCTYPE", say("文件含有 DOCTYPE，请删去后再上传"))
    _refuse_out_of_proportion(root, name)
    return root


def _out_of_proportion(name: str) -> XmlRefused:
    return XmlRefused(
        name, "too deep or too many elements", say("嵌套太深或元素太多，请拆成几个流程")
    )


def _refuse_out_of_proportion(root: etree._Element, name: str) -> None:
    depth = count = 0
    for event, element in etree.iterwalk(root, events=("start", "end")):
        if event == "end":
            depth -= 1
            continue
        depth += 1
        count += 1
        if depth > MAX_DEPTH or count > MAX_ELEMENTS:
            raise _out_of_proportion(name)
        if element.text and len(element.text) > MAX_TEXT:
            raise XmlRefused(
                name, "text too long", say("有一段文字过长，请缩短后再上传"), element.sourceline
            )
