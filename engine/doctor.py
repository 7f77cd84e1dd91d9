"""Is this machine in order? Every answer is a sentence that says what to do where it is not."""

from __future__ import annotations

import hashlib
import shutil
import stat
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from engine import __version__, commands
from engine.audit.checkpoints import CheckpointsUnusable
from engine.commands import checkpoints
from engine.commands.publishing import site_of
from engine.documents.pdfa import converter
from engine.environment import Environment
from engine.invariants import violations
from engine.storage_faults import fault_of
from engine.store import accounts, documents, incidents, outbox, people
from engine.timesource import OFFICE_ZONE, legal_day
from engine.unit_of_work import DatabaseError, UnitOfWork, damaged_part
from engine.words import listed, say

LOW_DISK = 0.10
BACKUP_DAYS = 2
CHECKPOINT_DAYS = 2
STALE_TICK = timedelta(minutes=2)


@dataclass(frozen=True)
class Remark:
    """One thing that was looked at."""

    name: str
    ok: bool
    sentence: str


def examine(env: Environment) -> list[Remark]:
    """Look at everything and say what was found, in a fixed order."""
    return [_looked(look, env) for look in _LOOKS]


def _looked(look: Callable[[Environment], Remark], env: Environment) -> Remark:
    """Where the disk or the database fails under a look, that is what is to be said."""
    try:
        return look(env)
    except (DatabaseError, OSError) as error:
        fault = fault_of(error)
        if fault is None:
            raise
        return Remark(look.__name__.strip("_"), False, fault.condition)


def remember_backup(env: Environment) -> None:
    """Note that a backup was made and proven now."""
    with UnitOfWork(env.database, writing=True) as uow:
        outbox.beat(uow.connection, "backup", env.time.now())
        uow.commit()


def _backup(env: Environment) -> Remark:
    with UnitOfWork(env.database, writing=False) as uow:
        last = outbox.heartbeats(uow.connection).get("backup")
    if last is None:
        return Remark("backup", False, say("还没有备份过，请运行 gongkai backup"))
    days = (env.time.now() - last["at"]).days
    words = say("最近一次备份在{days}天前", days=days)
    return Remark(
        "backup", days < BACKUP_DAYS, words if days < BACKUP_DAYS else words + say("，请尽快备份")
    )


def _database(env: Environment) -> Remark:
    with UnitOfWork(env.database, writing=False) as uow:
        if env.database.dialect.name != "sqlite":
            return Remark("database", True, say("数据库可以连接"))
        damage = damaged_part(uow.connection)
        safe = uow.connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
    if damage:
        return Remark(
            "database",
            False,
            say("数据库文件已损坏（{damage}），请停用并从备份恢复", damage=damage),
        )
    return Remark(
        "database",
        safe,
        say("数据库完好，每次提交都落盘") if safe else say("数据库没有设为每次提交落盘"),
    )


def _audit(env: Environment) -> Remark:
    found = commands.verify_audit(env)
    if found:
        return Remark(
            "audit", False, say("审计链在第{seq}条断开，请立即报告审计管理员", seq=found[0].seq)
        )
    return Remark("audit", True, say("审计链完好"))


def _checkpoints(env: Environment) -> Remark:
    """A trail is evidence against its own keeper only by what is kept elsewhere."""
    file = env.config.audit_checkpoint_file
    if file is None:
        words = say("审计记录在本机以外没有留底，请在 config.yaml 写明 audit_checkpoint_file")
        return Remark("checkpoints", False, words)
    with UnitOfWork(env.database, writing=False) as uow:
        last = outbox.heartbeats(uow.connection).get(checkpoints.KEPT)
    if last is None:
        return Remark(
            "checkpoints",
            False,
            say("还没有审计留底，请运行 gongkai audit checkpoint（{file}）", file=file),
        )
    try:
        found = checkpoints.kept_misfits(env, file)
    except CheckpointsUnusable as error:
        return Remark("checkpoints", False, error.sentence)
    if found:
        return Remark(
            "checkpoints",
            False,
            say(
                "审计记录第{seq}条{sentence}，请立即报告",
                seq=found[0].seq,
                sentence=found[0].sentence,
            ),
        )
    days = (env.time.now() - last["at"]).days
    words = say("最近一次审计留底在{days}天前", days=days)
    good = days < CHECKPOINT_DAYS
    return Remark("checkpoints", good, words if good else words + say("，请检查U盘或者网络文件夹"))


def _key(env: Environment) -> Remark:
    mode = stat.S_IMODE(env.config.secret_key_file.stat().st_mode)
    good = mode & 0o077 == 0
    return Remark(
        "key",
        good,
        say("密钥文件只有本账户可读") if good else say("密钥文件别人也能读，请改为 0600"),
    )


def _disk(env: Environment) -> Remark:
    usage = shutil.disk_usage(env.config.data)
    share = usage.free / usage.total
    good = share >= LOW_DISK
    words = say(
        "磁盘还有 {free} GB（{share}）", free=usage.free // 1024**3, share=format(share, ".0%")
    )
    return Remark("disk", good, words if good else words + say("，请清理或扩容"))


def _calendar(env: Environment) -> Remark:
    awaited = env.institution().calendar.notice_awaited(legal_day(env.time.now()))
    if awaited:
        return Remark(
            "calendar",
            False,
            say("{awaited}年放假安排还没有导入，跨年的期限都是暂定", awaited=awaited),
        )
    return Remark("calendar", True, say("工作日历齐备"))


