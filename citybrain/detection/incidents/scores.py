"""The seam of incident detection: a detector turns the signs of a step into a score for every link."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from citybrain.detection.incidents.link_signs import Signs


class Scorer(Protocol):
    """A streaming detector. An alarm is a score that reaches ``threshold``.

    Attributes
    ----------
    threshold : float
        The one it is used with; the trade-off curve goes over others.
    """

    threshold: float

    def update(self, signs: Signs) -> NDArray[np.float64]:
        """Return the score of every link after one more step."""

    def lane_scores(self) -> NDArray[np.float64]:
        """Return the score of every stop lane, as far as it is told apart; that of its link otherwise."""

    def distance_m(self) -> NDArray[np.float64]:
        """Return by link where the cause seems to lie, from the stop line; NaN where unknown."""
