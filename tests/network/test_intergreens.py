from __future__ import annotations

import pytest
from builders import one_junction
from pydantic import ValidationError

from citybrain.network.intergreens import Intergreens, SignalRules, yellow_s


def gaps(network, **rules):
    return Intergreens(network, network.junctions[0], SignalRules(**rules))


@pytest.mark.parametrize(
    ("kmh", "seconds"),
    [(0, 3), (30, 3), (50, 3), (53.9, 3), (54, 4), (70, 4), (75.5, 4), (75.7, 5), (90, 5), (100, 6), (130, 6)],
)
def test_yellow_by_approach_speed(kmh, seconds):
    # 1 s + v / (2 * 3 m/s2), to the next half second, 3 to 6 s: 54 km/h gives exactly 3.5
    assert yellow_s(kmh / 3.6) == seconds


@pytest.mark.parametrize(
    ("path_m", "speed_mps", "all_red_s"),
    [
        (4.0, 14.0, 0),  # (4 + 5) / 14 - 1 < 0
        (9.0, 14.0, 0),  # exactly 0
        (15.0, 14.0, 1),  # 0.43, up
        (23.0, 14.0, 1),  # exactly 1
        (24.0, 14.0, 2),
        (22.0, 5.0, 2),  # a slow approach still clears at 9 m/s
        (1000.0, 14.0, 30),  # a path of a kilometre is an error of the net
    ],
)
def test_all_red_by_clearance_path(path_m, speed_mps, all_red_s):
    network = one_junction(["Gr", "rG"], [(0, 1)], path_m=path_m, speed_mps=speed_mps)
    steps = gaps(network).steps(0, 1)
    assert steps[1:] == ((("rr", all_red_s * 1000),) if all_red_s else ())
    assert gaps(network).length_s(0, 1) == 3 + all_red_s


def test_the_slowest_of_those_who_lose_their_green_counts():
    network = one_junction(["GGr", "rrG"], [(0, 2), (1, 2)], speed_mps=[10.0, 25.0, 10.0], path_m=[40.0, 15.0, 15.0])
    # yellow of the fast approach (1 + 25/6, rounded: 5), all-red of the long path (45/10 - 1, up: 4)
    assert gaps(network).steps(0, 1) == (("yyr", 5000), ("rrr", 4000))


def test_nobody_in_the_way_needs_no_all_red():
    network = one_junction(["Gr", "rG"], path_m=40.0)
    assert gaps(network).steps(0, 1) == (("yr", 3000),)


@pytest.mark.parametrize(("yellow", "all_red"), [(2.0, 0.0), (3.0, 1.5), (4.5, 3.0)])
def test_a_scenario_sets_its_own_lengths(yellow, all_red):
    network = one_junction(["Gr", "rG"], [(0, 1)], path_m=90.0, speed_mps=30.0)
    expected = (("yr", round(yellow * 1000)), ("rr", round(all_red * 1000)))
    assert gaps(network, yellow_s=yellow, all_red_s=all_red).steps(0, 1) == expected[: 1 + (all_red > 0)]


@pytest.mark.parametrize("width_m", [6.0, 12.0, 48.0])
def test_pedestrians_get_the_time_their_crossing_takes(width_m):
    network = one_junction(["Gr", "rG"], [(0, 1)], crossings=[0], path_m=[width_m, 15.0])
    for rules in ({}, {"yellow_s": 3.0, "all_red_s": 0.0}):
        assert gaps(network, **rules).steps(0, 1) == (("rr", round(width_m / 1.2) * 1000),)
    assert gaps(network, walking_speed_mps=0.6).length_s(0, 1) == round(width_m / 0.6)


def test_minimum_green_is_longer_where_pedestrians_walk():
    network = one_junction(["Gr", "rG"], [(0, 1)], crossings=[0])
    assert [gaps(network, min_walk_s=9.0).min_green_ms(i) for i in (0, 1)] == [9000, 5000]
    assert [gaps(network, min_walk_s=2.0).min_green_ms(i) for i in (0, 1)] == [5000, 5000]


def test_a_stage_has_no_intergreen_to_itself():
    network = one_junction(["Gr", "rG"], [(0, 1)])
    assert gaps(network).steps(0, 0) == ()
    assert gaps(network).length_s(1, 1) == 0


def test_default_rules():
    assert SignalRules().model_dump() == {
        "yellow_s": None, "all_red_s": None, "min_green_s": 5.0, "max_green_s": 120.0, "min_walk_s": 6.0,
        "walking_speed_mps": 1.2,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ({"yellow_s": -1.0}, "yellow_s"),
        ({"yellow_s": 11.0}, "yellow_s"),
        ({"all_red_s": -0.5}, "all_red_s"),
        ({"min_green_s": 0.0}, "min_green_s"),
        ({"max_green_s": 4.0}, "max_green_s"),
        ({"walking_speed_mps": 0.0}, "walking_speed_mps"),
        ({"min_green_s": 40.0, "max_green_s": 30.0}, "min_green_s 40 is more than max_green_s 30"),
        ({"yellow": 3.0}, "yellow"),
    ],
)
def test_rules_that_make_no_sense_are_refused(rules, message):
    with pytest.raises(ValidationError, match=message):
        SignalRules(**rules)


def test_rules_do_not_change():
    with pytest.raises(ValidationError, match="frozen"):
        SignalRules().yellow_s = 1.0


def test_lamps_of_trams_and_bicycles_get_yellow_and_clearance_too():
    network = one_junction(["Gr", "rG"], [(0, 1)], nobody=[0])
    assert gaps(network).steps(0, 1) == (("yr", 3000), ("rr", 3000))  # (15 + 5) m at 5 m/s, less 1 s
    assert gaps(network, yellow_s=2.0, all_red_s=0.0).steps(0, 1) == (("yr", 2000),)
