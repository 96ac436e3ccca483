"""Who is overdue: what junctions upstream sent must come in downstream, within the time that the road takes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from citybrain.detection.incidents.feeders import RING_S
from citybrain.detection.incidents.inflow import Inflow
from citybrain.detection.incidents.shape import Shape

_WINDOWS_S = (60, 90, 120, 180, 240, 360)
_OTHERS_FROM_S = 90
"""Others come in platoons of signals that are not known: only over a cycle are they steady."""
_MEMORY_S = 900.0
_LEARNING_S = 480.0
_CAUTION = 0.9
_LEAST_LEFT, _MOST_LEFT = 0.03, 0.6
_SPREAD_WINDOW_S, _LULL_WINDOW_S = 60, 180
_SPREAD_PRIOR, _SPREAD_USUAL = 10.0, 0.8
_LEAST_SPREAD, _MOST_SPREAD = 0.5, 8.0
_OTHERS_SPREAD = 1.25
_STORED_VEHICLES = 7.0
_ODD = 7.0
_MOST_SAMPLE = 4.0


class Overdue:
    """A scan statistic of arrivals against those that must have come.

    In the window (t − w, t] at least as many must have arrived as the slowest of those sent until now, less the fastest of
    those sent until t − w. With μ expected so, and *n* arrived,

        LLR = (n ln ρ + (1 − ρ) μ) / φ,   ρ = n / μ within its bounds

    is the log-likelihood ratio of a Poisson count that an incident leaves a share ρ of, with the
    dispersion φ (quasi-likelihood, Wedderburn 1974, Biometrika 61) that the link itself has shown: where counts
    upstream tell nearly all, φ is far below 1, and few vehicles that fail to come are enough. φ is learnt with a time
    constant of an hour, while the link is quiet.
    """

    def __init__(self, shape: Shape) -> None:
        n = self._n = len(shape.edge)
        self._lanes = np.maximum(np.bincount(shape.link_of, weights=shape.is_stop, minlength=n), 1)
        self._could, self._came, self._left = (np.zeros((RING_S, n)) for _ in range(3))
        self._held_s = np.zeros(n)
        self._spread_sum, self._spread_n = np.full(n, _SPREAD_PRIOR * _SPREAD_USUAL), np.full(n, _SPREAD_PRIOR)
        self._step = 0

    def update(
        self,
        inflow: Inflow,
        came: NDArray[np.float64],
        left: NDArray[np.float64],
        held: NDArray[np.bool_],
        before: NDArray[np.float64],
    ) -> NDArray[np.float64]:
        """Return by link the evidence that vehicles are overdue, once a second.

        Parameters
        ----------
        came, left : ndarray of float64, by link
            Vehicles that came in, and that left it over its stop lines, in this step.
        held : ndarray of bool, by link
            Whether a queue stands over the place of counting: then nobody can come in, whatever was sent.
        before : ndarray of float64, by link
            The evidence of the step before: up to how much of it what comes is taken to vary by chance.
        """
        now, last = self._step % RING_S, (self._step - 1) % RING_S
        self._came[now] = self._came[last] + came
        self._left[now] = self._left[last] + left
        self._could[now] = inflow.could
        self._held_s = np.where(held, 0.0, self._held_s + 1.0)
        self._step += 1
        if self._step % _SPREAD_WINDOW_S == 0 and inflow.age_s >= _LEARNING_S / 2:
            for window in (_SPREAD_WINDOW_S, _LULL_WINDOW_S):
                self._learn_spread(inflow, before < _ODD, now, window)
        best = np.zeros(self._n)
        if inflow.age_s < _LEARNING_S:
            return best
        others, spread = inflow.others_vps, np.minimum(self._spread_sum / self._spread_n, _MOST_SPREAD)
        thinned = np.maximum(_LEAST_SPREAD, 1.0 - inflow.share)  # of those sent, each comes here by chance
        for window in _WINDOWS_S:
            then = (now - window) % RING_S
            sent = _CAUTION * np.maximum(inflow.must - self._could[then], 0.0)
            rest = _CAUTION * others * window * (window >= _OTHERS_FROM_S)
            due = sent + rest
            least = (thinned * sent + _OTHERS_SPREAD * rest) / np.maximum(due, 1e-9)
            left_w = self._left[now] - self._left[then] - _STORED_VEHICLES * self._lanes
            arrived = np.maximum(self._came[now] - self._came[then], left_w)
            rho = np.clip(arrived / np.maximum(due, 1e-9), _LEAST_LEFT, 1.0)
            gain = (arrived * np.log(rho) + (1.0 - rho) * due) / np.maximum(spread, least)
            gain[(rho > _MOST_LEFT) | (self._held_s < window) | inflow.blind] = 0.0
            best = np.maximum(best, gain)
        return best

    def _learn_spread(self, inflow: Inflow, bounded: NDArray[np.bool_], now: int, window: int) -> None:
        then = (now - window) % RING_S
        due = np.maximum(inflow.must - self._could[then], 0.0) + inflow.others_vps * window
        short = np.maximum(due - (self._came[now] - self._came[then]), 0.0)  # too few; more than must come is no sign
        usable = bounded & (self._held_s >= window) & (due > 1.0)
        # a lack that goes on may be an incident: it must not be taken for the usual spread for long
        sample = np.minimum(2.0 * short**2 / np.maximum(due, 1e-9), _MOST_SAMPLE)
        fade = np.where(usable, 1.0 - _SPREAD_WINDOW_S / (4 * _MEMORY_S), 1.0)
        self._spread_sum = self._spread_sum * fade + np.where(usable, sample, 0.0)
        self._spread_n = self._spread_n * fade + usable
