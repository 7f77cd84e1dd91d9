"""The institution as data (``processes/_office``): organisation, people in post, settings, security, warnings.

Readers of files, each with every mistake told by file, line and what to do. Knows no case and no database.
"""

from engine.office.organisation import FILES, Office, OfficeInvalid, Role, Unit

__all__ = ["FILES", "Office", "OfficeInvalid", "Role", "Unit"]
