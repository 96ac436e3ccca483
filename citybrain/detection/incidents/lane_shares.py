"""Who should have come on each lane: its usual share of those on the link."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from citybrain.detection.incidents.link_signs import LinkSigns, Signs

_MEMORY_VEHICLES = 150.0
_LEARNING_VEHICLES = 60.0
_CAUTION = 0.8


class LaneShares:
    """A CUSUM of a lane's count against its share of the link's, where loops count lane by lane.

    Parameters
    ----------
    left : float
        Share of its usual count that a blocked lane keeps: some come back to it behind the place.
    """

    def __init__(self, links: LinkSigns, *, left: float) -> None:
        self._links, self._left = links, left
        self._share, self._heard = np.zeros(len(links.lane)), np.zeros(len(links.lane))

    def gain(self, s: Signs, *, trusted: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Return by watched lane the log-likelihood ratio of one step; shares are learnt where ``trusted``."""
        came = np.where(s.has_gate, np.nan_to_num(s.gate_count), 0.0)
        link = self._links.link_of
        total = np.bincount(link, weights=came, minlength=len(self._links.edge))[link]
        self._heard += np.where(s.has_gate, total, 0.0)
        due = np.where(self._heard > _LEARNING_VEHICLES, _CAUTION * self._share * total, 0.0)
        gain = np.where(due > 0, (1.0 - self._left) * due, 0.0) + came * np.log(self._left)
        known = np.minimum(np.maximum(self._heard, 1.0), _MEMORY_VEHICLES)
        learnt = trusted & (total > 0) & s.has_gate
        self._share += np.where(learnt, (came - self._share * total) / known, 0.0)
        return np.asarray(gain)
