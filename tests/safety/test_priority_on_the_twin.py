"""The whole of priority, without SUMO: time saved, plans resumed, pairs that cross, bad messages, other policies."""

from __future__ import annotations

import numpy as np
import pytest
from lamp_oracle import LampOracle
from priority_twin import NETWORK, RULES, run, way_through

from citybrain.detection.onboard import RadioParameters
from citybrain.network.synthetic import grid_network
from citybrain.signals.own_program import OwnProgram

SMALL = grid_network(1, 2)


def kinds(recorder):
    return [event.kind for event in recorder.events if event.kind.startswith("priority")]


def test_a_vehicle_saves_time_and_every_junction_is_back_within_two_cycles():
    way = way_through(NETWORK, np.random.default_rng(3), least=3)
    without, _, _, plain = run([way], priority=False, end_s=300)
    served, arrived, _, recorder = run([way], end_s=300)
    assert arrived["ev0"]
    assert served["ev0"] < 0.8 * without["ev0"]
    recovered = [e for e in recorder.events if e.kind == "priority-recovered"]
    assert len(recovered) == len({e.junction_id for e in recorder.events if e.kind == "priority-granted"})
    assert all(e.data["cycles"] <= 2 for e in recovered)
    # afterwards every lamp is where it would have been
    last_s = max(e.time_s for e in recovered)
    assert last_s < 290
    assert recorder.lamps[-1] == plain.lamps[-1]


def test_without_a_call_priority_changes_nothing():
    without = run([], departs_s=(), network=SMALL, priority=False, end_s=150)
    ready = run([], departs_s=(), network=SMALL, end_s=150)
    assert ready[3].lamps == without[3].lamps
    assert np.array_equal(ready[2].travel_time_s, without[2].travel_time_s)
    assert all(lamps[0] == OwnProgram(SMALL.junctions[0]).at(t).state for t, lamps in ready[3].lamps)


@pytest.mark.parametrize("seed", range(4))
def test_pairs_that_cross_both_arrive_and_no_rule_is_broken(seed):
    rng = np.random.default_rng(seed)
    ways = [way_through(SMALL, rng, least=2) for _ in range(2)]
    _, arrived, _, recorder = run(
        ways, network=SMALL, departs_s=(30.0, 30.0 + float(rng.uniform(0, 20))), seed=seed, end_s=260
    )
    assert all(arrived.values())
    for junction in SMALL.junctions:
        oracle = LampOracle(SMALL, junction, RULES, step_ms=1000)
        for time_ms, lamps in recorder.lamps:
            oracle.show(lamps[junction.index], time_ms)
        assert oracle.violations == []


def test_it_works_on_the_adaptive_policy_too():
    way = way_through(SMALL, np.random.default_rng(5), least=2)
    _served, arrived, _, recorder = run([way], network=SMALL, policy="adaptive", end_s=200)
    assert arrived["ev0"]
    assert {"priority-granted", "priority-recovered"} <= set(kinds(recorder))
    assert all(len(shown) == 2 for _, shown in recorder.lamps)


def test_noise_delay_and_loss_cost_little():
    way = way_through(NETWORK, np.random.default_rng(3), least=3)
    clear = run([way], end_s=250)[0]["ev0"]
    poor = run([way], end_s=250, radio=RadioParameters(noise_m=10.0, latency_s=2.0, loss=0.05))[0]["ev0"]
    assert poor <= clear + 25
