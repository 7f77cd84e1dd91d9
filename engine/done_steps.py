"""What a case has behind it: steps that people completed (who, in which post, when, with which answers), letters issued.

What a sheet is signed with and what a proof of service names. Expressions see both as ``steps`` and
``letters``; knows no database.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from engine.bpmn.model import Definition
from engine.identity import Actor, Post
from engine.office import Office
from engine.office.directory import Directory, title_of
from engine.sealing import withheld


@dataclass(frozen=True)
class DoneStep:
    """A completed step.

    ``login`` is whose step it was, ``post`` the one in which it was completed (None: in none);
    ``answers`` are those of its form as they are stored.
    """

    activity_id: str
    name: str
    login: str
    post: Post | None
    on: date
    answers: Mapping[str, object] = field(default_factory=dict)

    def seen(self, office: Office, directory: Directory) -> dict[str, object]:
        """Return what an expression sees: step, name, login, person, post, by, date, signed, answers.

        ``by`` is 王某（办公室主任）, ``signed`` the same with the day, as a sheet bears it. Personal answers are
        left out.
        """
        person = directory.name(self.login)
        title = title_of(office, self.post.role, self.post.unit) if self.post else ""
        if self.post and self.post.deputy_for:
            title = f"代{directory.name(self.post.deputy_for)}，{title}"
        by = f"{person}（{title}）" if title else person
        day = f"{self.on.year}年{self.on.month}月{self.on.day}日"
        return {
            "step": self.activity_id,
            "name": self.name,
            "login": self.login,
            "person": person,
            "post": title or None,
            "date": self.on,
            "by": by,
            "signed": f"{by}　{day}",
            "answers": withheld(dict(self.answers)),
        }


@dataclass(frozen=True)
class Issued:
    """A letter that has been issued; ``number`` is "" where it bears none."""

    letter: str
    title: str
    number: str
    on: date

    def seen(self) -> dict[str, object]:
        """Return what an expression sees: letter, title, number (null where it has none), date."""
        return {
            "letter": self.letter,
            "title": self.title,
            "number": self.number or None,
            "date": self.on,
        }


def acting_post(actor: Actor, roles: Sequence[str], unit: str | None = None) -> Post | None:
    """Return the post in which somebody acts: one that a step was offered to, else the first held."""
    fitting = [
        post
        for role in roles
        for post in actor.posts
        if post.role == role and (unit is None or post.unit in (None, unit))
    ]
    return fitting[0] if fitting else next(iter(actor.posts), None)


def name_in(definitions: Sequence[Definition], activity_id: str) -> str:
    """Return what a step is called in the first of these diagrams that has it; its id where none has."""
    for definition in definitions:
        activity = definition.activities.get(activity_id)
        if activity is not None:
            return activity.name or activity_id
    return activity_id
