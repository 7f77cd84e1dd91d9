"""How the server writes its log: one record a line, whatever somebody put into a name, a path or a header.

A line break, an escape sequence of a terminal or a mark that turns text round is written as its code; what follows
an error is set off by a bar, so that no line of it can pass for a record.
"""

from __future__ import annotations

import logging
import re

from engine.config import Config

LONGEST = 8 * 1024  # characters of one message
# C0 and C1 controls, line and paragraph separators, the marks that change the direction of text, surrogates.
_HIDDEN = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


class OneLine(logging.Formatter):
    """Time, level, name and the message, on one line; then where an error came up, each line behind a bar."""

    def format(self, record: logging.LogRecord) -> str:
        """Return a record as it stands in the log."""
        head = f"{self.formatTime(record)} {record.levelname} {record.name}"
        lines = [f"{head} {visible(record.getMessage())}"]
        # Not record.exc_text: another handler may have left it there as it was.
        below = self.formatException(record.exc_info) if record.exc_info else ""
        below += f"\n{record.stack_info}" if record.stack_info else ""
        return "\n".join(lines + [f"  | {visible(line)}" for line in below.split("\n") if line])


def visible(text: str) -> str:
    """Return a text with everything that cannot be seen written as its code, and cut where it is too long."""
    cut = text if len(text) <= LONGEST else f"{text[:LONGEST]}… ({len(text)} characters)"
    return _HIDDEN.sub(lambda found: f"\\u{ord(found[0]):04x}", cut)


def start_logging(config: Config) -> None:
    """Write the log to standard error, as detailed as ``config.yaml`` says."""
    handler = logging.StreamHandler()
    handler.setFormatter(OneLine())
    level = config.log_level.upper()
    known = logging.getLevelNamesMapping()
    logging.basicConfig(level=known.get(level, logging.INFO), handlers=[handler])
    for told_elsewhere in (
        "apscheduler",
        "alembic",
    ):  # each tick, each table: says nothing to who starts it
        logging.getLogger(told_elsewhere).setLevel(logging.WARNING)
