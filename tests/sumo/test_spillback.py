"""The mesoscopic stage of the search, in SUMO itself."""

from __future__ import annotations

import signal

import numpy as np
import pytest
from lxml import etree

from citybrain.demand.scenario import open_scenario
from citybrain.evaluation.retiming.mesoscopic import Mesoscopic, effective
from citybrain.evaluation.retiming.period import parse_periods
from citybrain.evaluation.retiming.retime import FILES, RetimeRequest, retime
from citybrain.evaluation.retiming.spillback import NAME
from citybrain.network import read_network
from citybrain.signals.retiming.files import read_begins
from citybrain.signals.retiming.optimise import Settings
from citybrain.signals.retiming.timing import current_timing

pytestmark = pytest.mark.sumo


def test_greens_are_those_that_vehicles_use():
    logic = etree.fromstring(
        '<tlLogic id="J" offset="7"><phase duration="10" state="Gr"/><phase duration="3" state="yr"/>'
        '<phase duration="20" state="rg"/><phase duration="2.5" state="rr"/></tlLogic>'
    )
    phases = [(float(p.get("duration")), p.get("state")) for p in etree.fromstring(effective(logic))]
    # 2 s are lost at the start, 1 s of yellow is driven
    assert phases == [(2, "rr"), (9, "Gr"), (4, "rr"), (19, "rg"), (1.5, "rr")]


def test_plans_are_told_apart_and_the_same_seed_gives_the_same(case, tmp_path):
    scenario, network = open_scenario(str(case.config)), read_network(case.net)
    current = current_timing(network)
    bad = current.copy()
    bad.green[:, 0], bad.green[:, 1:] = 5, 60  # one stage starves
    simulation = Mesoscopic(scenario=scenario, network=network, current=current, folder=tmp_path, jobs=2)
    own, same, other = simulation.measure([current, current, bad], 3)
    assert own.mean_s == same.mean_s
    assert np.array_equal(own.junction_s, same.junction_s)
    assert other.mean_s != own.mean_s
    assert 0 < own.junction_s.sum() <= own.edge_s.sum() + 1e-6


def test_retiming_goes_on_where_queues_block(case, tmp_path):
    scenario = open_scenario(str(case.config))
    request = RetimeRequest(
        scenario=scenario,
        periods=parse_periods(str(case.config), scenario, None),
        settings=Settings(seconds=12.0, cycles_s=(40,)),
        out=tmp_path / "out",
        accept=False,
        spillback=True,
    )
    (period,) = retime(request).periods
    told = {c.name: c.mesoscopic_delay_s for c in period.candidates if c.mesoscopic_delay_s is not None}
    assert "current plan" in told
    assert period.chosen == min(told, key=told.get)
    assert "mesoscopic simulation" in period.reason
    if NAME in told:
        assert told[NAME] < told["current plan"]
    assert read_begins(tmp_path / "out" / "plans.toml") == {period.name: scenario.begin_s}


def test_ctrl_c_in_the_mesoscopic_stage_keeps_a_plan(case, tmp_path):
    scenario = open_scenario(str(case.config))
    seen = []

    def progress(_period, what, _best_s, _share):
        if what.startswith("mesoscopic") and not seen:
            seen.append(what)
            raise KeyboardInterrupt

    request = RetimeRequest(
        scenario=scenario,
        periods=parse_periods(str(case.config), scenario, None),
        settings=Settings(seconds=12.0, cycles_s=(40,)),
        out=tmp_path / "out",
        spillback=True,
    )
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        (period,) = retime(request, progress).periods
    finally:
        signal.signal(signal.SIGINT, before)
    assert seen
    assert period.interrupted
    assert not period.accepted
    assert period.reason.startswith("best in the ")
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == sorted(FILES)
