"""The compiled core: roll a junction's queues forward and choose its next stage.

One junction with ``L`` stop lines, ``M`` movements, ``S`` stages, ``V`` vehicles in
sight and a horizon of ``H`` seconds costs ``O(K S (H (L + S M) + V))`` for ``K``
switching times; the cost is linear in the number of junctions.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from citybrain.signals.adaptive.tables import PERMISSIVE, PROTECTED, RED

_NO_BOUND = 1e18
_FOES_LOOKED_AT = 3


@njit(cache=True, fastmath=True)
def foe_due(tb: Any, cars: Any, m0: int, l0: int, m: int, code: Any, head: Any, t: int, gap_s: float) -> bool:
    """Return whether somebody with right of way over movement ``m`` is due within the gap."""
    for f in range(tb.foe_at[m0 + m], tb.foe_at[m0 + m + 1]):
        other = tb.foe[f] - m0
        if code[other] == RED:
            continue
        lane = tb.move_lane[m0 + other] - l0
        q = head[lane]
        stop = min(cars.at[l0 + lane + 1], q + _FOES_LOOKED_AT)
        while q < stop and cars.eta_s[q] <= t + gap_s:
            if cars.move[q] == m0 + other:
                return True
            if code[cars.move[q] - m0] != PROTECTED:
                break  # it stands there itself, and nobody passes it
            q += 1
    return False


@njit(cache=True, fastmath=True)
def lamps(tb: Any, n_moves: int, shown: int, coming: int, switching: bool, code: Any) -> None:
    """Fill ``code`` with each movement's lamp; in an intergreen only links green in both stages stay so."""
    for m in range(n_moves):
        now = tb.lamp[coming, m]
        if switching:
            before = tb.lamp[shown, m]
            code[m] = before if before != RED and now != RED else RED
        else:
            code[m] = now


@njit(cache=True, fastmath=True)
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


@njit(cache=True, fastmath=True)
def rollout(
    tb: Any, cars: Any, road: Any, model: Any, j: int,
    stage: int, switching: bool, came_from: int, elapsed_s: float, remaining_s: float,
    hold: int, target: int, bound: float, departed: Any,
) -> float:  # fmt: skip
    """Return the predicted delay, vehicle-seconds, of a plan for junction ``j``.

    The plan: keep the stage for ``hold`` seconds, go to ``target``, then follow the
    continuing rule; ``target`` of -1 means the rule from the second second on.
    ``departed`` is filled with each vehicle's crossing time where it is not empty.
    Stops early once the delay passes ``bound``.
    """
    l0, m0, s0 = tb.lane_at[j], tb.move_at[j], tb.stage_at[j]
    n_lanes, n_moves = tb.lane_at[j + 1] - l0, tb.move_at[j + 1] - m0
    head = np.empty(n_lanes, np.int64)  # next to cross
    come = np.empty(n_lanes, np.int64)  # next to reach the stop line
    soon = np.empty(n_lanes, np.int64)  # next to count as queued
    ready = np.zeros(n_lanes, np.float64)
    standing = np.empty(n_lanes, np.bool_)
    queue = np.zeros(n_moves, np.float64)
    used = np.zeros(n_moves, np.float64)
    code = np.empty(n_moves, np.int8)
    inside = road.inside[m0 : m0 + n_moves].copy()
    inside_ready = np.zeros(n_moves, np.float64)
    for i in range(n_lanes):
        head[i] = come[i] = soon[i] = cars.at[l0 + i]
        standing[i] = switching or elapsed_s < 1.0
    cost, present = 0.0, inside.sum()
    planned = target >= 0
    origin, green_s, left_s = came_from, elapsed_s, remaining_s
    fresh = True
    for t in range(model.horizon):
        for i in range(n_lanes):
            last = cars.at[l0 + i + 1]
            while come[i] < last and cars.eta_s[come[i]] <= t:
                present += cars.weight[come[i]]
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
            if planned:
                if t >= hold:
                    want = target
                    planned = False
            elif target >= 0 or t >= 1:
                want = next_by_rule(tb, j, stage, queue, model)
            if want >= 0:
                origin, stage = stage, want
                left_s = tb.change_s[s0 + origin, stage]
                switching = left_s > 0.0
                green_s = 0.0
                fresh = True
        if switching or fresh:
            lamps(tb, n_moves, s0 + origin, s0 + stage, switching, code)
            fresh = switching
        # those who wait inside leave on a gap, or when the opposing stream has stopped
        for m in range(n_moves):
            if (
                inside[m] > 0.0
                and inside_ready[m] <= t
                and (code[m] != PERMISSIVE or not foe_due(tb, cars, m0, l0, m, code, head, t, model.gap_s))
            ):
                out = min(1.0, inside[m])
                inside[m] -= out
                present -= out
                inside_ready[m] = t + 2.0
        # discharge, head by head: a shared lane is a queue of movements
        for i in range(n_lanes):
            last = cars.at[l0 + i + 1]
            while head[i] < last:
                h = head[i]
                if cars.eta_s[h] >= t + 1.0 or ready[i] >= t + 1.0:
                    break
                m = cars.move[h] - m0
                if code[m] == RED:
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
                    inside[m] > 0.0 or foe_due(tb, cars, m0, l0, m, code, head, t, model.gap_s)
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
                        present += weight
                    continue
                if come[i] <= h:
                    come[i] = h + 1
                else:
                    present -= weight
                used[m] += weight
                if departed.size > 0:
                    departed[h] = begin
                if code[m] == PERMISSIVE:
                    ready[i] += model.trickle_s
        cost += present
        if cost > bound:
            return cost
        green_s += 1.0
        left_s -= 1.0
    return cost


