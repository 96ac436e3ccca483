"""A city of point queues that runs beside the real one: what is there when hardly anybody reports."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from citybrain.detection.approaches import REACH_M, Approaches
from citybrain.detection.belief import SPACE_M, Belief
from citybrain.detection.lamps import Lamps
from citybrain.messages import SignalView
from citybrain.network.model import Network

_LEAVING_MPS = 7.0
_HEAD_M = 10.0
_STANDS_MPS, _DRIVES_MPS = 1.0, 5.0
_LEAST_SHARE = 0.1
_PRIOR = {"straight": 2.0, "uturn": 0.05}
_PART = 0.34
_NOBODY = 0.01
_PROBE = -2
"""Origin of the rows that are probes."""


class QueueModel:
    """Queues moved by learnt flows and known lamps, corrected by reports.

    Arrivals on roads that no signal feeds come evenly at the learnt flow; lanes
    discharge at saturation while green, in the turns learnt, and what leaves one
    junction arrives at the next. The flow of a lane is estimated from the reports
    that passed it: a Gamma prior and Poisson counts with forgetting,

        flow = (n / p + q0 T0) / (T + T0)

    with n reports in the (forgotten) time T, share p of reporting vehicles, prior
    flow q0 that counts for T0.

    Parameters
    ----------
    share : float
        Of vehicles that report.
    prior_vps, prior_s, memory_s, saturation_vps : float

    Only those who do not report are modelled: probes are where they say they are. What is behind the last
    standing probe has come since it joined the queue, at the flow of those who do not report (Comert and Cetin 2009,
    European Journal of Operational Research 197: thinned Poisson arrivals do not depend on the probes).
    """

    def __init__(
        self,
        network: Network,
        approaches: Approaches,
        *,
        share: float,
        prior_vps: float = 0.05,
        prior_s: float = 200.0,
        memory_s: float = 1200.0,
        saturation_vps: float = 0.5,
    ) -> None:
        self._a, self._share = approaches, max(share, 1e-3)
        self._prior_vps, self._prior_s, self._memory_s = prior_vps, prior_s, memory_s
        self._saturation_vps = saturation_vps
        self.belief = Belief(approaches.limit_mps)
        self._lamps = Lamps(network)
        n = len(network.lanes)
        self._reports, self._time_s = np.zeros(n), 0.0
        self._turns = np.array([_PRIOR.get(m.turn, 1.0) for m in network.movements])
        self._fed_vps, self._due, self._credit = np.zeros(n), np.zeros(n), np.zeros(n)
        self.flow_vps = np.where(approaches.is_stop, prior_vps, 0.0)
        to_lane = np.array([max(m.to_lane, 0) for m in network.movements], dtype=np.int64)
        self._exit_edge = approaches.edge[to_lane]
        self._path_m = np.array([m.path_m for m in network.movements])
        self._stops = np.flatnonzero(approaches.is_stop)
        self._no_wall, self._stop_line = np.full(n, -np.inf), np.where(approaches.is_stop, 0.0, -np.inf)

    def drive(self, dt_s: float, signals: SignalView, passed: NDArray[np.float64]) -> NDArray[np.float64]:
        """Move on by ``dt_s``, with the turns of reporting vehicles; return departures by movement."""
        self._learn(dt_s, passed)
        b, lamps, n = self.belief, self._lamps, len(self.flow_vps)
        self._arrive(dt_s)
        b.advance(dt_s, self._stop_line)
        b.keep(b.origin != _PROBE)  # they say themselves where they are
        green = lamps.green(signals)
        # a shared lane moves while any of its turns has green, at the share of those that have
        chance = self._turns * green
        total = np.bincount(lamps.lane, weights=self._turns[lamps.movement], minlength=n)
        open_ = np.bincount(lamps.lane, weights=chance[lamps.movement], minlength=n)
        out = self._saturation_vps * dt_s * open_ / np.maximum(total, 1e-9)
        reported = np.bincount(lamps.lane, weights=passed[lamps.movement], minlength=n)
        self._credit = np.minimum(self._credit, 0.0) + out - reported  # what probes took of the green is gone
        out = np.maximum(self._credit, 0.0)
        taken = b.consume(out, np.full(n, _HEAD_M)).by_lane(n)
        departures = np.zeros(len(chance))
        lane = lamps.lane
        departures[lamps.movement] = taken[lane] * chance[lamps.movement] / np.maximum(open_[lane], 1e-9)
        self._depart(departures, dt_s)
        return departures + passed

    def _learn(self, dt_s: float, passed: NDArray[np.float64]) -> None:
        lamps, n = self._lamps, len(self.flow_vps)
        fade = np.exp(-dt_s / self._memory_s)
        count = np.bincount(lamps.lane, weights=passed[lamps.movement], minlength=n)
        self._reports = self._reports * fade + count
        self._time_s = self._time_s * fade + dt_s
        flow = (self._reports / self._share + self._prior_vps * self._prior_s) / (self._time_s + self._prior_s)
        self.flow_vps = np.where(self._a.is_stop, flow, 0.0)
        self._turns += passed

    def _arrive(self, dt_s: float) -> None:
        """Let those come whom no signal sends."""
        stops = self._stops
        hidden = 1.0 - self._share
        self._due[stops] += dt_s * np.maximum(hidden * self.flow_vps[stops] - self._fed_vps[stops], 0.0)
        lane = stops[self._due[stops] >= _PART]
        self._due[lane] -= _PART
        n = len(lane)
        self.belief.add(lane, np.full(n, REACH_M), self._a.limit_mps[lane], np.full(n, _PART), np.zeros(n))

    def _depart(self, departures: NDArray[np.float64], dt_s: float) -> None:
        movement = np.flatnonzero(departures > 0)
        ways = self._a.edges_ways
        owner, row = ways.expand(self._exit_edge[movement])
        weight = ways.weights(self.flow_vps)[row]
        likely = weight >= _LEAST_SHARE
        owner, row, weight = owner[likely], row[likely], weight[likely] * departures[movement[owner[likely]]]
        stop = ways.stop_lane[row]
        on_m = ways.distance_m[row] + self._path_m[movement[owner]]
        self.belief.add(stop, on_m, np.full(len(row), _LEAVING_MPS), weight, np.zeros(len(row)))
        sent = np.bincount(stop, weights=weight, minlength=len(self._fed_vps))
        self._fed_vps += dt_s / min(max(self._time_s, dt_s), 600.0) * (sent / dt_s - self._fed_vps)

    def correct(self, lane: NDArray[np.int64], distance_m: NDArray[np.float64], speed_mps: NDArray[np.float64]) -> None:
        """Bend the belief to reports: stop lane, distance from its stop line, speed."""
        b, n = self.belief, len(self.flow_vps)
        drives, stands = speed_mps > _DRIVES_MPS, speed_mps < _STANDS_MPS
        # nobody stands where somebody drives
        first_m = np.full(n, np.inf)
        np.minimum.at(first_m, lane[drives], distance_m[drives])
        b.keep(~((b.speed_mps < _STANDS_MPS) & (b.distance_m > first_m[b.lane])))
        # who stands has a queue in front of it, itself included
        queue_m = np.full(n, -np.inf)
        np.maximum.at(queue_m, lane[stands], distance_m[stands])
        ahead = b.distance_m <= queue_m[b.lane] + SPACE_M / 2
        weight = np.bincount(b.lane[ahead], weights=b.weight[ahead], minlength=n)
        reporting = np.bincount(lane[stands], distance_m[stands] <= queue_m[lane[stands]] + SPACE_M / 2, n)
        ahead_n = np.floor(np.maximum(queue_m, 0.0) / SPACE_M + 0.5) + 1.0 - reporting
        lacking = np.where(np.isfinite(queue_m), ahead_n - weight, 0.0)
        b.weight[ahead] *= np.minimum(np.maximum(ahead_n, 0.0) / np.maximum(weight, 1e-9), 1.0)[b.lane[ahead]]
        b.keep(b.weight > _NOBODY)
        short = np.flatnonzero(lacking >= 0.5)
        b.add_queue(short, queue_m[short], lacking[short])
        known = len(lane)
        b.add(lane, distance_m, speed_mps, np.ones(known), np.zeros(known), np.full(known, _PROBE))
