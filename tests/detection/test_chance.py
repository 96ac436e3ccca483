from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from citybrain.detection.chance import chosen, normal, uniform

KEYS = np.arange(20_000)


@given(seed=st.integers(0, 2**31 - 1), purpose=st.integers(0, 100))
def test_draws_are_in_range_and_depend_on_nothing_but_seed_purpose_and_key(seed, purpose):
    draw = uniform(seed, purpose, KEYS[:50], 7)
    assert ((draw >= 0) & (draw < 1)).all()
    assert (draw == uniform(seed, purpose, KEYS[:50], 7)).all()
    shuffled = np.random.default_rng(0).permutation(50)
    assert (uniform(seed, purpose, KEYS[:50][shuffled], 7) == draw[shuffled]).all()


def test_seeds_purposes_and_keys_give_independent_draws():
    draws = [
        uniform(1, 0, KEYS),
        uniform(2, 0, KEYS),
        uniform(1, 1, KEYS),
        uniform(1, 0, KEYS, 1),
        uniform(1, 0, KEYS, 2),
    ]
    correlation = np.corrcoef(draws) - np.eye(len(draws))
    assert np.abs(correlation).max() < 0.03


def test_distributions():
    draw = uniform(3, 0, KEYS)
    assert np.abs(np.histogram(draw, 10, (0, 1))[0] / len(KEYS) - 0.1).max() < 0.01
    bell = normal(3, 0, KEYS)
    assert abs(bell.mean()) < 0.03
    assert abs(bell.std() - 1) < 0.03


@given(seed=st.integers(0, 1000), n=st.integers(0, 300), share=st.floats(0, 1))
def test_a_share_is_marked_rounded_up(seed, n, share):
    marked = chosen(seed, 5, n, share)
    assert share * n - 1e-6 <= marked.sum() < share * n + 1
