"""Saturation flows, and how traffic spreads over the lanes of an approach.

Form of the Highway Capacity Manual (2010, ch. 18): a base headway, adjusted for
the turn. The base follows from the drivers of the scenario instead of a table:

    s = f / (tau + space / v),    v = 10 m/s straight on, 8 m/s far turns, 7 m/s near turns

with the time gap ``tau`` and the room ``space`` (length and standstill gap) of
a mean vehicle, and ``f`` = 0.92 for drivers that are not perfect. A lane that
several movements share discharges at the harmonic mean of what each of them
may do at that moment, ``1 / sum(p_m / s_m)``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

_TURN_MPS = {"straight": 10.0, "left": 8.0, "right": 7.5, "uturn": 5.0}
_IMPERFECTION = 0.92
CRITICAL_GAP_S = 4.0
FOLLOW_UP_S = 2.2


def saturation_vps(turn: str, *, limit_mps: float, space_m: float, headway_s: float) -> float:
    """Return the saturation flow of one lane for one turn, vehicles per second of green."""
    speed_mps = max(2.0, min(_TURN_MPS.get(turn, 8.0), limit_mps))
    return _IMPERFECTION / (headway_s + space_m / speed_mps)


def gap_capacity_vps(opposing_vps: float) -> float:
    """Return what a permissive movement can do against random opposing traffic.

    ``q exp(-q t_c) / (1 - exp(-q t_f))`` (Harders; HCM 2010 eq. 18-28 and 19-32); without
    opposing traffic one vehicle a follow-up time.
    """
    if opposing_vps <= 1e-6:
        return 1.0 / FOLLOW_UP_S
    q = opposing_vps
    return q * math.exp(-q * CRITICAL_GAP_S) / (1.0 - math.exp(-q * FOLLOW_UP_S))


def fill(levels: Sequence[float], amount: float) -> list[float]:
    """Pour an amount into vessels so that the lowest rise to one level; returns what each gets."""
    order = sorted(levels)
    level = order[0]
    for count in range(1, len(order) + 1):
        level = (amount + sum(order[:count])) / count
        if count == len(order) or level <= order[count]:
            break
    return [max(0.0, level - own) for own in levels]
