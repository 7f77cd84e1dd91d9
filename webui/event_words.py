"""What legal facts are called on screens; their names are fixed and the same in every procedure."""

from __future__ import annotations

from flask_babel import gettext
from flask_babel import lazy_gettext as _l

WORDS = {
    "submitted": _l("当面提交申请"),
    "arrived": _l("来件到达"),
    "signed": _l("签收来件"),
    "confirmed": _l("与申请人确认"),
    "received": _l("收到申请"),
    "correction_notice_sent": _l("发出补正告知书"),
    "correction_notice_received": _l("申请人收到补正告知书"),
    "correction_received": _l("收到补正材料"),
    "third_party_sent": _l("发出第三方意见征询函"),
    "third_party_received": _l("第三方收到征询函"),
    "third_party_opinion": _l("收到第三方意见"),
    "agency_consult_sent": _l("发出征求其他机关意见函"),
    "agency_consult_received": _l("其他机关收到征求意见函"),
    "agency_opinion": _l("收到其他机关意见"),
    "extension_approved": _l("同意延长答复期限"),
    "extension_notified": _l("告知申请人延长"),
    "fee_notice_received": _l("申请人收到收费通知"),
    "fee_paid": _l("申请人缴费"),
    "reasons_requested": _l("要求说明理由"),
    "reasons_received": _l("收到说明的理由"),
    "delayed_period_set": _l("确定延迟答复的期限"),
    "info_formed": _l("信息形成"),
    "info_changed": _l("信息变更"),
    "reply_sent": _l("发出答复"),
    "reply_served": _l("答复送达"),
    "answered_on_spot": _l("当场答复"),
    "report_year_end": _l("报告年度结束"),
    "provisional_classification": _l("先行拟定密级"),
    "decision_received": _l("收到行政行为"),
    "reconsideration_copy_received": _l("收到复议申请书副本"),
    "reconsideration_decision_received": _l("收到复议决定书"),
    "withdrawn": _l("申请人撤回"),
    "accepted": _l("受理"),
    "reviewed": _l("分管领导审核"),
    "approved": _l("主要领导审批"),
    "secrecy_reviewed": _l("保密复审"),
    "secrecy_finally_reviewed": _l("保密终审"),
    "routed_to_office": _l("来件转到本机构"),
}


def event_word(kind: str) -> str:
    """Return the word for a fact; a procedure's own fact keeps its name."""
    return str(WORDS[kind]) if kind in WORDS else str(gettext(kind))
