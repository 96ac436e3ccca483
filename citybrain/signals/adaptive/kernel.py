"""The compiled core: choose each junction's next stage by rolling plans forward.

A junction whose queue model costs ``R`` (see :mod:`.queue_model`) costs ``K S R`` for
first switches to ``S`` stages at ``K`` times, then ``D (8 + S) R`` for each of the ``D``
switches that are improved. The cost is linear in the number of junctions.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from citybrain.signals.adaptive.compiled import compiled
from citybrain.signals.adaptive.queue_model import Now, rollout, workspace

_NO_BOUND = 1e18
DEPTH = 4
"""Switches of a plan that are improved one by one."""
DELTAS_S = (-8.0, -4.0, -2.0, -1.0, 1.0, 2.0, 4.0, 8.0)


@compiled
def improve(
    tb: Any,
    cars: Any,
    road: Any,
    model: Any,
    work: Any,
    j: int,
    now: Any,
    plan: Any,
    cost: float,
    trial: Any,
    done: Any,
) -> float:
    """Improve a plan switch by switch: another length of a green, or another stage next. Return its delay."""
    n_stages = tb.stage_at[j + 1] - tb.stage_at[j]
    nowhere = np.empty(0, np.float64)
    for _ in range(model.passes):
        before = cost
        i = 1
        while i <= min(plan[0, 0], DEPTH):
            for delta in DELTAS_S:
                trial[:] = plan
                trial[i, 0] += delta
                if trial[i, 0] < (now.elapsed_s if i == 1 else 0.0):
                    continue
                found = rollout(tb, cars, road, model, work, j, now, trial, cost, done, nowhere)
                if found < cost:
                    cost = found
                    plan[:] = done
            for s in range(n_stages):
                if i > plan[0, 0] or s == plan[i, 1] or s == (now.stage if i == 1 else plan[i - 1, 1]):
                    continue
                trial[:] = plan
                trial[0, 0] = i
                trial[i, 1] = s
                found = rollout(tb, cars, road, model, work, j, now, trial, cost, done, nowhere)
                if found < cost:
                    cost = found
                    plan[:] = done
            i += 1
        if cost >= before:
            break
    return cost


@compiled
def decide_junction(
    tb: Any, cars: Any, road: Any, model: Any, work: Any, j: int, now: Any, holds: Any, costs: Any, plan: Any
) -> int:
    """Return the stage wanted now.

    ``costs[s]`` becomes the predicted delay of going to ``s`` now (of keeping the
    stage, for the one shown). ``plan`` holds the plan of the second before, still to
    be followed, and becomes the plan chosen.
    """
    n_stages = tb.stage_at[j + 1] - tb.stage_at[j]
    costs[:] = np.nan
    if n_stages < 2 or cars.at[tb.lane_at[j]] == cars.at[tb.lane_at[j + 1]]:
        plan[0, 0] = 0
        return now.stage
    if now.switching or now.elapsed_s < tb.min_green_s[tb.stage_at[j] + now.stage]:
        return now.stage
    nowhere = np.empty(0, np.float64)
    done, trial, best = np.zeros_like(plan), np.zeros_like(plan), np.zeros_like(plan)
    cost = _NO_BOUND
    if plan[0, 0] > 0:
        cost = rollout(tb, cars, road, model, work, j, now, plan, cost, done, nowhere)
        best[:] = done
    trial[0, 0] = 0
    keep = rollout(tb, cars, road, model, work, j, now, trial, _NO_BOUND, done, nowhere)
    if keep < cost:
        cost = keep
        best[:] = done
    trial[0, 0] = 1
    for k in holds:
        for s in range(n_stages):
            if s == now.stage:
                continue
            trial[1, 0], trial[1, 1] = now.elapsed_s + k, s
            found = rollout(tb, cars, road, model, work, j, now, trial, cost if k > 0 else _NO_BOUND, done, nowhere)
            if k == 0:
                costs[s] = found
            if found < cost:
                cost = found
                best[:] = done
    cost = improve(tb, cars, road, model, work, j, now, best, cost, trial, done)
    plan[:] = best
    if plan[0, 0] > 0 and plan[1, 0] <= now.elapsed_s:
        costs[int(plan[1, 1])] = cost
        costs[now.stage] = keep
        return int(plan[1, 1])
    costs[now.stage] = cost
    return now.stage


@compiled
def decide_all(
    tb: Any, cars: Any, road: Any, model: Any,
    stages: Any, switching: Any, came_from: Any, elapsed_s: Any, remaining_s: Any,
    holds: Any, costs: Any, plans: Any, out: Any, departed: Any, tick: int,
) -> None:  # fmt: skip
    """Decide every junction; ``departed`` is filled with crossing times under the plans, where not empty.

    A junction whose plan keeps the stage for longer looks for a better one every ``review`` ticks only.
    """
    none = np.empty((0, 2), np.float64)
    work = workspace(tb)
    for j in range(stages.size):
        now = Now(stages[j], switching[j], came_from[j], elapsed_s[j], remaining_s[j])
        calm = not switching[j] and (plans[j, 0, 0] == 0 or plans[j, 1, 0] - elapsed_s[j] > model.review)
        if calm and (tick + j) % model.review != 0:
            out[j] = stages[j]
        else:
            out[j] = decide_junction(tb, cars, road, model, work, j, now, holds, costs[j], plans[j])
        if departed.size > 0:
            rollout(tb, cars, road, model, work, j, now, plans[j], _NO_BOUND, none, departed)


@njit(cache=True)
def pass_on(
    tb: Any, cars: Any, departed: Any, way: Any, share: Any, horizon_s: Any, next_s: float
) -> tuple[Any, Any, Any, Any]:
    """Return the arrivals that neighbours' plans send: stop line, time from the next look on, movement, weight.

    The next look is in ``next_s``. A vehicle's turn there is the one most behind its learnt share on its edge.
    """
    n = 0
    for i in range(departed.size):
        e = tb.move_exit[cars.move[i]]
        if departed[i] >= next_s and way.at[e + 1] > way.at[e]:
            n += 1
    lane = np.empty(n, np.int64)
    eta_s = np.empty(n, np.float64)
    move = np.empty(n, np.int64)
    weight = np.empty(n, np.float64)
    given = np.zeros(share.size, np.float64)
    k = 0
    for i in range(departed.size):
        e = tb.move_exit[cars.move[i]]
        first = way.at[e]
        if departed[i] < next_s or way.at[e + 1] == first:
            continue
        if departed[i] + way.travel_s[e] >= horizon_s[way.move[first]]:
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
        eta_s[k] = departed[i] + way.travel_s[e] - next_s
        move[k] = best
        weight[k] = cars.weight[i]
        k += 1
    return lane[:k], eta_s[:k], move[:k], weight[:k]
