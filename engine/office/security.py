"""Rights of roles, the rules of signing in and the marks of secrets, read from ``processes/_office/security.yaml``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.access import GENERAL, Rights
from engine.documents.classified import Marks
from engine.words import say
from engine.yaml_source import Entry, YamlRefused, load_yaml

FILE = "security.yaml"
_MAY = GENERAL | {"case.personal"}


class SecurityInvalid(YamlRefused):
    """``security.yaml`` cannot be used; the sentence names line and word."""

    code = "security_invalid"


@dataclass(frozen=True)
class SignInRules:
    """How often a password may be wrong, for how long an account is locked, when a session ends."""

    failures: int
    lock_minutes: int
    idle_minutes: int
    absolute_hours: int


@dataclass(frozen=True)
class Security:
    """Rights by role id, the rules of signing in, and which marks an uploaded file may not bear."""

    rights: Mapping[str, Rights]
    sign_in: SignInRules
    marks: Marks


def read_security(data: bytes, roles: Mapping[str, object]) -> Security:
    """Read the file; every role of ``roles`` that it leaves out has no rights beyond its tasks.

    Raises:
        SecurityInvalid: an unknown role, right or value.
    """
    top = Entry(load_yaml(data, FILE), FILE, FILE, SecurityInvalid)
    rights_entry = top.entry("rights", "rights")
    rights = {}
    for role in rights_entry:
        entry = rights_entry.entry(role, say("岗位“{role}”", role=role))
        if role not in roles:
            entry.refuse(f"role {role}", say("“{role}”不在 roles.yaml 里，请核对", role=role))
        rights[role] = _rights(entry)
        entry.done()
    sign_in = top.entry("sign_in", "sign_in")
    rules = SignInRules(
        **{name: _positive(sign_in, name) for name in SignInRules.__dataclass_fields__}
    )
    sign_in.done()
    marks = Marks()
    if "refused_marks" in top:
        entry = top.entry("refused_marks", "refused_marks")
        marks = Marks(entry.texts("anywhere"), entry.texts("alone"))
        entry.done()
    top.done()
    return Security(rights, rules, marks)


def _rights(entry: Entry) -> Rights:
    reads, may = entry.text("reads"), frozenset(entry.texts("may"))
    if reads not in {"all", "unit", "none"}:
        entry.refuse(
            f"reads {reads}", say("{where}的 reads 应为 all、unit 或 none", where=entry.where)
        )
    for word in sorted(may - _MAY):
        entry.refuse(
            f"may {word}", say("{where}的 may 里没有“{word}”这项权限", where=entry.where, word=word)
        )
    return Rights(reads, may)


def _positive(entry: Entry, name: str) -> int:
    value = entry.integer(name)
    if value is None or value < 1:
        entry.refuse(f"{name}", say("sign_in 的 {name} 应为正整数", name=name))
    return value
