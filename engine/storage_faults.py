"""When the disk or the database fails: what it was, and a sentence that says what to do.

Reads the errors of the operating system and of the databases' drivers by their codes; knows no library by name.
Nothing of what was asked is stored then: a transaction is written whole or not at all.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator, Mapping

from engine.errors import EngineError
from engine.words import say

_ERRNO = {
    errno.ENOSPC: "full",
    errno.EDQUOT: "full",
    errno.EFBIG: "full",
    errno.EROFS: "read_only",
    errno.EACCES: "read_only",
    errno.EPERM: "read_only",
    errno.EIO: "disk",
}
# The primary result codes of SQLite, https://www.sqlite.org/rescode.html
_SQLITE = {
    5: "busy",
    6: "busy",
    3: "read_only",
    8: "read_only",
    14: "read_only",
    10: "disk",
    11: "damaged",
    26: "damaged",
    13: "full",
}
# The states of PostgreSQL, by code or class: disk full, too many connections, lock not available, cancelled,
# read only, data corrupted; class 08 and 57P are a connection that is gone.
_STATES = {
    "53100": "full",
    "53300": "busy",
    "55P03": "busy",
    "57014": "busy",
    "25006": "read_only",
    "XX001": "damaged",
    "XX002": "damaged",
    "08": "gone",
    "57P": "gone",
}


class StorageFault(EngineError):
    """The disk or the database failed; ``kind`` is one of busy, full, read_only, disk, damaged, gone."""

    code = "storage_fault"

    def __init__(self, kind: str, why: object) -> None:
        super().__init__(f"storage {kind}: {why}")
        self.kind = kind

    @property
    def sentence(self) -> str:
        """What to do, in the reader's language."""
        return _sentences()[self.kind]

    @property
    def condition(self) -> str:
        """How it stands, for whoever looks after the machine."""
        return {
            "busy": say("数据库正忙，没有等到，请稍后再看"),
            "full": say("磁盘满了，请腾出空间"),
            "read_only": say("数据文件夹不能读写（{what}），请检查权限和磁盘", what=self),
            "disk": say("磁盘读写出错，请检查磁盘，必要时从备份恢复"),
            "damaged": say("数据库文件已损坏，请停用并从备份恢复"),
            "gone": say("连不上数据库，请检查数据库是否在运行"),
        }[self.kind]


def _sentences() -> Mapping[str, str]:
    return {
        "busy": say("系统正忙，本次没有保存。请稍等一会儿，再提交一次。"),
        "full": say("服务器的磁盘满了，本次没有保存。请告诉系统管理员腾出空间，然后再提交一次。"),
        "read_only": say(
            "服务器的数据文件夹不能写，本次没有保存。请告诉系统管理员检查文件夹的权限和磁盘。"
        ),
        "disk": say("服务器的磁盘读写出错，本次没有保存。请告诉系统管理员检查磁盘。"),
        "damaged": say("数据库文件已损坏，本次没有保存。请停止使用，告诉系统管理员从备份恢复。"),
        "gone": say("连不上数据库，本次没有保存。请稍等一会儿，再提交一次。"),
    }


def fault_of(error: BaseException) -> StorageFault | None:
    """Return what failed below an error, None where it was neither the disk nor the database."""
    for one in _behind(error):
        if isinstance(one, StorageFault):
            return one
        kind = _kind(one)
        if kind is not None:
            return StorageFault(kind, one)
    return None


def _kind(error: BaseException) -> str | None:
    if isinstance(error, OSError) and error.errno is not None:
        return _ERRNO.get(error.errno)
    sqlite = getattr(error, "sqlite_errorcode", None)
    if isinstance(sqlite, int):
        return _SQLITE.get(sqlite & 0xFF)
    if type(error).__name__ == "TimeoutError" and getattr(error, "code", "") == "3o7r":
        return "busy"  # the pool of connections is used up
    return _kind_of_server(error)


def _kind_of_server(error: BaseException) -> str | None:
    if not hasattr(error, "sqlstate"):
        return None
    state = error.sqlstate
    if state is None:  # the server said nothing: it is not there
        return "gone" if type(error).__name__ == "OperationalError" else None
    return next((kind for code, kind in _STATES.items() if str(state).startswith(code)), None)


def _behind(error: BaseException) -> Iterator[BaseException]:
    """Yield an error, what the library wraps in it, and what it was raised from."""
    seen: set[int] = set()
    ahead: list[BaseException | None] = [error]
    while ahead:
        one = ahead.pop(0)
        if one is None or id(one) in seen or len(seen) > 20:
            continue
        seen.add(id(one))
        yield one
        wrapped = getattr(one, "orig", None)
        ahead += [wrapped if isinstance(wrapped, BaseException) else None, one.__cause__]
        ahead.append(None if one.__suppress_context__ else one.__context__)
