"""Letters: Word templates of the office, treated as hostile and filled in a limited child process."""

from engine.letters.filling import fields, fields_of, render, to_plain
from engine.letters.template import LetterInvalid, refuse_active_content

__all__ = ["LetterInvalid", "fields", "fields_of", "refuse_active_content", "render", "to_plain"]
