"""Who acts: a person in the posts held today, or the system. Knows no database and decides nothing."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Post:
    """A role that a person holds, in a unit where the role is held per unit.

    ``deputy_for`` is the login of the holder in whose place the person acts (代理) for a time; None in one's own post.
    """

    role: str
    unit: str | None = None
    deputy_for: str | None = None


@dataclass(frozen=True)
class Actor:
    """A person with today's posts. ``address`` is where the request came from, for the audit trail."""

    person_id: str
    name: str
    posts: tuple[Post, ...] = ()
    address: str = ""
    login: str = ""
    roles: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "roles", frozenset(post.role for post in self.posts))

    @property
    def is_system(self) -> bool:
        """True for the engine itself: timers, sweeps, catching up."""
        return self.person_id == SYSTEM_ID

    def acts_for(self, role: str) -> str | None:
        """Return the login of whom the actor stands in for in a role; None where it is the actor's own too."""
        held = [post.deputy_for for post in self.posts if post.role == role]
        return held[0] if held and all(held) else None

    def holds(self, role: str, unit: str | None = None) -> bool:
        """True where the actor holds ``role``, in ``unit`` if one is asked for."""
        return any(post.role == role and (unit is None or post.unit == unit) for post in self.posts)


SYSTEM_ID = "system"
SYSTEM = Actor(SYSTEM_ID, "系统")
