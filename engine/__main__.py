"""``python -m engine`` is the same program as ``gongkai``."""

from engine.cli import main

main()
