"""On which side people drive, told from the map itself.

Two things of a map tell: traffic goes round a roundabout clockwise where people
drive on the left; and on a dual carriageway the oncoming one lies to the right
of the driver there. Ways of OpenStreetMap run in the direction of travel.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

MAIN_ROADS = frozenset({"motorway", "trunk", "primary", "secondary", "tertiary"})
"""Classes of road whose one-way ways are worth looking at as carriageways."""

_AGREE = 0.8
_STEP_M = 15.0
_LEAST_APART_M, _MOST_APART_M = 4.0, 35.0
_LEAST_PAIRS = 3
_METRES_PER_DEGREE = 111_320.0
Line = Sequence[tuple[float, float]]
"""Longitudes and latitudes, degrees, in the direction of travel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SideSigns:
    """Roundabouts and dual carriageways by the side of driving they speak for."""

    left_roundabouts: int = 0
    right_roundabouts: int = 0
    left_carriageways: int = 0
    right_carriageways: int = 0

    @property
    def left(self) -> int:
        """Signs of driving on the left."""
        return self.left_roundabouts + self.left_carriageways

    @property
    def right(self) -> int:
        """Signs of driving on the right."""
        return self.right_roundabouts + self.right_carriageways


@dataclass(frozen=True, slots=True, kw_only=True)
class DrivingSide:
    """On which side people drive, and how that is known."""

    left_hand: bool
    basis: str


def driving_side(signs: SideSigns, asked: bool | None) -> DrivingSide:  # noqa: FBT001
    """Return the driving side: as asked, else as the map tells, else right."""
    total = signs.left + signs.right
    left_hand = signs.left > signs.right
    agreeing = max(signs.left, signs.right)
    if asked is not None:
        doubt = f", although {agreeing} of {total} roundabouts and dual carriageways say the other"
        return DrivingSide(left_hand=asked, basis="as asked" + (doubt if total and left_hand != asked else ""))
    if not total:
        return DrivingSide(
            left_hand=False, basis="assumed: no roundabout or dual carriageway in the extract tells; see --left-hand"
        )
    if agreeing < _AGREE * total:
        return DrivingSide(
            left_hand=False,
            basis=f"assumed: of {total} roundabouts and dual carriageways {signs.left} say left; see --left-hand",
        )
    return DrivingSide(left_hand=left_hand, basis=f"{agreeing} of {total} roundabouts and dual carriageways say so")


def side_signs(roundabouts: Iterable[Line], streets: Iterable[Sequence[Line]]) -> SideSigns:
    """Count the signs.

    Parameters
    ----------
    roundabouts : iterable of Line
        Rings or arcs.
    streets : iterable of sequence of Line
        The one-way ways of each street.
    """
    turns = [_signed_area(ring) for ring in roundabouts if len(ring) > 2]
    leans = [_oncoming_side(street) for street in streets]
    return SideSigns(
        left_roundabouts=sum(turn < 0 for turn in turns),
        right_roundabouts=sum(turn > 0 for turn in turns),
        left_carriageways=sum(lean < 0 for lean in leans),
        right_carriageways=sum(lean > 0 for lean in leans),
    )


def _signed_area(ring: Line) -> float:
    """Twice the area inside a line and the chord that closes it, more than 0 where it runs anticlockwise."""
    lon, lat = ring[0]  # small numbers keep their digits
    near = [(x - lon, y - lat) for x, y in (*ring, ring[0])]
    return math.fsum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise(near))


def _oncoming_side(street: Sequence[Line]) -> int:
    """Return 1 where the oncoming carriageway lies on the left, -1 on the right, 0 where none tells clearly."""
    points, headings = _samples(street)
    if len(points) < 2:
        return 0
    pairs = cKDTree(points).query_pairs(_MOST_APART_M, output_type="ndarray")
    if not len(pairs):
        return 0
    a, b = pairs.T
    opposite = np.sum(headings[a] * headings[b], axis=1) < -0.9
    between = points[b] - points[a]
    aside_m = headings[a, 0] * between[:, 1] - headings[a, 1] * between[:, 0]
    abreast = np.abs(np.sum(headings[a] * between, axis=1)) < _STEP_M
    sides = np.sign(aside_m[opposite & abreast & (np.abs(aside_m) > _LEAST_APART_M)])
    if len(sides) < _LEAST_PAIRS or abs(sides.mean()) < _AGREE:
        return 0
    return int(np.sign(sides.mean()))


def _samples(street: Sequence[Line]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return points every few metres along the ways of a street, and the heading at each, metres."""
    points, headings = [np.empty((0, 2))], [np.empty((0, 2))]
    latitude = next((line[0][1] for line in street), 0.0)  # one scale for all ways, or they would drift apart
    scale = _METRES_PER_DEGREE * np.array([math.cos(math.radians(latitude)), 1.0])
    for line in street:
        for start, end in pairwise(np.asarray(line) * scale):
            length_m = float(np.hypot(*(end - start)))
            if length_m > 0:
                shares = (np.arange(max(1, round(length_m / _STEP_M))) + 0.5) / max(1, round(length_m / _STEP_M))
                points.append(start + shares[:, None] * (end - start))
                headings.append(np.tile((end - start) / length_m, (len(shares), 1)))
    return np.vstack(points), np.vstack(headings)
