"""``discharge``: our detector. What the signal lets go, against what goes; docs/incidents.md has the equations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from citybrain.detection.incidents.inflow import Inflow
from citybrain.detection.incidents.lane_shares import LaneShares
from citybrain.detection.incidents.link_signs import LinkSigns, Signs
from citybrain.network.model import Network

MOST = 30.0
"""Highest score: the end of an incident must show soon after it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DischargeParameters:
    """Parameters of :class:`Discharge`; scores are log-likelihood ratios.

    Parameters
    ----------
    gap_per_s : float
        For each second in which somebody stands with a free road ahead.
    free_m : float
        Free road before a vehicle that stands, for cameras: more than two that were missed.
    settle_s : float
        How long a place must be occupied, and one ahead of it free, to count as standing and as free.
    saturation_vps : float
        Discharge of a lane on protected green while somebody waits.
    start_up_s : float
        Green that passes before discharge is expected.
    left : float
        Share of the inflow that an incident leaves.
    """

    gap_per_s: float = 0.6
    free_m: float = 22.0
    settle_s: float = 4.0
    saturation_vps: float = 0.35
    start_up_s: float = 6.0
    left: float = 0.3


class Discharge:
    """Four sequential tests for every link, and the greatest of them.

    *gap*: somebody stands while the road ahead is free. *green*: somebody waits at the
    stop line on protected green, the exit is free, and nobody passes. *starved*: fewer
    come in than the junctions upstream sent. *lane*: fewer come in on a lane than its share of those on the link.
    """

    threshold = 7.0

    def __init__(self, network: Network, links: LinkSigns, parameters: DischargeParameters | None = None) -> None:
        self.parameters = parameters or DischargeParameters()
        self._links = links
        n = len(links.lane)
        self._inflow = Inflow(network, links, left=self.parameters.left)
        self._shares = LaneShares(links, left=self.parameters.left)
        self._lane = np.zeros(n)
        self._gap, self._green, self._starved = np.zeros(n), np.zeros(n), np.zeros(len(links.edge))
        self._stands_s, self._free_s, self._green_s = np.zeros(n), np.zeros(n), np.zeros(n)
        self._was_on, self._was_off = np.zeros((2, n), np.bool_), np.zeros((2, n), np.bool_)
        self._head_m = np.full(n, np.nan)

    def update(self, signs: Signs) -> NDArray[np.float64]:
        """Return the score of every link after one more step."""
        for row, on in enumerate((signs.stop_on, signs.gate_on)):
            self._was_on[row] |= on
            self._was_off[row] |= ~on
        self._test_gap(signs)
        self._test_green(signs)
        standing = signs.gate_on & (self._stands_s >= 2.0)
        queue = np.bincount(self._links.link_of, weights=standing, minlength=len(self._links.edge)) > 0
        gain = self._inflow.gain(signs, held=queue, trusted=self._starved < 3.0)
        self._starved = np.clip(self._starved + gain, 0.0, MOST)
        self._lane = np.clip(self._lane + self._shares.gain(signs, trusted=self._lane < 2.0), 0.0, MOST)
        best = self._starved.copy()
        np.maximum.at(best, self._links.link_of, self._by_lane())
        return best

    def _by_lane(self) -> NDArray[np.float64]:
        return np.asarray(np.maximum.reduce([self._gap, self._green, self._lane]))

    def _test_gap(self, s: Signs) -> None:
        p = self.parameters
        moves = np.nan_to_num(s.gate_count) > 0
        self._stands_s = np.where(s.gate_on & ~moves, self._stands_s + s.dt_s, 0.0)
        self._free_s = np.where(s.stop_on, 0.0, self._free_s + s.dt_s)
        works = (self._was_on & self._was_off).all(axis=0)  # a loop that never changed is stuck or dead
        by_loop = s.has_gate & works & (self._stands_s >= p.settle_s) & (self._free_s >= p.settle_s)
        by_sight = s.seen & (s.gap_m > p.free_m)
        gap = np.where(s.seen, by_sight, by_loop)
        self._head_m = np.where(by_sight, s.gap_at_m, self._head_m)
        against = np.where(s.seen, p.gap_per_s * s.dt_s, np.where(moves, 1.0, np.where(s.gate_on, 0.0, 0.3 * s.dt_s)))
        self._gap = np.clip(self._gap + np.where(gap, p.gap_per_s * s.dt_s, -against), 0.0, MOST)

    def _test_green(self, s: Signs) -> None:
        p = self.parameters
        full_green = s.green >= 1.0
        self._green_s = np.where(full_green, self._green_s + s.dt_s, 0.0)
        works = self._was_on[0] & self._was_off[0]
        waits = np.where(s.seen, s.head_m <= p.free_m, s.stop_on & works)
        due = self._links.is_stop & full_green & (self._green_s > p.start_up_s) & waits & ~s.exit_full
        gain = np.where(due, p.saturation_vps * s.dt_s, 0.0) - 1.5 * s.stop_count
        gone = full_green & ~waits
        self._green = np.clip(self._green + gain - np.where(gone, 0.3 * s.dt_s, 0.0), 0.0, MOST)

    def lane_scores(self) -> NDArray[np.float64]:
        """Return the score of every stop lane; a link that is starved is so in all lanes."""
        return np.asarray(np.maximum(self._by_lane(), self._starved[self._links.link_of]))

    def distance_m(self) -> NDArray[np.float64]:
        """Return by link where the cause seems to lie, from the stop line; NaN where only inflow tells."""
        place = np.full(len(self._links.edge), np.nan)
        lane_best = np.maximum(self._gap, self._green)  # fewer arrivals tell that it is upstream, not where
        for lane in np.flatnonzero(lane_best >= self._starved[self._links.link_of]):
            if lane_best[lane] > 0:
                at_m = 5.0 if self._green[lane] > self._gap[lane] else self._head_m[lane]
                place[self._links.link_of[lane]] = 30.0 if np.isnan(at_m) else at_m
        return place
