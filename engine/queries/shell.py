"""What surrounds every page: who is signed in, the rail with its counts, what must be known today."""

from __future__ import annotations

from engine import commands
from engine.access import can, visibility
from engine.environment import Environment
from engine.identity import Actor
from engine.queries.common import today_of
from engine.queries.notices import unseen
from engine.queries.pages import Account, Shell
from engine.store import accounts, lists
from engine.store import incidents as incident_store
from engine.timesource import legal_day
from engine.unit_of_work import UnitOfWork
from engine.words import say

# (endpoint key, word, right that shows it; "" for everybody who has cases or tasks, address), in the order of the
# rail. Whoever reads the trail begins there: supervisors hold no tasks.
_RAIL = (
    ("inbox", "待办", "", "/"),
    ("audit", "全过程审计", "audit.read", "/audit"),
    ("cases", "案件", "", "/cases"),
    ("registers", "台账", "register.read", "/registers"),
    ("statistics", "统计", "register.read", "/statistics"),
    ("procedures", "程序", "procedures.read", "/procedures"),
    ("calendar", "工作日历", "calendar.read", "/calendar"),
    ("settings", "设置", "settings.change", "/settings"),
    ("accounts", "账号", "accounts.read", "/accounts"),
    ("machine", "体检", "machine.read", "/machine"),
    ("simulator", "期限试算", "simulator.use", "/simulator"),
)
MOST = 7  # entries; what falls off the end is reached from the page of the calendar


def shell(env: Environment, actor: Actor) -> Shell:
    """Return the frame of a signed-in person's pages."""
    institution = env.institution()
    posts = [(post.role, post.unit) for post in actor.posts]
    seen = visibility(institution.rules, actor)
    with UnitOfWork(env.database, writing=False) as uow:
        connection = uow.connection
        person = accounts.by_id(connection, actor.person_id)
        mine = len(lists.my_items(connection, posts, actor.person_id, actor.login))
        readable = lists.count_open(connection, seen)
        is_demo = accounts.get_meta(connection, "demo") is not None
        told, banners = unseen(env, connection, actor, person)
        incidents = (
            len(incident_store.incidents(connection))
            if can(institution.rules, actor, "incidents.retry").ok
            else 0
        )
    display = dict(person["display"] or {}) if person else {}
    counts = {"inbox": mine, "cases": readable}
    has_cases = seen.everything or bool(seen.posts)
    supervises = can(institution.rules, actor, "audit.read").ok
    rail = [
        (key, say(word), counts.get(key), url)
        for key, word, right, url in _RAIL
        if (can(institution.rules, actor, right).ok if right else has_cases)
        and not (key == "inbox" and supervises)
    ][:MOST]
    awaited = institution.calendar.notice_awaited(legal_day(env.time.now()))
    alerts = []
    if awaited and can(institution.rules, actor, "calendar.import").ok:
        alerts.append(say("{year}年放假安排还没有导入，跨年的期限都是暂定", year=awaited))
    if not commands.clock_state(env).is_believed:
        alerts.append(
            say("本机时钟可能不准，到期自动办理的事项暂停；请告诉系统管理员到“体检”页核对")
        )
    if incidents:
        alerts.append(say("有{n}件异常等待处理", n=incidents))
    return Shell(
        today=today_of(env),
        bureau=institution.office.letterhead.get("机关名称", ""),
        account=Account(actor.login, actor.name, title_of(env, actor)),
        rail=rail,
        is_demo=is_demo,
        large_text=display.get("text") == "large",
        high_contrast=display.get("contrast") == "high",
        alerts=alerts,
        notices=told,
        banners=banners,
    )


def title_of(env: Environment, actor: Actor) -> str:
    """Return how a person is called by post: 信息公开专员, or the section for posts held per unit."""
    office = env.institution().office
    for post in actor.posts:
        role = office.roles.get(post.role)
        unit = office.units.get(post.unit or "")
        if role is None:
            continue
        return f"{unit.title}{role.title}" if unit and role.per_unit else role.title
    return ""


def demo_accounts(env: Environment) -> tuple[list[Account], str] | None:
    """Return the demonstration's accounts and their common password; None in an office of real people."""
    with UnitOfWork(env.database, writing=False) as uow:
        password = accounts.get_meta(uow.connection, "demo")
        if password is None:
            return None
        people = accounts.demo_people(uow.connection, legal_day(env.time.now()))
    office = env.institution().office
    shown: dict[str, Account] = {}
    for row in people:
        role, unit = office.roles.get(row["role"]), office.units.get(row["unit"] or "")
        title = (
            f"{unit.title if unit and role and role.per_unit else ''}{role.title if role else ''}"
        )
        shown.setdefault(row["login"], Account(row["login"], row["name"], title))
    order = list(office.roles)
    rank = {
        row["login"]: order.index(row["role"]) for row in reversed(people) if row["role"] in order
    }
    return sorted(
        shown.values(), key=lambda account: (rank.get(account.login, 99), account.login)
    ), password


def bureau(env: Environment) -> str:
    """Return the office's name, for the sign-in page."""
    return env.institution().office.letterhead.get("机关名称", "")
