"""Controllers that run inside SUMO: the programs written for them, and the monitor that watches."""

from __future__ import annotations

import pytest
from builders import one_junction
from lxml import etree

from citybrain.network.intergreens import SignalRules
from citybrain.network.synthetic import grid_network
from citybrain.signals.actuated import Actuated, DelayBased
from citybrain.signals.fixed_time import FixedTime
from citybrain.signals.monitor import Monitor
from citybrain.signals.policy import NativePolicy, Policy

RULES = SignalRules(yellow_s=3.0, all_red_s=1.5)
NETWORK = one_junction(["Gr", "rG"], [(0, 1)], junction_id='"A" & <B>')


def program(policy, network, rules=RULES):
    (logic,) = etree.fromstring(policy.programs(network, rules)).findall("tlLogic")
    return logic, [dict(phase.attrib) for phase in logic.findall("phase")]


def test_fixed_time_replaces_nothing():
    assert FixedTime().programs(NETWORK, RULES) is None


def test_actuated_writes_the_stages_in_order_with_the_rules_intergreens():
    logic, phases = program(Actuated(), NETWORK)
    assert dict(logic.attrib) == {"id": '"A" & <B>', "type": "actuated", "programID": "citybrain", "offset": "0"}
    assert phases == [
        {"duration": "5", "minDur": "5", "maxDur": "50", "state": "Gr"},
        {"duration": "3", "state": "yr"},
        {"duration": "1.5", "state": "rr"},
        {"duration": "5", "minDur": "5", "maxDur": "50", "state": "rG"},
        {"duration": "3", "state": "ry"},
        {"duration": "1.5", "state": "rr"},
    ]


def test_delay_based_differs_in_kind_and_parameters_only():
    logic, phases = program(DelayBased(), NETWORK)
    assert logic.get("type") == "delay_based"
    assert phases == program(Actuated(), NETWORK)[1]
    assert {p.get("key") for p in logic.findall("param")} == {"detectorRange", "minTimeLoss"}


@pytest.mark.parametrize(("longest", "expected"), [(120.0, "50"), (30.0, "30")])
def test_the_rules_maximum_green_holds_for_them_too(longest, expected):
    rules = RULES.model_copy(update={"max_green_s": longest})
    assert program(Actuated(), NETWORK, rules)[1][0]["maxDur"] == expected


def test_pedestrians_get_their_minimum():
    network = one_junction(["Gr", "rG"], [(0, 1)], crossings=[0])
    rules = RULES.model_copy(update={"min_walk_s": 60.0})
    phase = program(Actuated(), network, rules)[1][0]
    assert (phase["minDur"], phase["maxDur"]) == ("60", "60")


def test_a_junction_of_one_stage_keeps_its_own_program():
    assert etree.fromstring(Actuated().programs(one_junction(["GG"]), RULES)).findall("tlLogic") == []


def test_there_is_a_program_for_every_junction():
    root = etree.fromstring(Actuated().programs(grid_network(2, 3), RULES))
    assert len({logic.get("id") for logic in root.findall("tlLogic")}) == 6


def test_native_policies_are_told_from_others():
    assert isinstance(FixedTime(), NativePolicy)
    assert not isinstance(FixedTime(), Policy)


# the monitor


def watched(*states, network=NETWORK):
    monitor = Monitor(network, RULES)
    reasons = []
    for second, state in enumerate(states):
        monitor.watch([state], second * 1000)
        reasons += [event.data["reason"] for event in monitor.events]
    return monitor.violations, reasons


def test_the_monitor_is_content_with_a_lawful_sequence():
    assert watched("Gr", "Gr", "yr", "rr", "rG", "ry", "rr", "Gr") == (0, [])


def test_the_monitor_sees_green_end_without_yellow():
    assert watched("Gr", "rr", "rr") == (1, ["link 0 went from green to red without yellow"])
    assert watched("Gr", "rr", network=one_junction(["Gr", "rG"], [(0, 1)], crossings=[0])) == (0, [])


def test_the_monitor_sees_two_conflicting_greens_once():
    assert watched("Gr", "GG", "GG") == (1, ["links 0 and 1 conflict and are both 'G' in GG"])
    assert watched("Gr", "Gg") == (0, [])


def test_the_monitor_names_the_junction_and_the_time():
    monitor = Monitor(NETWORK, RULES)
    monitor.watch(["GG"], 4500)
    (event,) = monitor.events
    assert (event.kind, event.time_s, event.junction_id) == ("violation", 4.5, '"A" & <B>')
