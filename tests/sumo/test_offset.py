"""A plan's offset means the same in SUMO as in ours: fails when the sign flips."""

from __future__ import annotations

import subprocess

import pytest
from cases import build_cross

from citybrain.network import read_network
from citybrain.network.intergreens import SignalRules
from citybrain.signals.plan import Plan
from citybrain.simulation.sumo import sumo_binary

pytestmark = pytest.mark.sumo


def test_the_first_stage_turns_green_at_the_offset(tmp_path):
    net = build_cross(tmp_path)
    network, rules = read_network(net), SignalRules(yellow_s=3.0, all_red_s=1.0)
    plan = Plan(junction_id="C", stages=(0, 1), greens_s=(20.0, 30.0), offset_s=10.0)
    text = plan.to_sumo(network, rules, program_id="own")
    output = tmp_path / "lamps.xml"
    extra = f'<timedEvent type="SaveTLSStates" source="C" dest="{output}"/>'
    (tmp_path / "plan.add.xml").write_text(f"<additional>{text}{extra}</additional>", encoding="utf-8")
    subprocess.run(
        [sumo_binary(), "-n", net, "-a", tmp_path / "plan.add.xml", "--end", "120", "--no-step-log"],
        check=True,
        capture_output=True,
    )
    lines = [line for line in output.read_text(encoding="utf-8").splitlines() if "<tlsState " in line]
    first = network.junctions[0].stages[0].state
    shown = {float(line.split('time="')[1].split('"')[0]): line.split('state="')[1].split('"')[0] for line in lines}
    green = [time_s for time_s, state in sorted(shown.items()) if state == first]
    assert green[0] == 10.0
    # one cycle is 20 + 4 + 30 + 4 seconds
    assert 10.0 + 58.0 in green
    assert 10.0 + 57.0 not in green
