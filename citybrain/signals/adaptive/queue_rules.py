"""The rules by which vehicles of the compiled queue model enter lanes and give way, and stages follow each other.

Arrays are those of :class:`~citybrain.signals.adaptive.queue_model.Work`, indices within
one junction; ``l0``, ``m0`` and ``s0`` are its first rows.
"""

from __future__ import annotations

from typing import Any

from citybrain.signals.adaptive.compiled import compiled
from citybrain.signals.adaptive.tables import ON_RED, PERMISSIVE, PROTECTED, RED

_FOES_LOOKED_AT = 3


@compiled
def foe_due(
    tb: Any, cars: Any, m0: int, l0: int, m: int, code: Any, head: Any, entered: Any, t: int, gap_s: float
) -> bool:
    """Return whether somebody with right of way over movement ``m`` is due within the gap."""
    for f in range(tb.foe_at[m0 + m], tb.foe_at[m0 + m + 1]):
        other = tb.foe[f] - m0
        if code[other] == RED or code[other] == ON_RED:
            continue
        lane = tb.move_lane[m0 + other] - l0
        q = head[lane]
        stop = min(entered[lane], q + _FOES_LOOKED_AT)
        while q < stop and cars.eta_s[q] <= t + gap_s:
            if cars.move[q] == m0 + other:
                return True
            if code[cars.move[q] - m0] != PROTECTED:
                break  # it stands there itself, and nobody passes it
            q += 1
    return False


@compiled
def lamps(tb: Any, n_moves: int, shown: int, coming: int, switching: bool, code: Any) -> None:
    """Fill ``code`` with each movement's lamp; in an intergreen only links green in both stages stay so."""
    for m in range(n_moves):
        now = tb.lamp[coming, m]
        if switching:
            before = tb.lamp[shown, m]
            stopped = before == RED or now == RED or (now == ON_RED and before != ON_RED)
            code[m] = RED if stopped else before
        else:
            code[m] = now


@compiled
def busy(tb: Any, road: Any, model: Any, m0: int, n_moves: int, stage: int, want: int, queue: Any) -> bool:
    """Return whether a queue is discharging that would be stopped in the stage wanted."""
    for m in range(n_moves):
        if (
            queue[m] >= model.clear_queue
            and tb.lamp[stage, m] == PROTECTED
            and (tb.lamp[want, m] == RED or tb.lamp[want, m] == ON_RED)
            and road.room[tb.move_exit[m0 + m]] >= 1.0
        ):
            return True
    return False


@compiled
def next_by_rule(tb: Any, j: int, stage: int, queue: Any, model: Any) -> int:
    """Return the stage that the continuing rule goes to, or -1 to stay.

    It stays while the stage's queues are within ``hysteresis`` of the fullest stage's.
    """
    m0, s0 = tb.move_at[j], tb.stage_at[j]
    n_moves = tb.move_at[j + 1] - m0
    own, best, want = 0.0, 0.0, -1
    for s in range(tb.stage_at[j + 1] - s0):
        score = 0.0
        for m in range(n_moves):
            lamp = tb.lamp[s0 + s, m]
            if lamp == PROTECTED:
                score += queue[m]
            elif lamp == PERMISSIVE:
                score += 0.5 * queue[m]
        if s == stage:
            own = score
        elif score > best:
            best = score
            want = s
    if best < 0.5 or best <= own * (1.0 + model.hysteresis):
        return -1
    return want


@compiled
def enter(
    tb: Any,
    cars: Any,
    model: Any,
    l0: int,
    n_lanes: int,
    t: int,
    head: Any,
    entered: Any,
    ready: Any,
    feeder_ready: Any,
) -> None:
    """Let vehicles into the lanes of their stop lines: in the order of the lane before, while there is room.

    Whoever stands on a road before it splits into turn lanes blocks those behind, wherever they go.
    """
    for i in range(n_lanes):
        last = cars.at[l0 + i + 1]
        while entered[i] < last and entered[i] - head[i] < tb.storage[l0 + i]:
            h = entered[i]
            ahead = cars.ahead[h]
            if ahead >= 0 and entered[tb.move_lane[cars.move[ahead]] - l0] <= ahead:
                break
            feeder = cars.feeder[h]
            if feeder >= 0:
                if feeder_ready[feeder] >= t + 1.0:
                    break
                feeder_ready[feeder] = max(feeder_ready[feeder], t) + model.headway
            if h == head[i] and cars.eta_s[h] < t:
                ready[i] = max(ready[i], t + tb.storage_s[l0 + i])
            entered[i] += 1
