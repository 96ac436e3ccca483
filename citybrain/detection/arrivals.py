"""Arrivals from beyond sight: who left the junction upstream, and who usually comes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from citybrain.detection.approaches import REACH_M, Approaches
from citybrain.detection.belief import Belief
from citybrain.messages import Vehicles
from citybrain.network.model import Network

_LEAVING_MPS = 7.0
_NEAR_GATE_S = 4.0
_SLOWEST_VPS = 1 / 300
_UNSURE_S = 60.0  # at first nothing is believed to come, as if it had been watched for so long


class Arrivals:
    """Vehicles between the junctions upstream and the gate at which a sensor sees them.

    A vehicle that was counted out of a junction is placed on its way to every stop
    line that it may reach, with the weight that the learnt flows give it, and driven
    there; it is taken away when the sensor counts somebody in at the gate, or when
    it should have been there. What arrives beyond that (from side roads and the edge of the
    network) is believed to be evenly spaced at its mean rate.

    Attributes
    ----------
    met : ndarray of float64, by movement
        Vehicles that came by it and were counted in at the next gate, in the last step.

    Parameters
    ----------
    gate_m : ndarray of float64, by lane
        Distance from the stop line at which the sensor sees vehicles come.
    memory_s : float
        Time constant of the learnt flows.
    counted : ndarray of bool, by edge, optional
        Whether who enters the edge is counted there: then these counts place vehicles on it, not who crossed stop lines.
    """

    def __init__(
        self,
        network: Network,
        approaches: Approaches,
        gate_m: NDArray[np.float64],
        *,
        memory_s: float = 300.0,
        counted: NDArray[np.bool_] | None = None,
    ) -> None:
        self._approaches, self._gate_m, self._memory_s = approaches, gate_m, memory_s
        self.belief = Belief(approaches.limit_mps)
        n = len(network.lanes)
        self.flow_vps, self._explained_vps = np.zeros(n), np.zeros(n)
        self._age_s = _UNSURE_S
        lane = np.array([max(m.to_lane, 0) for m in network.movements], dtype=np.int64)
        self._exit_edge = approaches.edge[lane]
        self._path_m = np.array([m.path_m for m in network.movements])
        self._uncounted = np.ones(len(lane), np.bool_) if counted is None else ~counted[self._exit_edge]
        self.met = np.zeros(len(network.movements))
        self._credit = np.zeros(len(approaches.edges_ways.source))
        self._stops = np.flatnonzero(approaches.is_stop)

    def step(
        self,
        dt_s: float,
        departures: NDArray[np.float64],
        entries: NDArray[np.float64],
        queue_end_m: NDArray[np.float64],
        flow: NDArray[np.float64] | None = None,
        entered: NDArray[np.float64] | None = None,
    ) -> NDArray[np.float64]:
        """Take in what the sensors counted in the last ``dt_s``.

        Parameters
        ----------
        departures : ndarray, by movement
            Vehicles that crossed a stop line.
        entries : ndarray, by lane
            Vehicles that came through the gate of this stop line.
        queue_end_m : ndarray, by lane
            Where a queue that reaches beyond the gate is known to end, else -inf.
        flow : ndarray, by lane, optional
            Vehicles from which the flow is learnt, if not from the entries.
        entered : ndarray, by edge, optional
            Vehicles counted where the road begins.

        Returns
        -------
        ndarray, by lane
            Believed vehicles that came to the gate without being counted in.
        """
        closed = np.isfinite(queue_end_m)
        self.belief.advance(dt_s, queue_end_m)
        window_m = np.where(closed, np.inf, self._gate_m + _NEAR_GATE_S * self._approaches.limit_mps)
        met = self.belief.consume(entries, window_m)
        uncounted = self.belief.passed_gate(closed)
        explained = met.by_lane(len(closed)) + uncounted
        self.met = met.by_origin(len(departures))
        self._set_out(departures, entered)
        self._age_s += dt_s
        rate = dt_s / min(self._age_s, self._memory_s)
        self.flow_vps += rate * ((entries if flow is None else flow) / dt_s - self.flow_vps)
        self._explained_vps += rate * (explained / dt_s - self._explained_vps)
        return uncounted

    @property
    def unexplained_vps(self) -> NDArray[np.float64]:
        """Flow by lane that did not come from a junction upstream."""
        return np.maximum(self.flow_vps - self._explained_vps, 0.0)

    def _set_out(self, departures: NDArray[np.float64], entered: NDArray[np.float64] | None) -> None:
        """Place those who crossed stop lines, and who were counted where roads begin, on a way each."""
        crossed = np.flatnonzero((departures > 0) & self._uncounted)
        edges = np.empty(0, np.int64) if entered is None else np.flatnonzero(entered > 0)
        if not len(crossed) and not len(edges):
            return
        edge = np.concatenate((self._exit_edge[crossed], edges))
        before_m = np.concatenate((self._path_m[crossed], np.zeros(len(edges))))
        origin = np.concatenate((crossed, np.full(len(edges), -1)))
        count = departures[crossed] if entered is None else np.concatenate((departures[crossed], entered[edges]))
        ways = self._approaches.edges_ways
        share = ways.weights(self.flow_vps)
        which, rows = [], []
        for i, e in enumerate(edge.tolist()):
            first, last = ways.at[e : e + 2].tolist()
            if first == last:
                continue
            self._credit[first:last] += share[first:last] * count[i]
            row = first + int(self._credit[first:last].argmax())
            if self._credit[row] >= count[i] / 2:
                self._credit[row] -= count[i]
                which.append(i)
                rows.append(row)
        way, of = np.array(rows, dtype=np.int64), np.array(which, dtype=np.int64)
        stop, on_m = ways.stop_lane[way], ways.distance_m[way]
        leaving_mps = np.full(len(way), _LEAVING_MPS)
        gate_m = np.minimum(self._gate_m[stop], on_m)
        self.belief.add(stop, on_m + before_m[of], leaving_mps, count[of], gate_m, origin[of])

    def vehicles(self, usual: NDArray[np.bool_]) -> Vehicles:
        """Return the believed vehicles; those that usually come only on the lanes marked."""
        b, limit = self.belief, self._approaches.limit_mps
        stops = self._stops[usual[self._stops]]
        rest = self.unexplained_vps[stops]
        stops, rest = stops[rest > _SLOWEST_VPS], rest[rest > _SLOWEST_VPS]
        gap_m = limit[stops] / rest
        count = np.floor(np.maximum(REACH_M - self._gate_m[stops], 0.0) / gap_m + 0.5).astype(np.int64)
        owner = np.repeat(np.arange(len(stops)), count)
        place = np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count)
        lane = np.concatenate((b.lane, stops[owner]))
        distance_m = np.concatenate((b.distance_m, self._gate_m[stops[owner]] + (place + 0.5) * gap_m[owner]))
        return Vehicles(
            lane=lane.astype(np.int32),
            movement=self._approaches.only_movement[lane],
            distance_m=distance_m,
            speed_mps=np.concatenate((b.speed_mps, limit[stops[owner]])),
            weight=np.concatenate((b.weight, np.ones(len(owner)))),
            road_lane=np.full(len(lane), -1, np.int32),
        )
