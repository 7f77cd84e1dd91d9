"""Scenarios: worked cases of a diagram, run in memory with a simulated clock.

The same files serve administrators, the tests and the replay of past cases. No database, no people:
a fitting imaginary person acts where a scenario names nobody.
"""

from engine.scenarios.files import Scenario, ScenarioInvalid, ScenarioRun, read_scenario
from engine.scenarios.runner import Outcome, run_scenario
from engine.scenarios.subject import Refused, Subject, load_subject

__all__ = [
    "Outcome",
    "Refused",
    "Scenario",
    "ScenarioInvalid",
    "ScenarioRun",
    "Subject",
    "load_subject",
    "read_scenario",
    "run_scenario",
]
