"""Ctrl-C, whenever it comes, leaves a valid plan in all of its files."""

from __future__ import annotations

import signal

import pytest

from citybrain.demand.scenario import open_scenario
from citybrain.evaluation.retiming.period import parse_periods
from citybrain.evaluation.retiming.retime import FILES, RetimeRequest, retime
from citybrain.evaluation.retiming.retime_results import RetimeResults
from citybrain.network import read_network
from citybrain.signals.retiming.files import read_plans
from citybrain.signals.retiming.optimise import Settings

pytestmark = pytest.mark.sumo


@pytest.fixture
def ctrl_c():
    """Python's own handler, even where the shell that started the tests ignores the signal."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("when", ["cycle 40 s", "offsets", "common cycle 60 s", "SUMO: "])
def test_ctrl_c_keeps_the_best_valid_plan(case, tmp_path, ctrl_c, when):
    scenario = open_scenario(str(case.config))
    seen = []

    def progress(_period, what, _best_s, _share):
        if what.startswith(when) and not seen:
            seen.append(what)
            signal.raise_signal(signal.SIGINT)

    results = retime(
        RetimeRequest(
            scenario=scenario,
            periods=parse_periods(str(case.config), scenario, None),
            settings=Settings(seconds=3.0, cycles_s=(40, 60)),
            out=tmp_path / "out",
        ),
        progress,
    )
    assert seen
    (period,) = results.periods
    assert period.interrupted
    assert not period.accepted
    assert "platoon model" in period.reason
    assert period.chosen in {candidate.name for candidate in period.candidates}
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == sorted(FILES)
    assert RetimeResults.read(tmp_path / "out" / "results.json") == results
    read_plans(tmp_path / "out" / "plans.toml", read_network(case.net), scenario.rules)  # refuses what is not legal
