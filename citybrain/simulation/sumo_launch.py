"""How SUMO is found and opened: its programs in the installed wheel, and the command line of a run."""

from __future__ import annotations

import importlib
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from citybrain.demand.scenario import Scenario
from citybrain.errors import PlantError

Transport = Literal["libsumo", "traci", "gui"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SumoLaunch:
    """How to open SUMO.

    Parameters
    ----------
    seed : int
        SUMO's own random seed.
    outputs : mapping
        Output options and their files, e.g. ``{"tripinfo-output": path}``.
    additional_files : sequence of path
        Loaded after the scenario's own (signal programs, edge data).
    load_state, save_state : path, optional
        A warm state to start from, or to write at ``begin_s``.
    remote : (host, port), optional
        A SUMO that waits there for a client; it is told to load this scenario, so
        the paths must be the same there.
    """

    seed: int
    transport: Transport = "libsumo"
    outputs: Mapping[str, str] | None = None
    additional_files: tuple[Path, ...] = ()
    load_state: Path | None = None
    save_state: Path | None = None
    begin_s: float | None = None
    remote: tuple[str, int] | None = None


def sumo_arguments(scenario: Scenario, launch: SumoLaunch) -> list[str]:
    """Return the command line for a run, without the program's name."""
    arguments: dict[str, str] = {
        "net-file": str(scenario.net_file),
        "route-files": ",".join(map(str, scenario.route_files)),
        "additional-files": ",".join(map(str, (*scenario.additional_files, *launch.additional_files))),
        **scenario.options,
        "begin": f"{scenario.begin_s if launch.begin_s is None else launch.begin_s:g}",
        "end": f"{scenario.end_s:g}",
        "step-length": f"{scenario.step_s:g}",
        "seed": str(launch.seed),
        "no-step-log": "true",
        "no-warnings": "true",
        "duration-log.disable": "true",
        **(launch.outputs or {}),
    }
    if launch.load_state is not None:
        arguments["load-state"] = str(launch.load_state)
    if launch.save_state is not None:
        arguments["save-state.times"] = f"{scenario.begin_s:g}"
        arguments["save-state.files"] = str(launch.save_state)
    return [part for key, value in arguments.items() if value != "" for part in (f"--{key}", value)]


def sumo_version() -> str:
    """Return the version of the installed SUMO wheel."""
    from importlib.metadata import version

    return version("eclipse-sumo")


def sumo_binary(name: str = "sumo") -> str:
    """Return the path of a SUMO program from the installed wheel.

    Raises
    ------
    PlantError
        If the wheel is not installed.
    """
    try:
        home = importlib.import_module("sumo").SUMO_HOME
    except ImportError:
        raise PlantError("SUMO is not installed: pip install eclipse-sumo") from None
    path = Path(home) / "bin" / name
    if not path.exists():
        found = shutil.which(name)
        if found is None:
            raise PlantError(f"{path}: this SUMO has no program {name!r}")
        return found
    return str(path)
