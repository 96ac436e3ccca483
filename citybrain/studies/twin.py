"""Scenarios of the point-queue twin, ``twin:2x3``: a grid of junctions, no SUMO, a run in milliseconds.

For trying a study out, for teaching, and for tests. All numbers are of point queues:
there is no speed, no stop and no emission, and none is reported.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np

from citybrain.detection import make_sensors
from citybrain.errors import InputError
from citybrain.loop import LoopResult, run_loop
from citybrain.network.intergreens import SignalRules
from citybrain.network.model import Network
from citybrain.network.synthetic import grid_network
from citybrain.signals.policy import NativePolicy, Policy
from citybrain.simulation.pointqueue import Outcome, PointQueuePlant
from citybrain.simulation.trips import Trip, poisson_trips

_NAME = re.compile(r"twin:([1-9]\d?)x([1-9]\d?)")
_LENGTH_S = 900.0
_FLOW_VPH = 300.0
RULES = SignalRules(yellow_s=3.0, all_red_s=1.0)


def is_twin(name: str) -> bool:
    """Whether a scenario is one of the twin's."""
    return name.startswith("twin:")


@dataclass(frozen=True, slots=True, kw_only=True)
class TwinScenario:
    """A grid of ``rows`` by ``columns`` junctions; 300 vehicles an hour on every road into it."""

    rows: int
    columns: int
    begin_s: float = 0.0
    end_s: float = _LENGTH_S


def open_twin(name: str, begin_s: float | None, end_s: float | None) -> TwinScenario:
    """Read ``twin:2x3``.

    Raises
    ------
    InputError
        If the size is not one or the window is empty.
    """
    found = _NAME.fullmatch(name)
    if found is None:
        raise InputError(f"unknown scenario {name!r}: needs a size of 1x1 to 99x99, such as 'twin:2x3'")
    begin = 0.0 if begin_s is None else begin_s
    end = begin + _LENGTH_S if end_s is None else end_s
    if not 0 <= begin < end < float("inf"):
        raise InputError(f"{name}: the window (begin {begin:g} s, end {end:g} s) is empty; give end_s > begin_s")
    return TwinScenario(rows=int(found[1]), columns=int(found[2]), begin_s=begin, end_s=end)


def twin_digest(name: str, begin_s: float | None, end_s: float | None) -> str:
    """Return what decides a twin's scenario."""
    twin = open_twin(name, begin_s, end_s)
    return f"twin-{_FLOW_VPH:g}-{twin.begin_s:g}-{twin.end_s:g}"


def twin_trips(twin: TwinScenario, network: Network, seed: int, demand: float = 1.0) -> list[Trip]:
    """Draw the traffic of a run; the same for every policy."""
    rng = np.random.default_rng(seed)
    return poisson_trips(network, rng, flow_vph=_FLOW_VPH * demand, begin_s=twin.begin_s, end_s=twin.end_s)


def run_twin(
    twin: TwinScenario, policy: Policy | NativePolicy, *, sensors: str, seed: int, demand: float = 1.0
) -> tuple[dict[str, Any], dict[str, float], Outcome]:
    """Run a policy on the twin.

    Returns
    -------
    measures, timings : dict
        As in the table of a study.
    outcome : Outcome
        What became of every vehicle.
    """
    begun = perf_counter()
    network = grid_network(twin.rows, twin.columns)
    trips = twin_trips(twin, network, seed, demand)
    plant = PointQueuePlant(network, trips, begin_s=twin.begin_s)
    seen = make_sensors(sensors, network, seed=seed)
    result = run_loop(plant, network, policy, seen, RULES, twin.end_s)
    outcome = plant.outcome()
    return _measures(outcome, result), _timings(result, perf_counter() - begun), outcome


def _measures(outcome: Outcome, loop: LoopResult) -> dict[str, Any]:
    count = {status: int((outcome.status == status).sum()) for status in ("arrived", "unfinished", "never_inserted")}
    loaded = len(outcome.status)
    return {
        "loaded": loaded,
        "inserted": loaded - count["never_inserted"],
        **count,
        "mean_delay_s": float(outcome.delay_s.mean()) if loaded else 0.0,
        "mean_travel_time_s": float(outcome.travel_time_s.mean()) if loaded else 0.0,
        "interlock_refusals": loop.refusals,
    }


def _timings(loop: LoopResult, wall_s: float) -> dict[str, float]:
    times = loop.times
    return {
        "wall_s": wall_s,
        "simulator_s": times.simulator_s,
        "control_s": times.control_s,
        "decision_p99_ms": times.decision_p99_ms,
    }
