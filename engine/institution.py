"""The office's own data in force: roles and sections, calendar, settings, rights, as one value.

Made from the content of ``processes/_office`` as it was deployed.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, time
from functools import cached_property
from pathlib import Path

from engine.access import AccessRules
from engine.annual_report import FOLDER as REPORTS
from engine.annual_report import parse_definition
from engine.business_calendar import BusinessCalendar
from engine.counting import FOLDER as FIGURES
from engine.counting import parse_figures
from engine.documents.classified import Marks
from engine.lengths import Length
from engine.office import Office
from engine.office.directory import Directory, ImaginaryPeople, choices
from engine.office.security import FILE as SECURITY_FILE
from engine.office.security import SecurityInvalid, SignInRules, read_security
from engine.office.settings import FILE as SETTINGS_FILE
from engine.office.settings import OfficeSettings
from engine.office_functions import Functions, functions_of
from engine.sealing import mask
from engine.statutory_clock.counting import shifted
from engine.words import say
from engine.written_rules import FOLDER as RULES
from engine.written_rules import parse_wording

CALENDAR_FOLDER = "calendar/"
_DEFINITIONS = {REPORTS: parse_definition, FIGURES: parse_figures, RULES: parse_wording}


@dataclass(frozen=True)
class Institution:
    """What the institution knows, at one version."""

    version_id: str
    office: Office
    calendar: BusinessCalendar
    settings: OfficeSettings
    rules: AccessRules
    sign_in: SignInRules
    marks: Marks
    files: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    people: Directory | None = field(default=None, repr=False)  # None: imaginary ones

    @classmethod
    def from_files(cls, files: Mapping[str, bytes], version_id: str) -> Institution:
        """Read {relative path: bytes} of ``_office``.

        Raises:
            YamlRefused, CalendarRefused: a file is missing or cannot be used; each names file and place.
        """
        office = Office.from_files(files)
        for path, data in files.items():
            for folder, parse in _DEFINITIONS.items():
                if path.startswith(folder) and path.endswith(".yaml"):
                    parse(data, path)  # one that cannot be used is refused before it is in force
        if SECURITY_FILE not in files:
            raise SecurityInvalid(SECURITY_FILE, "missing", say("文件不存在，请补上"))
        security = read_security(files[SECURITY_FILE], office.roles)
        settings = OfficeSettings.from_bytes(files.get(SETTINGS_FILE, b""))
        return cls(
            version_id,
            office,
            _calendar(files, settings),
            settings,
            security.rights,
            security.sign_in,
            security.marks,
            files,
        )

    def under(self, settings: Mapping[str, object]) -> Institution:
        """Return the same institution with other values of some settings, ``{name: value}``.

        Raises:
            SettingUnknown, SettingRefused.
        """
        changed = self.settings.changed(settings)
        return replace(self, settings=changed, calendar=_calendar(self.files, changed))

    @property
    def directory(self) -> Directory:
        """Who is in post, and who has which name."""
        return self.people or ImaginaryPeople(self.office)

    def functions(self, day: date) -> Functions:
        """Return what the office's expressions may call on a day: its working days and its people."""
        found = self._by_day.get(day)
        if found is None:
            self._by_day.clear()  # days come one after the other
            found = self._by_day[day] = self._functions(day)
        return found

    @cached_property
    def _by_day(self) -> dict[date, Functions]:
        return {}

    def _functions(self, day: date) -> Functions:
        def office_people(roles: object = (), *rest: object) -> object:
            """People in posts: of these roles, in a section ("" for any), on another day than this."""
            wanted = [roles] if isinstance(roles, str) else list(roles or ())  # type: ignore[call-overload]
            unit, on = (*rest, None, None)[:2]
            if rest and not isinstance(unit, str):
                return []  # the section is not known yet
            at = on if isinstance(on, date) else day
            return choices(
                self.office, self.directory.in_post(at), wanted, str(unit) if unit else None
            )

        def masked(text: object) -> object:
            """A personal text as pages show it: of a number stays what the setting says."""
            return mask(str(text), str(self.settings["id_masking"])) if text else None

        return {
            **functions_of(day, self.calendar),
            "office people": office_people,
            "person name": lambda login: self.directory.name(login) if login else None,
            "masked": masked,
        }

    @cached_property
    def opening_time(self) -> time:
        """When the office opens: timers with an offset fire then."""
        return time.fromisoformat(str(self.settings["opening_time"]))

    @property
    def soon_days(self) -> int:
        """Up to how many working days left a limit counts as near."""
        return int(self.settings["soon_days"])

    def shift(self, day: date, length: Length) -> date:
        """Return the day a length after (or, with a minus, before) a day, on this office's calendar."""
        return shifted(day, length.amount, length.unit, self.calendar)


def _calendar(files: Mapping[str, bytes], settings: OfficeSettings) -> BusinessCalendar:
    """Build the calendar from deployed bytes; its reader wants a folder."""
    with tempfile.TemporaryDirectory(prefix="gongkai-calendar-") as folder:
        for path, data in files.items():
            if path.startswith(CALENDAR_FOLDER):
                (Path(folder) / Path(path).name).write_bytes(data)
        counts = settings["local_holidays"] == "rest_day"
        return BusinessCalendar.load(Path(folder), local_counts=counts)
