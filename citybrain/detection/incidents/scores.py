"""The seam of incident detection: a detector turns the signs of a step into a score for every link."""

from __future__ import annotations

from collections.abc import Sequence
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


class Either:
    """Detectors of the same links, each with sensors of its own: an incident is what any of them reports.

    False alarms of the parts add up.

    Parameters
    ----------
    parts : sequence of Scorer
        One or more, of the same kind.
    """

    def __init__(self, parts: Sequence[Scorer]) -> None:
        self._parts = tuple(parts)
        self._scores: list[NDArray[np.float64]] = []

    @property
    def threshold(self) -> float:
        """Score of an alarm."""
        return self._parts[0].threshold

    def update(self, scores: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
        """Take in what the parts make of a step, in their order; return the score of every link."""
        self._scores = list(scores)
        return np.asarray(np.maximum.reduce(self._scores))

    def lane_scores(self) -> NDArray[np.float64]:
        """Return the score of every stop lane."""
        return np.asarray(np.maximum.reduce([part.lane_scores() for part in self._parts]))

    def distance_m(self) -> NDArray[np.float64]:
        """Return by link the place that the surest of those gives who know one; NaN where nobody does."""
        places = np.array([part.distance_m() for part in self._parts])
        sure = np.where(np.isnan(places), -1.0, np.array(self._scores))
        return np.asarray(np.take_along_axis(places, sure.argmax(axis=0)[None], axis=0)[0])
