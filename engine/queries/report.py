"""The annual report for whoever may read the register; its figures are ``engine.reporting``'s."""

from __future__ import annotations

from engine.access import require
from engine.environment import Environment
from engine.identity import Actor
from engine.reporting import AnnualReport, annual_letter, annual_workbook, compile_annual

__all__ = ["AnnualReport", "annual_letter", "annual_report", "annual_workbook"]


def annual_report(env: Environment, actor: Actor, year: int) -> AnnualReport:
    """Compute the report of a year from the cases; nothing is refused yet, every check is told.

    Raises:
        Denied: the actor may not read the register. ReportInvalid: no format for the year.
    """
    if not actor.is_system:
        require(env.institution().rules, actor, "register.read")
    return compile_annual(env, year)
