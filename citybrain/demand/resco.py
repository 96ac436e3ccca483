"""The eight RESCO benchmark maps, read from an installed ``sumo-rl`` wheel.

Ault and Sharon, "Reinforcement Learning Benchmarks for Traffic Signal
Control", NeurIPS Datasets and Benchmarks 2021. The maps are found without
importing sumo-rl, whose import changes the process's environment.
"""

from __future__ import annotations

from dataclasses import replace
from importlib import metadata
from pathlib import Path

from citybrain.demand.scenario import Scenario, read_sumocfg, unknown_scenario
from citybrain.errors import InputError
from citybrain.network.intergreens import SignalRules

MAPS = (
    "arterial4x4",
    "cologne1",
    "cologne3",
    "cologne8",
    "grid4x4",
    "ingolstadt1",
    "ingolstadt21",
    "ingolstadt7",
)
_LOCKING_MAPS = ("cologne3", "ingolstadt21")
_FIXED_INTERVAL_POLICIES = ("max-pressure", "max-wave")


def resco_scenario(name: str) -> Scenario:
    """Return a RESCO map with the benchmark's own yellow (no all-red) and decision interval."""
    if name not in MAPS:
        raise unknown_scenario(f"resco:{name}", tuple(f"resco:{known}" for known in MAPS))
    scenario = read_sumocfg(_folder() / name / f"{name}.sumocfg")
    arterial = name == "arterial4x4"
    options = {**scenario.options, "time-to-teleport": "-1"}
    notes = ["RESCO setting: teleporting is off"]
    if name in _LOCKING_MAPS:
        # two vehicles yielding to each other inside a junction stand there for ever otherwise
        options["ignore-junction-blocker"] = "15"
        notes.append("vehicles ignore a blocker inside a junction after 15 s, for every policy")
    interval_s = 5.0 if arterial else 10.0
    return replace(
        scenario,
        name=f"resco:{name}",
        options=options,
        rules=SignalRules(yellow_s=2.0 if arterial else 3.0, all_red_s=0.0),
        intervals_s=dict.fromkeys(_FIXED_INTERVAL_POLICIES, interval_s),
        notes=tuple(notes),
    )


def _folder() -> Path:
    try:
        distribution = metadata.distribution("sumo-rl")
    except metadata.PackageNotFoundError:
        raise InputError(
            "the RESCO maps come with sumo-rl, which is not installed: pip install 'citybrain[bench]'"
        ) from None
    folder = Path(str(distribution.locate_file("sumo_rl/nets/RESCO")))
    if not folder.is_dir():
        raise InputError(f"{folder}: sumo-rl {distribution.version} carries no RESCO maps; install sumo-rl 1.4.5")
    return folder
