"""The compiled core: roll a junction's queues forward and choose its next stage.

One junction with ``L`` stop lines, ``M`` movements, ``S`` stages, ``V`` vehicles in
sight and a horizon of ``H`` seconds costs ``O(K S (H (L + S M) + V))`` for ``K``
switching times; it is linear in the number of junctions.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from citybrain.signals.adaptive.tables import PERMISSIVE, PROTECTED, RED

_FAR = 1e9


@njit(cache=True, fastmath=True)
def foe_due(tb, m0, l0, m, code, head, v_at, v_eta, v_move, t, gap_s):
    """Return whether somebody with right of way over movement ``m`` is due within the gap."""
    for f in range(tb.foe_at[m0 + m], tb.foe_at[m0 + m + 1]):
        o = tb.foe[f] - m0
        if code[o] == RED:
            continue
        lane = tb.move_lane[m0 + o] - l0
        q = head[lane]
        stop = min(v_at[l0 + lane + 1], q + 3)
        while q < stop and v_eta[q] <= t + gap_s:
            if v_move[q] == m0 + o:
                return True
            if code[v_move[q] - m0] == RED:
                break
            q += 1
    return False


@njit(cache=True, fastmath=True)
def rollout(
    tb, j, v_at, v_eta, v_move, v_weight, headway, start_loss, waiting, room, room_rate, trickle,
    stage, switching, came_from, elapsed, remaining, hold, target, then, first_green,
    horizon, gap_s, empty_s, yellow_use, stop_cost, terminal, hyst, look_s, bound, departed,
):  # fmt: skip
    """Return the cost of: hold ``hold`` seconds, then ``target``, then serve-until-empty.

    ``then`` is the stage after ``target``, or -1 for the fullest. ``departed`` is
    filled with each vehicle's crossing time when it is not empty. Stops early once
    the cost passes ``bound``.
    """
    l0, l1 = tb.lane_at[j], tb.lane_at[j + 1]
    m0, m1 = tb.move_at[j], tb.move_at[j + 1]
    s0, s1 = tb.stage_at[j], tb.stage_at[j + 1]
    n_lanes, n_moves, n_stages = l1 - l0, m1 - m0, s1 - s0
    head = np.empty(n_lanes, np.int64)
    come = np.empty(n_lanes, np.int64)
    ready = np.empty(n_lanes, np.float64)
    was_red = np.empty(n_lanes, np.bool_)
    soon = np.empty(n_lanes, np.int64)
    queue = np.zeros(n_moves, np.float64)
    code = np.empty(n_moves, np.int8)
    used = np.zeros(n_moves, np.float64)
    inside = waiting[m0:m1].copy()
    inside_ready = np.zeros(n_moves, np.float64)
    for i in range(n_lanes):
        head[i] = v_at[l0 + i]
        come[i] = v_at[l0 + i]
        soon[i] = v_at[l0 + i]
        ready[i] = 0.0
        was_red[i] = True
    cost = 0.0
    present = inside.sum()
    if not switching:
        for i in range(n_lanes):
            # a lane that has been green is already rolling
            was_red[i] = elapsed < 1.0
    origin = came_from
    step_at = 0  # 0: before the planned switch, 1: in target, 2: continuing rule
    if target < 0:
        step_at = 2
    green_s = elapsed
    left_s = remaining
    spent_s = 0.0
    if switching:
        spent_s = tb.change_s[s0 + origin, stage] - remaining
    new_code = True
    for t in range(horizon):
        # arrivals at the back of the queue
        for i in range(n_lanes):
            last = v_at[l0 + i + 1]
            c = come[i]
            while c < last and v_eta[c] <= t:
                present += v_weight[c]
                c += 1
            come[i] = c
            c = max(soon[i], head[i])
            while c < last and v_eta[c] <= t + look_s:
                queue[v_move[c] - m0] += v_weight[c]
                c += 1
            soon[i] = c
        # the signal
        if switching:
            if left_s <= 0.0:
                switching = False
                green_s = 0.0
                new_code = True
        if not switching:
            want = -1
            if green_s >= tb.min_green_s[s0 + stage] and t >= first_green:
                if step_at == 0:
                    if t >= hold and target != stage:
                        want = target
                        step_at = 1
                else:
                    busy = False
                    for i in range(n_lanes):
                        h = head[i]
                        if h < v_at[l0 + i + 1]:
                            m = v_move[h] - m0
                            if tb.lamp[s0 + stage, m] != RED and v_eta[h] <= t + empty_s and room[tb.move_exit[v_move[h]]] + room_rate[tb.move_exit[v_move[h]]] * t - used[m] >= 1.0:
                                busy = True
                                break
                    if step_at == 1 and then >= 0 and then != stage:
                        if not busy:
                            want = then
                    else:
                        own = 0.0
                        best = 0.0
                        for s in range(n_stages):
                            score = 0.0
                            for m in range(n_moves):
                                if tb.lamp[s0 + s, m] == PROTECTED:
                                    score += queue[m]
                                elif tb.lamp[s0 + s, m] == PERMISSIVE:
                                    score += 0.5 * queue[m]
                            if s == stage:
                                own = score
                            elif score > best:
                                best = score
                                want = s
                        if best < 0.5 or best <= own * (1.0 + hyst):
                            want = -1
                    if want >= 0:
                        step_at = 2
            if want >= 0:
                origin = stage
                stage = want
                left_s = tb.change_s[s0 + origin, stage]
                spent_s = 0.0
                switching = left_s > 0.0
                green_s = 0.0
                new_code = True
        if switching or new_code:
            for m in range(n_moves):
                now = tb.lamp[s0 + stage, m]
                if switching:
                    before = tb.lamp[s0 + origin, m]
                    if before != RED and now != RED:
                        code[m] = before
                    elif before != RED and spent_s < yellow_use and spent_s < tb.yellow_s[s0 + origin, stage]:
                        code[m] = PROTECTED if before == PROTECTED else PERMISSIVE
                    else:
                        code[m] = RED
                else:
                    code[m] = now
            new_code = switching
        # those who wait inside leave on a gap, or when the opposing stream has stopped
        for m in range(n_moves):
            if inside[m] > 0.0 and inside_ready[m] <= t:
                if code[m] != PERMISSIVE or not foe_due(tb, m0, l0, m, code, head, v_at, v_eta, v_move, t, gap_s):
                    out = min(1.0, inside[m])
                    inside[m] -= out
                    present -= out
                    inside_ready[m] = t + 2.0
        # discharge, head by head
        for i in range(n_lanes):
            last = v_at[l0 + i + 1]
            while head[i] < last:
                h = head[i]
                if v_eta[h] >= t + 1.0 or ready[i] >= t + 1.0:
                    break
                m = v_move[h] - m0
                if code[m] == RED:
                    was_red[i] = True
                    break
                exit_lane = tb.move_exit[v_move[h]]
                if room[exit_lane] + room_rate[exit_lane] * t - used[m] < 1.0:
                    break
                begin = max(max(ready[i], v_eta[h]), float(t))
                started = False
                if was_red[i]:
                    was_red[i] = False
                    started = True
                    if v_eta[h] < t + start_loss:
                        ready[i] = t + start_loss
                        if ready[i] >= t + 1.0:
                            break
                        begin = ready[i]
                if code[m] == PERMISSIVE and (inside[m] > 0.0 or foe_due(tb, m0, l0, m, code, head, v_at, v_eta, v_move, t, gap_s)):
                    if inside[m] + v_weight[h] > tb.pocket[m0 + m]:
                        break
                    # it waits inside the junction and no longer stands in the way of its lane
                    inside[m] += v_weight[h]
                    inside_ready[m] = t + 1.0
                    if come[i] <= h:
                        come[i] = h + 1
                        present += v_weight[h]
                    if soon[i] <= h:
                        soon[i] = h + 1
                    else:
                        queue[m] -= v_weight[h]
                    ready[i] = begin + headway[l0 + i] * v_weight[h]
                    head[i] = h + 1
                    continue
                # crosses
                if soon[i] <= h:
                    soon[i] = h + 1
                else:
                    queue[m] -= v_weight[h]
                if come[i] <= h:
                    come[i] = h + 1
                else:
                    present -= v_weight[h]
                    if begin - v_eta[h] > 2.0:
                        cost += stop_cost * v_weight[h]
                used[m] += v_weight[h]
                if departed.size > 0:
                    departed[h] = begin
                ready[i] = begin + headway[l0 + i] * v_weight[h]
                if started:
                    ready[i] += 0.5
                if code[m] == PERMISSIVE:
                    ready[i] += trickle
                head[i] = h + 1
        cost += present
        if cost > bound:
            return cost
        green_s += 1.0
        left_s -= 1.0
        spent_s += 1.0
    # what is left must still be served
    return cost + terminal * present


@njit(cache=True, fastmath=True)
def decide_junction(
    tb, j, v_at, v_eta, v_move, v_weight, headway, start_loss, waiting, room, room_rate, trickle,
    stage, switching, came_from, elapsed, remaining, holds,
    horizon, gap_s, empty_s, yellow_use, stop_cost, terminal, hyst, look_s, margin, change_cost, costs, plan,
):  # fmt: skip
    """Return the stage wanted now; ``costs[s]`` is the best predicted cost of going to ``s`` at once or later."""
    s0, s1 = tb.stage_at[j], tb.stage_at[j + 1]
    n_stages = s1 - s0
    none = np.empty(0, np.float64)
    plan[0] = 0
    plan[1] = -1
    if switching or n_stages < 2:
        return stage
    if v_at[tb.lane_at[j]] == v_at[tb.lane_at[j + 1]]:
        return stage
    earliest = max(0.0, tb.min_green_s[s0 + stage] - elapsed)
    if earliest > 0.0:
        return stage
    best_hold = rollout(
        tb, j, v_at, v_eta, v_move, v_weight, headway, start_loss, waiting, room, room_rate, trickle,
        stage, switching, came_from, elapsed, remaining, 0, -1, -1, 1.0,
        horizon, gap_s, empty_s, yellow_use, stop_cost, terminal, hyst, look_s, 1e18, none,
    )  # fmt: skip
    costs[stage] = best_hold
    # holding: wait, then any other stage
    best_go = 1e18
    go = stage
    for s in range(n_stages):
        if s == stage:
            continue
        costs[s] = rollout(
            tb, j, v_at, v_eta, v_move, v_weight, headway, start_loss, waiting, room, room_rate, trickle,
            stage, switching, came_from, elapsed, remaining, 0, s, -1, 0.0,
            horizon, gap_s, empty_s, yellow_use, stop_cost, terminal, hyst, look_s, 1e18, none,
        ) + change_cost  # fmt: skip
        if costs[s] < best_go:
            best_go = costs[s]
            go = s
    if best_hold + margin < best_go:
        # the continuing rule already beats going now: no need to look for a better hold
        return stage
    for k in holds:
        for s in range(n_stages):
            if s == stage:
                continue
            bound = min(best_hold, best_go)
            c = rollout(
                tb, j, v_at, v_eta, v_move, v_weight, headway, start_loss, waiting, room, room_rate, trickle,
                stage, switching, came_from, elapsed, remaining, k, s, -1, 0.0,
                horizon, gap_s, empty_s, yellow_use, stop_cost, terminal, hyst, look_s, bound, none,
            ) + change_cost  # fmt: skip
            if c < best_hold:
                best_hold = c
                costs[stage] = c
                plan[0] = k
                plan[1] = s
                if best_hold + margin < best_go:
                    return stage
    if best_go + margin < best_hold:
        plan[0] = 0
        plan[1] = go
        return go
    return stage


@njit(cache=True, fastmath=True)
def decide_all(
    tb, v_at, v_eta, v_move, v_weight, headway, start_loss, waiting, room, room_rate, trickle,
    stages, switching, came_from, elapsed, remaining, holds,
    horizon, gap_s, empty_s, yellow_use, stop_cost, terminal, hyst, look_s, margin, change_cost, costs, out, departed, plans,
):  # fmt: skip
    """Decide every junction in turn."""
    for j in range(stages.size):
        out[j] = decide_junction(
            tb, j, v_at, v_eta, v_move, v_weight, headway, start_loss, waiting, room, room_rate, trickle,
            stages[j], switching[j], came_from[j], elapsed[j], remaining[j], holds,
            horizon, gap_s, empty_s, yellow_use, stop_cost, terminal, hyst, look_s, margin, change_cost, costs[j], plans[j],
        )  # fmt: skip
        if departed.size > 0:
            first = 1.0
            if plans[j, 1] >= 0:
                first = 0.0
            rollout(
                tb, j, v_at, v_eta, v_move, v_weight, headway, start_loss, waiting, room, room_rate, trickle,
                stages[j], switching[j], came_from[j], elapsed[j], remaining[j], plans[j, 0], plans[j, 1], -1,
                first, horizon, gap_s, empty_s, yellow_use, stop_cost, terminal, hyst, look_s, 1e18, departed,
            )  # fmt: skip


@njit(cache=True)
def pass_on(v_move, v_weight, departed, horizon, move_exit, next_at, next_move, travel_s, share, move_lane):
    """Return the arrivals that neighbours' plans send: stop-line row, seconds from now, movement, weight.

    The turn of each is the one most behind its learnt share on its edge.
    """
    n = 0
    for i in range(departed.size):
        e = move_exit[v_move[i]]
        if 1.0 <= departed[i] and departed[i] + travel_s[e] < horizon and next_at[e + 1] > next_at[e]:
            n += 1
    lane = np.empty(n, np.int64)
    eta = np.empty(n, np.float64)
    move = np.empty(n, np.int64)
    weight = np.empty(n, np.float64)
    given = np.zeros(share.size, np.float64)
    k = 0
    for i in range(departed.size):
        e = move_exit[v_move[i]]
        if not (1.0 <= departed[i] and departed[i] + travel_s[e] < horizon and next_at[e + 1] > next_at[e]):
            continue
        best = -1
        most = -1e18
        total = 0.0
        sent = 0.0
        for c in range(next_at[e], next_at[e + 1]):
            total += share[next_move[c]]
            sent += given[next_move[c]]
        for c in range(next_at[e], next_at[e + 1]):
            m = next_move[c]
            behind = share[m] / total * (sent + 1.0) - given[m]
            if behind > most:
                most = behind
                best = m
        given[best] += 1.0
        lane[k] = move_lane[best]
        eta[k] = departed[i] + travel_s[e] - 1.0
        move[k] = best
        weight[k] = v_weight[i]
        k += 1
    return lane, eta, move, weight
