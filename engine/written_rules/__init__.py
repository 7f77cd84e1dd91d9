"""The written rules (制度文本) of a procedure: articles drawn from its diagram, the same for the same version.

The diagram gives order, posts, limits with their articles, conditions in words and the prose of each step
(``documentation``); the procedure's folder gives forms, letters, results and register; the office gives the
sentences that hold them together (``_office/rules/wording.yaml``). Nothing here knows a procedure.
"""

from engine.written_rules.articles import Article, Chapter, Source, WrittenRules, write_rules
from engine.written_rules.wording import FOLDER, RulesInvalid, Wording, parse_wording, wording_of

__all__ = [
    "FOLDER",
    "Article",
    "Chapter",
    "RulesInvalid",
    "Source",
    "Wording",
    "WrittenRules",
    "parse_wording",
    "wording_of",
    "write_rules",
]
