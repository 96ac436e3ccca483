"""Incidents in SUMO: vehicles that stand, and passers-by that slow down.

SUMO's vehicles merge far more smoothly than people do at an accident, so that one blocked lane of two would hardly be felt.
Those who pass are slowed to the speed at which the lanes that are left carry what the Highway
Capacity Manual found.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from citybrain.demand.incidents import IncidentSpec
from citybrain.network.model import Network

CAPACITY_LEFT = {
    (2, 1): 0.35,
    (3, 1): 0.49,
    (3, 2): 0.17,
    (4, 1): 0.58,
    (4, 2): 0.25,
    (4, 3): 0.13,
    (5, 1): 0.65,
    (5, 2): 0.40,
    (5, 3): 0.20,
    (6, 1): 0.71,
    (6, 2): 0.50,
    (6, 3): 0.26,
}
"""Share of a road's capacity that is left, by lanes and blocked lanes (HCM 2010, exhibit 10-17)."""
_HEADWAY_S, _SPACE_M = 1.0, 7.5  # of SUMO's usual driver: tau, and length with the gap at standstill
_ZONE_BEFORE_M, _ZONE_AFTER_M = 40.0, 15.0
_BRAKING_MPS2 = 3.0
_AHEAD_M = 12.0
_WALKING_MPS = 1.4
_LEAST_LEFT = 0.13  # where the table is silent


def passing_speed_mps(limit_mps: float, lanes: int, blocked: int) -> float:
    """Return the speed in the open lanes at which they carry the capacity that is left.

    A lane at speed v carries q(v) = v / (v τ + L) vehicles a second (τ the headway, L the space of a vehicle that stands).
    With a share f of the capacity of n lanes left on n − b, each must carry
    r q(v₀), r = f n / (n − b), which solved for v gives r q L / (1 − r q τ).
    """
    if blocked <= 0 or blocked >= lanes:
        return limit_mps
    left = CAPACITY_LEFT.get((lanes, blocked), _LEAST_LEFT)
    full = limit_mps / (limit_mps * _HEADWAY_S + _SPACE_M)
    flow = min(left * lanes / (lanes - blocked), 1.0) * full
    return min(flow * _SPACE_M / (1 - flow * _HEADWAY_S), limit_mps)


def flooded_speed_mps(depth_m: float, limit_mps: float) -> float:
    """Return the speed through water, by Pregnolato et al. 2017 (Transportation Research D 55, equation 1)."""
    depth_mm = 1000 * depth_m
    kmh = 0.0009 * depth_mm**2 - 0.5529 * depth_mm + 86.9448
    return min(max(kmh / 3.6, _WALKING_MPS), limit_mps)


@dataclass(slots=True)
class Staged:
    """An incident and how far it has come.

    Attributes
    ----------
    happened_s : float or None
        When the road was first blocked: when the first vehicle stood there, or the lanes were flooded.
    ended_s : float or None
        When all was cleared.
    stopped, slowed, limits : dict
        What was done, to be undone: by lane who stands there; by vehicle its usual top speed; by lane its limit.
    """

    spec: IncidentSpec
    happened_s: float | None = None
    ended_s: float | None = None
    stopped: dict[str, str] = field(default_factory=dict)
    slowed: dict[str, float] = field(default_factory=dict)
    limits: dict[str, float] = field(default_factory=dict)


