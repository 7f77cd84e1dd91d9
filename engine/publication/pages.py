"""Pages of the published catalogue: text in, HTML out. No script inline, nothing from another host.

The pages serve readers outside the office, on any web server: search, reading and downloading (Art. 24).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

TITLE = "政府信息公开目录"

_ROWS = (
    ("index", "索引号"),
    ("category", "公开类别"),
    ("topic", "主题"),
    ("publisher", "发布机构"),
    ("formed_on", "生成日期"),
    ("number", "文号"),
    ("entered_on", "公开日期"),
    ("validity", "有效性"),
)
_COLUMNS = (
    ("index", "索引号"),
    ("title", "名称"),
    ("formed_on", "生成日期"),
    ("number", "文号"),
    ("topic", "主题"),
    ("validity", "有效性"),
    ("entered_on", "公开日期"),
)
_KINDS = {"corrected": "更正说明", "withdrawn": "撤下说明", "validity": "有效性变更"}

STYLE = """\
body { margin: 0; background: #f5f6f8; color: #1f2933;
  font: 15px/1.6 "Microsoft YaHei", "PingFang SC", "Noto Sans CJK SC", sans-serif; }
main { max-width: 1080px; margin: 0 auto; padding: 24px; background: #fff; }
h1 { font-size: 22px; } h2 { font-size: 18px; }
table { width: 100%; border-collapse: collapse; font-size: 14px; line-height: 1.45; }
th, td { padding: 6px 8px; border-bottom: 1px solid #e1e4e8; text-align: left; vertical-align: top; }
th { white-space: nowrap; font-weight: 600; }
th[scope=row] { width: 8em; }
td.num, td.day { white-space: nowrap; font-variant-numeric: tabular-nums; }
a { color: #1559b3; } a:focus, input:focus { outline: 2px solid #1559b3; outline-offset: 2px; }
input { font: inherit; width: 100%; max-width: 420px; padding: 6px 8px; border: 1px solid #5f6b7a; }
.muted { color: #5f6b7a; }
@media print { body { background: #fff; } form { display: none; } }
"""

SCRIPT = """\
"use strict";
// Shows the rows that hold every word typed; without script all rows are there.
const words = document.getElementById("words");
const rows = [...document.querySelectorAll("tbody tr")];
words.form.hidden = false;
words.form.addEventListener("submit", (event) => event.preventDefault());
words.addEventListener("input", () => {
  const wanted = words.value.toLowerCase().split(/\\s+/).filter(Boolean);
  for (const row of rows) row.hidden = !wanted.every((word) => row.dataset.text.includes(word));
});
"""


def catalogue_page(entries: Sequence[Mapping[str, Any]]) -> str:
    """Return the catalogue: one row an entry that is not withdrawn, in the order given."""
    shown = [one for one in entries if not one["withdrawn_on"]]
    publisher = shown[0]["publisher"] if shown else ""
    head = "".join(f"<th scope=col>{label}</th>" for _, label in _COLUMNS)
    rows = "".join(_row(one) for one in shown)
    return _page(
        f"{publisher}{TITLE}",
        f"<h1>{escape(str(publisher))}{TITLE}</h1>\n"
        '<form hidden><p><label>查找：<input id="words" type="search" '
        'placeholder="名称、文号、主题，可以输入几个词"></label></p></form>\n'
        f"<table><thead><tr>{head}</tr></thead>\n<tbody>{rows}</tbody></table>\n"
        f'<p class="muted">共{len(shown)}条</p>',
        "",
        script=True,
    )


def entry_page(entry: Mapping[str, Any], addresses: Mapping[str, str]) -> str:
    """Return the page of one entry; ``addresses`` is {sha256: name of the file on the site}."""
    notes = "".join(
        f"<h2>{_KINDS.get(note['kind'], '说明')}</h2><p>{escape(note['on'])}　{escape(note['text'])}</p>\n"
        for note in entry["notes"]
    )
    back = '<p><a href="../../index.html">返回目录</a></p>'
    if entry["withdrawn_on"]:
        title = f"{entry['index']}（已撤下）"
        return _page(title, f"<h1>{escape(title)}</h1>\n{notes}{back}", "../../")
    facts = "".join(
        f"<tr><th scope=row>{label}</th><td>{escape(str(entry[key]))}</td></tr>"
        for key, label in _ROWS
        if entry[key]
    )
    files = "".join(
        f'<li><a href="{escape(addresses[one["sha256"]])}" download="{escape(one["name"])}">'
        f'{escape(one["name"])}</a> <span class="muted">{_size(one["size"])}，SHA-256 {one["sha256"]}</span></li>'
        for one in entry["files"]
    )
    return _page(
        str(entry["title"]),
        f"<h1>{escape(str(entry['title']))}</h1>\n<table>{facts}</table>\n"
        f"<h2>内容概述</h2><p>{escape(str(entry['summary']))}</p>\n{notes}"
        f"<h2>文本</h2><ul>{files}</ul>\n{back}",
        "../../",
    )


def _row(entry: Mapping[str, Any]) -> str:
    cells = []
    for key, _ in _COLUMNS:
        text = escape(str(entry[key]))
        if key == "title":
            text = f'<a href="{escape(str(entry["address"]))}">{text}</a>'
        kind = {"index": ' class="num"', "formed_on": ' class="day"', "entered_on": ' class="day"'}
        cells.append(f"<td{kind.get(key, '')}>{text}</td>")
    words = " ".join(str(entry[key]) for key in ("index", "title", "summary", "number", "topic"))
    return f'<tr data-text="{escape(words.lower())}">{"".join(cells)}</tr>\n'


def _page(title: str, body: str, up: str, *, script: bool = False) -> str:
    code = f'<script src="{up}search.js" defer></script>' if script else ""
    return (
        '<!DOCTYPE html>\n<html lang="zh-CN">\n<head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<title>{escape(title)}</title><link rel="stylesheet" href="{up}style.css">{code}</head>\n'
        f"<body><main>\n{body}\n</main></body>\n</html>\n"
    )


def _size(size: int) -> str:
    return (
        f"{size / 1024 / 1024:.1f} MB" if size >= 1024 * 1024 else f"{max(size / 1024, 0.1):.1f} KB"
    )
