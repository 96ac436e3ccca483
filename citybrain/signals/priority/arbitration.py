"""Several vehicles at one junction: who is served first.

Every junction belongs to one vehicle at a time, those whose stage is the same together. What
makes a circle of waiting vehicles impossible to last: a hold ends by itself after a bounded time
(:mod:`.holds`), and a vehicle that has no room beyond the stop line gives way to one that has. A vehicle
that must wait for another at one junction gives way at those beyond it: two that each wait where the
other's next green is held would otherwise stand until both holds end.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence

from citybrain.signals.priority.corridor import Wish

_SWITCH_S = 10.0


def arbitrate(wishes: Sequence[Wish], served: Mapping[int, str]) -> dict[int, Wish]:
    """Return the wish that each junction grants.

    Parameters
    ----------
    wishes : sequence of Wish
        That are due; several of a vehicle at one junction are taken in order.
    served : mapping of int to str
        Vehicle that each junction serves now. It keeps the junction unless another is
        expected more than 10 s sooner: two changes would cost both more than that.
    """
    first: dict[tuple[int, str], Wish] = {}
    for wish in wishes:
        known = first.get((wish.junction, wish.vehicle))
        if known is None or wish.crossing.at_m < known.crossing.at_m:
            first[wish.junction, wish.vehicle] = wish
    deferred: set[tuple[int, str]] = set()
    while True:
        granted = _served_first(first, served, deferred)
        lost_m: dict[str, float] = {}
        for (junction, vehicle), wish in first.items():
            if granted[junction].vehicle != vehicle and granted[junction].stage != wish.stage:
                lost_m[vehicle] = min(lost_m.get(vehicle, math.inf), wish.crossing.at_m)
        beyond = {key for key, wish in first.items() if wish.crossing.at_m > lost_m.get(key[1], math.inf)}
        if beyond <= deferred:
            return granted
        deferred |= beyond


def _served_first(
    first: Mapping[tuple[int, str], Wish], served: Mapping[int, str], deferred: Collection[tuple[int, str]]
) -> dict[int, Wish]:
    granted: dict[int, Wish] = {}
    for (junction, vehicle), wish in first.items():
        known = granted.get(junction)
        key = _key(wish, served, later=(junction, vehicle) in deferred)
        if known is None or key < _key(known, served, later=(junction, known.vehicle) in deferred):
            granted[junction] = wish
    return granted


def _key(wish: Wish, served: Mapping[int, str], *, later: bool) -> tuple[bool, int, float, str]:
    keeps = served.get(wish.junction) == wish.vehicle
    return wish.blocked or later, wish.rank, wish.pass_s - (_SWITCH_S if keeps else 0.0), wish.vehicle