class SumoIncidents:
    """Makes incidents happen in a running SUMO, through its API.

    Parameters
    ----------
    api : module or connection
        libsumo, or a TraCI connection.
    network : Network
    specs : sequence of IncidentSpec
        Already checked against the network.
    """

    def __init__(self, api: Any, network: Network, specs: Sequence[IncidentSpec]) -> None:
        self._api, self._network = api, network
        self.staged = tuple(Staged(spec) for spec in specs)
        self._present: frozenset[str] = frozenset()

    def step(self, time_s: float) -> None:
        """Act on the step that has just been made."""
        running = [s for s in self.staged if s.ended_s is None and time_s >= s.spec.onset_s]
        self._present = frozenset(self._api.vehicle.getIDList()) if running else frozenset()
        for staged in running:
            if time_s >= staged.spec.end_s:
                self._clear(staged)
                staged.ended_s = time_s
            elif self._holds(staged.spec):
                self._hold(staged, time_s)
            elif staged.happened_s is None:
                self._obstruct(staged)
                staged.happened_s = time_s
            if staged.ended_s is None and staged.happened_s is not None and staged.spec.kind != "flood":
                self._slow_passing(staged)

    def _lane_ids(self, spec: IncidentSpec) -> tuple[list[str], list[str]]:
        """Names of the blocked lanes and of those left open."""
        edge = self._network.edges[self._network.edge_index(spec.edge)]
        names = [self._network.lanes[i].id for i in edge.lanes]
        return [names[i] for i in spec.lanes], [name for i, name in enumerate(names) if i not in spec.lanes]

    def _holds(self, spec: IncidentSpec) -> bool:
        """Whether vehicles are stopped. Forbidden lanes would end the run: a route may then have no lane to its next edge."""
        return spec.stops_vehicles or spec.closes_lanes

    def _hold(self, staged: Staged, time_s: float) -> None:
        """Stop the next vehicle that can still brake on each blocked lane; note when the first one stands."""
        spec, vehicle = staged.spec, self._api.vehicle
        blocked, _ = self._lane_ids(spec)
        for lane in blocked:
            name = staged.stopped.get(lane)
            if name is not None and name in self._present:
                if staged.happened_s is None and vehicle.isStopped(name):  # there, not in a queue on its way there
                    staged.happened_s = time_s
                continue
            staged.stopped.pop(lane, None)
            if (found := self._who_can_stop(lane, spec.position_m)) is None:
                continue
            edge, _, index = lane.rpartition("_")
            try:
                vehicle.setStop(found, edge, spec.position_m, int(index), spec.end_s - time_s)
            except self._errors():  # a stop of its own is in the way; the next vehicle will do
                continue
            staged.stopped[lane] = found

    def _who_can_stop(self, lane: str, position_m: float) -> str | None:
        """The vehicle on a lane that is nearest to a place and can still brake before it, or the last one that stands past it."""
        vehicle, best, best_m = self._api.vehicle, None, -1.0
        for name in self._api.lane.getLastStepVehicleIDs(lane):
            at_m, speed = vehicle.getLanePosition(name), vehicle.getSpeed(name)
            if best_m < at_m <= position_m - speed**2 / (2 * _BRAKING_MPS2) - speed:
                best, best_m = name, at_m
        return best

    def _obstruct(self, staged: Staged) -> None:
        """Flood the lanes; what held before is kept."""
        lane = self._api.lane
        for name in self._lane_ids(staged.spec)[0]:
            limit = lane.getMaxSpeed(name)
            staged.limits[name] = limit
            lane.setMaxSpeed(name, flooded_speed_mps(staged.spec.depth_m, limit))

    def _slow_passing(self, staged: Staged) -> None:
        """Slow those beside the place, and let go those who have passed it."""
        vehicle = self._api.vehicle
        blocked, opened = self._lane_ids(staged.spec)
        at_m, near = staged.spec.position_m, set()
        for lane in opened:
            speed = passing_speed_mps(self._api.lane.getMaxSpeed(lane), len(blocked) + len(opened), len(blocked))
            for name in self._api.lane.getLastStepVehicleIDs(lane):
                if at_m - _ZONE_BEFORE_M <= vehicle.getLanePosition(name) <= at_m + _ZONE_AFTER_M:
                    near.add(name)
                    if name not in staged.slowed:
                        staged.slowed[name] = vehicle.getMaxSpeed(name)
                        vehicle.setMaxSpeed(name, speed)
        self._release(staged, [name for name in staged.slowed if name not in near])

    def _release(self, staged: Staged, names: Sequence[str]) -> None:
        for name in names:
            usual = staged.slowed.pop(name)
            if name in self._present:
                self._api.vehicle.setMaxSpeed(name, usual)

    def _clear(self, staged: Staged) -> None:
        """Put everything back; SUMO itself ends the stops."""
        self._release(staged, list(staged.slowed))
        for name, limit in staged.limits.items():
            self._api.lane.setMaxSpeed(name, limit)

    def _errors(self) -> tuple[type[Exception], ...]:
        import importlib

        traci = importlib.import_module("traci")
        found: list[type[Exception]] = [traci.TraCIException]
        if hasattr(self._api, "TraCIException"):
            found.append(self._api.TraCIException)
        return tuple(found)
