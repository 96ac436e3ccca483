"""Who comes of those who were sent, and who comes from elsewhere: told apart by when they come."""

from __future__ import annotations

import numpy as np
import pytest

from citybrain.detection.incidents.feeders import Feeders
from citybrain.detection.incidents.inflow import Inflow

ALWAYS, NEVER = np.ones(1, np.bool_), np.zeros(1, np.bool_)


def two_feeders():
    """Both lead to one link, within 10 to 20 s and within 30 to 40 s."""
    return Feeders(
        source=np.arange(2),
        link=np.zeros(2, np.int64),
        chance=np.full(2, 0.4),
        first=np.array([10, 30]),
        last=np.array([20, 40]),
        surest=0.95,
    )


def watched(shares, others_vps, *, seconds=7200, seed=4):
    """Return what is learnt of feeders that send a vehicle every 25 and 35 s, of which these shares come."""
    rng, inflow = np.random.default_rng(seed), Inflow(two_feeders(), 1)
    coming = np.zeros(seconds + 60)
    for feeder, (every_s, first_s) in enumerate(((25, 10), (35, 30))):
        for t in range(0, seconds, every_s):
            if rng.random() < shares[feeder]:
                coming[t + first_s + int(rng.integers(1, 10))] += 1
    for t in range(seconds):
        sent = np.array([t % 25 == 0, t % 35 == 0], float)
        came = np.array([coming[t] + float(rng.random() < others_vps)])
        inflow.step(sent, came, came, np.zeros(1))
        inflow.learn(ALWAYS, ALWAYS)
    return inflow


def test_shares_of_feeders_are_told_apart_from_those_who_come_from_elsewhere():
    learnt = watched((0.9, 0.3), 0.02)
    assert learnt.chance == pytest.approx([0.9, 0.3], abs=0.12)
    assert learnt.others_vps[0] == pytest.approx(0.02, abs=0.008)


def test_side_roads_do_not_stand_in_for_those_who_turn_off():
    # as many come in all as are sent, but half of those sent turn off on the way
    learnt = watched((0.5, 0.5), 0.034)
    assert learnt.chance.max() < 0.7


def test_nobody_is_believed_to_come_for_sure():
    assert watched((1.0, 1.0), 0.0).chance.max() <= 0.95


def test_of_a_feeder_that_is_not_known_little_is_believed():
    assert Inflow(two_feeders(), 1).chance == pytest.approx([0.4, 0.4])


def test_what_goes_on_is_not_learnt_and_what_was_an_incident_is_forgotten():
    inflow = watched((1.0, 1.0), 0.0)
    before = inflow.chance.copy()
    for t in range(600):
        inflow.step(np.array([t % 25 == 0, t % 35 == 0], float), np.zeros(1), np.zeros(1), np.zeros(1))
        inflow.learn(NEVER, ALWAYS)
    assert inflow.chance == pytest.approx(before)
    inflow.learn(ALWAYS, NEVER)
    inflow.learn(ALWAYS, ALWAYS)
    assert inflow.chance == pytest.approx(before)


def test_another_day_begins_with_nobody_on_the_way():
    inflow = watched((1.0, 1.0), 0.0)
    inflow.forget_on_the_way()
    known = inflow.chance.copy()
    for _ in range(100):
        inflow.step(np.zeros(2), np.zeros(1), np.zeros(1), np.zeros(1))
        inflow.learn(ALWAYS, ALWAYS)
    assert inflow.must == pytest.approx(inflow.could)
    assert inflow.chance == pytest.approx(known)


@pytest.mark.parametrize("others_vps", [0.0, 0.1])
def test_who_comes_when_others_are_rare_was_sent(others_vps):
    # 15 s after the first feeder sent somebody; the rarer others are, the more it speaks against a blocked road
    inflow = watched((0.9, 0.0), others_vps)
    for _ in range(60):
        inflow.step(np.zeros(2), np.zeros(1), np.zeros(1), np.zeros(1))
    for t in range(16):
        inflow.step(np.array([t == 0, 0.0]), np.array([t == 15.0]), np.zeros(1), np.zeros(1))
    (expected,) = -np.log1p(-inflow.chance[:1])  # its own not coming is no evidence any more
    share = 0.1 * inflow.chance[0] / (0.1 * inflow.chance[0] + inflow.others_vps[0])
    assert inflow.stray_nats[0] == pytest.approx(share * expected + max(-np.log(1 - share), 3.5), rel=0.15)
