"""The adaptive policy: hand-computed predictions, decisions on the twin, fairness, explanations."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from builders import observation, one_junction

from citybrain.detection import PerfectSensors
from citybrain.errors import InputError
from citybrain.loop import run_loop
from citybrain.network.intergreens import SignalRules
from citybrain.network.synthetic import grid_network
from citybrain.signals.adaptive import Adaptive
from citybrain.signals.adaptive.arrivals import downstream, road_in_sight, travel_time_s
from citybrain.signals.adaptive.cars import Batch, in_file, merge
from citybrain.signals.adaptive.kernel import improve
from citybrain.signals.adaptive.learning import Headways
from citybrain.signals.adaptive.parameters import AdaptiveParameters
from citybrain.signals.adaptive.policy import Road
from citybrain.signals.adaptive.queue_model import PLAN_ROWS, Now, rollout, workspace
from citybrain.signals.adaptive.storage import Storage
from citybrain.signals.adaptive.tables import make_tables
from citybrain.signals.max_pressure import MaxPressure
from citybrain.simulation.pointqueue import PointQueuePlant
from citybrain.simulation.trips import poisson_trips

RULES = SignalRules(yellow_s=3.0, all_red_s=0.0)
ELAPSED_S = 60.0
TWO = one_junction(["Gr", "rG"], [(0, 1)])


def a_plan(*switches):
    """Rows of a plan: green seconds after which to leave, and the stage to go to."""
    plan = np.zeros((PLAN_ROWS, 2))
    plan[0, 0] = len(switches)
    plan[1 : len(switches) + 1] = np.array(switches).reshape(-1, 2)
    return plan


def rolled(network, vehicles, plan, *, stage=0, room=1000.0, value=1.0, storage=None, files=None, **parameters):
    """Delay that the model predicts for (stop line, time to it, movement) rows, who leaves when, and the switches."""
    tables = make_tables(network, RULES)
    if storage is not None:
        tables = tables._replace(storage=np.full(len(tables.lane), storage), storage_s=np.zeros(len(tables.lane)))
    p = AdaptiveParameters(**{"queue_weight": 0.0, "clear_s": 0.0, **parameters})
    rows = np.array(vehicles, dtype=float).reshape(-1, 3)
    batch = Batch(rows[:, 0].astype(np.int64), rows[:, 1], rows[:, 2].astype(np.int64), np.ones(len(rows)))
    cars = merge([batch], len(tables.lane), files)
    n = len(tables.move_lane)
    road = Road(
        np.full(len(tables.lane), 2.0),
        np.zeros(n),
        np.full(len(network.lanes), float(room)),
        np.broadcast_to(np.asarray(value, dtype=float), n).copy(),
        np.full(len(network.junctions), p.queue_weight),
    )
    departed, done = np.full(len(rows), np.inf), np.zeros((PLAN_ROWS, 2))
    now = Now(stage, False, 0, ELAPSED_S, 0.0)
    model = (tables, cars, road, p.model(), workspace(tables), 0, now)
    cost = rollout(*model, plan, 1e18, done, departed)
    return cost, departed, done, model


def predicted(network, vehicles, *, hold=0, target=-1, **options):
    plan = a_plan() if target < 0 else a_plan((ELAPSED_S + hold, target))
    return rolled(network, vehicles, plan, **options)[:2]


def test_a_vehicle_on_green_loses_nothing():
    cost, departed = predicted(TWO, [(0, 5.0, 0)])
    assert cost == 0
    assert departed[0] == pytest.approx(5.0)


def test_a_vehicle_on_red_waits_for_intergreen_and_start_up():
    # leave at once: 3 s of yellow, then a second to start
    _, departed = predicted(TWO, [(1, 0.0, 1)], target=1)
    assert departed[0] == pytest.approx(4.0)
    _, later = predicted(TWO, [(1, 0.0, 1)], hold=10, target=1)
    assert later[0] == pytest.approx(14.0)


def test_a_queue_leaves_at_its_headway():
    _, departed = predicted(TWO, [(1, 0.0, 1)] * 4, target=1)
    assert np.diff(departed) == pytest.approx([2.0, 2.0, 2.0])


def test_a_plan_is_followed_switch_by_switch():
    cars = [(0, 0.0, 0)] * 2 + [(1, 0.0, 1)] * 3
    _, departed, done, _ = rolled(TWO, cars, a_plan((ELAPSED_S, 1), (7.0, 0), (9.0, 1)))
    assert done[:4].tolist() == [[3.0, 0.0], [ELAPSED_S, 1.0], [7.0, 0.0], [9.0, 1.0]]
    # 3 s of yellow, 7 s of green, 3 s of yellow, 1 s to start
    assert departed.tolist() == pytest.approx([14.0, 16.0, 4.0, 6.0, 8.0])


def test_a_plan_is_improved_until_nothing_helps():
    cars = [(0, 0.0, 0)] * 2 + [(1, 0.0, 1)] * 3
    poor = a_plan((ELAPSED_S + 20.0, 1), (30.0, 0))
    cost, _, done, model = rolled(TWO, cars, poor)
    better = improve(*model, done, cost, poor.copy(), done.copy())
    again, *_ = rolled(TWO, cars, done)
    assert better == pytest.approx(again)
    assert better < cost
    assert done[1, 0] < ELAPSED_S + 20.0


def test_a_queue_left_at_the_horizon_costs_its_square():
    cars = [(0, 0.0, 0)] * 3 + [(1, 0.0, 1)] * 4
    never = a_plan((ELAPSED_S + 1000.0, 1))
    within = rolled(TWO, cars, never)[0]
    assert rolled(TWO, cars, never, queue_weight=5.0)[0] - within == pytest.approx(0.5 * 5.0 * 2.0 * 4**2)
    assert rolled(TWO, cars, never, queue_weight=5.0, value=[1.0, 0.5])[0] - rolled(TWO, cars, never, value=[1.0, 0.5])[
        0
    ] == pytest.approx(0.5 * 5.0 * 2.0 * 2**2)


def test_a_queue_is_cleared_before_its_stage_is_left():
    cars = [(0, 0.0, 0)] * 8 + [(1, 0.0, 1)]
    at_once = a_plan((ELAPSED_S, 1))
    assert rolled(TWO, cars, at_once)[2][1].tolist() == [ELAPSED_S, 1.0]
    # headway 2 s: of eight that stand there, fewer than three are left after 11 s
    assert rolled(TWO, cars, at_once, clear_s=100.0)[2][1].tolist() == [ELAPSED_S + 11.0, 1.0]
    assert rolled(TWO, cars, at_once, clear_s=ELAPSED_S + 5.0)[2][1].tolist() == [ELAPSED_S + 5.0, 1.0]


def test_a_queue_before_a_full_road_is_not_waited_for():
    cars = [(0, 0.0, 0)] * 8 + [(1, 0.0, 1)]
    _, _, done, _ = rolled(TWO, cars, a_plan((ELAPSED_S, 1)), room=0.0, clear_s=100.0)
    assert done[1].tolist() == [ELAPSED_S, 1.0]


def test_a_crossing_into_a_full_road_is_worth_little():
    network = grid_network(1, 2)
    tables = make_tables(network, RULES)
    storage = Storage(network, tables, weight=1.0, least=0.05)
    between = next(e for e in network.edges if (e.from_node, e.to_node) == ("0-0", "0-1"))
    halted = np.zeros(len(network.lanes))
    halted[list(between.lanes)] = between.length_m / 7.5 / 2
    into = np.isin(tables.move_exit, between.lanes)
    empty = replace(observation(network, stage=[0, 0]), lane_halted=halted)
    assert storage.value(empty)[into] == pytest.approx(0.5)
    assert storage.value(empty)[~into] == pytest.approx(1.0)
    full = replace(empty, lane_halted=halted * 2)
    assert storage.value(full)[into] == pytest.approx(0.05)


def test_what_leaves_the_network_goes_before_what_joins_a_queue():
    cars = [(0, 0.0, 0)] * 4 + [(1, 0.0, 1)] * 4
    at_once, keep = a_plan((ELAPSED_S, 1)), a_plan((ELAPSED_S + 10.0, 1))
    even = [rolled(TWO, cars, plan)[0] for plan in (at_once, keep)]
    assert even[1] < even[0]
    first_full = [rolled(TWO, cars, plan, value=[0.05, 1.0])[0] for plan in (at_once, keep)]
    assert first_full[0] < first_full[1]


def test_a_full_exit_takes_nobody():
    cost, departed = predicted(TWO, [(0, 0.0, 0)] * 3, room=0.0, room_rate_vps=0.0)
    assert np.isinf(departed).all()
    assert cost == pytest.approx(3 * 60)


def test_who_stands_before_a_full_turn_lane_blocks_those_behind_him():
    # both lanes hold one vehicle; on the road before them the second to turn stands ahead of two who have green
    cars = [(1, 0.0, 1), (1, 2.0, 1), (0, 3.0, 0), (0, 4.0, 0)]
    road, own = np.array([2, 3, 3, 3]), np.array([True, False, False, False])
    far_m = np.array([0.0, 10.0, 20.0, 30.0])
    _, files = in_file(road, own, np.zeros(4, np.int64), far_m, np.array([c[1] for c in cars]))
    assert files.feeder.tolist() == [-1, 3, 3, 3]
    assert files.ahead.tolist() == [-1, -1, 1, 2]
    stay, turn = a_plan((900.0, 1)), a_plan((ELAPSED_S + 10.0, 1))
    _, free, *_ = rolled(TWO, cars, stay)
    assert free[:2].tolist() == pytest.approx([3.0, 5.0])
    _, blocked, *_ = rolled(TWO, cars, stay, storage=1, files=files)
    assert np.isinf(blocked).all()
    _, served, *_ = rolled(TWO, cars, turn, storage=1, files=files)
    assert np.isfinite(served[2:]).all()  # the turners go, and then the others get their green back
    assert served[:2].min() > served[2:].max()


def test_a_queue_on_one_lane_leaves_at_the_pace_of_one_lane():
    both = one_junction(["GG"], [])
    cars = [(k % 2, 0.0, k % 2) for k in range(6)]
    road, own = np.full(6, 3), np.zeros(6, dtype=bool)
    eta_s, files = in_file(road, own, np.zeros(6, np.int64), 10.0 + np.arange(6.0), np.zeros(6))
    cars = [(lane, t, move) for (lane, _, move), t in zip(cars, eta_s, strict=True)]
    _, wide, *_ = rolled(both, cars, a_plan())
    _, narrow, *_ = rolled(both, cars, a_plan(), files=files)
    assert wide.max() < 5.0
    assert narrow.max() > 9.0


def test_nobody_overtakes_on_his_lane():
    eta_s, files = in_file(
        np.array([9, 9, -1, 8]), np.zeros(4, bool), np.zeros(4, np.int64), np.array([40.0, 60.0, 5.0, 9.0]),
        np.array([8.0, 6.0, 1.0, 2.0]),
    )  # fmt: skip
    assert eta_s == pytest.approx([8.0, 8.0, 1.0, 2.0], abs=0.01)
    assert eta_s[1] > eta_s[0]
    assert files.ahead.tolist() == [-1, 0, -1, -1]


def test_a_permissive_turn_waits_for_its_gap():
    opposed = one_junction(["gG", "rr"], [(0, 1)], gives_way=[(0, 1)])
    _, free = predicted(opposed, [(0, 0.0, 0)])
    _, held = predicted(opposed, [(0, 0.0, 0), (1, 0.0, 1), (1, 5.0, 1)])
    assert free[0] < 2.0
    assert held[0] > held[2]


def test_who_may_turn_on_red_stops_and_gives_way_to_all():
    right = one_junction(["sG", "rG"], [(0, 1)], gives_way=[(0, 1)])
    cost, free = predicted(right, [(0, 3.0, 0), (0, 4.0, 0)])
    assert free[0] == pytest.approx(5.0, abs=1.0)  # there after 3 s, a stop of 2 s
    assert free[1] - free[0] >= 4.0  # 2 s of headway, 2 s for his own stop
    assert cost > 0
    _, held = predicted(right, [(0, 0.0, 0), *((1, 2.0 * k, 1) for k in range(10))])
    assert held[0] > held[10]
    # and nobody gives way to him
    _, other = predicted(one_junction(["sg", "rg"], [(0, 1)], gives_way=[(1, 0)]), [(0, 0.0, 0), (1, 0.0, 1)])
    assert other[1] < 2.0


def told(flow_vph, **parameters):
    """Arrivals at the second of two junctions by 50 s, all of them planned by the first, whose queue leaves on green."""
    network = grid_network(1, 2, spacing_m=400.0)
    policy = Adaptive(**parameters)
    policy.start(network, RULES)
    way = next(e for e in network.edges if (e.from_node, e.to_node) == ("0-0", "0-1"))
    feeding = next(m for m in network.movements if m.junction == 0 and network.lanes[m.to_lane].edge == way.index)
    stage = next(s.index for s in network.junctions[0].stages if s.is_green(feeding.link))
    queue = [(feeding.from_lane, feeding.index, 8.0 * k, 0.0) for k in range(6)]
    rate = np.zeros(len(network.movements))
    for m in network.movements:
        if m.junction == 1:
            rate[m.index] = flow_vph / 3600
    for _ in range(300):
        policy._loads.learn(rate[policy._movement], 1.0)
    policy.decide(observation(network, queue, stage=[stage, 0]))
    at_second = policy._junction_of_lane[policy._sent.lane] == 1
    return int((policy._sent.eta_s[at_second] < 50.0).sum())


def test_a_full_junction_hears_of_departures_further_ahead():
    assert told(10) == 0  # it takes longer than 20 s to get there
    assert told(900) > 0
    assert told(900, neighbour_full_s=20.0) == 0


@pytest.mark.parametrize(
    ("distance_m", "speed_mps", "seconds"), [(100.0, 10.0, 10.0), (0.0, 3.0, 0.0), (25.0, 0.0, 5.0)]
)
def test_travel_time(distance_m, speed_mps, seconds):
    got = travel_time_s(np.array([distance_m]), np.array([speed_mps]), np.array([10.0]), 2.0)
    assert got[0] == pytest.approx(seconds)


def test_it_goes_where_the_queue_is_and_says_why():
    policy = Adaptive()
    policy.start(TWO, RULES)
    lane = TWO.movements[1].from_lane
    decision = policy.decide(observation(TWO, [(lane, 1, 8.0 * k, 0.0) for k in range(5)], stage=[0]))
    assert decision.stage.tolist() == [1]
    why = decision.reasons[0]
    assert why["chosen"] == 1
    costs = {row["stage"]: row["predicted_delay_veh_s"] for row in why["alternatives"]}
    assert costs[1] < costs[0]


def test_it_keeps_a_stage_that_is_discharging():
    policy = Adaptive()
    policy.start(TWO, RULES)
    rows = [(TWO.movements[0].from_lane, 0, 8.0 * k, 5.0) for k in range(8)]
    rows += [(TWO.movements[1].from_lane, 1, 2.0, 0.0)]
    assert policy.decide(observation(TWO, rows, stage=[0])).stage.tolist() == [0]


def test_nobody_waits_for_ever():
    policy = Adaptive(max_red_s=30.0)
    policy.start(TWO, RULES)
    main = [(TWO.movements[0].from_lane, 0, 8.0 * k, 8.0) for k in range(30)]
    side = [(TWO.movements[1].from_lane, 1, 2.0, 0.0)]
    served = [
        t
        for t in range(60)
        if policy.decide(observation(TWO, main + side, stage=[0], time_s=float(t))).stage.tolist() == [1]
    ]
    assert served[0] == 31


def test_headways_are_learnt_from_a_discharging_queue():
    tables = make_tables(TWO, RULES)
    learnt = Headways(tables, 1.9)
    standing, lanes = np.array([True, False]), np.array([0])
    base = observation(TWO, stage=[0])
    for second in range(200):
        passed = np.array([1.0 if second % 3 == 0 else 0.0, 0.0])
        learnt.learn(replace(base, time_s=float(second), passed=passed), lanes, standing)
    assert learnt.headway_s[0] == pytest.approx(3.0, abs=0.15)


def test_headways_are_learnt_from_looks_that_are_seconds_apart():
    learnt = Headways(make_tables(TWO, RULES), 1.9)
    base = observation(TWO, stage=[0])
    for look in range(60):
        slow = np.array([look % 5 < 4, False])  # the queue has ended at every fifth look: nothing is known of that time
        passed = np.array([2.0 if slow[0] else 0.0, 0.0])
        learnt.learn(replace(base, time_s=4.0 * look, passed=passed), np.array([0]), slow)
    assert learnt.headway_s[0] == pytest.approx(2.0, abs=0.15)


def test_road_in_sight_ends_at_a_signal():
    network = grid_network(1, 2, spacing_m=150.0)
    reach_m, fed = road_in_sight(network, 250.0)
    between = next(e for e in network.edges if {e.from_node, e.to_node} == {"0-0", "0-1"})
    assert reach_m[between.index] == pytest.approx(between.length_m)
    assert fed[between.index]
    way = downstream(network, make_tables(network, RULES))
    assert way.at[between.lanes[0] + 1] > way.at[between.lanes[0]]


def delay_on_twin(policy, seed, end_s=800.0):
    network = grid_network(2, 2, lanes=1, stages=2)
    trips = poisson_trips(network, np.random.default_rng(seed), flow_vph=350, end_s=end_s - 200)
    plant = PointQueuePlant(network, trips)
    run_loop(plant, network, policy, PerfectSensors(network), RULES, end_s)
    return float(plant.outcome().delay_s.mean())


def test_it_beats_max_pressure_on_the_twin():
    ratios = [delay_on_twin(Adaptive(), seed) / delay_on_twin(MaxPressure(), seed) for seed in (1, 2)]
    assert max(ratios) < 0.9


def test_the_same_run_twice_gives_the_same_delay():
    assert delay_on_twin(Adaptive(), 4, 400.0) == delay_on_twin(Adaptive(), 4, 400.0)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("sight_m", 0.0), ("horizon_s", -1), ("gap_s", -0.1), ("holds_s", (1, -2)), ("holds_s", 5.5j),
        ("max_red_s", "soon"), ("clear_s", float("inf")), ("queue_weight", float("nan")), ("queue_weigth", 3.0),
        ("combine", 2), ("interval_s", 0.0), ("full_load", 0.4),
    ],
)  # fmt: skip
def test_bad_parameters_are_refused(name, value):
    with pytest.raises(InputError, match=name):
        Adaptive(**{name: value})
