"""From a spec to its runs, each with a key that says all that decides its outcome."""

from __future__ import annotations

import hashlib
import itertools
import json
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from citybrain import __version__
from citybrain.demand.scenario import Scenario, open_scenario
from citybrain.signals.policy import find_policy
from citybrain.simulation.sumo import sumo_version
from citybrain.studies.spec import Scalar, StudySpec
from citybrain.studies.twin import is_twin, twin_digest
from citybrain.studies.what_if import WhatIf


class StudyRun(BaseModel):
    """One run of a study.

    Attributes
    ----------
    scenario : str
        As the spec names it.
    location : str
        Where this machine finds it; no part of the key.
    digest : str
        Of the scenario's files, options and rules.
    software : str
        Versions that decide the outcome: citybrain, SUMO, a plug-in's package.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    scenario: str
    location: str
    digest: str
    begin_s: float | None = None
    end_s: float | None = None
    demand: float = 1.0
    what_if: WhatIf | None = None
    policy: str
    parameters: dict[str, Scalar]
    sensors: str
    seed: int
    keep_trips: bool = False
    keep_emissions: bool = False
    software: str

    @cached_property
    def key(self) -> str:
        """Twenty hexadecimal digits of the hash of everything that decides the outcome."""
        text = json.dumps(self.model_dump(mode="json", exclude={"location"}), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:20]

    @property
    def variant(self) -> str:
        """The policy, its parameters and the what-if in one label, ``greedy(interval_s=5) + one lane more``."""
        inside = ", ".join(f"{name}={value}" for name, value in sorted(self.parameters.items()))
        label = f"{self.policy}({inside})" if inside else self.policy
        return label if self.what_if is None else f"{label} + {self.what_if.name}"


def expand(spec: StudySpec, folder: Path) -> list[StudyRun]:
    """Return the runs of a spec: scenario by scenario, seeds before policies, so that pairs finish together.

    Parameters
    ----------
    folder : path
        Where the spec lies; paths of scenarios are relative to it.

    Raises
    ------
    InputError
        If a scenario does not exist or its window is empty.
    """
    policies = [(name, chosen) for name in spec.all_policies for chosen in _choices(spec.parameters.get(name, {}))]
    runs = []
    for name in spec.scenarios:
        software = {policy: _software(policy, twin=is_twin(name)) for policy in spec.all_policies}
        location = locate(name, folder)
        digest = scenario_digest(location, spec.begin_s, spec.end_s)
        runs += [
            StudyRun(
                scenario=name,
                location=location,
                digest=digest,
                begin_s=spec.begin_s,
                end_s=spec.end_s,
                demand=demand,
                what_if=what_if,
                policy=policy,
                parameters=parameters,
                sensors=sensors,
                seed=seed,
                keep_trips=spec.keep_trips,
                keep_emissions=spec.keep_emissions,
                software=software[policy],
            )
            for demand in spec.demand
            for sensors in spec.sensors
            for seed in spec.seeds
            for what_if in (None, *spec.what_if)
            for policy, parameters in policies
        ]
    return runs


def _choices(parameters: dict[str, Any]) -> list[dict[str, Any]]:
    names = sorted(parameters)
    axes = [value if isinstance(value := parameters[name], tuple) else (value,) for name in names]
    return [dict(zip(names, values, strict=True)) for values in itertools.product(*axes)]


def _software(policy: str, *, twin: bool) -> str:
    parts = [f"citybrain {__version__}"] + ([] if twin else [f"SUMO {sumo_version()}"])
    origin = find_policy(policy).origin
    if origin not in ("built in", "unknown"):
        from importlib.metadata import version

        parts.append(f"{origin} {version(origin)}")
    return ", ".join(parts)


def locate(name: str, folder: Path) -> str:
    """Return a scenario's name, or the absolute path of its file."""
    if name.endswith((".sumocfg", ".xml", ".cfg")) or "/" in name:
        return str((folder / name).resolve())
    return name


def scenario_digest(location: str, begin_s: float | None, end_s: float | None) -> str:
    """Return a hash of a scenario's files, options, window and rules."""
    if is_twin(location):
        return twin_digest(location, begin_s, end_s)
    return files_digest(open_scenario(location, begin_s=begin_s, end_s=end_s))


def files_digest(scenario: Scenario) -> str:
    """Return a hash of all that a scenario is, wherever its files lie."""
    digest = hashlib.sha256()
    for file in (scenario.net_file, *scenario.route_files, *scenario.additional_files):
        digest.update(hashlib.sha256(file.read_bytes()).digest() if file.is_file() else str(file).encode())
    options = {k: Path(v).name if "/" in v else v for k, v in scenario.options.items()}
    rest = (sorted(options.items()), scenario.begin_s, scenario.end_s, scenario.step_s, scenario.warmup_s)
    digest.update(repr((*rest, scenario.rules, sorted(scenario.intervals_s.items()))).encode())
    return digest.hexdigest()[:16]
