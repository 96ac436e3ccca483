"""``discharge``: our detector. What the signal lets go, against what goes; docs/incidents.md has the equations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from citybrain.detection.incidents.comers import Comers
from citybrain.detection.incidents.feeders import Feeders, find_feeders, find_gates
from citybrain.detection.incidents.inflow import Inflow
from citybrain.detection.incidents.lane_shares import LaneShares
from citybrain.detection.incidents.link_signs import GATE_M, LinkSigns, Signs
from citybrain.detection.incidents.overdue import Overdue
from citybrain.detection.incidents.silence import Silence
from citybrain.detection.incidents.slow import Slow
from citybrain.detection.incidents.spill import Spill
from citybrain.detection.incidents.usual import Usual
from citybrain.network.model import Network

_OF_LANES = ("stuck", "gap", "green", "lane-in", "lane-out")
_OF_LINKS = ("silence", "inside", "overdue", "spill", "crawl", "slow")
_LIKELIHOODS = ("silence", "inside", "lane-in", "lane-out", "slow")
_LEARN_ANEW_S, _MOVES_UP_S = 900.0, 8.0
_USUAL = 5.0
"""What comes in is usual while evidence that vehicles are overdue is below this."""
MOST = 30.0
"""Highest score: the end of an incident must show soon after it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DischargeParameters:
    """Parameters of :class:`Discharge`; evidence is in the manner of log-likelihood ratios.

    Parameters
    ----------
    false_per_day : float
        False alarms that are aimed at, in the whole network.
    silence_share : float
        Of these, the share that the test of silence may raise; the others get equal parts of the rest.
    stuck_per_s : float
        For each second that somebody is seen to stand with a free road ahead.
    overdue_weight : float
        How much evidence of overdue vehicles counts: thousands of links and windows are looked at, so that it must be
        stronger than that of what is seen.
    gap_per_s : float
        For each second in which a loop upstream is occupied and the road from there to the stop line empty.
    settle_s : float
        How long a loop must be occupied, and one ahead of it free, to count as standing and as free.
    crawl_per_s, drive_per_s : float
        For each second that somebody with a free road ahead is seen to crawl, and against it if he drives.
    beside_a_queue : float
        Share of that which counts beside a queue from there to the stop line.
    saturation_vps : float
        Discharge of a lane on protected green while somebody waits.
    most_a_green : float
        The most that one green tells: somebody in the wrong lane may hold up a whole one.
    start_up_s : float
        Green that passes before discharge is expected.
    left : float
        Share of its usual count that a blocked lane keeps.
    """

    false_per_day: float = 3.0
    silence_share: float = 0.4
    stuck_per_s: float = 0.5
    overdue_weight: float = 0.65
    gap_per_s: float = 0.35
    settle_s: float = 4.0
    crawl_per_s: float = 0.2
    drive_per_s: float = 0.8
    beside_a_queue: float = 0.2
    saturation_vps: float = 0.35
    most_a_green: float = 5.0
    start_up_s: float = 6.0
    left: float = 0.3


