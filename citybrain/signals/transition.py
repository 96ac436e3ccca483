"""From one plan to another: how a junction gets into step without a jump.

A plan's cycle position at time ``t`` is ``(t - offset) mod cycle``. After a plan
change the position is off by some seconds; the transition spreads them over a few
cycles by making them longer or shorter. Greens never leave the scenario's bounds,
and intergreens are not touched, so every step of the way is a legal plan.

*add-only*: cycles only get longer. *dwell*: the first stage alone gets longer.
*short-way*: longer or shorter, whichever takes fewer cycles.
Names as in NTCIP 1202 (coordCorrectionMode).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from citybrain.errors import InputError
from citybrain.network.intergreens import Intergreens, SignalRules
from citybrain.network.model import Network
from citybrain.signals.plan import Plan

Mode = Literal["short-way", "dwell", "add-only"]
MODES: tuple[Mode, ...] = ("short-way", "dwell", "add-only")
_MS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """The cycles that lead into a plan.

    Attributes
    ----------
    greens_ms : tuple of tuple of int
        Greens of each cycle of the transition, in the order of the plan's stages; empty
        where the plan is in step at once.
    shift_ms : int
        What all of them add to (or, negative, take from) the plan's own cycles.
    start_ms : int
        When the first of them begins.
    """

    greens_ms: tuple[tuple[int, ...], ...]
    shift_ms: int
    start_ms: int

    @property
    def cycles(self) -> int:
        """How many cycles it takes."""
        return len(self.greens_ms)


def transition(
    plan: Plan,
    network: Network,
    rules: SignalRules,
    *,
    start_ms: int,
    mode: Mode = "short-way",
    most_change: float = 0.2,
) -> Transition:
    """Return the cycles after which a junction that begins the plan's first stage at ``start_ms`` is in step.

    Parameters
    ----------
    plan : Plan
        The plan to get into.
    start_ms : int
        When its first stage turns green, whatever the offset asks for.
    mode : str
        ``short-way``, ``dwell`` or ``add-only``.
    most_change : float
        Longest change of a cycle, as a share of it.

    Raises
    ------
    InputError
        If the plan is not legal, the mode is unknown, or no green may change.
    """
    if mode not in MODES:
        raise InputError(f"transition mode {mode!r} is unknown (known: {', '.join(MODES)})")
    if not 0 < most_change <= 1:
        raise InputError(f"a cycle may change by a share of more than 0 and at most 1 of it, not {most_change:g}")
    plan.check(network, rules)
    greens = tuple(round(green_s * _MS) for green_s in plan.greens_s)
    cycle_ms = round(plan.cycle_s(network, rules) * _MS)
    late_ms = (start_ms - round(plan.offset_s * _MS)) % cycle_ms
    if late_ms == 0:
        return Transition(greens_ms=(), shift_ms=0, start_ms=start_ms)
    low, high = _bounds(plan, network, rules)
    room = max(1, round(most_change * cycle_ms))
    can_add = [h - g for g, h in zip(greens, high, strict=True)]
    can_take = [g - lo for g, lo in zip(greens, low, strict=True)]
    if mode == "dwell":
        can_add = [can_add[0], *[0] * (len(greens) - 1)]
    add_ms = min(room if mode != "dwell" else cycle_ms, sum(can_add))
    take_ms = min(room, sum(can_take)) if mode == "short-way" else 0
    ways = []
    if add_ms > 0:
        ways.append((-(-(cycle_ms - late_ms) // add_ms), cycle_ms - late_ms, can_add))
    if take_ms > 0:
        ways.append((-(-late_ms // take_ms), -late_ms, can_take))
    if not ways:
        raise InputError(
            f"junction {plan.junction_id}: no green may change by {mode}: all are at their bound of "
            f"{rules.max_green_s:g} s at most; use another mode"
        )
    cycles, shift_ms, possible = min(ways, key=lambda way: (way[0], abs(way[1])))
    rows, done = [], 0
    for k in range(cycles):
        now = shift_ms * (k + 1) // cycles - done
        done += now
        rows.append(_changed(greens, possible, now))
    return Transition(greens_ms=tuple(rows), shift_ms=shift_ms, start_ms=start_ms)


def _bounds(plan: Plan, network: Network, rules: SignalRules) -> tuple[list[int], list[int]]:
    """Bounds of each green as the interlock keeps them, milliseconds."""
    junction = network.junctions[network.junction_index(plan.junction_id)]
    table = Intergreens(network, junction, rules)
    low = [table.min_green_ms(stage) for stage in plan.stages]
    return low, [max(lo, round(rules.max_green_s * _MS)) for lo in low]


def _changed(greens: Sequence[int], possible: Sequence[int], change_ms: int) -> tuple[int, ...]:
    """Spread a change over the greens in proportion to what each may change."""
    total = sum(possible)
    changed, done, seen = [], 0, 0
    for green, room in zip(greens, possible, strict=True):
        seen += room
        upto = abs(change_ms) * seen // total if total else 0
        step = upto - done
        done = upto
        changed.append(green + step if change_ms > 0 else green - step)
    return tuple(changed)
