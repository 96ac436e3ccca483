"""The twin against closed-form traffic theory."""

from __future__ import annotations

import numpy as np
import pytest
from builders import one_junction

from citybrain.detection import PerfectSensors
from citybrain.loop import run_loop
from citybrain.network.intergreens import SignalRules
from citybrain.network.model import ProgramPhase
from citybrain.network.synthetic import grid_network
from citybrain.signals.policy import find_policy
from citybrain.simulation.pointqueue import PointQueuePlant
from citybrain.simulation.trips import Trip, poisson_trips

CYCLE_S = 60.0
SATURATION_VPH = 1800.0
START_UP_S = 2.0


def signal(green_s):
    program = [ProgramPhase(state="G", duration_s=green_s), ProgramPhase(state="r", duration_s=CYCLE_S - green_s)]
    return one_junction(["G"], program=program, speed_mps=10.0, path_m=10.0)


def delays(green_s, flow_vph, n_vehicles, seed=1):
    network = signal(green_s)
    end_s = n_vehicles / flow_vph * 3600
    trips = poisson_trips(
        network, np.random.default_rng(seed), flow_vph={network.edge_index("in-0"): flow_vph}, end_s=end_s
    )
    plant = PointQueuePlant(
        network, trips, step_s=5.0, headway_s=3600 / SATURATION_VPH, start_up_s=START_UP_S
    )  # lamps change at multiples of 5 s
    while plant.time_ms < end_s * 1000:
        plant.step()
    return plant.outcome().delay_s


def uniform_delay_s(green_s, flow_vph):
    """First term of Webster's formula (Road Research Technical Paper 39, 1958, eq. 1)."""
    share = (green_s - START_UP_S) / CYCLE_S
    return 0.5 * CYCLE_S * (1 - share) ** 2 / (1 - flow_vph / SATURATION_VPH)


def random_delay_s(green_s, flow_vph):
    """Second term: an upper bound of what randomness adds."""
    load = flow_vph / (SATURATION_VPH * (green_s - START_UP_S) / CYCLE_S)
    return load**2 / (2 * flow_vph / 3600 * (1 - load))


@pytest.mark.parametrize("green_s", [20.0, 30.0])
@pytest.mark.parametrize("flow_vph", [60.0, 120.0])
def test_websters_uniform_delay_under_low_load(green_s, flow_vph):
    # 6,000 vehicles put the standard error of the mean at 1 to 1.5 %
    measured = delays(green_s, flow_vph, 6000)
    expected = uniform_delay_s(green_s, flow_vph)
    error = measured.std(ddof=1) / np.sqrt(len(measured))
    assert error < 0.02 * expected
    assert measured.mean() == pytest.approx(expected, abs=2 * error)


@pytest.mark.parametrize(("green_s", "flow_vph"), [(20.0, 400.0), (45.0, 900.0)])
def test_with_more_load_randomness_adds_less_than_websters_second_term(green_s, flow_vph):
    measured = delays(green_s, flow_vph, 6000).mean()
    first = uniform_delay_s(green_s, flow_vph)
    assert first < measured < first + random_delay_s(green_s, flow_vph)


def test_a_longer_green_never_costs_delay():
    means = [delays(green_s, 300.0, 2000).mean() for green_s in (15.0, 30.0, 50.0)]
    assert means == sorted(means, reverse=True)


@pytest.mark.parametrize("headway_s", [1.8, 2.4])
def test_saturation_flow(headway_s):
    network = signal(60.0)
    movement = network.movements[0]
    (link,) = network.lanes[movement.from_lane].links
    trips = [Trip(depart_ms=0, lanes=(movement.from_lane, movement.to_lane), links=(link,)) for _ in range(600)]
    plant = PointQueuePlant(network, trips, headway_s=headway_s)
    passed = []
    while plant.time_ms < 720_000:
        plant.step()
        passed.append(len(plant.read().passed))
    assert sum(passed[120:]) == pytest.approx(600 / headway_s, abs=1)  # vehicles in the last ten minutes


def test_free_flow_travel_time():
    network = grid_network(3, 3, spacing_m=280.0, speed_mps=14.0)
    trips = poisson_trips(network, np.random.default_rng(0), flow_vph=20, end_s=3600)
    for trip in trips[:20]:
        plant = PointQueuePlant(network, [trip], begin_s=trip.depart_ms / 1000)
        while not (plant.outcome().status == "arrived").all() or plant.time_ms <= trip.depart_ms:
            plant.step()
        free_s = (len(trip.lanes) * 280.0 + sum(link.via_m for link in trip.links)) / 14.0
        outcome = plant.outcome()
        assert outcome.travel_time_s[0] - outcome.delay_s[0] == pytest.approx(free_s)


RULES = SignalRules(yellow_s=3.0, all_red_s=1.0)


def on_road(network, policy, trips, hours):
    """Vehicles in the system (road and outside) at the end of every minute."""
    plant = PointQueuePlant(network, trips)
    counts = []

    class Count:
        def step(self, time_ms, events):
            if time_ms % 60_000 == 0:
                counts.append(int((plant.outcome().status != "arrived").sum()))

    run_loop(plant, network, find_policy(policy).make(), PerfectSensors(network), RULES, hours * 3600, [Count()])
    return np.array(counts)


def lopsided(hours):
    """East-west more than the fixed plan can serve, in all no more than the junction can."""
    network = grid_network(1, 1)
    flows = {e.index: 850.0 if e.id[:4] in ("east", "west") else 100.0 for e in network.edges if e.to_node == "0-0"}
    trips = poisson_trips(
        network, np.random.default_rng(5), flow_vph=flows, end_s=hours * 3600, turns={"straight": 1.0}
    )
    return network, trips


def test_max_pressure_is_stable_where_the_fixed_plan_is_not():
    # the plan gives each stage 27 of 62 s: (27 - 2 + 2) / 62 * 1800 = 784 vehicles an hour and lane, of 850
    network, trips = lopsided(hours=2)
    fixed = on_road(network, "fixed-time", trips, hours=2)
    pressed = on_road(network, "max-pressure", trips, hours=2)
    assert fixed[-1] - fixed[59] == pytest.approx(2 * (850 - 784), rel=0.5)  # it grows as fast as it must
    assert fixed[-1] > 150
    assert pressed.max() < 60
    assert pressed[60:].mean() < 1.2 * pressed[10:60].mean()


@pytest.mark.parametrize("flow_vph", [250.0])
def test_max_pressure_keeps_the_queues_of_a_network_bounded(flow_vph):
    """Varaiya (2013), theorem 2: no queue grows for ever while demand is within capacity."""
    network = grid_network(3, 3)
    trips = poisson_trips(
        network, np.random.default_rng(6), flow_vph=flow_vph, end_s=7200, turns={"straight": 0.7, "right": 0.3}
    )
    counts = on_road(network, "max-pressure", trips, hours=2)
    assert counts[60:].mean() < 1.15 * counts[20:60].mean()
    assert counts[20:].max() < 2 * counts[20:].mean()


def test_nothing_is_stable_beyond_capacity():
    network = grid_network(1, 1)
    trips = poisson_trips(network, np.random.default_rng(7), flow_vph=1200.0, end_s=3600, turns={"straight": 1.0})
    counts = on_road(network, "max-pressure", trips, hours=1)
    # 4 * 1200 arrive in an hour; no more than 2 * 1800 can leave
    assert counts[-1] > 1200 * 0.9