class Discharge:
    """Sequential tests for every link, and the greatest of them.

    *stuck*: somebody is seen to stand while the road ahead is free. *gap*: the same by loops. *silence*: nobody
    comes in any more. *inside*: who came in over the loops upstream does not come to the stop line.
    *overdue*: fewer come in than the junctions upstream sent. *lane*: fewer come on a lane than its
    share, upstream or at the stop line. *green*: nobody crosses the stop line though somebody waits. *spill*: nobody can
    enter although no queue stands at the link's own end. *crawl*: all creep on a free road. *slow*: all take long over the loops.
    """

    threshold = 7.0

    def __init__(self, network: Network, links: LinkSigns, parameters: DischargeParameters | None = None) -> None:
        self.parameters = p = parameters or DischargeParameters()
        self._network, self._links = network, links
        n, n_links = len(links.lane), len(links.edge)
        self._feeders: Feeders | None = None
        self._from_gates = Inflow(find_gates(links, GATE_M), n_links)
        self._overdue, self._silence, self._no_exit = Overdue(links), Silence(n_links), Silence(n_links, others=False)
        self._silent, self._inside = np.zeros(n_links), np.zeros(n_links)
        self._comers, self._spill, self._slow = Comers(links), Spill(network, links), Slow(links)
        self._came, self._went = LaneShares(links, left=p.left), LaneShares(links, left=p.left)
        self._came_short, self._went_short = np.zeros(n), np.zeros(n)
        self._gap, self._stuck, self._green, self._green_s = np.zeros(n), np.zeros(n), np.zeros(n), np.zeros(n)
        self._crawl, self._late, self._since_queue_s = np.zeros(n_links), np.zeros(n_links), np.full(n_links, np.inf)
        self._stands_s, self._free_s = np.zeros(n), np.zeros(n)
        self._was_on, self._was_off = np.zeros((2, n), np.bool_), np.zeros((2, n), np.bool_)
        self._bad, self._lost_s = np.zeros(n, np.bool_), np.zeros(n_links)
        self._head_m = np.full(n, np.nan)
        self._phase_gain, self._stop_was_on = np.zeros(n), np.zeros(n, np.bool_)
        tests = (*_OF_LANES, *_OF_LINKS)
        rate = p.false_per_day * (1.0 - p.silence_share) / (len(tests) - 1)
        self._usual = {
            name: Usual(
                n if name in _OF_LANES else n_links,
                threshold=self.threshold,
                false_per_day=p.false_per_day * p.silence_share if name == "silence" else rate,
                # silence and inside are a chance already, on the scale of the link itself
                margin=1.0 if name in ("silence", "inside") else 1.4,
                least_excess=1.0 if name in _LIKELIHOODS else 0.5,
            )
            for name in tests
        }
        self._scores: dict[str, NDArray[np.float64]] = {}

    def update(self, signs: Signs) -> NDArray[np.float64]:
        """Return the score of every link after one more step."""
        s, n = signs, len(self._links.edge)
        for row, on in enumerate((s.stop_on, s.gate_on)):
            self._was_on[row] |= on
            self._was_off[row] |= ~on
        moves = np.nan_to_num(s.gate_count) > 0
        self._stands_s = np.where(s.gate_on & ~moves, self._stands_s + s.dt_s, 0.0)
        self._free_s = np.where(s.stop_on, 0.0, self._free_s + s.dt_s)
        works = self._was_on & self._was_off  # what never changed is stuck or dead
        works &= np.array([s.stop_ok, s.gate_ok])
        standing = s.gate_on & (self._stands_s >= 2.0) & works[1]
        self._see(s)
        self._test_gap(s, moves, works[0] & works[1])
        self._test_green(s, works[0], s.exit_full | self._spill.into_a_queue(standing & s.has_gate))
        self._test_lanes(s, works)
        self._spill.update(s, standing & s.has_gate, works[0])
        slow = self._slow.update(s, works[0] & works[1])
        link = self._links.link_of
        queue = np.bincount(link, standing, n) > 0
        self._since_queue_s = np.where(queue, 0.0, self._since_queue_s + s.dt_s)
        held = (self._since_queue_s < _MOVES_UP_S) | self._lost_counts(s)
        left = np.bincount(link, np.where(self._links.is_stop, s.stop_count, 0.0), n).astype(np.float64)
        if self._feeders is None:  # now it is known where is counted
            self._feeders = find_feeders(self._network, self._links, np.full(n, GATE_M), s.has_entry)
            self._inflow = Inflow(self._feeders, n)
        came = self._comers.step(s.dt_s, s.arrived, s.stop_on, s.stop_count)
        if s.resumed:
            self._inflow.forget_on_the_way()
            self._from_gates.forget_on_the_way()
            held[:] = True
        self._inflow.step(np.concatenate((s.passed, s.entered))[self._feeders.source], came, s.arrived, left)
        usual = self._late < _USUAL
        weight = self.parameters.overdue_weight
        late = weight * self._overdue.update(self._inflow, came, left, held, self._late / weight)
        self._late = np.minimum(late, MOST)
        self._silent = np.minimum(self._silence.update(self._inflow, came, held, usual), MOST)
        self._test_inside(s, works[0])
        evidence = (self._stuck, self._gap, self._green, self._came_short, self._went_short)
        of_links = (self._silent, self._inside, self._late, self._spill.score, self._crawl, slow)
        for name, value in zip((*_OF_LANES, *_OF_LINKS), (*evidence, *of_links), strict=True):
            self._scores[name] = self._usual[name].scale(value, s.dt_s)
        return np.asarray(np.maximum.reduce(list(self.by_test().values())))

    def by_test(self) -> dict[str, NDArray[np.float64]]:
        """Return the score of every link by test."""
        lanes = {name: self._of_links(self._scores[name]) for name in _OF_LANES}
        return lanes | {name: self._scores[name] for name in _OF_LINKS}

    def _lost_counts(self, s: Signs) -> NDArray[np.bool_]:
        """Return by link whether a place of counting upstream has failed lately: what is usual there must be learnt anew."""
        bad = s.has_gate & ~s.gate_ok
        new = np.bincount(self._links.link_of, bad & ~self._bad, len(self._lost_s)) > 0
        self._bad = bad
        self._lost_s = np.where(new, _LEARN_ANEW_S, np.maximum(self._lost_s - s.dt_s, 0.0))
        return np.asarray(self._lost_s > 0)

    def _of_links(self, by_lane: NDArray[np.float64]) -> NDArray[np.float64]:
        best = np.zeros(len(self._links.edge))
        np.maximum.at(best, self._links.link_of, by_lane)
        return best

    def _see(self, s: Signs) -> None:
        p, n = self.parameters, len(self._links.edge)
        self._stuck = np.clip(np.maximum(p.stuck_per_s * s.stuck_s, self._stuck - p.stuck_per_s * s.dt_s), 0.0, MOST)
        self._head_m = np.where(s.stuck_s > 0, s.stuck_at_m, self._head_m)
        crawling, driving = (np.bincount(self._links.link_of, x, n) for x in (s.crawling, s.driving))
        self._crawl = np.clip(
            self._crawl + (p.crawl_per_s * np.minimum(crawling, 2.0) - p.drive_per_s * driving) * s.dt_s, 0.0, MOST
        )

    def _test_gap(self, s: Signs, moves: NDArray[np.bool_], works: NDArray[np.bool_]) -> None:
        p = self.parameters
        stands = s.gate_on & (self._stands_s >= p.settle_s)
        gap = s.has_gate & self._links.is_stop & ~s.seen & works & stands & (self._free_s >= p.settle_s)
        queue = self._links.any_beside(stands & s.stop_on)  # to join which somebody may wait for a gap
        gain = np.where(queue, p.beside_a_queue, 1.0) * p.gap_per_s * s.dt_s
        against = np.where(moves, 1.0, np.where(s.gate_on, 0.0, 0.3 * s.dt_s))
        self._gap = np.clip(self._gap + np.where(gap, gain, -against), 0.0, MOST)

    def _test_inside(self, s: Signs, works: NDArray[np.bool_]) -> None:
        """Who was counted in over the places upstream must come to the stop lines of the link."""
        n, link, stop = len(self._links.edge), self._links.link_of, self._links.is_stop & works
        new = stop & ~self._stop_was_on & (s.stop_on | (s.stop_count > 0))
        self._stop_was_on = s.stop_on
        came = np.bincount(link, new, n).astype(np.float64)
        queue = (np.bincount(link, stop & s.stop_on & ~new, n) > 0) | (
            np.bincount(link, self._links.is_stop & ~works, n) > 0
        )
        nobody, always = np.zeros(n), np.ones(n, np.bool_)
        self._from_gates.step(np.where(s.has_gate, np.nan_to_num(s.gate_count), 0.0), came, came, nobody)
        evidence = self._no_exit.update(self._from_gates, came, queue | s.resumed, always)
        self._inside = np.minimum(evidence, MOST)

    def _test_green(self, s: Signs, works: NDArray[np.bool_], exit_full: NDArray[np.bool_]) -> None:
        p = self.parameters
        full_green = s.green >= 1.0
        self._green_s = np.where(full_green, self._green_s + s.dt_s, 0.0)
        waits = s.stop_on & works
        due = self._links.is_stop & full_green & (self._green_s > p.start_up_s) & waits & ~exit_full
        self._phase_gain = np.where(full_green, self._phase_gain, 0.0)
        gain = np.minimum(np.where(due, p.saturation_vps * s.dt_s, 0.0), p.most_a_green - self._phase_gain)
        self._phase_gain += gain
        gain -= 1.5 * s.stop_count
        gone = full_green & ~waits
        self._green = np.clip(self._green + gain - np.where(gone, 0.3 * s.dt_s, 0.0), 0.0, MOST)

    def _test_lanes(self, s: Signs, works: NDArray[np.bool_]) -> None:
        free = self._stands_s < 2.0
        gain = self._came.gain(s.gate_count, free, s.has_gate & ~s.seen & works[1], self._came_short < 2.0)
        self._came_short = np.clip(self._came_short + gain, 0.0, MOST)
        goes = (s.green > 0.4) & ~s.stop_on
        gain = self._went.gain(s.stop_count, goes, self._links.is_stop & works[0], self._went_short < 2.0)
        self._went_short = np.clip(self._went_short + gain, 0.0, MOST)

    def lane_scores(self) -> NDArray[np.float64]:
        """Return the score of every stop lane; what is told of the link alone holds for all of them."""
        of_link = np.maximum.reduce([self._scores[name] for name in _OF_LINKS])
        by_lane = np.maximum.reduce([self._scores[name] for name in _OF_LANES])
        return np.asarray(np.maximum(by_lane, of_link[self._links.link_of]))

    def distance_m(self) -> NDArray[np.float64]:
        """Return by link where the cause seems to lie, from the stop line; NaN where only counts tell."""
        place = np.full(len(self._links.edge), np.nan)
        rest = np.maximum.reduce([self._scores[name] for name in _OF_LINKS])
        stuck, gap = self._scores["stuck"], self._scores["gap"]
        for lane in np.flatnonzero(np.maximum(stuck, gap) >= np.maximum(rest[self._links.link_of], 1.0)):
            at_m = self._head_m[lane] if stuck[lane] >= gap[lane] else GATE_M / 2
            place[self._links.link_of[lane]] = at_m + self._links.beyond_m[lane]
        return place
