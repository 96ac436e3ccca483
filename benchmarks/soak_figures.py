"""The one line that a long run of a room comes down to."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np
from scipy import stats

_BLOCK_S, _LEAST_BLOCKS = 900.0, 4
_SETTLED_S = 3600.0
_NAMES = ("loop", "policy", "service", "consoles")


def figures(rows: Sequence[dict[str, Any]]) -> str:
    """Return the figures of a run until its last row."""
    first, last = rows[0], rows[-1]
    parts = [
        f"{(last['time_s'] - first['time_s']) / 60:.0f} simulated minutes in {last['wall_s'] / 60:.0f} minutes",
        f"{first['vehicles']:.0f} to {last['vehicles']:.0f} vehicles",
        _spread("tick", rows),
        (
            f"{last['late_ticks']:.0f} late, {last['missed_ticks']:.0f} missed, {last['policy_failures']:.0f} policies "
            f"and {last['simulator_restarts']:.0f} simulators lost"
        ),
    ]
    if any(row["maps"] for row in rows):
        parts.append(_spread("map", rows))
    parts += [_memory(name, rows) for name in _NAMES if f"{name}_mb" in first]
    return "; ".join(parts)


def _spread(name: str, rows: Sequence[dict[str, Any]]) -> str:
    """Percentiles of all that was seen in the whole run."""
    all_ms = list(chain.from_iterable(row[f"{name}_all_ms"] for row in rows)) or [np.nan]
    p50, p99, most = np.percentile(all_ms, (50, 99, 100)).tolist()
    return f"{name} p50 {p50:.0f} ms, p99 {p99:.0f} ms, most {most:.0f} ms ({len(all_ms)} seen)"


def _memory(name: str, rows: Sequence[dict[str, Any]]) -> str:
    text = f"{name} {rows[0][f'{name}_mb']:.0f} to {rows[-1][f'{name}_mb']:.0f} MB"
    slope = slope_mb_h([row["time_s"] for row in rows], [row[f"{name}_mb"] for row in rows])
    if slope is not None:
        text += f" ({slope[0]:+.1f} MB/h, 95 % interval {slope[1]:+.1f} to {slope[2]:+.1f}, after the first hour)"
    cores = float(np.mean([row[f"{name}_cores"] for row in rows]))
    return f"{text}, {cores:.2f} cores"


def slope_mb_h(times_s: Sequence[float], memory: Sequence[float]) -> tuple[float, float, float] | None:
    """Return the slope of memory after the first hour of the scenario's clock with its 95 % interval, MB/h.

    A line through the means of quarters of an hour: neighbouring samples are far from independent. None where
    there are fewer than four of them.
    """
    known = np.isfinite(times_s)
    at_s, mb = np.asarray(times_s)[known], np.asarray(memory)[known]
    since_s = at_s - at_s[0] if len(at_s) else at_s
    block = ((since_s - _SETTLED_S) // _BLOCK_S).astype(int)
    kept = sorted(set(block[since_s >= _SETTLED_S].tolist()))
    if len(kept) < _LEAST_BLOCKS:
        return None
    x_h = np.array([since_s[block == k].mean() / 3600 for k in kept])
    y = np.array([mb[block == k].mean() for k in kept])
    fit = stats.linregress(x_h, y)
    half = float(stats.t.ppf(0.975, len(kept) - 2) * fit.stderr)
    return float(fit.slope), float(fit.slope) - half, float(fit.slope) + half
