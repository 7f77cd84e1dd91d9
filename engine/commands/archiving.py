"""The effect ``archive_case``: index and package the file of a case that is closed (Art. 45; 档案法 Art. 13, 37).

``act="index"`` lists its papers with page counts and checksums; ``act="package"`` refuses where the file is no
longer the indexed one, and keeps the package as a document of the case that archives it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from engine import audit
from engine.bpmn.step import Effect
from engine.commands.errors import EffectFailed
from engine.commands.reporting import DOCX
from engine.documents.case_index import (
    PDF,
    IndexLine,
    Paper,
    digest_of,
    index_of,
    package,
    pages_of,
    pages_said,
)
from engine.documents.pdfa import converter, to_pdfa
from engine.feel import to_json
from engine.letters import LetterInvalid, refuse_active_content
from engine.store import cases
from engine.store import documents as document_store
from engine.store.cases import CaseRow
from engine.timesource import legal_day
from engine.unit_of_work import UnitOfWork
from engine.words import say

if TYPE_CHECKING:
    from engine.commands.case_host import CaseHost

MAX_PACKAGE_BYTES = 512 * 1024 * 1024

Answer = Mapping[str, object] | None


def archive_case(host: CaseHost, given: dict[str, object], effect: Effect) -> Answer:
    """Carry out the effect.

    Args:
        given: ``act``; ``case``, the number of the case to be filed; ``order``, keys of form fields and letters
            from the first paper to the last. ``package`` also: ``index``, what ``index`` answered; ``retention``.

    Returns:
        ``index``: ``{index: {case, title, closed_on, papers: [..], count, pages, uncounted, digest}}``;
        ``package``: ``{package: {document, sha256, size, pdfa, pdfa_said}}``: how many papers are in it as PDF/A too,
        and a sentence about that.

    Raises:
        EffectFailed: no such case, one that is still open, or a file that changed since it was indexed.
    """
    case, papers = _file_of(host, str(given.get("case") or "").strip())
    data = {one.sha256: host.env.blobs.get(one.sha256) for one in papers}
    order = texts_of(given.get("order"))
    if given.get("act") == "index":
        return {"index": _index(case, index_of(papers, order, data, laid_out(papers, data)))}
    if given.get("act") != "package":
        act = given.get("act")
        raise EffectFailed(
            "archive_case", f"no act {act!r}", say("“archive_case”没有“{act}”这种办法", act=act)
        )
    indexed = to_json(given.get("index"))
    lines = index_of(papers, order, data, _indexed_pages(indexed))
    if not isinstance(indexed, Mapping) or indexed.get("digest") != digest_of(lines):
        raise EffectFailed(
            "archive_case",
            "the file changed since it was indexed",
            "案卷编目以后有变动，请重新编目",
        )
    fixed, said = as_pdfa(lines, data)
    about = {
        key: value
        for key, value in {**indexed, "retention": given.get("retention"), "pdfa": said}.items()
        if key != "papers"
    }
    made = package(lines, data, about, fixed)
    kept = keep_package(
        host,
        case,
        made,
        effect,
        title=f"{case.number} 归档数据包",
        filename=f"{case.number}.zip",
    )
    return {"package": {**kept, "pdfa": len(fixed), "pdfa_said": said}}


def laid_out(papers: Sequence[Paper], data: Mapping[str, bytes]) -> dict[str, int]:
    """Return the pages of the Word documents by hash: as converted, else as an upload says; never estimated."""
    words = [one for one in papers if one.media_type == DOCX]
    program = converter()
    plain = {one.sha256: data[one.sha256] for one in words if _is_plain(one, data)}
    made = to_pdfa(program, plain) if program is not None else {}
    found = {key: pages_of(PDF, body) for key, body in made.items()}
    said = {one.sha256: pages_said(data[one.sha256]) for one in words if one.is_uploaded}
    return {key: pages for key, pages in {**said, **found}.items() if pages is not None}


def _indexed_pages(indexed: object) -> dict[str, int]:
    """Return what the index says of each paper by hash, those that the archivist counted included."""
    papers = indexed.get("papers") if isinstance(indexed, Mapping) else None
    return {str(one["sha256"]): int(one["pages"]) for one in papers or () if one.get("pages")}


def as_pdfa(lines: Sequence[IndexLine], data: Mapping[str, bytes]) -> tuple[dict[str, bytes], str]:
    """Return the Word documents of a file as PDF/A by hash, and what is to be said of them."""
    wanted = [line for line in lines if line.paper.media_type == DOCX]
    if not wanted:
        return {}, "案卷里没有 Word 文件，不需要转换为 PDF/A"
    program = converter()
    if program is None:
        return {}, (
            f"本机没有安装转换程序（LibreOffice），{len(wanted)}份 Word 文件没有转换为 PDF/A，"
            "归档包里是原来的 .docx"
        )
    plain = {
        one.paper.sha256: data[one.paper.sha256] for one in wanted if _is_plain(one.paper, data)
    }
    made = to_pdfa(program, plain)
    left = [f"第{line.no}件" for line in wanted if line.paper.sha256 not in made]
    said = f"{len(wanted) - len(left)}份 Word 文件已转换为 PDF/A-2b，原来的 .docx 也在归档包里"
    if left:
        said += f"；{'、'.join(left)}没有转换成，请打开核对后另行转换"
    return made, said


def _is_plain(paper: Paper, data: Mapping[str, bytes]) -> bool:
    """Return whether a document may be given to a converter: no macros, nothing fetched from elsewhere."""
    try:
        refuse_active_content(data[paper.sha256], paper.title)
    except LetterInvalid:
        return False
    return True


def _file_of(host: CaseHost, number: str) -> tuple[CaseRow, list[Paper]]:
    with UnitOfWork(host.env.database, writing=False) as uow:
        case_id = cases.id_of_number(uow.connection, number)
        case = cases.load(uow.connection, case_id) if case_id else None
        rows = document_store.case_documents(uow.connection, case_id) if case_id else []
    if case is None:
        raise EffectFailed(
            "archive_case",
            f"no case {number!r}",
            say("没有编号“{number}”的案件，请核对", number=number),
        )
    if case.status != "closed":
        raise EffectFailed(
            "archive_case",
            f"case {number} is open",
            say("案件 {number} 还没有办结，办结后才能归档", number=number),
        )
    if sum(row["size"] for row in rows) > MAX_PACKAGE_BYTES:
        raise EffectFailed("archive_case", "too large", "案卷材料太大，请分卷归档")
    return case, [paper_of(row) for row in rows]


def paper_of(row: Mapping[str, Any]) -> Paper:
    """Return a document of a case as a paper of a file."""
    return Paper(
        key=str(row["letter"] or row["field"] or ""),
        title=str(row["title"]),
        number=str(row["letter_number"] or ""),
        filename=str(row["filename"]),
        media_type=str(row["media_type"]),
        sha256=str(row["sha256"]),
        size=int(row["size"]),
        at=row["created_at"],
        is_uploaded=row["kind"] == "upload",
    )


def _index(case: CaseRow, lines: Sequence[IndexLine]) -> dict[str, object]:
    counted = [line.pages for line in lines if line.pages is not None]
    return {
        "case": case.number,
        "title": case.subject,
        "closed_on": legal_day(case.closed_at).isoformat() if case.closed_at else None,
        "papers": [line.as_dict() for line in lines],
        "count": len(lines),
        "pages": sum(counted),
        "uncounted": len(lines) - len(counted),
        "digest": digest_of(lines),
    }


def keep_package(
    host: CaseHost,
    case: CaseRow,
    data: bytes,
    effect: Effect,
    *,
    title: str,
    filename: str,
    left_out: Sequence[str] = (),
) -> dict[str, object]:
    """Keep a package as a document of the case at hand; say in the trail of which case the papers are, and which
    were left out.

    Returns:
        ``{document, sha256, size}``.
    """
    document = host.keep(data, effect, title=title, filename=filename, media_type="application/zip")
    host.audit_events.append(
        audit.AuditEvent(
            "CasePackaged",
            f"case:{case.number}",
            host.case.id,
            {
                "sha256": document["sha256"],
                "size": document["size"],
                **({"left_out": list(left_out)} if left_out else {}),
            },
            version=host.case.version_id,
        )
    )
    return {key: document[name] for key, name in _ANSWERED.items()}


_ANSWERED = {"document": "id", "sha256": "sha256", "size": "size"}


def texts_of(value: object) -> list[str]:
    """Return a FEEL list as texts; none where it is no list."""
    plain = to_json(value)
    return [str(one) for one in plain] if isinstance(plain, list) else []
