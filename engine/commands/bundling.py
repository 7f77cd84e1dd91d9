"""The effect ``bundle_papers``: the papers of another case and of this one as one package, with its index.

For evidence that goes to a body of reconsideration or a court: the other case may be open. Nothing here says
which kind of paper comes first: that is the decision of a procedure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from engine.bpmn.step import Effect
from engine.commands.archiving import (
    MAX_PACKAGE_BYTES,
    as_pdfa,
    keep_package,
    laid_out,
    paper_of,
    texts_of,
)
from engine.commands.errors import EffectFailed
from engine.dmn import DecisionNotFound
from engine.documents.case_index import digest_of, index_of, package
from engine.feel import to_json
from engine.store import cases, documents
from engine.store.cases import CaseRow
from engine.store.rows import Row
from engine.unit_of_work import UnitOfWork
from engine.words import AsIs, say

if TYPE_CHECKING:
    from engine.commands.case_host import CaseHost


def bundle_papers(host: CaseHost, given: dict[str, object], effect: Effect) -> Mapping[str, object]:
    """Carry out the effect.

    Args:
        given: ``case``, the number of the other case; ``fields``, form fields of this case whose files come
            first; ``order_by``, ``procedure/decision``: the table that gives the order of the other case's papers
            for ``file_kind``, the key of its procedure, in the output ``file_order``; ``title`` of the package;
            ``without``, ids of the other case's papers that stay out, which stands in the trail.

    Returns:
        ``{bundle: {document, sha256, size, papers: [..], count, pages, uncounted, digest, pdfa_said}}``.

    Raises:
        EffectFailed: no such case, nothing to pack, or too much.
    """
    case, every = _papers(host, str(given.get("case") or "").strip(), texts_of(given.get("fields")))
    without = set(texts_of(given.get("without")))
    papers = [paper_of(row) for row in every if row["id"] not in without]
    left_out = [str(row["title"]) for row in every if row["id"] in without]
    if not papers:
        sentence = say("案件 {number} 的材料都没有编进，请至少留一份", number=AsIs(case.number))
        raise EffectFailed("bundle_papers", "all left out", sentence)
    data = {one.sha256: host.env.blobs.get(one.sha256) for one in papers}
    own = texts_of(given.get("fields"))
    order = [*own, *_order(host, str(given.get("order_by") or ""), case.procedure)]
    lines = index_of(papers, order, data, laid_out(papers, data))
    made, said = as_pdfa(lines, data)
    counted = [line.pages for line in lines if line.pages is not None]
    index: dict[str, object] = {
        "case": case.number,
        "count": len(lines),
        "pages": sum(counted),
        "uncounted": len(lines) - len(counted),
        "digest": digest_of(lines),
        "pdfa_said": said,
    }
    title = f"{case.number} {given.get('title') or '证据材料'}"
    made_of = package(lines, data, index, made)
    kept = keep_package(
        host, case, made_of, effect, title=title, filename=f"{title}.zip", left_out=left_out
    )
    return {"bundle": {**kept, **index, "papers": [line.as_dict() for line in lines]}}


def _papers(host: CaseHost, number: str, fields: list[str]) -> tuple[CaseRow, list[Row]]:
    """Return the other case with the rows of its papers and, before them, the files of this case's fields."""
    with UnitOfWork(host.env.database, writing=False) as uow:
        case_id = cases.id_of_number(uow.connection, number)
        case = cases.load(uow.connection, case_id) if case_id else None
        theirs = documents.case_documents(uow.connection, case_id) if case_id else []
        ours = documents.case_documents(uow.connection, host.case.id)
    if case is None:
        sentence = say("没有编号“{number}”的案件，请核对", number=AsIs(number))
        raise EffectFailed("bundle_papers", f"no case {number!r}", sentence)
    now = [{**row, "created_at": host.now} for row in host.uploads]  # that came with this very step
    own = [row for row in (*ours, *now) if row["field"] in fields]
    rows = [row for row in (*own, *theirs) if row["media_type"] != "application/zip"]
    if not rows:
        sentence = say("案件 {number} 没有材料，请先上传证据", number=AsIs(number))
        raise EffectFailed("bundle_papers", "nothing to pack", sentence)
    if sum(row["size"] for row in rows) > MAX_PACKAGE_BYTES:
        raise EffectFailed("bundle_papers", "too large", say("材料太大，请分几次报送"))
    return case, rows


def _order(host: CaseHost, decision: str, kind: str) -> list[str]:
    """Return the keys of papers from first to last as another procedure's table says; none where it says nothing."""
    procedure, _, name = decision.partition("/")
    if not name or procedure not in host.env.procedures_in_force():
        return []
    folder = host.env.deployed(host.env.version_in_force(procedure))
    try:
        found = folder.decisions.evaluate(name, {"file_kind": kind}, host.functions).value
    except DecisionNotFound as error:
        sentence = say(
            "“{procedure}”没有“{name}”这张决策表，请检查流程图", procedure=procedure, name=name
        )
        raise EffectFailed("bundle_papers", f"no decision {decision!r}", sentence) from error
    order = to_json(found)
    return texts_of(order.get("file_order")) if isinstance(order, Mapping) else []
