from __future__ import annotations

import numpy as np
from builders import one_junction

from citybrain.network.synthetic import grid_network
from citybrain.signals.stage_table import StageTable

NETWORK = one_junction(["Ggr", "rrG"], [(0, 2), (1, 2)])
PED = one_junction(["GrG", "rGr"], [(0, 1), (1, 2)], crossings=[2])


def test_rows_are_stages_and_hold_what_they_serve():
    table = StageTable(NETWORK)
    assert table.n_stages == 2
    assert table.served.toarray().tolist() == [[1, 1, 0], [0, 0, 1]]
    assert table.protected.toarray().tolist() == [[1, 0, 0], [0, 0, 1]]
    lanes = table.lanes.toarray()
    assert lanes.shape == (2, 6)
    assert np.flatnonzero(lanes[0]).tolist() == [NETWORK.lane_index("in-0_0"), NETWORK.lane_index("in-1_0")]


def test_a_crossing_is_no_movement_of_vehicles():
    assert StageTable(PED).served.toarray().tolist() == [[1, 0, 0], [0, 1, 0]]


def test_a_lane_counts_once_however_many_of_its_movements_are_green():
    network = grid_network(1, 1)
    assert StageTable(network).lanes.toarray().max() == 1.0
    assert np.asarray(StageTable(network).served.sum(axis=1)).ravel().tolist() == [6, 6]


def test_best_picks_for_each_junction_and_the_first_of_equals():
    table = StageTable(grid_network(1, 3))
    assert table.first.tolist() == [0, 2, 4]
    assert table.junction.tolist() == [0, 0, 1, 1, 2, 2]
    best = table.best(np.array([1.0, 2.0, 5.0, 5.0, 0.0, -1.0]))
    assert best.tolist() == [1, 0, 0]
    assert best.dtype == np.int32
