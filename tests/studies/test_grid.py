from __future__ import annotations

import random

import numpy as np
import pytest

from citybrain.errors import InputError
from citybrain.studies.execute import execute_run
from citybrain.studies.grid import expand
from citybrain.studies.spec import StudySpec


def spec(**changes):
    values = {
        "scenarios": ("twin:1x1", "twin:1x2"), "policies": ("greedy", "max-wave"), "sensors": ("perfect",),
        "demand": (0.5, 1.0), "seeds": (1, 2), "end_s": 60.0, "parameters": {"greedy": {"interval_s": (1.0, 5.0)}},
    }  # fmt: skip
    return StudySpec(**{**values, **changes})


def test_the_grid_is_every_combination_once(tmp_path):
    runs = expand(spec(), tmp_path)
    assert len(runs) == 2 * 2 * 2 * 4  # scenarios, demands, seeds, variants
    assert len({run.key for run in runs}) == len(runs)
    assert [run.variant for run in runs[:4]] == [
        "fixed-time", "greedy(interval_s=1.0)", "greedy(interval_s=5.0)", "max-wave",
    ]  # fmt: skip


def test_keys_hold_all_that_decides_and_nothing_else(tmp_path):
    keys = [run.key for run in expand(spec(), tmp_path)]
    assert keys == [run.key for run in expand(spec(), tmp_path / "elsewhere")]
    assert keys[:16] == [run.key for run in expand(spec(scenarios=("twin:1x1",)), tmp_path)]  # the rest stays
    for change in ({"end_s": 61.0}, {"begin_s": 1.0}, {"sensors": ("camera",)}, {"keep_trips": True}):
        assert not set(keys) & {run.key for run in expand(spec(**change), tmp_path)}


def test_a_file_that_changes_changes_the_key(tmp_path):
    keys = []
    for flow in ("100", "200"):
        (tmp_path / "n.net.xml").write_text("<net/>", encoding="utf-8")
        (tmp_path / "r.rou.xml").write_text(flow, encoding="utf-8")
        (tmp_path / "a.sumocfg").write_text(
            '<c><net-file value="n.net.xml"/><route-files value="r.rou.xml"/></c>', encoding="utf-8"
        )
        keys.append(expand(spec(scenarios=("a.sumocfg",)), tmp_path)[0].key)
    assert keys[0] != keys[1]


@pytest.mark.parametrize("name", ["twin:0x1", "twin:", "twin:3", "nowhere", "missing.sumocfg"])
def test_scenarios_that_do_not_exist(tmp_path, name):
    with pytest.raises(InputError):
        expand(spec(scenarios=(name,)), tmp_path)


def test_a_run_is_the_same_whatever_ran_before(tmp_path):
    runs = expand(spec(), tmp_path)
    first = execute_run(runs[-1])
    drawn = random.random(), np.random.random()  # noqa: NPY002, S311
    execute_run(runs[0])
    second = execute_run(runs[-1])
    assert second.measures == first.measures
    assert (random.random(), np.random.random()) == drawn  # noqa: NPY002, S311  it follows from the key
    assert first.measures["loaded"] > 0
    assert first.timings["wall_s"] > 0
