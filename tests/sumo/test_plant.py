"""SUMO as a plant: the same vehicles however it is talked to."""

from __future__ import annotations

import socket
import subprocess
import time
from dataclasses import replace

import numpy as np
import pytest

from citybrain.demand.scenario import open_scenario
from citybrain.detection import PerfectSensors
from citybrain.errors import PlantError
from citybrain.loop import run_loop
from citybrain.messages import Decision
from citybrain.network import read_network
from citybrain.network.intergreens import SignalRules
from citybrain.signals.interlock import Interlock
from citybrain.signals.max_wave import MaxWave
from citybrain.simulation.sumo import SumoLaunch, SumoPlant, sumo_arguments, sumo_binary, sumo_version

pytestmark = pytest.mark.sumo


@pytest.fixture
def scenario(case):
    return open_scenario(str(case.config))


@pytest.fixture
def network(case):
    return read_network(case.net)


def rows(plant):
    """Readings as a table by vehicle."""
    r = plant.read()
    columns = (r.lane, r.position_m, r.speed_mps, r.length_m, r.stop_lane, r.movement, r.distance_m, r.crossing)
    return dict(zip(r.ids, zip(*(c.tolist() for c in columns), strict=True), strict=True)), sorted(r.passed.tolist())


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_readings_and_lamps_are_the_same_in_process_and_over_the_socket(scenario, network):
    ways = [SumoPlant(scenario, network, SumoLaunch(seed=5, transport=t)) for t in ("libsumo", "traci")]
    interlocks = [Interlock(network, SignalRules()) for _ in ways]
    seen = 0
    try:
        for plant, interlock in zip(ways, interlocks, strict=True):
            plant.apply(interlock.start(plant.time_ms, plant.signal_states()))
        for second in range(1, 151):
            decision = Decision(time_s=second, stage=np.full(len(network.junctions), second // 20 % 2))
            for plant, interlock in zip(ways, interlocks, strict=True):
                plant.step()
                plant.apply(interlock.advance(decision, plant.time_ms))
            first, second_rows = (rows(plant) for plant in ways)
            assert first == second_rows
            assert ways[0].signal_states() == ways[1].signal_states()
            assert ways[0].time_ms == ways[1].time_ms == second * 1000
            seen += len(first[0])
    finally:
        for plant in ways:
            plant.close()
            plant.close()  # twice does no harm
    assert seen > 1000


def test_crossings_of_stop_lines_at_the_end_of_tiny_edges_are_counted():
    """Edges of a few centimetres lie between two steps of a vehicle."""
    scenario = open_scenario("resco:ingolstadt21")
    network = read_network(scenario.net_file)
    movements = [m for m in network.movements if not m.is_crossing]
    tiny = {network.lanes[m.from_lane].edge for m in movements}
    tiny = {e for e in tiny if network.edges[e].length_m < 1.0}
    plant, counted, entered = SumoPlant(scenario, network, SumoLaunch(seed=3)), 0, set()
    try:
        while plant.time_ms < (scenario.begin_s + 240) * 1000:
            plant.step()
            r = plant.read()
            counted += sum(network.lanes[network.movements[m].from_lane].edge in tiny for m in r.passed.tolist())
            for name in r.ids:
                route = plant._api.vehicle.getRoute(name)
                done = plant._api.vehicle.getRouteIndex(name)
                inside = plant._api.vehicle.getLaneID(name).startswith(":")
                left = route[: done + inside]
                entered |= {(name, i) for i, edge in enumerate(left) if network.edge_index(edge) in tiny}
    finally:
        plant.close()
    assert len(entered) > 20
    assert counted == pytest.approx(len(entered), rel=0.05)


def test_readings_hold_together(scenario, network):
    plant = SumoPlant(scenario, network, SumoLaunch(seed=1))
    halted = inside = 0
    try:
        while plant.time_ms < 200_000:
            plant.step()
            r = plant.read()
            on_approach = (r.stop_lane == r.lane) & (r.lane >= 0)
            length = np.array([network.lanes[i].length_m for i in r.lane])
            assert np.allclose(r.distance_m[on_approach], (length - r.position_m)[on_approach])
            assert ((r.movement >= 0) == (r.stop_lane >= 0)).all()
            for movement, lane in zip(r.movement[r.movement >= 0], r.stop_lane[r.movement >= 0], strict=True):
                assert network.movements[movement].from_lane == lane
            assert np.isinf(r.distance_m[r.movement < 0]).all()
            assert ((r.crossing >= 0) <= (r.lane < 0)).all()
            assert (r.length_m == 5.0).all()
            halted += int((r.speed_mps < 0.1).sum())
            inside += int((r.crossing >= 0).sum())
    finally:
        plant.close()
    assert halted > 100
    assert inside > 50


def test_every_crossing_of_a_stop_line_is_counted_once(scenario, network, case):
    plant = SumoPlant(scenario, network, SumoLaunch(seed=1))
    passed = []
    try:
        while plant.time_ms < 300_000:
            plant.step()
            passed += plant.read().passed.tolist()
        left = list(plant.read().ids)
    finally:
        plant.close()
    crossings = {
        "wA AB Be": 2,
        "eB BA Aw": 2,
        "n1A As1": 1,
        "s1A An1": 1,
        "n2B Bs2": 1,
        "s2B Bn2": 1,
        "wA An1": 1,
        "s2B BA Aw": 2,
    }
    most = sum(
        crossings[line.split('edges="')[1].split('"')[0]]
        for line in case.routes.read_text(encoding="utf-8").splitlines() if "edges=" in line
    )  # fmt: skip
    assert most - 2 * len(left) - 10 <= len(passed) <= most


def test_a_sumo_that_waits_somewhere_can_be_joined(scenario, network):
    port = free_port()
    arguments = sumo_arguments(scenario, SumoLaunch(seed=5))
    with subprocess.Popen(
        [sumo_binary(), *arguments, "--remote-port", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as waiting:
        plant = SumoPlant(scenario, network, SumoLaunch(seed=5, remote=("127.0.0.1", port)))
        try:
            result = run_loop(plant, network, MaxWave(), PerfectSensors(network), SignalRules(), 60)
        finally:
            plant.close()
        assert plant.time_ms == 60_000
        assert len(result.times.decisions_s) == 7
        assert waiting.wait(timeout=20) == 0


@pytest.mark.parametrize("transport", ["libsumo", "traci"])
def test_what_sumo_refuses_is_an_error_with_its_reason(scenario, network, transport):
    broken = replace(scenario, options={"step-method.ballistic": "perhaps"})
    begun = time.monotonic()
    with pytest.raises(PlantError, match="SUMO did not start"):
        SumoPlant(broken, network, SumoLaunch(seed=1, transport=transport))
    assert time.monotonic() - begun < 30


def test_arguments_carry_the_window_the_seed_and_no_empty_values(scenario):
    arguments = sumo_arguments(scenario, SumoLaunch(seed=9, outputs={"tripinfo-output": "t.xml"}))
    pairs = dict(zip(arguments[::2], arguments[1::2], strict=True))
    assert pairs["--seed"] == "9"
    assert (pairs["--begin"], pairs["--end"], pairs["--step-length"]) == ("0", "300", "1")
    assert pairs["--net-file"] == str(scenario.net_file)
    assert pairs["--tripinfo-output"] == "t.xml"
    assert "--additional-files" not in pairs
    assert "" not in arguments


def test_the_binary_and_the_version_are_those_of_the_wheel():
    assert sumo_version().startswith("1.")
    printed = subprocess.run([sumo_binary(), "--version"], capture_output=True, text=True, check=True).stdout
    assert sumo_version() in printed
    with pytest.raises(PlantError, match="has no program 'sumoo'"):
        sumo_binary("sumoo")
