"""Gongkai's engine: runs the procedures of an office. It knows no web.

Whoever acts on a case calls ``engine.commands``; whoever shows one calls ``engine.queries``.
"""

__version__ = "0.1.0"
