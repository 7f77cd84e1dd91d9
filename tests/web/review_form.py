"""Two forms for the page tests, in the shape of ``engine.forms.schema``."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

_DEFAULTS: dict[str, Any] = {
    "required": False, "help": "", "advice": "", "unit": "", "max_length": None, "options": (), "accept": (),
    "max_mb": 50, "min_rows": 0, "max_rows": 50, "columns": (), "check": None, "visible_if": None,
    "required_if": None,
}  # fmt: skip


def ask(key: str, label: str, kind: str, **more: Any) -> SimpleNamespace:
    """Return a field; options are {value: label}."""
    options = tuple(
        SimpleNamespace(value=value, label=text, help="", basis="")
        for value, text in more.pop("options", {}).items()
    )
    return SimpleNamespace(
        key=key, label=label, type=kind, **{**_DEFAULTS, **more, "options": options}
    )


def part(title: str, basis: str, *fields: SimpleNamespace) -> SimpleNamespace:
    """Return a section."""
    return SimpleNamespace(title=title, basis=basis, intro="", fields=fields, visible_if=None)


def form(key: str, title: str, *sections: SimpleNamespace) -> SimpleNamespace:
    """Return a form."""
    fields = tuple(one for section in sections for one in section.fields)
    return SimpleNamespace(key=key, title=title, intro="", sections=sections, fields=fields)


UNCLEAR = ("clear", "unclear")
REVIEW = form(
    "review",
    "受理审查",
    part("一、收到日", "条例第三十一条第二项", ask("received_on", "收到日", "given", help="依据：EMS 签收单，杨帆（收发室）签收。")),
    part(
        "二、申请是否齐备",
        "条例第二十九条",
        ask("applicant_complete", "申请人信息", "choice", options={"yes": "姓名、身份证明、联系方式齐备", "no": "缺少"}),
        ask("delivery_complete", "获取方式", "choice", options={"yes": "形式、方法、途径已写明", "no": "缺少"}),
    ),
    part(
        "三、内容是否明确",
        "条例第三十条",
        ask("clear", "申请内容", "choice", options={"clear": "明确，受理", "unclear": "不明确，一次性告知补正"}),
        ask("points", "需补正的事项", "textarea", visible_if=UNCLEAR, help="原样写进补正告知书，请用申请人看得懂的话。只能告知一次，请写全。"),
        ask("period", "补正期限", "integer", unit="个工作日", visible_if=UNCLEAR, help="自申请人收到次日起算。逾期不补正又无正当理由的，视为放弃申请。"),
    ),
    part(
        "四、是否重复",
        "条例第三十六条第六项",
        ask("repeated", "重复申请", "choice", options={"no": "不是", "yes": "是，不予重复处理"}),
    ),
)  # fmt: skip

REGISTER = form(
    "register",
    "登记",
    part(
        "一、来件",
        "条例第三十一条",
        ask("channel", "收到方式", "choice", required=True,
            options={"counter": "当面提交", "post_signed": "邮寄（签收）", "internet": "网上", "fax": "传真"}),
        ask("arrived_on", "到达日", "date", required=True),
        ask("scans", "来件扫描件", "file", accept=("pdf", "jpg", "png")),
    ),
    part(
        "二、申请人",
        "条例第二十九条",
        ask("applicant_name", "姓名或者名称", "text", required=True, max_length=60),
        ask("urgent", "要求加急", "yesno"),
        ask("wanted", "所需信息", "table", required=True, max_rows=3, columns=(
            ask("title", "名称或者特征", "text", required=True), ask("year", "年份", "integer"))),
    ),
)  # fmt: skip
