"""The base of every error that the engine raises on purpose.

An error is named after the broken rule. Its English message is for the log, its ``code`` never changes
(screens translate it into a sentence), and the facts stand on attributes. Errors of one part are defined
in that part; those that several parts raise stand here.
"""

from __future__ import annotations

from datetime import datetime


class EngineError(Exception):
    """A rule of the engine was broken; ``code`` names it for good."""

    code = "engine_error"


class BadInput(EngineError):
    """Something given from outside cannot be used; ``sentence`` says in Chinese what to do about it."""

    code = "bad_input"

    def __init__(self, message: str, *, sentence: str) -> None:
        super().__init__(message)
        self.sentence = sentence


class Denied(EngineError):
    """The actor may not do this; ``reason`` is a stable word, ``sentence`` the Chinese explanation."""

    code = "denied"

    def __init__(self, reason: str, sentence: str) -> None:
        super().__init__(f"denied: {reason}")
        self.reason, self.sentence = reason, sentence


class NotFound(EngineError):
    """No such object, or none that this actor may know of."""

    code = "not_found"

    def __init__(self, kind: str, key: str) -> None:
        super().__init__(f"no {kind} {key!r}")
        self.kind, self.key = kind, key


class NothingDeployed(NotFound):
    """The database has no version of the office's own data: nobody has begun to use it."""

    def __init__(self) -> None:
        super().__init__("procedure", "_office")
        self.sentence = "数据库是空的，还没有启用任何流程；请在项目文件夹里先运行 gongkai init"


class TaskAlreadyCompleted(EngineError):
    """The task was completed or withdrawn before this request."""

    code = "task_already_completed"

    def __init__(self, task_id: str, closed_by: str | None, closed_at: datetime | None) -> None:
        super().__init__(f"task {task_id} was closed by {closed_by} at {closed_at}")
        self.task_id, self.closed_by, self.closed_at = task_id, closed_by, closed_at


class RevisionConflict(EngineError):
    """The case moved on between reading and writing; nothing was changed."""

    code = "revision_conflict"


def sentence_of(error: EngineError) -> str:
    """Return what to tell a person about an error: its sentence, else its message in English."""
    return str(getattr(error, "sentence", "") or error)
