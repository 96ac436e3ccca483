"""A link on which nobody comes in any more, although somebody must: what a blocked road looks like from downstream."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from citybrain.detection.incidents.feeders import RING_S, find_feeders
from citybrain.detection.incidents.link_signs import Signs
from citybrain.detection.incidents.shape import Shape
from citybrain.network.model import Network

_MARKS = 4
_STRAY = 3.5
"""Evidence that one who comes takes away: ln(1/0.03), for he may have set out beyond the place."""
_MEMORY_S, _LEARNING_S = 900.0, 480.0
_SUREST = 0.95
"""Of those who were counted upstream, the most that are believed to come: loops miscount, and some arrive on the road."""
_SHORT, _QUIET = 3.0, 10.0
_DRIVEN_BY_S = 15.0
_COUNTED = 0.75
_LEAKS = 2.0
_FROM, _MOST_SAMPLE, _PRIOR_N, _PRIOR = 1.0, 5.0, 12.0, 1.0
_LEAST_SCALE, _MOST_SCALE = 0.7, 5.0


class Silence:
    """The chance that nobody comes for so long, in nats, since the last one who came (and since the three before him).

    Of those who were counted into the road by movement *m* each comes here with the chance *p*: after the slowest of *n*
    should have come, and nobody has, the evidence is −n ln(1 − p). Others come from elsewhere at a rate λ that is
    known from *a* of them in the time *b*: for their silence of *t* it is a ln(1 + t/b), the predictive distribution of
    a Poisson count with a Gamma posterior. How long silences of a link really are, whatever the reason, is learnt from
    those that ended: above 1 they must have a mean excess of 1; evidence is divided by the excess that they have.

    Parameters
    ----------
    gate_m : ndarray of float64, by link
        Distance of the place of counting from the stop line.
    """

    def __init__(self, network: Network, shape: Shape, gate_m: NDArray[np.float64]) -> None:
        f = self._f = find_feeders(network, shape, gate_m)
        n = self._n = len(shape.edge)
        self._rows = np.arange(len(f.link))
        self._sent = np.zeros((RING_S, len(f.link)))
        self._weight = np.zeros((RING_S, len(f.link)))
        self._could_at, self._since_s = np.zeros((_MARKS, n)), np.zeros((_MARKS, n))
        self._mean_in, self._mean_sent, self._last_must = np.zeros(n), np.zeros(n), np.zeros(n)
        self._pending_in, self._pending_sent, self._pending_s = np.zeros(n), np.zeros(n), np.zeros(n)
        self._all_in, self._all_left = np.zeros(n), np.zeros(n)
        self._empty, self._leaked = np.zeros(n, np.bool_), np.zeros(n)
        self._excess, self._n_excess = np.full(n, _PRIOR_N * _PRIOR), np.full(n, _PRIOR_N)
        self._age_s, self._step = 0.0, 0
        self._raw = np.zeros(n)

    def update(
        self, s: Signs, left: NDArray[np.float64], held: NDArray[np.bool_], empty: NDArray[np.bool_]
    ) -> NDArray[np.float64]:
        """Return the evidence by link; steps are taken to be one second long.

        Parameters
        ----------
        left : ndarray of float64, by link
            Vehicles that left it over its stop lines in this step.
        held : ndarray of bool, by link
            Whether a queue stands over the place of counting: then nobody can come in, whatever was sent.
        empty : ndarray of bool, by link
            Whether nobody has been at its stop lines for a while: who leaves after that must have come in.
        """
        f, n = self._f, self._n
        now, last = self._step % RING_S, (self._step - 1) % RING_S
        passed = s.passed[f.movement]
        chance = np.minimum(self._ratio()[f.link] * f.share, _SUREST)
        each = np.maximum(np.ceil(passed), 1.0)
        self._sent[now] = self._sent[last] + passed * f.share
        self._weight[now] = self._weight[last] - each * np.log1p(-np.minimum(chance * passed / each, _SUREST))
        must, could = self._of(self._weight, now - f.last), self._of(self._weight, now - f.first)
        came = s.arrived + self._leaks(s, left, empty)
        peak = self._raw
        self._shift(came, could, held)
        self._learn(s, came, left, self._of(self._sent, now - f.last), held, peak)
        self._step += 1
        self._age_s += s.dt_s
        if self._age_s < _LEARNING_S:
            return np.zeros(n)
        known_s = min(self._age_s, _MEMORY_S)
        others = np.maximum(self._mean_in - self._ratio() * self._mean_sent, 0.0) * known_s
        silent = np.maximum(must - self._could_at, 0.0) + others * np.log1p(self._since_s / known_s)
        silent -= _STRAY * np.arange(_MARKS)[:, None]
        blind = self._all_in < _COUNTED * self._all_left  # many come by ways on which nobody counts
        self._raw = np.where(blind, 0.0, np.maximum(silent.max(axis=0), 0.0))
        return np.asarray(self._raw / np.clip(self._excess / self._n_excess, _LEAST_SCALE, _MOST_SCALE))

    def _of(self, ring: NDArray[np.float64], step: NDArray[np.int64]) -> NDArray[np.float64]:
        return np.bincount(self._f.link, ring[step % RING_S, self._rows], self._n).astype(np.float64)

    def _ratio(self) -> NDArray[np.float64]:
        return np.asarray(np.clip(self._mean_in / np.maximum(self._mean_sent, 1e-6), 0.0, 1.0))

    def _leaks(self, s: Signs, left: NDArray[np.float64], empty: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Return those who leave although nobody was there and nobody was counted in: the loops upstream fail."""
        came = s.arrived > 0
        self._empty = (self._empty | (empty & (self._since_s[0] >= _DRIVEN_BY_S))) & ~came
        self._leaked = np.where(came, 0.0, self._leaked + np.where(self._empty, left, 0.0))
        leaks = self._leaked >= _LEAKS
        self._leaked[leaks] = 0.0
        return np.where(leaks, 1.0, 0.0)

    def _shift(self, came: NDArray[np.float64], could: NDArray[np.float64], held: NDArray[np.bool_]) -> None:
        """Begin anew for each who came, and while a queue stands."""
        self._since_s += 1.0
        for k in range(1, _MARKS + 1):
            who = came >= k
            if not who.any():
                break
            for marks, value in ((self._could_at, could), (self._since_s, np.zeros(self._n))):
                marks[1:, who] = marks[:-1, who]
                marks[0, who] = value[who]
        self._could_at[:, held] = could[held]
        self._since_s[:, held] = 0.0

    def _learn(
        self,
        s: Signs,
        came: NDArray[np.float64],
        left: NDArray[np.float64],
        must: NDArray[np.float64],
        held: NDArray[np.bool_],
        peak: NDArray[np.float64],
    ) -> None:
        memory_s = min(self._age_s + s.dt_s, _MEMORY_S)
        slowly = s.dt_s / memory_s
        self._pending_in += s.arrived
        self._pending_sent += np.maximum(must - self._last_must, 0.0)
        self._pending_s += s.dt_s
        self._last_must = must
        # a long silence counts when it is over: a road that is blocked must not come to seem a quiet one
        ended = (came > 0) | held | (self._raw < _SHORT)
        pace = np.where(ended & (peak < _QUIET), 1.0 - np.exp(-self._pending_s / memory_s), 0.0)
        self._mean_in += pace * (self._pending_in / self._pending_s - self._mean_in)
        self._mean_sent += pace * (self._pending_sent / self._pending_s - self._mean_sent)
        for pending in (self._pending_in, self._pending_sent, self._pending_s):
            pending[ended] = 0.0
        self._all_left += slowly * (left / s.dt_s - self._all_left)
        self._all_in += slowly * (s.arrived / s.dt_s - self._all_in)
        sample = (came > 0) & (peak > _FROM)
        self._excess += np.where(sample, np.minimum(peak - _FROM, _MOST_SAMPLE), 0.0)
        self._n_excess += sample
