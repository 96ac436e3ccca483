"""What a camera says of places on the road, before a fork too."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from builders import one_junction, signal_view

from citybrain.detection.camera import Camera, CameraParameters
from citybrain.network.model import Link, Network, index_by_id
from citybrain.simulation.plant import Readings

CLEAR = CameraParameters(missed=0.0, miscounted=0.0, hidden=0.0, place_error=0.0, speed_error_mps=0.0)


def forked() -> Network:
    """A road of 100 m that leads to a signal 50 m further, or to a street without one."""
    base = one_junction(["Gr", "rG"], [(0, 1)], length_m=50.0)
    i = len(base.edges)
    stop = base.lane_index("in-0_0")
    road, lane = base.edges[0], base.lanes[0]
    node = base.edges[base.lanes[stop].edge].from_node
    street = replace(road, index=i, id="street", from_node=node, to_node="elsewhere", lanes=(i,))
    before = replace(road, index=i + 1, id="before", from_node="far", to_node=node, lanes=(i + 1,), length_m=100.0)
    onward = tuple(Link(to_lane=to, via_m=2.0, movement=-1) for to in (stop, i))
    edges = (*base.edges, street, before)
    lanes = (
        *base.lanes,
        replace(lane, index=i, id="street_0", edge=i, links=()),
        replace(lane, index=i + 1, id="before_0", edge=i + 1, length_m=100.0, links=onward),
    )
    return replace(base, edges=edges, lanes=lanes, _index=index_by_id(edges, lanes, base.junctions))


class Still:
    """Vehicles that stand on one lane."""

    time_ms = 10_000

    def __init__(self, lane, to_end_m, length_m):
        n = len(to_end_m)
        self._readings = Readings(
            ids=(), lane=np.full(n, lane, np.int32), position_m=length_m - np.array(to_end_m), speed_mps=np.zeros(n),
            length_m=np.full(n, 5.0), stop_lane=np.full(n, -1, np.int32), movement=np.full(n, -1, np.int32),
            distance_m=np.full(n, np.inf), crossing=np.full(n, -1, np.int32), passed=np.empty(0, np.int32),
            key=np.arange(n), passed_key=np.empty(0, np.int64),
        )  # fmt: skip

    def read(self):
        return self._readings


def test_those_who_may_turn_off_before_the_signal_are_seen_where_they_stand():
    network = forked()
    lane = network.lane_index("before_0")
    queue = [1.0, 8.0, 16.0, 23.0, 31.0, 38.0, 46.0, 53.0]
    look = Camera(network, CLEAR, seed=1).observe(Still(lane, [*queue, 90.0], 100.0), signal_view([0]))
    bound = (look.vehicles.road_lane == lane).sum()
    assert 0 < bound < len(queue)  # who goes where is guessed
    assert look.seen is not None
    assert look.seen.lane.tolist() == [lane] * len(queue)  # the last one is out of sight
    np.testing.assert_allclose(look.seen.to_end_m, queue)
