"""A gradient-boosted classifier on published features: a peer that learns. ``citybrain train-detector`` makes its model."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from citybrain.detection.incidents.features import NAMES, LinkFeatures
from citybrain.detection.incidents.link_signs import LinkSigns, Signs
from citybrain.errors import InputError
from citybrain.network.model import Network

MODEL = Path(__file__).with_name("boosted.npz")


class Trees:
    """Boosted regression trees (Friedman 2001, Annals of Statistics 29) as flat arrays.

    Attributes
    ----------
    feature, left, right : ndarray of int32, all nodes of all trees
        ``feature`` is -1 at a leaf.
    threshold, value : ndarray of float64
    roots : ndarray of int32
    start : float
        Log-odds before any tree.
    """

    def __init__(self, path: Path) -> None:
        try:
            with np.load(path, allow_pickle=False) as data:
                self.feature, self.left, self.right = data["feature"], data["left"], data["right"]
                self.threshold, self.value = data["threshold"], data["value"]
                self.roots, self.start, names = data["roots"], float(data["start"]), tuple(data["names"].tolist())
        except (OSError, KeyError, ValueError) as error:
            raise InputError(f"{path}: cannot be read as a detector's model ({error}); train it again") from None
        if names != NAMES:
            raise InputError(f"{path}: trained on other features than this version has; train it again")

    def log_odds(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the log-odds of an incident for each row of features."""
        n = len(rows)
        at = np.broadcast_to(self.roots, (n, len(self.roots))).copy()
        row = np.arange(n)[:, None]
        while True:
            inner = self.feature[at] >= 0
            if not inner.any():
                break
            goes_left = rows[row, np.maximum(self.feature[at], 0)] <= self.threshold[at]
            at = np.where(inner, np.where(goes_left, self.left[at], self.right[at]), at)
        return np.asarray(self.start + self.value[at].sum(axis=1))


@cache
def _shipped() -> Trees:
    return Trees(MODEL)


class Boosted:
    """The log-odds of the classifier, each half minute; negative ones are 0."""

    threshold = 4.0

    def __init__(self, network: Network, links: LinkSigns, trees: Trees | None = None) -> None:
        self._links, self._features = links, LinkFeatures(network, links)
        self._trees = trees or _shipped()
        self._score = np.zeros(len(links.edge))

    def update(self, signs: Signs) -> NDArray[np.float64]:
        """Return the score of every link."""
        rows = self._features.update(signs)
        if rows is not None:
            # of training data in which incidents weigh half; what is rarer in a city needs a higher threshold
            self._score = np.maximum(self._trees.log_odds(rows), 0.0)
        return self._score

    def lane_scores(self) -> NDArray[np.float64]:
        """Return the link's score for each of its lanes."""
        return np.asarray(self._score[self._links.link_of])

    def distance_m(self) -> NDArray[np.float64]:
        """Return NaN: links are told alone."""
        return np.full(len(self._score), np.nan)
