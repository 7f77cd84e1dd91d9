"""试算: the worked cases of a folder, played in memory before the folder is put into force."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.access import require
from engine.environment import OFFICE, Environment
from engine.errors import BadInput, NotFound
from engine.identity import Actor
from engine.scenarios import Refused, ScenarioInvalid, load_subject, read_scenario
from engine.scenarios.runner import run_one
from engine.words import say


def try_folder(
    env: Environment,
    actor: Actor,
    key: str,
    progress: Callable[[int, int], object] = lambda done, total: None,
) -> list[dict[str, Any]]:
    """Play every run of ``scenarios/`` against the folder as it lies on disk; nothing is written.

    Returns:
        ``[{file, run, ok, step, expected, got}]`` in the order of the files; a file that cannot be read is one entry
        with ``got``. ``step`` counts from 0.

    Raises:
        Denied; NotFound: no such folder; BadInput: no scenarios, or the check refuses the folder.
    """
    require(env.institution().rules, actor, "procedures.deploy")
    folder = env.config.processes / key
    if key == OFFICE or not (folder / "procedure.yaml").is_file() or folder.parent.name == key:
        raise NotFound("folder", key)
    found: list[dict[str, Any]] = []
    runs = []
    for file in sorted((folder / "scenarios").glob("*.yaml")):
        try:
            scenario = read_scenario(file.read_bytes(), file.name)
        except ScenarioInvalid as error:
            found.append({"file": file.name, "run": "", "ok": False, "got": error.sentence})
            continue
        runs += [(file.name, scenario, run) for run in scenario.runs]
    if not runs and not found:
        raise BadInput(
            f"{key} has no scenarios",
            sentence=say("文件夹里没有情景文件（scenarios/*.yaml），没有可以试算的"),
        )
    subjects: dict[str | None, Any] = {}
    for place, (name, scenario, run) in enumerate(runs):
        try:
            if scenario.process not in subjects:
                subjects[scenario.process] = load_subject(folder, process=scenario.process)
        except Refused as refused:
            raise BadInput(
                f"{key} is refused: {refused}",
                sentence=say("流程图没有通过检查，改正检查结果里的错误后再试算"),
            ) from refused
        outcome = run_one(subjects[scenario.process], scenario, run)
        found.append({"file": name, **outcome.as_dict()})
        progress(place + 1, len(runs))
    return found
