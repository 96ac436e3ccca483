"""Which runs an incident study needs: one without incidents a seed, one with them, and what decides their course."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from citybrain.demand.incidents import IncidentSpec, draw_incidents, read_incidents
from citybrain.demand.scenario import Scenario
from citybrain.demand.validate import check_demand
from citybrain.detection.approaches import Approaches
from citybrain.errors import InputError
from citybrain.evaluation.incidents.recording import RunToRecord, as_json, read_recorded
from citybrain.evaluation.warm import warm_state
from citybrain.network import Network, read_network
from citybrain.signals.policy import find_policy

SETTLE_S = 900.0
"""No incident begins earlier: detectors learn what is usual."""
_TAIL_S = 180.0
_DURATION_S = (480.0, 900.0)
_TELEPORT_S, _SUMO_TELEPORT_S = 1200.0, 300.0


def check(scenario: Scenario, policy: str, spec: Path | None) -> tuple[Network, tuple[IncidentSpec, ...]]:
    """Check the input; return the network and the incidents that are written down, if any.

    Raises
    ------
    InputError
        If something does not exist, or the window has no room for incidents.
    """
    find_policy(policy)
    network = read_network(scenario.net_file, scenario.additional_files)
    check_demand(scenario)
    written = () if spec is None else read_incidents(spec, network)
    length_s = _window(scenario)[1] - _window(scenario)[0]
    if length_s < _DURATION_S[0]:
        raise InputError(
            f"{scenario.name}: the window of {scenario.end_s - scenario.begin_s:g} s is too short; detectors learn for "
            f"{SETTLE_S:g} s and incidents last {_DURATION_S[0]:g} s or more: give --begin and --end 30 minutes apart"
        )
    return network, written


def _window(scenario: Scenario) -> tuple[float, float]:
    """When incidents may happen."""
    return scenario.begin_s + SETTLE_S, scenario.end_s - _TAIL_S


def clean_runs(
    scenario: Scenario, seeds: Sequence[int], policy: str, disturbances: tuple[str, ...] = ()
) -> list[RunToRecord]:
    """Return the incident-free runs, one a seed."""
    warm, scenario = warm_state(scenario), patient(scenario)
    return [
        RunToRecord(
            scenario=scenario, seed=seed, policy=policy, incidents=(), disturbances=disturbances, warm_state=warm
        )
        for seed in seeds
    ]


def patient(scenario: Scenario) -> Scenario:
    """Return the scenario with vehicles that wait in a queue for longer than any incident lasts.

    SUMO moves one that stood for long beyond what blocks it (300 s in many scenarios): a closed road would leak.
    """
    limit_s = float(scenario.options.get("time-to-teleport", _SUMO_TELEPORT_S))
    if not 0 < limit_s < _TELEPORT_S:
        return scenario
    return replace(scenario, options={**scenario.options, "time-to-teleport": f"{_TELEPORT_S:g}"})


def drawn_runs(
    network: Network, cleans: Sequence[RunToRecord], folders: Sequence[Path], count: int
) -> list[RunToRecord]:
    """Return the runs with incidents, drawn by the seed where vehicles are; ``folders`` hold the incident-free recordings.

    The chance of a road is its mean number of vehicles in the incident-free run of the seed: accidents and breakdowns
    come with the vehicle-hours driven.
    """
    ways = Approaches(network).edges_ways
    reachable = [e.index for e in network.edges if ways.at[e.index] < ways.at[e.index + 1]]
    runs = []
    for run, folder in zip(cleans, folders, strict=True):
        traffic = read_recorded(folder).edge_vehicles.mean(axis=0)
        begin_s, end_s = _window(run.scenario)
        drawn = draw_incidents(
            network,
            reachable,
            seed=run.seed,
            count=count,
            begin_s=begin_s,
            end_s=end_s,
            duration_s=_DURATION_S,
            weights=[float(traffic[e]) for e in reachable],
        )
        runs.append(replace(run, incidents=drawn))
    return runs


def folder_name(run: RunToRecord) -> str:
    """Return a recording's folder name: what it is, and a hash of all that decides its course."""
    digest = hashlib.sha256(json.dumps(as_json(run), sort_keys=True).encode()).hexdigest()[:8]
    kind = "-".join((*run.disturbances, "incidents" if run.incidents else "clean"))
    return f"{run.scenario.name.replace(':', '-').replace('/', '-')}-{run.policy}-{run.seed}-{kind}-{digest}"
