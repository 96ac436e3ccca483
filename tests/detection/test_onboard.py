"""On-board units: what they send, late, noisy or not at all."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from citybrain.detection.link_times import LinkTimes
from citybrain.detection.onboard import Call, OnboardUnits, RadioParameters
from citybrain.detection.tokens import is_genuine
from citybrain.messages import PriorityStatus
from citybrain.network.synthetic import grid_network
from citybrain.simulation.fleet import FleetReading, along

NETWORK = grid_network(1, 1)
CALL = Call(
    vehicle_id="ev", role="fire", announced_s=2.0, depart_s=5.0, origin=NETWORK.edges[0].id, from_m=0.0,
    destination=NETWORK.edges[1].id, to_m=1.0,
)  # fmt: skip


class Road:
    """A fleet of one vehicle that is on the road from 5 s to 10 s."""

    def __init__(self):
        self.now_s, self.told = 0, []

    def read(self):
        on = 5 <= self.now_s < 10
        return [FleetReading("ev", 10.0 * self.now_s, 0.0, 10.0, NETWORK.edges[0].id, 0.0)] if on else []

    def guide(self, vehicle_id, route):
        self.told.append((vehicle_id, tuple(route)))
        return True

    def edge_speeds(self):
        n = len(NETWORK.edges)
        return [2.0] * n, [float(k == 0) for k in range(n)]


def messages(radio, seconds=20):
    road = Road()
    units = OnboardUnits(road, [CALL], key=b"k", radio=radio, places={"ev": (-5.0, 0.0)})
    found = []
    for second in range(seconds):
        road.now_s = second
        found += [(second, message) for message in units.requests(second * 1000)]
    return found, units, road


def test_a_call_is_announced_driven_and_cancelled():
    found, _, _ = messages(RadioParameters(noise_m=0.0, latency_s=0.0))
    assert [second for second, _ in found] == list(range(2, 11))
    assert [message.sequence for _, message in found] == list(range(1, 10))
    assert found[0][1].x_m == -5.0
    assert found[4][1].x_m == 60.0
    assert [message.cancelled for _, message in found] == [False] * 8 + [True]
    assert all(is_genuine(message, b"k") for _, message in found)


def test_latency_loss_and_noise():
    late, _, _ = messages(RadioParameters(noise_m=0.0, latency_s=2.0))
    assert [(second - message.time_s) for second, message in late] == [2.0] * 9
    lossy, _, _ = messages(RadioParameters(loss=0.6))
    assert len(lossy) < 9
    assert lossy[-1][1].cancelled
    noisy, _, _ = messages(RadioParameters(noise_m=10.0, latency_s=0.0))
    errors = [message.x_m - 10.0 * second for second, message in noisy if 5 <= second < 10]
    assert 0 < np.abs(errors).max() < 50


def test_advice_reaches_a_driver_on_the_road_only():
    _, units, road = messages(RadioParameters(), seconds=4)
    units.reply([PriorityStatus(request_id="r", sequence=1, vehicle_id="ev", status="processing", route=("a", "b"))])
    assert road.told == []
    road.now_s = 6
    units.requests(6000)
    units.reply([PriorityStatus(request_id="r", sequence=2, vehicle_id="ev", status="processing", route=("a", "b"))])
    assert road.told == [("ev", ("a", "b"))]


@pytest.mark.parametrize("bad", [{"loss": 1.0}, {"noise_m": -1}, {"latency_s": 1e9}, {"speed": 1}])
def test_absurd_radios_are_refused(bad):
    with pytest.raises(ValidationError):
        RadioParameters(**bad)


def test_link_times_follow_the_floating_cars():
    times = LinkTimes(NETWORK, memory_s=30.0)
    free = times.now_s.copy()
    for second in range(0, 300, 10):
        times.look(Road(), second * 1000)
    assert times.now_s[0] == pytest.approx(NETWORK.edges[0].length_m / 2.0, rel=0.05)
    assert np.array_equal(times.now_s[1:], free[1:])


def test_a_point_along_a_line():
    assert along([(0, 0), (10, 0), (10, 10)], 0.75) == (10.0, 5.0)
    assert along([(0, 0), (10, 0)], 1.0) == (10.0, 0.0)
