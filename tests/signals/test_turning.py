from __future__ import annotations

from dataclasses import replace

import numpy as np
from builders import observation

from citybrain.network.synthetic import grid_network
from citybrain.signals.adaptive.fallback import Fallback
from citybrain.signals.turning import Turning

NETWORK = grid_network(1, 1, lanes=1)
LANE = NETWORK.movements[0].from_lane
OWN = [m.index for m in NETWORK.movements if m.from_lane == LANE]


def waiting(n=10):
    return [(LANE, -1, 7.5 * k, 0.0) for k in range(n)]


def passed(movement, n=1.0):
    made = np.zeros(len(NETWORK.movements))
    made[movement] = n
    return made


def test_every_vehicle_gets_a_turn_of_its_own_lane_and_known_turns_stay():
    rows = [*waiting(), (LANE, OWN[2], 80.0, 0.0)]
    seen = Turning(NETWORK).complete(observation(NETWORK, rows)).vehicles
    assert set(seen.movement.tolist()) <= set(OWN)
    assert seen.movement[-1] == OWN[2]


def test_turns_follow_the_shares_that_were_counted():
    turning = Turning(NETWORK)
    for k in range(400):
        turning.complete(replace(observation(NETWORK, waiting(), time_s=k), passed=passed(OWN[k % 4 == 0])))
    seen = turning.complete(observation(NETWORK, waiting(40), time_s=401)).vehicles
    share = (seen.movement == OWN[1]).mean()
    assert 0.15 < share < 0.35
    assert (seen.movement == OWN[2]).mean() < 0.1


def test_a_vehicle_keeps_its_turn_as_it_moves_up():
    turning = Turning(NETWORK, memory=1e9)
    turning._count[:] = 1e6  # so that one passage more does not change the shares
    before = turning.complete(observation(NETWORK, waiting(10))).vehicles.movement.tolist()
    moved = replace(observation(NETWORK, waiting(9), time_s=1), passed=passed(before[0]))
    assert turning.complete(moved).vehicles.movement.tolist() == before[1:]


def test_who_stands_before_a_green_lamp_wants_to_go_elsewhere():
    turning = Turning(NETWORK)
    first = turning.complete(observation(NETWORK, waiting(1))).vehicles.movement[0]
    stages = NETWORK.junctions[0].stages
    link = NETWORK.movements[first].link
    green = next(s.index for s in stages if s.state[link] == "G")
    for k in range(1, 8):
        seen = turning.complete(observation(NETWORK, waiting(1), time_s=k, stage=[green]))
    protected = {m for m in OWN if stages[green].state[NETWORK.movements[m].link] == "G"}
    assert seen.vehicles.movement[0] not in protected


def blind(time_s, *, stage=0):
    seen = observation(NETWORK, time_s=time_s, stage=[stage])
    return replace(seen, confidence=np.zeros(len(NETWORK.lanes)), age_s=np.full(len(NETWORK.lanes), time_s))


def test_without_data_a_queue_grows_on_red_and_empties_on_green():
    fallback = Fallback(NETWORK)
    red = next(s.index for s in NETWORK.junctions[0].stages if not s.is_green(NETWORK.movements[OWN[0]].link))
    green = next(s.index for s in NETWORK.junctions[0].stages if s.is_green(NETWORK.movements[OWN[0]].link))
    for second in range(1, 101):
        v = fallback.complete(blind(second, stage=red)).vehicles
    assert 5 < v.weight[v.lane == LANE].sum() < 7  # 0.06 a second
    for second in range(101, 141):
        v = fallback.complete(blind(second, stage=green)).vehicles
    assert v.weight[v.lane == LANE].sum() < 0.5


def test_the_junction_says_that_it_has_no_data():
    fallback = Fallback(NETWORK)
    fallback.complete(blind(1.0))
    assert fallback.explain({0: {}})[0]["without_data"].startswith("4 of 4 stop lines")
    fallback.complete(observation(NETWORK, time_s=2.0))
    assert fallback.explain({0: {}}) == {0: {}}


def test_with_perfect_data_nothing_changes():
    rows = [(LANE, OWN[0], 10.0, 3.0)]
    seen = observation(NETWORK, rows)
    assert Fallback(NETWORK).complete(seen) is seen
