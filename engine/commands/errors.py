"""What can go wrong when somebody acts on a case, named after the broken rule."""

from __future__ import annotations

from collections.abc import Mapping

from engine.errors import EngineError
from engine.words import say


class SubmissionInvalid(EngineError):
    """Answers are missing or wrong; ``errors`` is {field: Chinese sentence}. Nothing was changed."""

    code = "submission_invalid"

    def __init__(self, errors: Mapping[str, str], values: Mapping[str, object]) -> None:
        super().__init__(f"invalid submission: {sorted(errors)}")
        self.errors, self.values = errors, values


class FormOutdated(EngineError):
    """The form was rendered for another version of the procedure or of the task."""

    code = "form_outdated"


class CaseClosed(EngineError):
    """The case ended before this request; nothing was changed."""

    code = "case_closed"

    def __init__(self, number: str) -> None:
        super().__init__(f"case {number} is closed")
        self.number = number
        self.sentence = say(
            "{number} 已经结案，本次没有提交。请返回刷新，核对办理结果", number=number
        )


class CaseStopped(EngineError):
    """The step failed and became an incident; the case stands where it stood, nothing is lost."""

    code = "case_stopped"

    def __init__(self, incident_id: str, element: str | None, sentence: str) -> None:
        super().__init__(f"incident {incident_id} at {element}: {sentence}")
        self.incident_id, self.element, self.sentence = incident_id, element, sentence


class SilentStop(EngineError):
    """After the step the case would wait for nothing and nobody: it must not be saved."""

    code = "silent_stop"


class EffectFailed(EngineError):
    """An effect of the diagram could not be carried out; ``sentence`` says why, in Chinese."""

    code = "effect_failed"

    def __init__(self, effect: str, message: str, sentence: str) -> None:
        super().__init__(f"{effect}: {message}")
        self.effect, self.sentence = effect, sentence


class NotDeployed(EngineError):
    """No version of the procedure is in force."""

    code = "not_deployed"


class WarningsNotAccepted(EngineError):
    """Deploying needs each warning accepted by name; ``rules`` are those that were not."""

    code = "warnings_not_accepted"

    def __init__(self, rules: list[str]) -> None:
        super().__init__(f"not accepted: {', '.join(rules)}")
        self.rules = rules
