"""Who is overdue: what junctions upstream sent must come in downstream, within the time that the road takes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from citybrain.detection.incidents.feeders import RING_S, find_feeders
from citybrain.detection.incidents.link_signs import Signs
from citybrain.detection.incidents.shape import Shape
from citybrain.network.model import Network

_WINDOWS_S = (60, 90, 120, 180, 240, 360)
_OTHERS_FROM_S = 90
"""Others come in platoons of signals that are not known: only over a cycle are they steady."""
_RING_S = RING_S
_MEMORY_S = 900.0
_LEARNING_S = 480.0
_CAUTION = 0.9
_LEAST_LEFT, _MOST_LEFT = 0.03, 0.6
_SPREAD_WINDOW_S, _LULL_WINDOW_S = 60, 180
_COUNTED = 0.75
_SPREAD_PRIOR, _SPREAD_USUAL = 10.0, 0.8
_LEAST_SPREAD, _MOST_SPREAD = 0.5, 8.0
_OTHERS_SPREAD = 1.25
_STORED_VEHICLES = 7.0
_QUIET, _ODD = 2.0, 7.0
_MOST_SAMPLE = 4.0


class Overdue:
    """A scan statistic of arrivals against those that must have come.

    Of what was sent by movement *m*, the fastest arrive after d₁ and the slowest after d₂. In the window (t − w, t]
    at least sent(t − d₂) − sent(t − w − d₁) must have arrived. With μ expected so, and *n* arrived,

        LLR = (n ln ρ + (1 − ρ) μ) / φ,   ρ = n / μ within its bounds

    is the log-likelihood ratio of a Poisson count that an incident leaves a share ρ of, with the
    dispersion φ (quasi-likelihood, Wedderburn 1974, Biometrika 61) that the link itself has shown: where counts
    upstream tell nearly all, φ is far below 1, and few vehicles that fail to come are enough. Shares, usual
    inflow from elsewhere and φ are learnt with a time constant of 15 min, while the link is quiet.

    Parameters
    ----------
    gate_m : ndarray of float64, by link
        Distance of the place of counting from the stop line.
    """

    def __init__(self, network: Network, shape: Shape, gate_m: NDArray[np.float64]) -> None:
        f = find_feeders(network, shape, gate_m)
        self._movement, self._link, self._share = f.movement, f.link, f.share
        self._first, self._last = f.first, f.last
        n = self._n = len(shape.edge)
        self._lanes = np.maximum(np.bincount(shape.link_of, weights=shape.is_stop, minlength=n), 1)
        self._sent = np.zeros((_RING_S, len(network.movements)))
        self._could, self._came, self._left = (np.zeros((_RING_S, n)) for _ in range(3))
        self._held_s = np.zeros(n)
        self._mean_in, self._mean_sent, self._mean_left = np.zeros(n), np.zeros(n), np.zeros(n)
        self._all_in = np.zeros(n)
        self._spread_sum, self._spread_n = np.full(n, _SPREAD_PRIOR * _SPREAD_USUAL), np.full(n, _SPREAD_PRIOR)
        self._age_s, self._step = 0.0, 0
        self._last_must, self._must_now = np.zeros(n), np.zeros(n)
        self.missing = np.zeros(n)

    def update(
        self, s: Signs, left: NDArray[np.float64], held: NDArray[np.bool_], before: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Return by link the evidence that vehicles are overdue; steps are taken to be one second long.

        Parameters
        ----------
        left : ndarray of float64, by link
            Vehicles that left it over its stop lines in this step.
        held : ndarray of bool, by link
            Whether a queue stands over the place of counting: then nobody can come in, whatever was sent.
        before : ndarray of float64, by link
            The evidence of the step before: little of it, and what comes is learnt as usual; how much what comes
            varies is learnt up to more of it, or chance would be taken for an incident.
        """
        now, n = self._step % _RING_S, self._n
        last = (self._step - 1) % _RING_S
        self._sent[now] = self._sent[last] + s.passed
        self._came[now] = self._came[last] + s.arrived
        self._left[now] = self._left[last] + left
        could = self._sum(now - self._first)
        must = self._sum(now - self._last)
        self._could[now], self._must_now = could, must
        self._held_s = np.where(held, 0.0, self._held_s + s.dt_s)
        self._learn(s, must, left, (before < _QUIET) & ~held, before < _ODD)
        self._step += 1
        self._age_s += s.dt_s
        best, self.missing = np.zeros(n), np.zeros(n)
        if self._age_s < _LEARNING_S:
            return best
        ratio, others, spread = self._usual()
        thinned = np.maximum(_LEAST_SPREAD, 1.0 - ratio)  # of those sent, each comes here by chance
        blind = self._all_in < _COUNTED * self._mean_left  # many come by ways on which nobody counts
        for window in _WINDOWS_S:
            then = (now - window) % _RING_S
            sent = _CAUTION * ratio * np.maximum(must - self._could[then], 0.0)
            rest = _CAUTION * others * window * (window >= _OTHERS_FROM_S)
            due = sent + rest
            least = (thinned * sent + _OTHERS_SPREAD * rest) / np.maximum(due, 1e-9)
            left_w = self._left[now] - self._left[then] - _STORED_VEHICLES * self._lanes
            came = np.maximum(self._came[now] - self._came[then], left_w)
            rho = np.clip(came / np.maximum(due, 1e-9), _LEAST_LEFT, 1.0)
            gain = (came * np.log(rho) + (1.0 - rho) * due) / np.maximum(spread, least)
            gain[(rho > _MOST_LEFT) | (self._held_s < window) | blind] = 0.0
            better = gain > best
            best = np.where(better, gain, best)
            self.missing = np.where(better, due - came, self.missing)
        return best

    def _sum(self, step: NDArray[np.int64]) -> NDArray[np.float64]:
        sent = self._sent[step % _RING_S, self._movement] * self._share
        return np.bincount(self._link, sent, self._n).astype(np.float64)

    def _usual(self) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        ratio = np.clip(self._mean_in / np.maximum(self._mean_sent, 1e-6), 0.0, 1.0)
        others = np.maximum(self._mean_in - ratio * self._mean_sent, 0.0)
        return ratio, others, np.minimum(self._spread_sum / self._spread_n, _MOST_SPREAD)

    def _learn(
        self,
        s: Signs,
        must: NDArray[np.float64],
        left: NDArray[np.float64],
        trusted: NDArray[np.bool_],
        bounded: NDArray[np.bool_],
    ) -> None:
        pace = np.where(trusted, s.dt_s / min(self._age_s + s.dt_s, _MEMORY_S), 0.0)
        self._mean_in += pace * (s.arrived / s.dt_s - self._mean_in)
        self._mean_sent += pace * (np.maximum(must - self._last_must, 0.0) / s.dt_s - self._mean_sent)
        self._last_must = must
        slowly = s.dt_s / min(self._age_s + s.dt_s, _MEMORY_S)
        self._mean_left += slowly * (left / s.dt_s - self._mean_left)
        self._all_in += slowly * (s.arrived / s.dt_s - self._all_in)
        if self._step % _SPREAD_WINDOW_S or self._age_s < _LEARNING_S / 2:
            return
        for window in (_SPREAD_WINDOW_S, _LULL_WINDOW_S):
            self._learn_spread(must, bounded, window)

    def _learn_spread(self, must: NDArray[np.float64], bounded: NDArray[np.bool_], window: int) -> None:
        now, then = self._step % _RING_S, (self._step - window) % _RING_S
        ratio, others, _ = self._usual()
        due = ratio * np.maximum(must - self._could[then], 0.0) + others * window
        short = np.maximum(due - (self._came[now] - self._came[then]), 0.0)  # too few; more than must come is no sign
        usable = bounded & (self._held_s >= window) & (due > 1.0)
        # a lack that goes on may be an incident: it must not be taken for the usual spread for long
        sample = np.minimum(2.0 * short**2 / np.maximum(due, 1e-9), _MOST_SAMPLE)
        fade = np.where(usable, 1.0 - _SPREAD_WINDOW_S / (4 * _MEMORY_S), 1.0)
        self._spread_sum = self._spread_sum * fade + np.where(usable, sample, 0.0)
        self._spread_n = self._spread_n * fade + usable
