"""Where cameras go when there are fewer than approaches."""

from __future__ import annotations

import numpy as np
import pytest

from citybrain.detection import make_sensors
from citybrain.detection.approaches import Approaches
from citybrain.detection.camera_places import place_cameras
from citybrain.errors import InputError
from citybrain.network.synthetic import grid_network

GRID = grid_network(3, 3, lanes=2)
APPROACHES = Approaches(GRID)


def junctions(edges):
    lanes = np.flatnonzero(APPROACHES.is_stop & np.isin(APPROACHES.edge, edges))
    return set(APPROACHES.junction[lanes].tolist())


def test_every_junction_gets_one_before_any_gets_two():
    assert len(junctions(place_cameras(GRID, APPROACHES, 9))) == 9
    placed = place_cameras(GRID, APPROACHES, 14)
    assert (len(np.unique(placed)), len(junctions(placed))) == (14, 9)


def test_more_cameras_keep_the_places_of_fewer():
    few, many = (set(place_cameras(GRID, APPROACHES, n).tolist()) for n in (9, 20))
    assert few < many


def test_as_many_as_approaches_cover_all_and_more_are_refused():
    stops = np.unique(APPROACHES.edge[APPROACHES.is_stop])
    np.testing.assert_array_equal(place_cameras(GRID, APPROACHES, len(stops)), stops)
    with pytest.raises(InputError, match="37 cameras asked for, this network has 36 approaches"):
        place_cameras(GRID, APPROACHES, 37)


def test_approaches_without_one_are_not_known():
    camera = make_sensors("camera:feeds=9", GRID, seed=1)
    covered = np.isin(APPROACHES.edge, place_cameras(GRID, APPROACHES, 9)) & APPROACHES.is_stop
    np.testing.assert_array_equal(camera._alive, covered)
