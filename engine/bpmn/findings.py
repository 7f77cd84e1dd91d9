"""What the deployment check says about a diagram, and what the office knows that a diagram may refer to.

Values only: nothing here reads a file. The rule names are stable; tests, screens and ``--json`` rely on them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field

from engine.errors import BadInput
from engine.words import in_two, say

ERROR, WARNING, INFO = "error", "warning", "info"


@dataclass(frozen=True, slots=True)
class Finding:
    """One remark on one element of one file.

    ``element`` is a BPMN id (the file's name where no element can be named), ``rule`` a stable word,
    ``message`` a Chinese sentence for the administrator, ``message_en`` the same in English.
    """

    file: str
    element: str
    rule: str
    severity: str
    message: str
    message_en: str
    line: int | None = None

    @property
    def said(self) -> str:
        """The message in the reader's language."""
        return in_two(self.message, self.message_en)

    def as_dict(self) -> dict[str, object]:
        """Return the finding as the command line prints it."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Known:
    """What a diagram may refer to; a field that is None is not checked.

    roles: role title or id -> role id; form_fields: form key -> names of its fields;
    fields: names that expressions may use besides those of the forms.
    """

    roles: Mapping[str, str] | None = None
    forms: frozenset[str] | None = None
    form_fields: Mapping[str, frozenset[str]] | None = None
    decisions: frozenset[str] | None = None
    letters: frozenset[str] | None = None
    effects: frozenset[str] | None = None
    settings: frozenset[str] | None = None
    fields: frozenset[str] | None = None
    processes: frozenset[str] | None = None
    clocks: frozenset[str] | None = None
    events: frozenset[str] | None = None
    previous_ids: frozenset[str] | None = None
    extra: Mapping[str, object] = field(default_factory=dict)


class DefinitionRefused(BadInput):
    """The diagram has errors and does not become a version; ``findings`` holds all that was found."""

    code = "definition_refused"

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = list(findings)
        errors = [f for f in self.findings if f.severity == ERROR]
        first = errors[0] if errors else None
        text = f"{first.file}: {first.element}: {first.message_en}" if first else "refused"
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        sentence = (
            say("{file}：{sentence}", file=first.file, sentence=first.said)
            if first
            else say("流程图未通过检查")
        )
        super().__init__(text + more, sentence=sentence)


class Report:
    """Collects findings of one file while it is read."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.findings: list[Finding] = []
        self._seen: set[Finding] = set()

    def add(
        self,
        rule: str,
        severity: str,
        element: str,
        line: int | None,
        message: str,
        message_en: str,
    ) -> None:
        """Note a finding; a second one with the same rule on the same element and sentence is dropped."""
        found = Finding(self.file, element, rule, severity, message, message_en, line)
        if found not in self._seen:
            self._seen.add(found)
            self.findings.append(found)

    def error(
        self, rule: str, element: str, line: int | None, message: str, message_en: str
    ) -> None:
        """Note an error: the diagram will be refused."""
        self.add(rule, ERROR, element, line, message, message_en)

    def warning(
        self, rule: str, element: str, line: int | None, message: str, message_en: str
    ) -> None:
        """Note a warning: deploying needs it accepted by name."""
        self.add(rule, WARNING, element, line, message, message_en)

    def info(
        self, rule: str, element: str, line: int | None, message: str, message_en: str
    ) -> None:
        """Note something worth knowing that asks for nothing."""
        self.add(rule, INFO, element, line, message, message_en)


def named(key: str, name: str | None) -> str:
    """Return how a finding speaks of an element in Chinese: by its name and id, or by its id alone."""
    return f"“{name}”（{key}）" if name else f"“{key}”"
