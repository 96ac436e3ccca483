from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from citybrain.demand.scenario import Scenario
from citybrain.errors import InputError
from citybrain.evaluation.incidents.disturbances import (
    SURGE_FACTOR,
    SURGE_S,
    PlanChange,
    Surge,
    check_disturbances,
    check_plans,
)
from citybrain.evaluation.incidents.runs import patient
from citybrain.network.intergreens import SignalRules
from citybrain.network.synthetic import grid_network

GRID = grid_network(2, 2)


def test_a_surge_ends():
    sumo = SimpleNamespace(demand_scale=0.8)
    surge = Surge(sumo, begin_s=100.0)
    seen = {}
    for t in (50, 100, 500, 99 + int(SURGE_S), 100 + int(SURGE_S), 2000):
        surge.step(1000 * t, ())
        seen[t] = sumo.demand_scale
    assert seen[50] == seen[2000] == pytest.approx(0.8)
    assert seen[100] == seen[500] == seen[99 + int(SURGE_S)] == pytest.approx(0.8 * SURGE_FACTOR)
    assert seen[100 + int(SURGE_S)] == pytest.approx(0.8)


def test_plans_change_at_the_moment():
    policy = PlanChange(change_s=600.0)
    policy.start(GRID, SignalRules())

    def course(begin_s):
        stages = [policy.decide(SimpleNamespace(time_s=t)).stage[0] for t in np.arange(begin_s, begin_s + 500.0)]
        return np.flatnonzero(np.diff(stages))

    before, after = np.diff(course(0.0)), np.diff(course(600.0))
    assert before.sum() / len(before) < after.sum() / len(after)


def test_what_is_unknown_is_refused():
    check_disturbances(("surge", "plans", "emergency"), "fixed-time")
    check_disturbances(("surge",), "adaptive")
    with pytest.raises(InputError, match="did you mean 'surge'"):
        check_disturbances(("surges",), "fixed-time")
    with pytest.raises(InputError, match="has no plans to change"):
        check_disturbances(("plans",), "adaptive")


def test_queues_do_not_leak_past_a_blocked_road(tmp_path):
    def scenario(**options):
        return Scenario(name="x", net_file=tmp_path, route_files=(), begin_s=0, end_s=3600, options=options)

    assert patient(scenario()).options["time-to-teleport"] == "1200"
    assert patient(scenario(**{"time-to-teleport": "300"})).options["time-to-teleport"] == "1200"
    for kept in ("-1", "1800"):
        assert patient(scenario(**{"time-to-teleport": kept})).options["time-to-teleport"] == kept


@pytest.mark.parametrize("switches", [1, 2])
def test_plans_that_change_by_the_clock_already_are_not_changed_once_more(tmp_path, switches):
    junction = GRID.junctions[0]
    phases = "".join(f'<phase duration="30" state="{phase.state}"/>' for phase in junction.program)
    programs = "".join(
        f'<tlLogic id="{junction.id}" programID="p{k}" type="static">{phases}</tlLogic>' for k in range(2)
    )
    rows = "".join(f'<wautSwitch time="{3600 * k}" to="p{k}"/>' for k in range(switches))
    file = tmp_path / "day.add.xml"
    file.write_text(
        f'<additional>{programs}<WAUT id="w" refTime="0" startProg="p0">{rows}</WAUT>'
        f'<wautJunction wautID="w" junctionID="{junction.id}"/></additional>',
        encoding="utf-8",
    )
    day = Scenario(name="x", net_file=tmp_path, route_files=(), additional_files=(file,), begin_s=0, end_s=3600)
    check_plans(("surge",), day, GRID)
    if switches == 1:
        check_plans(("plans",), day, GRID)
    else:
        with pytest.raises(InputError, match="x changes its plans by the clock already"):
            check_plans(("plans",), day, GRID)
