"""A place at which nobody comes any more, although somebody must: what a blocked road looks like from downstream."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from citybrain.detection.incidents.inflow import Inflow

_MARKS = 4
_STRAY = 3.5
"""Evidence that one who comes takes away: ln(1/0.03), for he may have set out beyond the place."""
_LEARNING_S = 480.0
_SHORT, _QUIET = 3.0, 10.0
_DRIVEN_BY_S = 15.0
_LEAKS = 2.0
_FROM, _MOST_SAMPLE, _PRIOR_N, _PRIOR = 1.0, 5.0, 12.0, 1.0
_LEAST_SCALE, _MOST_SCALE = 0.7, 5.0


class Silence:
    """The chance that nobody comes for so long, in nats, since the last one who came (and since the three before him).

    Of those whom feeder *f* sent each comes here with the chance p_f: after the slowest of *n* should have come, and
    nobody has, the evidence is −n ln(1 − p_f). Others come from elsewhere, *a* of them known in the time *b*: for their
    silence of *t* it is a ln(1 + t/b), the predictive distribution of a Poisson count with a Gamma posterior.
    How long silences of a link really are, whatever the reason, is learnt from those that ended: above 1 they must have a
    mean excess of 1; evidence is divided by the excess that they have.

    Parameters
    ----------
    others : bool
        Whether the silence of those from elsewhere counts.
    """

    def __init__(self, n_links: int, *, others: bool = True) -> None:
        n = self._n = n_links
        self._others = others
        self._could_at, self._since_s = np.zeros((_MARKS, n)), np.zeros((_MARKS, n))
        self._empty, self._leaked = np.zeros(n, np.bool_), np.zeros(n)
        self._excess, self._n_excess = np.full(n, _PRIOR_N * _PRIOR), np.full(n, _PRIOR_N)
        self._raw = np.zeros(n)

    def update(
        self,
        inflow: Inflow,
        came: NDArray[np.float64],
        left: NDArray[np.float64],
        held: NDArray[np.bool_],
        empty: NDArray[np.bool_],
        usual: NDArray[np.bool_],
    ) -> NDArray[np.float64]:
        """Return the evidence by link, and let ``inflow`` learn from silences that are over; once a second.

        Parameters
        ----------
        came, left : ndarray of float64, by link
            Vehicles that came to the place, and that left the link over its stop lines.
        held : ndarray of bool, by link
            Whether a queue stands over the place: then nobody can come, whatever was sent.
        empty : ndarray of bool, by link
            Whether nobody has been at its stop lines for a while: who leaves after that must have come in.
        usual : ndarray of bool, by link
            Whether nothing else tells of an incident.
        """
        signs_of_life = came + self._leaks(came, left, empty)
        peak = self._raw
        self._shift(signs_of_life, inflow.could_nats, held)
        over = (signs_of_life > 0) | held | (peak < _SHORT)
        inflow.learn(over, (peak < _QUIET) & ~held & usual)
        sample = (signs_of_life > 0) & (peak > _FROM)
        self._excess += np.where(sample, np.minimum(peak - _FROM, _MOST_SAMPLE), 0.0)
        self._n_excess += sample
        if inflow.age_s < _LEARNING_S:
            return np.zeros(self._n)
        silent = np.maximum(inflow.must_nats - self._could_at, 0.0) - _STRAY * np.arange(_MARKS)[:, None]
        if self._others:
            known_s = inflow.others_known_s
            silent += inflow.others_vps * known_s * np.log1p(self._since_s / known_s)
        self._raw = np.where(inflow.blind, 0.0, np.maximum(silent.max(axis=0), 0.0))
        return np.asarray(self._raw / np.clip(self._excess / self._n_excess, _LEAST_SCALE, _MOST_SCALE))

    def _leaks(
        self, came: NDArray[np.float64], left: NDArray[np.float64], empty: NDArray[np.bool_]
    ) -> NDArray[np.float64]:
        """Return those who leave although nobody was there and nobody was counted in: the loops upstream fail."""
        self._empty = (self._empty | (empty & (self._since_s[0] >= _DRIVEN_BY_S))) & ~(came > 0)
        self._leaked = np.where(came > 0, 0.0, self._leaked + np.where(self._empty, left, 0.0))
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
