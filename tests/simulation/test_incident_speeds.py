from __future__ import annotations

import pytest

from citybrain.simulation.sumo_incidents import CAPACITY_LEFT, flooded_speed_mps, passing_speed_mps


def flow(speed_mps):
    return speed_mps / (speed_mps + 7.5)


@pytest.mark.parametrize(("lanes", "blocked"), list(CAPACITY_LEFT))
@pytest.mark.parametrize("limit_mps", [8.0, 13.89, 25.0])
def test_the_open_lanes_carry_what_is_left(lanes, blocked, limit_mps):
    speed = passing_speed_mps(limit_mps, lanes, blocked)
    assert (lanes - blocked) * flow(speed) == pytest.approx(CAPACITY_LEFT[lanes, blocked] * lanes * flow(limit_mps))
    assert 0 < speed < limit_mps


def test_nothing_is_slowed_where_no_lane_is_blocked_or_all_are():
    assert passing_speed_mps(14.0, 2, 0) == 14.0
    assert passing_speed_mps(14.0, 1, 1) == 14.0


def test_deeper_water_is_slower():
    speeds = [flooded_speed_mps(d, 13.9) for d in (0.01, 0.1, 0.15, 0.2, 0.29)]
    assert speeds == sorted(speeds, reverse=True)
    assert speeds[0] == 13.9
    assert flooded_speed_mps(0.3, 13.9) == pytest.approx(1.4, abs=0.7)
