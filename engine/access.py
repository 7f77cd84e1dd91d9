"""Who may do what: one pure decision, and the same rule as a filter for lists.

What a role may do is data (``processes/_office/roles.yaml``): its ``reads`` (``all``, ``unit`` or
``none``) and its ``may`` list. This module only combines them with the facts of a case or a task.
Everything that is not allowed is refused.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from engine.errors import Denied
from engine.identity import Actor


@dataclass(frozen=True)
class Rights:
    """What the office gives a role: which cases it reads, and which further things it may do."""

    reads: str = "none"  # all | unit | none
    may: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Allowed:
    """The action may be done."""

    ok: bool = True


@dataclass(frozen=True)
class Refused:
    """It may not: a stable word for the trail and a Chinese sentence for the screen."""

    reason: str
    sentence: str
    ok: bool = False


@dataclass(frozen=True)
class Visibility:
    """Which cases a person may read: all of them, or those that met one of the posts or the person."""

    everything: bool
    posts: tuple[tuple[str, str | None], ...]
    person_id: str


@dataclass(frozen=True)
class CaseFacts:
    """What the decision needs to know of a case: who has or had a task in it."""

    posts: Collection[tuple[str, str | None]] = ()  # (role, unit) of its work items
    people: Collection[str] = ()  # who completed or holds one


@dataclass(frozen=True)
class TaskFacts:
    """What the decision needs to know of a task."""

    roles: Collection[str]
    unit: str | None
    users: Collection[str] = ()
    assignee: str | None = None
    is_open: bool = True
    apart_from: Collection[str] = ()  # who completed the tasks that this one must not share


@dataclass(frozen=True)
class ActionFacts:
    """A drawn event that waits, offered to a group."""

    group: str | None
    case: CaseFacts = field(default_factory=CaseFacts)


AccessRules = Mapping[str, Rights]

# Actions that a role has by its ``may`` list alone; the words stand in roles.yaml.
GENERAL = frozenset(
    {
        "audit.read",
        "audit.verify",
        "procedures.read",
        "procedures.deploy",
        "calendar.read",
        "calendar.import",
        "settings.change",
        "incidents.retry",
        "facts.correct",
        "accounts.read",
        "accounts.change",
        "register.read",
        "register.import",
        "simulator.use",
        "machine.read",
        "machine.confirm_clock",
    }
)


def can(rules: AccessRules, actor: Actor, action: str, about: object = None) -> Allowed | Refused:
    """Decide whether ``actor`` may do ``action``.

    Args:
        rules: role id -> rights, from the office's data.
        action: a word of ``GENERAL``, or ``case.read``, ``case.personal``, ``case.start``,
            ``task.complete``, ``task.claim``, ``task.release``, ``action.deliver``.
        about: ``CaseFacts``, ``TaskFacts``, ``ActionFacts``, or for ``case.start`` the roles that may start.
    """
    if actor.is_system:
        return Allowed()
    if action in GENERAL:
        allowed = any(action in rules[role].may for role in actor.roles if role in rules)
        return (
            Allowed()
            if allowed
            else Refused("role", "您的岗位没有这项权限，如确有需要请联系安全管理员")
        )
    if action == "case.start" and isinstance(about, Collection):
        starts = bool(actor.roles & set(about))
        return Allowed() if starts else Refused("role", "您的岗位不能发起这项程序")
    if action in {"case.read", "case.personal"} and isinstance(about, CaseFacts):
        return _read(rules, actor, about, personal=action == "case.personal")
    if action in {"task.complete", "task.claim"} and isinstance(about, TaskFacts):
        return _task(actor, about)
    if action == "task.release" and isinstance(about, TaskFacts):
        return _release(actor, about)
    if action == "action.deliver" and isinstance(about, ActionFacts):
        return _deliver(rules, actor, about)
    return Refused("unknown_action", "没有这项操作")


def require(rules: AccessRules, actor: Actor, action: str, about: object = None) -> None:
    """Raise ``Denied`` where ``can`` refuses."""
    decision = can(rules, actor, action, about)
    if isinstance(decision, Refused):
        raise Denied(decision.reason, decision.sentence)


def visibility(rules: AccessRules, actor: Actor) -> Visibility:
    """Return the rule of ``case.read`` as a filter: the same decision, for a list."""
    reads = {rules[role].reads for role in actor.roles if role in rules}
    posts = tuple(
        (post.role, post.unit)
        for post in actor.posts
        if post.role in rules and rules[post.role].reads != "none"
    )
    return Visibility("all" in reads or actor.is_system, posts, actor.person_id)


def _read(
    rules: AccessRules, actor: Actor, case: CaseFacts, *, personal: bool
) -> Allowed | Refused:
    seen = visibility(rules, actor)
    if not seen.everything and not _met(seen, case):
        return Refused("not_involved", "没有找到这个案件，或者您没有经办过它")
    if personal and not any(
        "case.personal" in rules[role].may for role in actor.roles if role in rules
    ):
        return Refused("personal", "您的岗位不能查看申请人的身份信息")
    return Allowed()


def _met(seen: Visibility, case: CaseFacts) -> bool:
    if not seen.posts:
        return False
    if seen.person_id in case.people:
        return True
    return any(
        role == held and (unit is None or unit == at)
        for role, unit in case.posts
        for held, at in seen.posts
    )


def _task(actor: Actor, task: TaskFacts) -> Allowed | Refused:
    if not task.is_open:
        return Refused("closed", "这一步已经办完")
    if task.assignee and task.assignee != actor.person_id:
        return Refused("assigned", "这一步已由别人签收，请先请对方退回")
    if task.assignee != actor.person_id and not is_candidate(actor, task):
        return Refused("not_candidate", "这一步不由您的岗位办理")
    if actor.person_id in task.apart_from:
        return Refused("separation", "您办过须与本步骤分开的那一步，请由别人办理")
    return Allowed()


def _release(actor: Actor, task: TaskFacts) -> Allowed | Refused:
    if task.assignee != actor.person_id:
        return Refused("not_assignee", "这一步不在您手里，不能退回")
    if not task.roles and not task.users:
        return Refused(
            "assigned_by_name",
            "这一步是指名交给您办的，退回后没有人能办；请办完，或请流程管理员改派",
        )
    return Allowed()


def is_candidate(actor: Actor, task: TaskFacts) -> bool:
    """True where the task was offered to one of the actor's posts, or to the person by name."""
    if actor.person_id in task.users or actor.login in task.users:
        return True
    return any(
        post.role in task.roles
        and (task.unit is None or post.unit is None or post.unit == task.unit)
        for post in actor.posts
    )


def _deliver(rules: AccessRules, actor: Actor, about: ActionFacts) -> Allowed | Refused:
    if about.group is not None and about.group not in actor.roles:
        return Refused("not_candidate", "这项办理不由您的岗位提出")
    return _read(rules, actor, about.case, personal=False)
