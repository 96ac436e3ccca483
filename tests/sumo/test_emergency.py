"""The emergency study in SUMO, small: the same twice, nothing on red, and own programs resumed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from citybrain.demand.scenario import open_scenario
from citybrain.detection.onboard import Call
from citybrain.evaluation.emergency.fork import forks
from citybrain.evaluation.emergency.losses import common_s
from citybrain.evaluation.emergency.spec import TwinSpec
from citybrain.evaluation.emergency.twin import execute
from citybrain.messages import OWN_PROGRAM, RELEASE, Decision
from citybrain.network import read_network
from citybrain.signals.interlock import Interlock
from citybrain.signals.own_program import OwnProgram
from citybrain.simulation.sumo import SumoLaunch, SumoPlant

pytestmark = pytest.mark.sumo


@pytest.fixture
def spec(case, tmp_path, monkeypatch):
    monkeypatch.setenv("CITYBRAIN_CACHE", str(tmp_path))
    scenario = replace(open_scenario(str(case.config)), end_s=300.0)
    [fork] = forks(scenario, [60.0])
    call = Call(
        vehicle_id="ev",
        role="fire",
        announced_s=60.0,
        depart_s=90.0,
        origin="wA",
        from_m=20.0,
        destination="Be",
        to_m=150.0,
    )
    return TwinSpec(scenario=scenario, kind="baseline", calls=(call,), fork=fork, seed=3, end_s=300.0, after_s=20.0)


def test_twins_pair_and_priority_serves_the_call(spec):
    base = execute(spec)
    again = execute(spec)
    assert base.driven["ev"].travel_s is not None
    assert np.array_equal(base.losses.delay_s, again.losses.delay_s)
    served = execute(replace(spec, kind="priority", sensors="perfect"))
    assert served.driven["ev"].travel_s <= base.driven["ev"].travel_s
    assert served.driven["ev"].red_crossings == 0
    assert [c[0] for c in served.driven["ev"].crossed] == [0, 1]
    assert served.losses.before_s == base.losses.before_s
    assert (both_s := common_s(served.losses, base.losses)) == 180.0
    assert served.losses.grown_s(both_s) > 0
    assert {event.kind for event in served.events} >= {"priority-granted", "priority-ended", "priority-recovered"}
    ceiling = execute(replace(spec, kind="ceiling", routes={"ev": ("wA", "AB", "Be")}))
    assert ceiling.driven["ev"].travel_s <= served.driven["ev"].travel_s


def test_a_program_goes_on_unseen_and_is_resumed_in_step(spec):
    """What the interlock believes of a junction's own program is what SUMO shows."""
    network = read_network(spec.scenario.net_file)
    plant = SumoPlant(spec.scenario, network, SumoLaunch(seed=1))
    programs = [OwnProgram(junction) for junction in network.junctions]
    interlock = Interlock(network, spec.scenario.rules, released=True)
    interlock.start(plant.time_ms, plant.signal_states())
    held = given = 0
    try:
        while plant.time_ms < 280_000:
            before_ms = plant.time_ms
            plant.step()
            shown = plant.signal_states()
            for index, program in enumerate(programs):
                if interlock.is_released(index):
                    assert shown[index] == program.at(before_ms).state
            wanted = 1 if 50_000 <= plant.time_ms < 120_000 else RELEASE
            decision = Decision(time_s=plant.time_ms / 1000, stage=_stages(len(programs), wanted))
            commands = interlock.advance(decision, plant.time_ms, shown)
            held += sum(command.state != OWN_PROGRAM for command in commands)
            given += sum(command.state == OWN_PROGRAM for command in commands)
            plant.apply(commands)
    finally:
        plant.close()
    assert held >= 2
    assert given == 2


def _stages(n, value):
    return np.full(n, value, dtype=np.int32)
