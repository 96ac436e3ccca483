"""Each weight of the objective does what its name says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from builders import one_junction
from signals.retiming.traffic import even, pose_even

from citybrain.network.intergreens import SignalRules
from citybrain.network.model import ProgramPhase
from citybrain.network.synthetic import grid_network
from citybrain.signals.retiming.kernel import DELAY, SPILL, STOPS
from citybrain.signals.retiming.optimise import Optimiser, Settings
from citybrain.signals.retiming.platoon import Objective, PlatoonModel
from citybrain.signals.retiming.queues import build_tables

RULES = SignalRules(yellow_s=3.0, all_red_s=1.0)
PROGRAM = (ProgramPhase(state="Gr", duration_s=40.0), ProgramPhase(state="yr", duration_s=4.0),
           ProgramPhase(state="rG", duration_s=40.0), ProgramPhase(state="ry", duration_s=4.0))  # fmt: skip
CROSS = one_junction(["Gr", "rG"], [(0, 1)], program=PROGRAM)
CYCLE_S = 50


def best_details(problem, **objective):
    """Search, then return the details of the best plan, mean over the samples, by lane."""
    settings = Settings(seconds=3.0, cycles_s=(CYCLE_S,), objective=Objective(**objective))
    optimiser = Optimiser(problem, settings)
    optimiser.run()
    timing = min(optimiser.candidates, key=lambda c: c.model_s).timing
    model = PlatoonModel(problem.tables, Objective())
    model.value(timing)
    return timing, np.tensordot(problem.tables.weight, model.details, axes=1)


def with_buses(bus_weight):
    vehicles = even(("in-0", "out-0"), 700)
    vehicles += [replace(v, is_bus=k % 2 == 0) for k, v in enumerate(even(("in-1", "out-1"), 300))]
    problem = pose_even(CROSS, vehicles, RULES)
    tables = build_tables(CROSS, problem.streams, problem.samples, bus_weight=bus_weight)
    return replace(problem, tables=tables)


def test_buses_that_count_more_get_more_green():
    few, _ = best_details(with_buses(1.0))
    many, _ = best_details(with_buses(30.0))
    place = list(few.stage[0, :2]).index(1)
    assert many.green[0, list(many.stage[0, :2]).index(1)] > few.green[0, place] + 3


def row_of_two():
    network = grid_network(1, 2, spacing_m=300.0)
    vehicles = even(("west-0>0-0", "0-0>0-1", "0-1>east-0"), 600)
    for k in range(2):
        vehicles += even((f"south-{k}>0-{k}", f"0-{k}>north-{k}"), 350)
    return pose_even(network, vehicles, RULES)


def test_stops_that_count_more_are_fewer():
    _, waits = best_details(row_of_two(), stop_s=0.0)
    _, moves = best_details(row_of_two(), stop_s=100.0)
    assert moves[:, STOPS].sum() < waits[:, STOPS].sum() - 1e-3
    assert waits[:, DELAY].sum() <= moves[:, DELAY].sum() + 1e-6


def test_queues_that_count_more_stay_on_their_road():
    posed = pose_even(CROSS, even(("in-0", "out-0"), 800) + even(("in-1", "out-1"), 400), RULES)
    problem = replace(posed, tables=posed.tables._replace(lane_room=np.array([100.0, 2.5])))
    _, free = best_details(problem, queue=0.0)
    _, kept = best_details(problem, queue=300.0)
    assert free[1, SPILL] > 0
    assert kept[1, SPILL] < free[1, SPILL] - 1e-3
    assert kept[:, DELAY].sum() > free[:, DELAY].sum()


@pytest.mark.parametrize("weight", ["stop_s", "queue"])
def test_the_value_is_the_weighted_sum(weight):
    problem = row_of_two()
    values = {}
    for amount in (0.0, 1.0, 2.0):
        optimiser = Optimiser(problem, Settings(objective=Objective(**{"stop_s": 0.0, "queue": 0.0, weight: amount})))
        values[amount] = optimiser.model.value(optimiser.current)
    assert values[2.0] - values[1.0] == pytest.approx(values[1.0] - values[0.0])
