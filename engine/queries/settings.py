"""The office's settings as pages show them: each open question with its choices, source and present answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.access import can, require
from engine.environment import Environment
from engine.errors import NotFound
from engine.identity import Actor
from engine.office.settings import Setting, Value
from engine.queries.changes import length_words
from engine.queries.common import today_of
from engine.queries.pages import Today


@dataclass(frozen=True)
class SettingView:
    """One setting in words."""

    name: str
    title: str
    kind: str
    choices: Mapping[str, str]
    value: Value
    default: Value
    value_words: str
    default_words: str
    source: str
    note: str
    question: int
    is_changed: bool


@dataclass(frozen=True)
class SettingsPage:
    """All settings, in the order of the file."""

    today: Today
    settings: Sequence[SettingView]
    may_change: bool
    changed: int


def settings_page(env: Environment, actor: Actor) -> SettingsPage:
    """Return every setting.

    Raises:
        Denied: the actor's post does not read the office's conventions.
    """
    rules = env.institution().rules
    require(rules, actor, "calendar.read")
    views = [view(one) for one in env.institution().settings.all]
    return SettingsPage(
        today_of(env),
        views,
        can(rules, actor, "settings.change").ok,
        sum(one.is_changed for one in views),
    )


def setting_view(env: Environment, actor: Actor, name: str) -> SettingView:
    """Return one setting.

    Raises:
        Denied; NotFound: there is none of that name.
    """
    require(env.institution().rules, actor, "calendar.read")
    settings = env.institution().settings
    if name not in settings:
        raise NotFound("setting", name)
    return view(settings.setting(name))


def view(one: Setting) -> SettingView:
    """Return a setting in words."""
    return SettingView(
        one.name,
        one.title,
        one.kind,
        one.choices,
        one.value,
        one.default,
        value_words(one, one.value),
        value_words(one, one.default),
        one.source,
        one.note,
        one.question,
        one.value != one.default,
    )


def value_words(one: Setting, value: Value) -> str:
    """Return a value as people read it."""
    if one.kind == "choice":
        return one.choices.get(str(value), str(value))
    if one.kind in ("length", "working_days"):
        return length_words(str(value))
    return str(value)