def _scheduler(env: Environment) -> Remark:
    with UnitOfWork(env.database, writing=False) as uow:
        beat = outbox.heartbeats(uow.connection).get("scheduler")
    if beat is None:
        return Remark("scheduler", False, say("定时办理还没有运行过，请启动 gongkai run"))
    age = env.time.now() - beat["at"]
    good = timedelta(0) - STALE_TICK <= age <= STALE_TICK
    words = say("定时办理最近一次在 {age} 秒前", age=int(age.total_seconds()))
    return Remark(
        "scheduler", good, words if good else words + say("，请检查是否在运行、机器时钟是否被改过")
    )


def _incidents(env: Environment) -> Remark:
    with UnitOfWork(env.database, writing=False) as uow:
        count = len(incidents.incidents(uow.connection))
    return Remark(
        "incidents",
        not count,
        say("有{count}件异常等待处理", count=count) if count else say("没有出错停下的步骤"),
    )


def clock_remark(env: Environment) -> Remark:
    """Is the machine's clock to be believed?"""
    state = commands.clock_state(env)
    hours, minutes = (round(state.ahead.total_seconds() / one) for one in (3600, 60))
    seen = f"{state.seen.astimezone(OFFICE_ZONE):%Y-%m-%d %H:%M}" if state.seen else ""
    sentences = {
        "good": say("机器时钟没有倒退，也没有跳动"),
        "set_back": say(
            "机器时钟被拨回（此前已到{seen}），到期事项已停办；请校准时钟，时钟是对的，请在“体检”页确认",
            seen=seen,
        ),
        "held": say(
            "机器时钟从{seen}起比实际经过的时间多了{hours}小时，到期事项已停办；请校准时钟，时钟是对的，请在“体检”页确认",
            seen=seen,
            hours=hours,
        ),
        "jumped": say(
            "机器时钟在{seen}之后跳动过，比实际经过的时间多了{minutes}分钟，到期事项照办；请核对时钟，在“体检”页确认",
            seen=seen,
            minutes=minutes,
        ),
    }
    return Remark("clock", state.kind == "good", sentences[state.kind])


def _cases(env: Environment) -> Remark:
    found = violations(env)
    if found:
        return Remark(
            "cases",
            False,
            say("{case} 的办理状态前后不符，请把本机诊断结果交给维护人员", case=found[0].case),
        )
    return Remark("cases", True, say("在办案件都有人办或者有事项在等"))


def _hashes(env: Environment) -> Remark:
    algorithm = env.config.hash_algorithm
    good = algorithm in hashlib.algorithms_available
    return Remark(
        "hash",
        good,
        say("审计链用 {algorithm}", algorithm=algorithm)
        if good
        else say("本机没有 {algorithm}，请改用 sha256", algorithm=algorithm),
    )


def _publication(env: Environment) -> Remark:
    site = site_of(env)
    found = site.problems()
    if found:
        words = say(
            "公开网站上有{found}个文件和审查过的不一样（{first}），请停止对外并报告办公室主任",
            found=len(found),
            first=found[0],
        )
        return Remark("publication", False, words)
    count = len(site.entries())
    return Remark("publication", True, say("公开目录{count}条，文件都和审查过的一样", count=count))


def _documents(env: Environment) -> Remark:
    """Every document is read and compared with its hash: a disk forgets without a word."""
    with UnitOfWork(env.database, writing=False) as uow:
        rows = documents.stored_files(uow.connection)
    whole = {digest: env.blobs.is_whole(digest) for digest in {row["sha256"] for row in rows}}
    lost = [row for row in rows if not whole[row["sha256"]]]
    if lost:
        first = say("{number}的“{title}”", number=lost[0]["number"], title=lost[0]["title"])
        words = say(
            "有{lost}个文件丢失或者被改动过（{first}），请从备份里找回", lost=len(lost), first=first
        )
        return Remark("documents", False, words)
    return Remark("documents", True, say("案件文件{rows}个，都和存入时一样", rows=len(rows)))


def _version(env: Environment) -> Remark:
    count = len(env.procedures_in_force())
    return Remark(
        "version",
        True,
        say("程序版本 {version}，启用了{count}个办事程序", version=__version__, count=count),
    )


def _accounts(env: Environment) -> Remark:
    """Who may sign in: a separated administrator with a second administration undoes the separation."""
    office, today = env.institution().office, legal_day(env.time.now())
    with UnitOfWork(env.database, writing=False) as uow:
        active = [row for row in people.everybody(uow.connection) if row["active"]]
        held = accounts.holders(uow.connection, today)
    kept = {role.id for role in office.roles.values() if role.administrator}
    roles: dict[str, set[str]] = {}
    for row in held:
        roles.setdefault(row["login"], set()).add(row["role"])
    both = sorted(login for login, own in roles.items() if len(own & kept) > 1)
    idle = sorted(row["login"] for row in active if row["login"] not in roles)
    words = say("可以登录的账号有{active}个", active=len(active))
    if both:
        words += say("，{both}兼任了两种管理员，请分开", both=listed(both))
    if idle:
        words += say("，{idle}现在没有岗位，请停用", idle=listed(idle))
    return Remark("accounts", not both and not idle, words)


def _pdfa(env: Environment) -> Remark:
    """Not having a converter is in order: the package says so, and the archive may not ask for PDF/A."""
    if converter() is None:
        words = say(
            "没有安装 LibreOffice，归档包里的 Word 文件不转换为 PDF/A；档案馆要求的，请安装"
        )
        return Remark("pdfa", True, words)
    return Remark("pdfa", True, say("归档时 Word 文件能够转换为 PDF/A"))


_LOOKS: tuple[Callable[[Environment], Remark], ...] = (
    _database,
    _backup,
    _audit,
    _checkpoints,
    _key,
    _disk,
    _calendar,
    _scheduler,
    clock_remark,
    _incidents,
    _cases,
    _hashes,
    _publication,
    _documents,
    _accounts,
    _pdfa,
    _version,
)
