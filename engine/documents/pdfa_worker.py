"""Child process that becomes the office's converter, within limits; started by ``engine.documents.pdfa``, never imported.

Arguments: the converter's path, then its own arguments. Limits itself and becomes that program, so that a document
that somebody sent in can neither eat the machine nor outlive its time.
"""

from __future__ import annotations

import os
import resource
import sys

MEGABYTES = 4096
CPU_SECONDS = 120
OUTPUT_BYTES = 256 * 1024 * 1024


def main() -> None:
    """Take the limits and become the converter."""
    memory = MEGABYTES * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (OUTPUT_BYTES, OUTPUT_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.execv(sys.argv[1], sys.argv[1:])  # noqa: S606  # the converter itself, no shell


if __name__ == "__main__":
    main()
