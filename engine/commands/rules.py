"""The effect ``write_rules``: the written rules (制度文本) of a procedure in force, kept as a text of the case."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from engine import audit, ruling
from engine.bpmn.step import Effect
from engine.commands.errors import EffectFailed
from engine.commands.reporting import DOCX
from engine.errors import BadInput, NotFound
from engine.words import say

if TYPE_CHECKING:
    from engine.commands.case_host import CaseHost

Answer = Mapping[str, object] | None


def write_rules(host: CaseHost, given: dict[str, object], effect: Effect) -> Answer:
    """Carry out the effect.

    Args:
        given: ``of``, the key of the procedure; null does nothing, so that a drawing may leave it to the case.

    Returns:
        ``{files: [{name, sha256, size, version}]}``, in the shape that ``publish`` answers to ``act="seal"``;
        ``version`` is the number of the version that it says.

    Raises:
        EffectFailed: no such procedure in force, or the office's sentences or template for it are unfit.
    """
    key = str(given.get("of") or "")
    if not key:
        return None
    try:
        row = ruling.version_row(host.env, key)
        rules, data = ruling.rules_letter(host.env, row)
    except NotFound as error:
        sentence = say("没有启用“{key}”这项程序，写不出制度文本", key=key)
        raise EffectFailed(effect.name, f"no procedure {key!r}", sentence) from error
    except BadInput as error:
        raise EffectFailed(effect.name, str(error), error.sentence) from error
    name = f"{rules.title}.docx"
    kept = host.keep(data, effect, title=rules.title, filename=name, media_type=DOCX)
    files = [
        {
            "name": name,
            "sha256": kept["sha256"],
            "size": kept["size"],
            "version": int(row["number"]),
        }
    ]
    host.audit_events.append(
        audit.AuditEvent(
            "RulesWritten",
            f"case:{host.case.number}",
            host.case.id,
            {"of": key, "number": int(row["number"]), "title": rules.title, "files": files},
            version=host.case.version_id,
        )
    )
    return {"files": files}
