from __future__ import annotations

import numpy as np
import pytest
from builders import one_junction, signal_view

from citybrain.detection.approaches import Approaches
from citybrain.detection.probes import ProbeParameters, Probes
from citybrain.detection.queue_model import QueueModel
from citybrain.network.synthetic import grid_network
from citybrain.simulation.pointqueue import PointQueuePlant
from citybrain.simulation.trips import poisson_trips

NETWORK = one_junction(["Gr", "rG"], [(0, 1)], speed_mps=10.0, length_m=200.0)
GEOMETRY = Approaches(NETWORK)
IN_0 = NETWORK.lane_index("in-0_0")
LANES = np.array([IN_0])


def model(**options):
    return QueueModel(NETWORK, GEOMETRY, share=0.1, **options)


def test_flow_is_what_the_reports_stand_for():
    m = model(prior_s=1e-6, memory_s=1e9)
    one = np.bincount([0], minlength=len(NETWORK.movements)).astype(float)
    for second in range(1000):
        m.drive(1.0, signal_view([0]), one if second % 100 == 50 else np.zeros(2))
    assert m.flow_vps[IN_0] == pytest.approx(0.1, rel=0.01)  # ten reports of a tenth of the vehicles in 1000 s


def test_a_standing_probe_has_a_queue_ahead_of_it():
    m = model(prior_vps=0.0)
    m.drive(1.0, signal_view([1]), np.zeros(2))
    m.correct(LANES, np.array([30.0]), np.array([0.0]))
    assert m.belief.weight[m.belief.lane == IN_0].sum() == pytest.approx(5.0)  # itself included
    m.drive(1.0, signal_view([1]), np.zeros(2))
    assert m.belief.weight[m.belief.lane == IN_0].sum() == pytest.approx(4.0)  # it reports again, the others do not


def test_a_probe_is_counted_once_and_what_it_says_of_the_queue_corrects_it_downwards_too():
    m = model(prior_vps=0.2)
    for _ in range(120):
        m.drive(1.0, signal_view([1]), np.zeros(2))
    for _ in range(3):
        m.drive(1.0, signal_view([1]), np.zeros(2))
        m.correct(np.repeat(LANES, 2), np.array([0.0, 15.0]), np.zeros(2))
        near = (m.belief.lane == IN_0) & (m.belief.distance_m <= 15.0 + 3.75)
        assert m.belief.weight[near].sum() == pytest.approx(3.0, abs=0.6)


def test_only_those_who_do_not_report_are_modelled():
    m = QueueModel(NETWORK, GEOMETRY, share=1.0, prior_vps=0.2)
    for _ in range(120):
        m.drive(1.0, signal_view([1]), np.zeros(2))
    assert m.belief.weight.sum() == 0.0


def test_nobody_stands_where_a_probe_drives():
    m = model(prior_vps=0.0)
    m.correct(LANES, np.array([60.0]), np.array([0.0]))
    for _ in range(5):
        m.drive(1.0, signal_view([1]), np.zeros(2))
    before = m.belief.weight.sum()
    m.correct(LANES, np.array([40.0]), np.array([9.0]))
    assert m.belief.weight.sum() < before
    assert (m.belief.distance_m[m.belief.speed_mps < 1] <= 40).all()


def test_queues_grow_on_red_and_discharge_on_green():
    m = model(prior_vps=0.1)
    for _ in range(160):
        m.drive(1.0, signal_view([1]), np.zeros(2))
    red = m.belief.weight[(m.belief.lane == IN_0) & (m.belief.distance_m < 100)].sum()
    left = sum(m.drive(1.0, signal_view([0]), np.zeros(2))[0] for _ in range(40))
    assert 8 < red < 14
    assert left == pytest.approx(40 * 0.5, rel=0.3) or left >= red


@pytest.mark.parametrize("share", [0.1, 0.5])
def test_a_share_of_the_vehicles_reports_late(share):
    network = grid_network(2, 2)
    plant = PointQueuePlant(network, poisson_trips(network, np.random.default_rng(1), flow_vph=600, end_s=600))
    sensors = Probes(network, ProbeParameters(share=share, wrong_lane=0.0), seed=5)
    everybody, reported = 0, 0
    for _ in range(600):
        plant.step()
        readings = plant.read()
        sent = sensors._send(readings, plant.time_ms / 1000)
        everybody += len(readings.passed)
        reported += sent.passed.sum()
    assert reported / everybody == pytest.approx(share, rel=0.3)
