"""A place at which nobody comes any more, although somebody must: what a blocked road looks like from downstream."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from citybrain.detection.incidents.inflow import Inflow

_MARKS = 4
_LEARNING_S = 480.0
_SHORT, _QUIET = 3.0, 10.0
_FROM, _MOST_SAMPLE, _PRIOR_N, _PRIOR = 1.0, 5.0, 12.0, 1.0
_ONE_SLOW_NATS = 4.3
"""−ln of the share of vehicles that are slower than the slowest who are waited for (1.3 %)."""
_LEAST_SCALE, _MOST_SCALE = 1.0, 5.0


class Silence:
    """The chance that nobody comes for so long, in nats, since the last one who came (and since the three before him).

    Of those whom feeder *f* sent each comes here with the chance p_f: after the slowest of *n* should have come, and
    nobody has, the evidence is −n ln(1 − p_f); but no more than 4.3 nats until half as much time again is over, for one slow
    driver holds up all behind him. Others come from elsewhere, *a* of them known in the time *b*: for their
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
        self._could_at, self._since_s, self._strays = (np.zeros((_MARKS, n)) for _ in range(3))
        self._excess, self._n_excess = np.full(n, _PRIOR_N * _PRIOR), np.full(n, _PRIOR_N)
        self._raw = np.zeros(n)

    def update(
        self,
        inflow: Inflow,
        came: NDArray[np.float64],
        held: NDArray[np.bool_],
        usual: NDArray[np.bool_],
    ) -> NDArray[np.float64]:
        """Return the evidence by link, and let ``inflow`` learn from silences that are over; once a second.

        Parameters
        ----------
        came : ndarray of float64, by link
            Vehicles that came to the place.
        held : ndarray of bool, by link
            Whether a queue stands over the place: then nobody can come, whatever was sent.
        usual : ndarray of bool, by link
            Whether nothing else tells of an incident.
        """
        peak = self._raw
        learning = inflow.age_s < _LEARNING_S
        self._shift(came, inflow, held | learning)
        over = (came > 0) | held | (peak < _SHORT)
        inflow.learn(over, (peak < _QUIET) & ~held & usual)
        sample = (came > 0) & (peak > _FROM)
        self._excess += np.where(sample, np.minimum(peak - _FROM, _MOST_SAMPLE), 0.0)
        self._n_excess += sample
        if learning:
            return np.zeros(self._n)
        due = np.maximum(inflow.must_nats - self._could_at, 0.0)
        surely = np.maximum(inflow.surely_nats - self._could_at, 0.0)
        silent = np.minimum(due, _ONE_SLOW_NATS + surely) - self._strays
        if self._others:
            known_s = inflow.others_known_s
            silent += inflow.others_vps * known_s * np.log1p(self._since_s / known_s)
        self._raw = np.where(inflow.blind, 0.0, np.maximum(silent.max(axis=0), 0.0))
        return np.asarray(self._raw / np.clip(self._excess / self._n_excess, _LEAST_SCALE, _MOST_SCALE))

    def _shift(self, came: NDArray[np.float64], inflow: Inflow, held: NDArray[np.bool_]) -> None:
        """Begin anew for each who came, and while a queue stands."""
        could, nothing = inflow.could_nats, np.zeros(self._n)
        marks = (self._could_at, self._since_s, self._strays)
        self._since_s += 1.0
        self._strays += inflow.stray_nats
        for k in range(1, _MARKS + 1):
            who = came >= k
            if not who.any():
                break
            for mark, anew in zip(marks, (could, nothing, nothing), strict=True):
                mark[1:, who] = mark[:-1, who]
                mark[0, who] = anew[who]
        for mark, anew in zip(marks, (could, nothing, nothing), strict=True):
            mark[:, held] = anew[held]
