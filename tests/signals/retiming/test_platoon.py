"""The platoon model against closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from builders import one_junction
from signals.retiming.traffic import even, model_of, pose_even

from citybrain.network.intergreens import SignalRules
from citybrain.network.synthetic import grid_network
from citybrain.signals.plan import Plan
from citybrain.signals.retiming.kernel import AFTER, BEFORE, DEGREE, DELAY, FLOW, RANDOM
from citybrain.signals.retiming.moves import Setting, apply, setting_of
from citybrain.signals.retiming.platoon import Objective, PlatoonModel
from citybrain.signals.retiming.profiles import (
    DISPERSION,
    END_GAIN_S,
    START_LOST_S,
    disperse,
    overload_delay_s,
    standing_queue,
)
from citybrain.signals.retiming.saturation import fill, gap_capacity_vps, saturation_vps
from citybrain.signals.retiming.timing import build_rules, current_timing, from_plans
from citybrain.signals.retiming.webster import uniform_delay_s

RULES = SignalRules(yellow_s=3.0, all_red_s=1.0)
CROSS = one_junction(["Gr", "rG"], [(0, 1)])


def cross_timing(greens_s=(30.0, 22.0)):
    plan = Plan(junction_id="J", stages=(0, 1), greens_s=greens_s)
    return from_plans(CROSS, {"J": plan}, build_rules(CROSS, RULES))


@pytest.mark.parametrize("vph", [120, 400, 720])
def test_even_arrivals_wait_as_webster_says(vph):
    problem = pose_even(CROSS, even(("in-0", "out-0"), vph) + even(("in-1", "out-1"), 60), RULES)
    model = model_of(problem)
    model.value(cross_timing())
    lane = model.details[0, 0]
    flow = lane[FLOW]
    assert flow == pytest.approx(vph / 3600.0, rel=0.05)
    green_s = 30.0 + END_GAIN_S - START_LOST_S
    s = saturation_vps("straight", limit_mps=14.0, space_m=7.5, headway_s=1.0)
    expected = uniform_delay_s(60.0, green_s, flow, s)
    assert (lane[DELAY] - lane[RANDOM]) / flow == pytest.approx(expected, rel=0.04)
    assert lane[DEGREE] == pytest.approx(flow * 60.0 / (s * green_s), rel=1e-6)


def test_webster_formula_by_hand():
    # C = 60, g/C = 0.5, q/s = 0.25: 60 * 0.25 / (2 * 0.75)
    assert uniform_delay_s(60.0, 30.0, 0.125, 0.5) == pytest.approx(10.0)


def test_overload_grows_by_half_the_excess_of_the_slice():
    # far over capacity the mean overflow delay tends to T (x - 1) / 2: a triangle of vehicles left over
    assert overload_delay_s(1.5, 1000.0, 1.0, 0.25) == pytest.approx(3600 * 0.25 * 0.5 / 2, rel=0.03)
    assert overload_delay_s(0.3, 1000.0, 1.0, 0.25) < 2.0
    assert overload_delay_s(0.9, 0.0, 1.0, 0.25) == 900.0


@pytest.mark.parametrize(
    ("before", "spare_vps", "left", "waiting"),
    [
        (0.0, 0.2, 0.0, 0.0),
        (0.0, -0.1, 90.0, 0.0),  # what arrives over capacity is left for the next slice
        (30.0, -0.1, 120.0, 30.0),  # and who stood there waits for all of it
        (90.0, 0.2, 0.0, 0.5 * 90.0 * 450.0 / 900.0),  # a triangle that clears after 450 s
        (90.0, 0.05, 45.0, 67.5),
    ],
)
def test_a_standing_queue_by_hand(before, spare_vps, left, waiting):
    assert standing_queue(before, spare_vps, 900.0) == pytest.approx((left, waiting))


def test_an_overload_is_handed_on_from_slice_to_slice():
    problem = pose_even(CROSS, even(("in-0", "out-0"), 1300) + even(("in-1", "out-1"), 60), RULES)
    model = model_of(problem)
    model.value(cross_timing())
    lane = model.details[:, 0]
    assert lane[0, BEFORE] == 0.0
    np.testing.assert_allclose(lane[1:, BEFORE], lane[:-1, AFTER])
    capacity_vps = lane[:, FLOW] / lane[:, DEGREE]
    np.testing.assert_allclose(np.diff(lane[:, AFTER]), (lane[1:, FLOW] - capacity_vps[1:]) * 900.0, rtol=1e-9)
    assert lane[3, DELAY] > lane[0, DELAY] + lane[2, AFTER]
    standing = problem.tables._replace(lane_start=np.array([50.0, 0.0]))
    later = PlatoonModel(standing, Objective())
    later.value(cross_timing())
    np.testing.assert_allclose(later.details[:, 0, AFTER], lane[:, AFTER] + 50.0)


def test_dispersion_keeps_vehicles_and_mean_time_and_follows_robertson():
    n, time_s = 300, 30.0
    inflow, out = np.zeros(n), np.zeros(n)
    inflow[0] = 1.0
    disperse(inflow, n, time_s, out)
    assert out.sum() == pytest.approx(1.0)
    assert (out * np.arange(n)).sum() == pytest.approx(time_s, abs=0.6)
    least = round(time_s / (1 + DISPERSION))
    f = 1 / (1 + DISPERSION * least)
    assert out[least] == pytest.approx(f)
    assert out[least + 1] == pytest.approx(f * (1 - f))
    assert out[:least].max() < 1e-9


def test_dispersion_of_an_even_flow_is_even():
    inflow, out = np.full(60, 0.2), np.zeros(60)
    disperse(inflow, 60, 45.0, out)
    assert out == pytest.approx(np.full(60, 0.2))


def two_in_a_row():
    network = grid_network(1, 2, spacing_m=230.0)
    route = ("west-0>0-0", "0-0>0-1", "0-1>east-0")
    assert all(network.edge_index(edge) >= 0 for edge in route)
    return network, pose_even(network, even(route, 500), RULES)


def test_a_greater_offset_downstream_by_the_driving_time_is_best():
    network, problem = two_in_a_row()
    model = model_of(problem)
    timing = current_timing(network)
    timing.offset[:] = 0
    drive_s = problem.legs[0, 1].time_s
    cycle = int(timing.cycle[0])
    values = {}
    for offset in range(0, cycle, 2):
        timing.offset[1] = offset
        values[offset] = model.value(timing)
    best = min(values, key=values.get)
    distance = abs((best - drive_s + cycle / 2) % cycle - cycle / 2)
    assert distance <= 5.0
    wrong = round((-drive_s) % cycle / 2) * 2 % cycle
    assert values[wrong] > values[best] * 1.1


def test_a_local_change_is_valued_as_from_scratch():
    network, problem = two_in_a_row()
    model = model_of(problem)
    timing = current_timing(network)
    before = model.value(timing)
    now = setting_of(timing, 0)
    apply(timing, problem.rules, 0, now._replace(offset=now.offset + 9))
    change = model.try_junction(timing, 0)
    assert model.value(timing) - before == pytest.approx(change, abs=2e-3)


def test_what_is_over_capacity_does_not_arrive_downstream():
    network, problem = two_in_a_row()
    model = model_of(problem)
    timing = current_timing(network)
    tables = problem.tables
    used = tables.stream_vps.sum(axis=0)[tables.part_stream] * tables.part_share > 0
    part = int(np.flatnonzero(used)[0])
    setting = setting_of(timing, 0)
    lit = [bool(tables.part_lamp[part, stage]) for stage in setting.stages]
    greens = tuple(int(problem.rules.low[0, s]) if on else 70 for s, on in zip(setting.stages, lit, strict=True))
    apply(timing, problem.rules, 0, Setting(setting.stages, greens, 0))
    apply(timing, problem.rules, 1, Setting(setting.stages, greens[::-1], 0))
    model.value(timing)
    upstream = model.details[1, : tables.lane_first[1]]
    downstream = model.details[1, tables.lane_first[1] :]
    assert upstream[:, DEGREE].max() > 1.0
    assert downstream[:, FLOW].sum() < 0.9 * upstream[:, FLOW].sum()


def test_lanes_fill_from_the_lowest():
    assert fill([0.0, 10.0], 4.0) == [4.0, 0.0]
    assert fill([0.0, 2.0], 6.0) == [4.0, 2.0]


def test_gap_capacity_falls_with_what_opposes():
    assert gap_capacity_vps(0.0) > gap_capacity_vps(0.1) > gap_capacity_vps(0.3) > 0
