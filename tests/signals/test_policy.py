from __future__ import annotations

import importlib

import pytest

from citybrain.errors import InputError
from citybrain.signals.policy import BUILT_IN, NativePolicy, Policy, find_policy, policies


def test_the_shelf_holds_the_policies_of_the_readme():
    assert set(BUILT_IN) == {
        "fixed-time", "actuated", "delay-based", "max-pressure", "max-wave", "greedy", "adaptive",
        "retimed", "time-of-day",
    }  # fmt: skip
    assert set(policies()) >= set(BUILT_IN)


@pytest.mark.parametrize("name", sorted(BUILT_IN))
def test_every_policy_on_the_shelf_can_be_made(name):
    made = find_policy(name).make()
    assert isinstance(made, Policy) != isinstance(made, NativePolicy)
    assert BUILT_IN[name].summary
    module = importlib.import_module(BUILT_IN[name].target.partition(":")[0])
    assert module.__doc__


def test_parameters_reach_the_policy_and_unknown_ones_are_refused():
    assert find_policy("max-pressure").make(interval_s=5.0).interval_s == 5.0
    with pytest.raises(TypeError, match="intervall"):
        find_policy("max-pressure").make(intervall=5.0)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("max-presure", "did you mean 'max-pressure'?"),
        ("greddy", "did you mean 'greedy'?"),
        ("fixed_time", "did you mean 'fixed-time'?"),
        ("zzz", "known: "),
    ],
)
def test_an_unknown_policy_names_the_nearest(name, hint):
    with pytest.raises(InputError) as caught:
        find_policy(name)
    assert f"unknown policy '{name}'" in str(caught.value)
    assert hint in str(caught.value)


PLUGIN = """
from citybrain.signals.greedy import Greedy
class Mine(Greedy):
    pass
"""


@pytest.fixture
def plugin(tmp_path, monkeypatch):
    """A package as pip would install it: a module and the metadata that announces it."""
    (tmp_path / "signalsmith.py").write_text(PLUGIN, encoding="utf-8")
    info = tmp_path / "signalsmith-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: signalsmith\nVersion: 1.0\n", encoding="utf-8")
    (info / "entry_points.txt").write_text(
        "[citybrain.policies]\nmine = signalsmith:Mine\ngreedy = signalsmith:Mine\n", encoding="utf-8"
    )
    monkeypatch.syspath_prepend(str(tmp_path))


@pytest.mark.usefixtures("plugin")
def test_a_third_party_policy_is_found_but_does_not_replace_a_built_in_one():
    entry = find_policy("mine")
    assert (entry.origin, entry.summary) == ("signalsmith", "plug-in from signalsmith")
    assert type(entry.make(hysteresis=0.1)).__name__ == "Mine"
    assert find_policy("greedy").origin == "built in"
