"""Who stands for no reason: the memory of places behind cameras."""

from __future__ import annotations

import numpy as np
import pytest
from builders import one_junction

from citybrain.detection.incidents.shape import Shape
from citybrain.detection.incidents.standing import Standing
from citybrain.messages import Seen
from citybrain.network.synthetic import grid_network

NETWORK = one_junction(["Gr", "rG"], [(0, 1)], length_m=200.0)
SHAPE = Shape(NETWORK)
LANE = NETWORK.lane_index("in-0_0")
ROW = int(SHAPE.row_of[LANE])


def seen(*places, speed=0.0, lane=LANE):
    n = len(places)
    speeds = np.broadcast_to(np.array(speed, float), (n,)).copy()
    return Seen(lane=np.full(n, lane, np.int32), to_end_m=np.array(places, float), speed_mps=speeds)


def stuck_s(looks):
    standing = Standing(SHAPE)
    for look in looks:
        standing.update(look, 1.0)
    return standing.stuck_s[ROW], standing.at_m[ROW]


def test_who_stands_alone_away_from_the_stop_line_is_stuck():
    stuck, at_m = stuck_s([seen(70.0)] * 12)
    assert stuck == pytest.approx(12.0)
    assert at_m == pytest.approx(70.0, abs=5.0)


@pytest.mark.parametrize("queue", [(2.0,), (2.0, 9.5, 17.0, 24.5, 32.0), (2.0, 23.0), (2.0, 9.5, 30.0)])
def test_a_queue_at_the_stop_line_is_not_even_behind_a_lorry(queue):
    assert stuck_s([seen(*queue)] * 40)[0] == 0.0


def test_one_who_is_hidden_for_long_still_counts_as_there():
    # the one in the middle is seen once in ten seconds
    looks = [seen(2.0, 20.0, 40.0) if t % 10 == 0 else seen(2.0, 40.0) for t in range(60)]
    assert stuck_s(looks)[0] == 0.0


def test_missed_looks_do_not_end_a_dwell_and_do_not_count():
    looks = [seen(70.0) if t % 3 else seen() for t in range(30)]
    assert stuck_s(looks)[0] == pytest.approx(20.0, abs=1.0)


def test_a_queue_that_drives_off_leaves_nobody_stuck():
    standing = [seen(2.0, 9.5, 17.0, 24.5, 32.0, 39.5, 47.0)] * 30
    moving = [seen(17.0 - 8.0 * t, 24.5 - 6.0 * t, 32.0 - 4 * t, 39.5 - 3 * t, speed=5.0) for t in range(3)]
    assert max(stuck_s(standing + moving[: k + 1])[0] for k in range(3)) <= 1.0


def test_who_drives_on_is_not_stuck_any_more():
    assert stuck_s([*[seen(70.0)] * 12, seen(69.0, speed=3.0), seen(60.0, speed=6.0)])[0] == 0.0


def test_beside_a_queue_that_reaches_further_ahead_one_may_wait_to_change_lanes():
    shape = Shape(grid := grid_network(1, 1, lanes=2))
    kerb, other = next(edge.lanes for edge in grid.edges if shape.approaches.is_stop[edge.lanes[0]])
    queue = [(other, x) for x in (2.0, 9.5, 17.0, 24.5, 32.0, 39.5, 47.0, 54.5)]

    def stuck(rows):
        standing = Standing(shape)
        look = Seen(
            lane=np.array([lane for lane, _ in rows], np.int32), to_end_m=np.array([x for _, x in rows]), speed_mps=np.zeros(len(rows))
        )  # fmt: skip
        for _ in range(20):
            standing.update(look, 1.0)
        return standing.stuck_s[shape.row_of[kerb]]

    assert stuck([(kerb, 52.0)]) == pytest.approx(20.0)
    assert stuck([(kerb, 52.0), *queue]) == pytest.approx(4.0)
    assert stuck([(kerb, 52.0), (other, 52.0)]) == pytest.approx(20.0)  # both lanes are blocked there
