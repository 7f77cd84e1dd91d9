"""The sentences that hold a text of rules together, read from the office's data; reading and filling only."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from engine.words import say
from engine.yaml_source import Entry, YamlRefused

FOLDER = "rules/"
FILE = f"{FOLDER}wording.yaml"
TEMPLATE = f"{FOLDER}rules.docx"

_BLANK = re.compile(r"\{([^{}]*)\}")

# Every sentence, with the blanks that it may have.
SENTENCES: Mapping[str, frozenset[str]] = {
    key: frozenset(blanks.split())
    for key, blanks in (
        ("title", "机关 程序"),
        ("general", ""),
        ("course", ""),
        ("limits", ""),
        ("papers", ""),
        ("closing", ""),
        ("purpose", "机关 程序 依据"),
        ("purpose_without_basis", "机关 程序"),
        ("start", "岗位 事项"),
        ("start_by_others", "事项"),
        ("start_events", "情形"),
        ("duties", "主管 程序"),
        ("duty", "岗位 环节"),
        ("who", "岗位"),
        ("who_of_section", "岗位"),
        ("who_named", ""),
        ("by_post", "岗位"),
        ("basis", "依据"),
        ("form", "表单"),
        ("form_asks", "表单 内容"),
        ("apart", "环节"),
        ("within", "时限"),
        ("within_set", ""),
        ("before", "期限 时长"),
        ("after", "期限 时长"),
        ("at_end", "期限"),
        ("each", ""),
        ("one_after_another", ""),
        ("call", "程序"),
        ("automatic", "环节"),
        ("contains", ""),
        ("waits_for", "情形"),
        ("waits_first", ""),
        ("asked", "岗位 事项"),
        ("during", "情形"),
        ("during_ends", "情形"),
        ("any_time", "情形"),
        ("condition", "情形"),
        ("go_on", "环节"),
        ("go_both", "环节"),
        ("end", "结果"),
        ("end_of_part", "结果"),
        ("choice", "问题 答案"),
        ("otherwise", ""),
        ("then", "去向"),
        ("limit", "期限 长度 依据"),
        ("limit_on_day", "期限 月 日 依据"),
        ("reminder", "期限 长度 依据"),
        ("expected", "期限 长度 依据"),
        ("per", ""),
        ("starts", "事实 依据"),
        ("starts_with", "事实 依据 长度"),
        ("starts_hours", "事实 依据"),
        ("restarts", "事实 依据"),
        ("restarts_with", "事实 依据 长度"),
        ("suspends", "事实 依据"),
        ("waits", "事实 依据"),
        ("extends", "事实 依据"),
        ("extends_by", "事实 依据 长度"),
        ("replaces", "事实 依据"),
        ("stops", "事实"),
        ("abandons", "期限 依据"),
        ("lapses", "事实"),
        ("rolls", "事实 依据"),
        ("internal", ""),
        ("warns", "时长"),
        ("letters", ""),
        ("letter", "文书"),
        ("letter_numbered", "文书 系列"),
        ("outcomes", ""),
        ("outcome", "结果 依据"),
        ("register", "程序 栏目"),
        ("explains", "主管"),
        ("in_force", "版次 日期"),
    )
}


class RulesInvalid(YamlRefused):
    """The sentences of written rules cannot be used."""

    code = "rules_invalid"


@dataclass(frozen=True)
class Wording:
    """The office's sentences, each with blanks in braces."""

    sentences: Mapping[str, str]

    def fill(self, key: str, **values: object) -> str:
        """Return a sentence with its blanks filled; brackets left empty fall away."""
        said = _BLANK.sub(lambda blank: str(values[blank[1]]), self.sentences[key])
        return said.replace("（）", "")


def parse_wording(data: bytes, name: str) -> Wording:
    """Read the sentences.

    Raises:
        RulesInvalid: one is missing or unknown, or has a blank that nothing fills.
    """
    top = Entry.top(data, name, name, RulesInvalid)
    sentences = {}
    for key, blanks in SENTENCES.items():
        sentences[key] = top.text(key)
        for blank in _BLANK.findall(sentences[key]):
            if blank not in blanks:
                known = "、".join(f"{{{one}}}" for one in sorted(blanks)) or "（没有）"
                top.refuse(
                    f"{key}: unknown blank {blank}",
                    say(
                        "“{key}”里的 {{{blank}}} 没有内容可填，可用的有：{known}",
                        key=key,
                        blank=blank,
                        known=known,
                    ),
                )
    top.done()
    return Wording(sentences)


def wording_of(files: Mapping[str, bytes]) -> tuple[Wording, bytes]:
    """Return the office's sentences and its Word template.

    Args:
        files: {path: bytes} of the office's data in force.

    Raises:
        RulesInvalid: one of the two is missing, or cannot be used.
    """
    for path in (FILE, TEMPLATE):
        if path not in files:
            raise RulesInvalid(
                path, "missing", say("启用的本局数据里没有 {path}，请补上后启用", path=path)
            )
    return parse_wording(files[FILE], FILE), files[TEMPLATE]
