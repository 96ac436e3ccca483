"""Chance that depends on who and when alone: the same seed gives the same noise, in whatever order it is asked."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1, _MIX_2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)


def _mixed(x: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Scramble 64 bits: the finaliser of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014)."""
    x = (x ^ (x >> np.uint64(30))) * _MIX_1
    x = (x ^ (x >> np.uint64(27))) * _MIX_2
    return x ^ (x >> np.uint64(31))


def uniform(seed: int, purpose: int, *keys: ArrayLike) -> NDArray[np.float64]:
    """Return numbers in [0, 1), one for each row of the keys.

    Parameters
    ----------
    seed : int
        Seed of the run.
    purpose : int
        Different draws for the same keys need different purposes.
    *keys : array_like of int
        Who and when: vehicle, lane, second; broadcast against each other.
    """
    state = _mixed(np.array([seed * 1_000_003 + purpose], dtype=np.int64).astype(np.uint64) + _GOLDEN)
    for key in keys:
        state = _mixed((state ^ np.asarray(key, dtype=np.int64).astype(np.uint64)) + _GOLDEN)
    return (state >> np.uint64(11)).astype(np.float64) / 2.0**53


def normal(seed: int, purpose: int, *keys: ArrayLike) -> NDArray[np.float64]:
    """Return standard normal numbers (Box and Muller), one for each row of the keys."""
    u, v = uniform(seed, purpose, 1, *keys), uniform(seed, purpose, 2, *keys)
    return np.asarray(np.sqrt(-2.0 * np.log1p(-u)) * np.cos(2.0 * np.pi * v))


def chosen(seed: int, purpose: int, n: int, share: float) -> NDArray[np.bool_]:
    """Mark a share of ``n`` things, rounded up, chosen by the seed."""
    marked = np.zeros(n, dtype=np.bool_)
    rank = np.argsort(uniform(seed, purpose, np.arange(n)), kind="stable")
    marked[rank[: int(np.ceil(share * n - 1e-9))]] = True
    return marked