@njit(cache=True, fastmath=True)
def decide_junction(
    tb: Any, cars: Any, road: Any, model: Any, j: int,
    stage: int, switching: bool, came_from: int, elapsed_s: float, remaining_s: float,
    holds: Any, costs: Any, plan: Any,
) -> int:  # fmt: skip
    """Return the stage wanted now.

    ``costs[s]`` becomes the predicted delay of going to ``s`` now (of keeping the
    stage, for the one shown), ``plan`` the time and target of the plan chosen.
    """
    n_stages = tb.stage_at[j + 1] - tb.stage_at[j]
    none = np.empty(0, np.float64)
    plan[0], plan[1] = 0, -1
    costs[:] = np.nan
    if switching or n_stages < 2 or elapsed_s < tb.min_green_s[tb.stage_at[j] + stage]:
        return stage
    if cars.at[tb.lane_at[j]] == cars.at[tb.lane_at[j + 1]]:
        return stage
    keep = rollout(
        tb, cars, road, model, j, stage, switching, came_from, elapsed_s, remaining_s, 0, -1, _NO_BOUND, none
    )
    go, leave = stage, _NO_BOUND
    for s in range(n_stages):
        if s != stage:
            costs[s] = rollout(
                tb, cars, road, model, j, stage, switching, came_from, elapsed_s, remaining_s, 0, s, _NO_BOUND, none
            )
            if costs[s] < leave:
                leave, go = costs[s], s
    # once keeping the stage beats leaving it, how long to keep it is for a later second to say
    for k in holds:
        if keep < leave:
            break
        for s in range(n_stages):
            if s == stage:
                continue
            cost = rollout(
                tb, cars, road, model, j, stage, switching, came_from, elapsed_s, remaining_s,
                k, s, min(keep, leave), none,
            )  # fmt: skip
            if cost < keep:
                keep = cost
                plan[0], plan[1] = k, s
                if keep < leave:
                    break
    costs[stage] = keep
    if leave < keep:
        plan[0], plan[1] = 0, go
        return go
    return stage


@njit(cache=True, fastmath=True)
def decide_all(
    tb: Any, cars: Any, road: Any, model: Any,
    stages: Any, switching: Any, came_from: Any, elapsed_s: Any, remaining_s: Any,
    holds: Any, costs: Any, plans: Any, out: Any, departed: Any,
) -> None:  # fmt: skip
    """Decide every junction; ``departed`` is filled with crossing times under the plans, where not empty."""
    for j in range(stages.size):
        out[j] = decide_junction(
            tb, cars, road, model, j, stages[j], switching[j], came_from[j], elapsed_s[j], remaining_s[j],
            holds, costs[j], plans[j],
        )  # fmt: skip
        if departed.size > 0:
            rollout(
                tb, cars, road, model, j, stages[j], switching[j], came_from[j], elapsed_s[j], remaining_s[j],
                plans[j, 0], plans[j, 1], _NO_BOUND, departed,
            )  # fmt: skip


@njit(cache=True)
def pass_on(tb: Any, cars: Any, departed: Any, way: Any, share: Any, horizon_s: float) -> tuple[Any, Any, Any, Any]:
    """Return the arrivals that neighbours' plans send: stop line, time from the next second, movement, weight.

    A vehicle's turn there is the one most behind its learnt share on its edge.
    """
    n = 0
    for i in range(departed.size):
        e = tb.move_exit[cars.move[i]]
        if departed[i] >= 1.0 and departed[i] + way.travel_s[e] < horizon_s and way.at[e + 1] > way.at[e]:
            n += 1
    lane = np.empty(n, np.int64)
    eta_s = np.empty(n, np.float64)
    move = np.empty(n, np.int64)
    weight = np.empty(n, np.float64)
    given = np.zeros(share.size, np.float64)
    k = 0
    for i in range(departed.size):
        e = tb.move_exit[cars.move[i]]
        if not (departed[i] >= 1.0 and departed[i] + way.travel_s[e] < horizon_s and way.at[e + 1] > way.at[e]):
            continue
        total, sent = 0.0, 0.0
        for c in range(way.at[e], way.at[e + 1]):
            total += share[way.move[c]]
            sent += given[way.move[c]]
        best, most = -1, -1e18
        for c in range(way.at[e], way.at[e + 1]):
            m = way.move[c]
            behind = share[m] / total * (sent + 1.0) - given[m]
            if behind > most:
                most, best = behind, m
        given[best] += 1.0
        lane[k] = tb.move_lane[best]
        eta_s[k] = departed[i] + way.travel_s[e] - 1.0
        move[k] = best
        weight[k] = cars.weight[i]
        k += 1
    return lane, eta_s, move, weight
