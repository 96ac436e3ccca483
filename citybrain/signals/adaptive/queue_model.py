"""The compiled queue model: what a plan costs one junction.

Lanes are queues of vehicles, each with its own movement, fed from the lanes before them
in the order in which vehicles stand there. One roll forward over a horizon of ``H``
seconds costs ``O(H (L + S M) + V)`` for ``L`` stop lines, ``M`` movements, ``S`` stages
and ``V`` vehicles in sight.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit

from citybrain.signals.adaptive.compiled import compiled
from citybrain.signals.adaptive.queue_rules import busy, enter, foe_due, lamps, next_by_rule
from citybrain.signals.adaptive.tables import ON_RED, PERMISSIVE, RED

_STOP_S = 2.0
"""What a stop before a turn on red takes, and what it adds to the headway of those behind."""

PLAN_ROWS = 16
"""Rows of a plan: their number, then ``(green seconds after which to leave, stage to go to)`` each."""


class Work(NamedTuple):
    """Arrays that a rollout writes to, for the widest junction, so that it allocates nothing.

    By stop line ``head`` is the next vehicle to cross, ``come`` the next to reach the
    line, ``soon`` the next to count as queued, ``entered`` the next to enter its lane.
    """

    head: Any
    come: Any
    soon: Any
    ready: Any
    standing: Any
    queue: Any
    used: Any
    code: Any
    inside: Any
    inside_ready: Any
    entered: Any
    feeder_ready: Any


@njit(cache=True)
def workspace(tb: Any) -> Any:
    """Return a :class:`Work` that fits every junction."""
    n = 1
    for j in range(tb.lane_at.size - 1):
        n = max(n, tb.move_at[j + 1] - tb.move_at[j], tb.lane_at[j + 1] - tb.lane_at[j])
    return Work(
        np.empty(n, np.int64), np.empty(n, np.int64), np.empty(n, np.int64), np.empty(n), np.empty(n, np.bool_),
        np.empty(n), np.empty(n), np.empty(n, np.int8), np.empty(n), np.empty(n),
        np.empty(n, np.int64), np.zeros(tb.lane_row.size),
    )  # fmt: skip


class Now(NamedTuple):
    """What a junction shows: the stage, or the one to come while an intergreen runs."""

    stage: int
    switching: bool
    came_from: int
    elapsed_s: float
    remaining_s: float


@compiled
def rollout(
    tb: Any,
    cars: Any,
    road: Any,
    model: Any,
    work: Any,
    j: int,
    now: Any,
    plan: Any,
    bound: float,
    done: Any,
    departed: Any,
) -> float:
    """Return the predicted delay, vehicle-seconds, of a plan for junction ``j``, that of queues left at the end included.

    The plan's switches come first, then the continuing rule (from the second second on
    where there are none). ``done`` becomes the switches that were made, ``departed`` each
    vehicle's crossing time; both only where they are not empty. Stops early once the
    delay passes ``bound``.
    """
    stage, switching, came_from = now.stage, now.switching, now.came_from
    elapsed_s, remaining_s = now.elapsed_s, now.remaining_s
    l0, m0, s0 = tb.lane_at[j], tb.move_at[j], tb.stage_at[j]
    n_lanes, n_moves = tb.lane_at[j + 1] - l0, tb.move_at[j + 1] - m0
    head, come, soon, entered = work.head, work.come, work.soon, work.entered
    ready, standing = work.ready, work.standing
    queue, used, code, inside, inside_ready = work.queue, work.used, work.code, work.inside, work.inside_ready
    for m in range(n_moves):
        queue[m] = used[m] = inside_ready[m] = 0.0
        inside[m] = road.inside[m0 + m]
    for i in range(n_lanes):
        head[i] = come[i] = soon[i] = entered[i] = cars.at[l0 + i]
        ready[i] = 0.0
        standing[i] = switching or elapsed_s < 1.0
    for h in range(cars.at[l0], cars.at[l0 + n_lanes]):
        if cars.feeder[h] >= 0:
            work.feeder_ready[cars.feeder[h]] = 0.0
    cost, present = 0.0, 0.0
    for m in range(n_moves):
        present += inside[m] * road.value[m0 + m]
    n_planned = int(plan[0, 0])
    made = 0
    origin, green_s, left_s = came_from, elapsed_s, remaining_s
    fresh = True
    if done.shape[0] > 0:
        done[0, 0] = 0
    for t in range(model.horizon):
        for i in range(n_lanes):
            last = cars.at[l0 + i + 1]
            while come[i] < last and cars.eta_s[come[i]] <= t:
                present += cars.weight[come[i]] * road.value[cars.move[come[i]]]
                come[i] += 1
            soon[i] = max(soon[i], head[i])
            while soon[i] < last and cars.eta_s[soon[i]] <= t + model.look_s:
                queue[cars.move[soon[i]] - m0] += cars.weight[soon[i]]
                soon[i] += 1
        # the signal
        if switching and left_s <= 0.0:
            switching = False
            green_s = 0.0
            fresh = True
        if not switching and green_s >= tb.min_green_s[s0 + stage]:
            want = -1
            if made < n_planned:
                if green_s >= plan[made + 1, 0]:
                    want = int(plan[made + 1, 1])
            elif made > 0 or t >= 1:
                want = next_by_rule(tb, j, stage, queue, model)
            if (
                want >= 0
                and green_s < model.clear_s
                and busy(tb, road, model, m0, n_moves, s0 + stage, s0 + want, queue)
            ):
                want = -1
            if want >= 0:
                made += 1
                if made < done.shape[0]:
                    done[0, 0] = made
                    done[made, 0] = green_s
                    done[made, 1] = want
                origin, stage = stage, want
                left_s = tb.change_s[s0 + origin, stage]
                switching = left_s > 0.0
                green_s = 0.0
                fresh = True
        if switching or fresh:
            lamps(tb, n_moves, s0 + origin, s0 + stage, switching, code)
            fresh = switching
        enter(tb, cars, model, l0, n_lanes, t, head, entered, ready, work.feeder_ready)
        # those who wait inside leave on a gap, or when the opposing stream has stopped
        for m in range(n_moves):
            if (
                inside[m] > 0.0
                and inside_ready[m] <= t
                and (code[m] != PERMISSIVE or not foe_due(tb, cars, m0, l0, m, code, head, entered, t, model.gap_s))
            ):
                out = min(1.0, inside[m])
                inside[m] -= out
                present -= out * road.value[m0 + m]
                inside_ready[m] = t + 2.0
        # discharge, head by head: a shared lane is a queue of movements
        for i in range(n_lanes):
            while head[i] < entered[i]:
                h = head[i]
                if cars.eta_s[h] >= t + 1.0 or ready[i] >= t + 1.0:
                    break
                m = cars.move[h] - m0
                if code[m] == RED:
                    standing[i] = True
                    break
                if code[m] == ON_RED and (
                    cars.eta_s[h] + _STOP_S > t or foe_due(tb, cars, m0, l0, m, code, head, entered, t, model.gap_s)
                ):
                    standing[i] = True
                    break
                exit_lane = tb.move_exit[m0 + m]
                if road.room[exit_lane] + model.room_rate * t - used[m] < 1.0:
                    break
                begin = max(ready[i], cars.eta_s[h], float(t))
                if standing[i]:
                    standing[i] = False
                    if cars.eta_s[h] < t + model.start_loss:
                        ready[i] = t + model.start_loss
                        if ready[i] >= t + 1.0:
                            break
                        begin = ready[i]
                weight = cars.weight[h]
                waits_inside = code[m] == PERMISSIVE and (
                    inside[m] > 0.0 or foe_due(tb, cars, m0, l0, m, code, head, entered, t, model.gap_s)
                )
                if waits_inside and inside[m] + weight > tb.pocket[m0 + m]:
                    break
                if soon[i] <= h:
                    soon[i] = h + 1
                else:
                    queue[m] -= weight
                head[i] = h + 1
                ready[i] = begin + road.headway_s[l0 + i] * weight
                if waits_inside:
                    inside[m] += weight
                    inside_ready[m] = t + 1.0
                    if come[i] <= h:
                        come[i] = h + 1
                        present += weight * road.value[m0 + m]
                    continue
                if come[i] <= h:
                    come[i] = h + 1
                else:
                    present -= weight * road.value[m0 + m]
                used[m] += weight
                if departed.size > 0:
                    departed[h] = begin
                if code[m] == PERMISSIVE:
                    ready[i] += model.trickle_s
                elif code[m] == ON_RED:
                    ready[i] += _STOP_S
        cost += present
        if cost > bound:
            return cost
        green_s += 1.0
        left_s -= 1.0
    # the delay after the horizon: a lane that nobody serves must not look as cheap as one that is served
    if road.queue_weight[j] > 0.0:
        for i in range(n_lanes):
            left = 0.0
            for h in range(head[i], come[i]):
                left += cars.weight[h] * road.value[cars.move[h]]
            cost += 0.5 * road.queue_weight[j] * road.headway_s[l0 + i] * left * left
    return cost
