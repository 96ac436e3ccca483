"""What to do about a confirmed incident: whom to advise another way, which signals to hold back, and what that should gain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from citybrain.detection.incidents.tracker import IncidentReport
from citybrain.detection.sensors import Sensors
from citybrain.messages import Observation, SignalView
from citybrain.network.model import Network
from citybrain.simulation.plant import Plant

_SATURATION_VPS = 0.43
_GREEN = 0.5
_AT_LEAST_S, _SLOWEST_VPS = 120.0, 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseParameters:
    """Parameters of :func:`propose`.

    Parameters
    ----------
    compliance : float
        Share of drivers who follow advice.
    lasts_s : float
        How long an incident is taken to last from when it is reported.
    detour_s : float
        What the other way costs each who takes it.
    """

    compliance: float = 0.4
    lasts_s: float = 600.0
    detour_s: float = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseProposal:
    """For an operator to accept, or to be carried out by itself.

    Attributes
    ----------
    avoid : tuple of str
        Edges that drivers are advised to keep out of.
    gates : tuple of (str, int)
        Junction and movement that leads into the blocked link: its exit counts as full. Empty while lanes are open.
    compliance : float
    demand_vps, left_vps : float
        What wants to pass, and what can.
    gain_vehicle_s : float
        Predicted saving of vehicle-seconds until the incident ends.
    why : str
    """

    avoid: tuple[str, ...]
    gates: tuple[tuple[str, int], ...]
    compliance: float
    demand_vps: float
    left_vps: float
    gain_vehicle_s: float
    why: str
    full_vps: float
    lasts_s: float

    def costs_s(self, vehicles: float, known_s: float) -> float:
        """Return what one more vehicle costs the others and itself, seconds: all behind it wait until the queue is gone.

        The marginal delay at a bottleneck is the time from joining the queue until it has dissolved (Newell 1982).

        Parameters
        ----------
        vehicles : float
            Vehicles on the link.
        known_s : float
            Time since the incident was reported.
        """
        dissolves_s = vehicles / max(self.full_vps - self.demand_vps, _SLOWEST_VPS)
        return max(self.lasts_s - known_s, _AT_LEAST_S) + dissolves_s


def queue_delay(demand_vps: float, left_vps: float, lasts_s: float, full_vps: float) -> float:
    """Return the delay at a bottleneck, vehicle-seconds, by deterministic queueing (Newell 1982, chapter 2).

    The queue grows at q − c for T, then shrinks at s − q: ½ (q − c) T² (1 + (q − c) / (s − q)).
    """
    grows = max(demand_vps - left_vps, 0.0)
    shrinks = max(full_vps - demand_vps, _SLOWEST_VPS)
    return 0.5 * grows * lasts_s**2 * (1.0 + grows / shrinks)


def propose(
    network: Network, report: IncidentReport, demand_vps: float, parameters: ResponseParameters | None = None
) -> ResponseProposal:
    """Return what to do about one incident.

    Parameters
    ----------
    demand_vps : float
        Usual inflow of the link.
    """
    p = parameters or ResponseParameters()
    edge = network.edges[network.edge_index(report.edge)]
    n, blocked = len(edge.lanes), len(report.lanes) or len(edge.lanes)
    full = n * _SATURATION_VPS * _GREEN
    left = full * max(n - blocked, 0) / n
    without = queue_delay(demand_vps, left, p.lasts_s, full)
    diverted = p.compliance * demand_vps
    advised = queue_delay(demand_vps - diverted, left, p.lasts_s, full) + diverted * p.lasts_s * p.detour_s
    gates = tuple(
        (network.junctions[m.junction].id, m.index)
        for m in network.movements
        if not m.is_crossing and m.to_lane in edge.lanes and blocked == n
    )
    return ResponseProposal(
        full_vps=full,
        lasts_s=p.lasts_s,
        avoid=(edge.id,),
        gates=gates,
        compliance=p.compliance,
        demand_vps=demand_vps,
        left_vps=left,
        gain_vehicle_s=max(without - advised, 0.0),
        why=f"{blocked} of {n} lanes of {edge.id!r} blocked, {3600 * demand_vps:.0f} veh/h want to pass, {3600 * left:.0f} can",
    )


class BlockedExits:
    """Sensors that say of blocked links that their start is full, so that no policy gives green into them.

    Parameters
    ----------
    sensors : Sensors
        What looks; all else is passed on as it is.
    """

    def __init__(self, sensors: Sensors, network: Network) -> None:
        self._sensors, self._network = sensors, network
        self.continuous = sensors.continuous
        self._full: NDArray[np.int64] = np.empty(0, np.int64)

    def block(self, proposals: Sequence[ResponseProposal]) -> None:
        """Take these proposals as in force, and no others."""
        movements = {movement for proposal in proposals for _, movement in proposal.gates}
        self._full = np.array(sorted({self._network.movements[m].to_lane for m in movements}), np.int64)

    def observe(self, plant: Plant, signals: SignalView) -> Observation:
        """Look, and mark the exits that are blocked."""
        seen = self._sensors.observe(plant, signals)
        if not len(self._full):
            return seen
        tail_m, tail_mps = seen.lane_tail_m.copy(), seen.lane_tail_speed_mps.copy()
        tail_m[self._full] = tail_mps[self._full] = 0.0
        return replace(seen, lane_tail_m=tail_m, lane_tail_speed_mps=tail_mps)
