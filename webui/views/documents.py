"""Downloads: documents of a case and the drawing of a procedure's version."""

from __future__ import annotations

import re
from urllib.parse import quote

from flask import Blueprint, Response
from flask.typing import ResponseReturnValue

from webui import labels
from webui.auth import actor, rule
from webui.engine_door import engine
from webui.security import DOWNLOAD_POLICY

blueprint = Blueprint("documents", __name__)


@blueprint.get("/documents/<document_id>")
@rule("case.read")
def download(document_id: str) -> ResponseReturnValue:
    """Send a document as a file to keep: never shown inside our pages, never run; the trail tells."""
    row, data = engine().commands.document(engine().environment, actor(), document_id)
    answer = Response(data, content_type=row["media_type"])
    answer.headers["Content-Disposition"] = _attachment(row["filename"])
    answer.headers["Content-Security-Policy"] = DOWNLOAD_POLICY
    return answer


@blueprint.get("/versions/<version_id>/diagram.bpmn")
@rule("case.read")
def diagram(version_id: str) -> ResponseReturnValue:
    """Send the drawing of a version, for the page that draws it."""
    data = engine().queries.diagram_xml(engine().environment, actor(), version_id)
    answer = Response(labels.drawing(data), content_type="application/xml; charset=utf-8")
    answer.headers["Content-Disposition"] = 'attachment; filename="diagram.bpmn"'
    answer.headers["Content-Security-Policy"] = DOWNLOAD_POLICY
    return answer


def _attachment(filename: str) -> str:
    plain = re.sub(r"[^A-Za-z0-9._-]", "_", filename) or "file"
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(filename, safe='')}"
