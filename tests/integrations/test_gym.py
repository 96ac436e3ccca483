"""The environments against the standard's own checkers, and what they promise beyond them."""

from __future__ import annotations

import numpy as np
import pytest

from citybrain.errors import InputError

pytest.importorskip("gymnasium")
pytest.importorskip("pettingzoo")

from gymnasium.utils.env_checker import check_env
from pettingzoo.test import parallel_api_test, parallel_seed_test

from citybrain.integrations.gym import CityEnv, JunctionEnv

TWIN = {"sensors": "perfect", "end_s": 300.0}


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("features", ["counts", "densities"])
def test_gymnasiums_own_check(features):
    check_env(JunctionEnv("twin:1x1", features=features, **TWIN), skip_render_check=True)
    check_env(JunctionEnv("twin:1x2", "0-1", features=features, sensors="camera", end_s=100.0), skip_render_check=True)


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("sensors", ["perfect", "loops"])
def test_pettingzoos_own_checks(sensors):
    def make():
        return CityEnv("twin:1x2", sensors=sensors, end_s=200.0)

    parallel_api_test(make(), num_cycles=100)
    parallel_seed_test(make, num_cycles=30)


def test_an_episode_runs_to_its_end():
    env = CityEnv("twin:1x2", interval_s=7.0, **TWIN)
    arrays, infos = env.reset(seed=1)
    times = [infos["0-0"]["time_s"]]
    while env.agents:
        arrays, rewards, terminated, truncated, infos = env.step(dict.fromkeys(env.agents, 0))
        times.append(infos["0-0"]["time_s"])
        assert not any(terminated.values())
        assert all(env.observation_space(name).contains(array) for name, array in arrays.items())
        assert all(value <= 0 for value in rewards.values())
    assert times[:3] == [0.0, 7.0, 14.0]
    assert times[-1] == 300.0  # the last step is shorter
    assert all(truncated.values())
    assert env.step({}) == ({}, {}, {}, {}, {})


def masked_run(env, chance, *, obey):
    _, infos = env.reset(seed=3)
    while env.agents:
        actions = {}
        for name in env.agents:
            allowed = np.flatnonzero(infos[name]["action_mask"]) if obey else np.arange(env.action_space(name).n)
            actions[name] = int(chance.choice(allowed))
        refused = env.refusals
        _, _, _, _, infos = env.step(actions)
    return refused


def test_masked_actions_are_those_that_the_interlock_would_refuse():
    chance = np.random.default_rng(1)
    env = CityEnv("twin:1x2", interval_s=1.0, **TWIN)
    assert masked_run(env, chance, obey=True) == 0
    assert masked_run(env, chance, obey=False) > 50


def test_an_agent_that_never_acts_is_moved_on_after_the_longest_green():
    env = CityEnv("twin:1x1", sensors="perfect", end_s=300.0)
    _, infos = env.reset(seed=1)
    masks = []
    while env.agents:
        _, _, _, _, infos = env.step({"0-0": 0})
        masks.append(infos["0-0"]["action_mask"].tolist())
    assert [0, 1] in masks


@pytest.mark.parametrize("reward", ["queue", "waiting", "pressure", "diff-waiting"])
def test_a_red_queue_costs(reward):
    env = CityEnv("twin:1x1", reward=reward, end_s=120.0, sensors="perfect")
    env.reset(seed=1)
    costs = []
    while env.agents:
        costs.append(env.step({"0-0": 0})[1]["0-0"])  # one stage all the time: the other's queue grows
    assert sum(costs[12:]) < sum(costs[:6])


def test_the_others_of_a_single_agent_run_their_plans():
    env = JunctionEnv("twin:1x2", "0-0", sensors="perfect", end_s=120.0)
    env.reset(seed=1)
    shown, done = [], False
    while not done:
        _, _, _, done, _ = env.step(0)
        if not done:
            shown.append(env.city._episode.signal_states())
    assert len({lamps[1] for lamps in shown}) > 1
    assert len({lamps[0] for lamps in shown}) == 1
    assert env.action_masks().dtype == bool


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: CityEnv("twin:1x1", reward="money"), "unknown reward 'money'"),
        (lambda: CityEnv("twin:1x1", features="pixels"), "unknown features 'pixels'"),
        (lambda: CityEnv("twin:1x1", sensors="eyes"), "unknown sensors 'eyes'"),
        (lambda: CityEnv("twin:1x1", interval_s=0.0), "interval_s is 0"),
        (lambda: JunctionEnv("twin:1x2"), "has 2 junctions; say which one: junction='0-0'"),
        (lambda: JunctionEnv("twin:1x2", "0-2"), "no junction '0-2'"),
    ],
)
def test_bad_input(make, words):
    with pytest.raises(InputError) as error:
        make()
    assert words in str(error.value)


@pytest.mark.sumo
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_sumo_passes_the_same_checks(case):
    def make(transport="traci"):
        return CityEnv(str(case.config), sensors="perfect", end_s=100.0, transport=transport)

    parallel_seed_test(make, num_cycles=15)
    parallel_api_test(make("libsumo"), num_cycles=30)
    env = JunctionEnv(str(case.config), "A", sensors="camera", end_s=100.0)
    check_env(env, skip_render_check=True)
    env.close()
    one, two = make("libsumo"), make("libsumo")
    one.reset(seed=1)
    with pytest.raises(InputError, match="another environment has SUMO in this process"):
        two.reset(seed=1)
    one.close()
    two.reset(seed=1)
    two.close()
