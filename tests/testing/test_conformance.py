"""The kit passes what is sound, built-in policies first, and says what is wrong with the rest."""

from __future__ import annotations

import numpy as np
import pytest

from citybrain.messages import Decision
from citybrain.signals.greedy import Greedy
from citybrain.signals.max_wave import MaxWave
from citybrain.testing import PolicyTestCase


class TestMaxWave(PolicyTestCase):
    def make(self):
        return MaxWave()


@pytest.mark.sumo  # it does not need it, but takes as long
class TestGreedy(PolicyTestCase):
    def make(self):
        return Greedy()


class Halves(MaxWave):
    def decide(self, observation):
        return Decision(time_s=0.0, stage=super().decide(observation).stage / 2)


class Wild(MaxWave):
    def decide(self, observation):
        return Decision(time_s=0.0, stage=super().decide(observation).stage + 7)


class Moody(MaxWave):
    chance = np.random.default_rng()

    def decide(self, observation):
        decision = super().decide(observation)
        decision.stage[:] = self.chance.integers(0, 2, len(decision.stage))
        return decision


class Scribbler(MaxWave):
    def decide(self, observation):
        observation.lane_vehicles.setflags(write=True)
        observation.lane_vehicles[:] += 1
        return super().decide(observation)


class Learner(MaxWave):
    runs = 0

    def start(self, network, rules):
        super().start(network, rules)
        self.runs += 1

    def decide(self, observation):
        decision = super().decide(observation)
        if self.runs > 1:
            decision.stage[:] = 0
        return decision


class Nothing:
    pass


@pytest.mark.parametrize(
    ("policy", "test", "words"),
    [
        (Nothing, "test_it_is_a_policy", "needs interval_s, start"),
        (Halves, "test_an_empty_road_is_no_trouble", "stages are of type float64"),
        (Wild, "test_an_empty_road_is_no_trouble", "junction 0 has no stage 7"),
        (Moody, "test_the_same_run_twice_is_the_same", "different decisions"),
        (Scribbler, "test_observations_are_not_changed", "changed its observation"),
        (Learner, "test_start_forgets_the_run_before", "must set everything back"),
    ],
)
def test_what_is_wrong_is_said(policy, test, words):
    kit = PolicyTestCase()
    kit.make = policy
    with pytest.raises(AssertionError, match=words):
        getattr(kit, test)()
