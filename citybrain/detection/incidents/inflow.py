"""Who should have come: what junctions upstream sent, dispersed on its way, against what came in."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from citybrain.detection.incidents.link_signs import GATE_M, LinkSigns, Signs
from citybrain.network.model import Network

_ROBERTSON = 0.35  # a b of Robertson's dispersion, TRANSYT's usual 0.35 × 0.8 taken for light friction
_MEMORY_S = 900.0
_LEARNING_S = 600.0
_CRUISE = 0.85
_MOST_S = 120


class Inflow:
    """A Poisson CUSUM (Page 1954) of arrivals against those expected.

    Parameters
    ----------
    left : float
        Share of the expected inflow under the hypothesis of an incident.
    """

    def __init__(self, network: Network, links: LinkSigns, *, left: float) -> None:
        self._left = left
        a, ways = links.approaches, links.approaches.edges_ways
        link_of = {
            int(lane): int(link) for lane, link in zip(links.lane, links.link_of, strict=True) if a.is_stop[lane]
        }
        entries: dict[tuple[int, int], tuple[float, float]] = {}
        for m in network.movements:
            if m.is_crossing:
                continue
            edge = network.lanes[m.to_lane].edge
            for row in range(int(ways.at[edge]), int(ways.at[edge + 1])):
                stop = int(ways.stop_lane[row])
                key = (m.index, link_of[stop])
                share, _ = entries.get(key, (0.0, 0.0))
                way_m = max(float(ways.distance_m[row]) + m.path_m - GATE_M, 0.0)
                entries[key] = (share + float(ways.share[row]), way_m / (_CRUISE * float(a.limit_mps[stop])))
        rows = sorted(entries)
        self._movement = np.array([m for m, _ in rows], np.int64)
        self._link = np.array([link for _, link in rows], np.int64)
        self._share = np.array([entries[row][0] for row in rows])
        delay_s = np.array([entries[row][1] for row in rows])
        self._smooth = 1.0 / (1.0 + _ROBERTSON * 0.8 * np.maximum(delay_s, 1.0))
        self._delay = np.clip(np.round(0.8 * delay_s), 0, _MOST_S - 1).astype(np.int64)
        self._past = np.zeros((_MOST_S, len(network.movements)))
        self._now = 0
        self._flow = np.zeros(len(rows))
        n = len(links.edge)
        self._mean_in, self._mean_sent, self._age_s = np.zeros(n), np.zeros(n), 0.0

    def gain(self, s: Signs, *, held: NDArray[np.bool_], trusted: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Return by link the log-likelihood ratio of one step; 0 where a queue stands over the place of counting.

        Parameters
        ----------
        held : ndarray of bool, by link
            Whether a queue stands there: then nobody can come in, whatever was sent.
        trusted : ndarray of bool, by link
            Where what comes is taken as usual and learnt.
        """
        self._past[self._now] = s.passed
        sent_then = self._past[(self._now - self._delay) % _MOST_S, self._movement] * self._share / s.dt_s
        self._now = (self._now + 1) % _MOST_S
        self._flow += self._smooth * (sent_then - self._flow)
        sent = np.bincount(self._link, weights=self._flow, minlength=len(held))
        self._age_s += s.dt_s
        pace = np.where(trusted, s.dt_s / min(self._age_s, _MEMORY_S), 0.0)
        self._mean_in += pace * (s.arrived / s.dt_s - self._mean_in)
        self._mean_sent += pace * (sent - self._mean_sent)
        if self._age_s < _LEARNING_S:
            return np.zeros(len(held))
        ratio = np.clip(self._mean_in / np.maximum(self._mean_sent, 1e-6), 0.0, 1.0)
        others = np.maximum(self._mean_in - ratio * self._mean_sent, 0.0)
        due = 0.9 * (ratio * sent + others) * s.dt_s
        gain = s.arrived * np.log(self._left) + (1.0 - self._left) * due
        return np.where(held & (gain > 0), 0.0, gain)
