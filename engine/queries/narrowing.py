"""Which cases a figure counts: the one rule from which both the number and the list behind it are made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from engine.access import Visibility
from engine.environment import Environment
from engine.queries.clocks import nearest, urgency
from engine.queries.pages import ClockView
from engine.store import cases as case_store
from engine.store import figures, lists
from engine.store.figures import Chosen
from engine.timesource import office_instant
from engine.unit_of_work import Connection
from engine.words import say

NAMES = ("procedure", "clock", "unit", "step", "received", "closed", "carried")
DIRECT = "-"  # the unit of work that belongs to no section
CLOCKS = {
    "late": "逾期",
    "today": "今天到期",
    "soon": "三日内",
    "run": "计时中",
    "held": "暂停计时",
    "waiting": "等待中",
    "none": "没有期限",
}


def year_span(year: int) -> tuple[datetime, datetime]:
    """Return the instants at which a year of the office begins and ends."""
    return office_instant(date(year, 1, 1)), office_instant(date(year + 1, 1, 1))


@dataclass(frozen=True)
class Narrowing:
    """A choice of cases, by what is stored of them and by where their work stands."""

    env: Environment
    chosen: Chosen
    only: Mapping[str, str]

    @classmethod
    def of(
        cls, env: Environment, seen: Visibility, only: Mapping[str, str], status: str = ""
    ) -> Narrowing:
        """Read a choice; what it does not know or cannot be is left out.

        Args:
            only: any of ``NAMES``; ``received``, ``closed`` and ``carried`` are years.
            status: ``open``, ``closed`` or "".
        """
        kept = {name: only[name] for name in NAMES if only.get(name)}
        years = {
            name: int(kept[name])
            for name in ("received", "closed", "carried")
            if name in kept
            and kept[name].isascii()
            and kept[name].isdigit()
            and 1990 <= int(kept[name]) < 2200
        }
        kept = {
            name: text
            for name, text in kept.items()
            if name not in ("received", "closed", "carried") or name in years
        }
        chosen = Chosen(
            seen,
            procedure=kept.get("procedure", ""),
            status=status if status in ("open", "closed") else "",
            received=year_span(years["received"]) if "received" in years else None,
            closed=year_span(years["closed"]) if "closed" in years else None,
            carried=year_span(years["carried"])[0] if "carried" in years else None,
        )
        found = cls(env, chosen, kept)
        return (
            replace(found, chosen=replace(chosen, status="open")) if found.looks_at_work else found
        )

    @property
    def looks_at_work(self) -> bool:
        """Whether it asks where work stands, which only open cases have."""
        return bool({"clock", "unit", "step"} & set(self.only))

    def open_cases(self, connection: Connection, day: date) -> list[Mapping[str, Any]]:
        """Return the open cases of the choice, the most urgent first."""
        standing = Standing.read(self.env, connection, replace(self.chosen, status="open"), day)
        held = [row for row in standing.cases if self._holds(standing, row)]
        return sorted(held, key=lambda row: urgency(standing.clocks[row["id"]], row["number"]))

    def _holds(self, standing: Standing, row: Mapping[str, Any]) -> bool:
        items = standing.items.get(row["id"], [])
        if "clock" in self.only and standing.state(row) != self.only["clock"]:
            return False
        if "unit" in self.only and self.only["unit"] not in {unit_of(item) for item in items}:
            return False
        return "step" not in self.only or self.only["step"] in {item["name"] for item in items}

    def words(self, env: Environment) -> str:
        """Return what the list is narrowed to: 房屋安全管理科 · 逾期."""
        units = env.institution().office.units
        said = []
        for name, text in self.only.items():
            if name == "clock":
                said.append(say(CLOCKS[text]) if text in CLOCKS else text)
            elif name == "unit":
                said.append(units[text].title if text in units else say("不在科室"))
            elif name == "procedure":
                version = env.procedures_in_force().get(text)
                said.append(env.deployed(version).procedure.title if version else text)
            elif name == "received":
                said.append(say("{year}年收到", year=text))
            elif name == "closed":
                said.append(say("{year}年办结", year=text))
            elif name == "carried":
                said.append(say("结转到{year}年", year=text))
            else:
                said.append(text)
        return " · ".join(said)


def unit_of(item: Mapping[str, Any]) -> str:
    """Return the section that a step belongs to, ``DIRECT`` for none."""
    return str(item["unit"] or DIRECT)


@dataclass(frozen=True)
class Standing:
    """Open cases with their nearest limit and their open steps, read once."""

    cases: Sequence[Mapping[str, Any]]
    clocks: Mapping[str, ClockView | None]
    items: Mapping[str, Sequence[Mapping[str, Any]]]

    @classmethod
    def read(cls, env: Environment, connection: Connection, chosen: Chosen, day: date) -> Standing:
        """Read the open cases of a choice."""
        rows = figures.chosen_cases(connection, chosen)
        ids = [row["id"] for row in rows]
        clocks = case_store.case_clocks(connection, ids)
        items: dict[str, list[Mapping[str, Any]]] = {}
        for item in lists.open_items_of(connection, ids):
            items.setdefault(item["case_id"], []).append(item)
        return cls(
            rows,
            {row["id"]: nearest(env, row["version_id"], clocks[row["id"]], day)[0] for row in rows},
            items,
        )

    def state(self, row: Mapping[str, Any]) -> str:
        """Return how the nearest limit of a case stands."""
        clock = self.clocks[row["id"]]
        return clock.state if clock else "none"
