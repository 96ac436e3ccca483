"""Several vehicles at one junction: who is served first.

Every junction belongs to one vehicle at a time, those whose stage is the same together. What
makes a circle of waiting vehicles impossible to last: a hold ends by itself after a bounded time
(:mod:`.holds`), and a vehicle that has no room beyond the stop line gives way to one that has.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

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
    granted: dict[int, Wish] = {}
    for (junction, _), wish in first.items():
        known = granted.get(junction)
        if known is None or _key(wish, served) < _key(known, served):
            granted[junction] = wish
    return granted


def _key(wish: Wish, served: Mapping[int, str]) -> tuple[bool, int, float, str]:
    keeps = served.get(wish.junction) == wish.vehicle
    return wish.blocked, wish.rank, wish.pass_s - (_SWITCH_S if keeps else 0.0), wish.vehicle
