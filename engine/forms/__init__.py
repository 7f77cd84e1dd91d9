"""Forms: what a user task asks, read from YAML; one set of rules for whoever submits it (page, API, scenario)."""

from engine.forms.form import Asked, Form, Sentence
from engine.forms.schema import Field, FormInvalid, Option
from engine.forms.values import Json

__all__ = ["Asked", "Field", "Form", "FormInvalid", "Json", "Option", "Sentence"]
