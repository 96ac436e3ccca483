"""The adaptive policy: observation in, stages out."""

from __future__ import annotations

import numpy as np

from citybrain.messages import Decision, Observation
from citybrain.network.intergreens import SignalRules
from citybrain.network.model import Network
from citybrain.signals.adaptive.learning import Headways, Turns
from citybrain.signals.adaptive.kernel import decide_all, pass_on
from citybrain.signals.adaptive.tables import make_tables

_VEHICLE_M = 7.5


class Adaptive:
    """Predictive control of every junction, each second."""

    interval_s = 1.0

    def __init__(self, *, sight_m=250.0, horizon_s=60, gap_s=4.0, empty_s=2.0, yellow_use=1.0, stop_cost=0.0,
                 terminal=0.0, margin=0.0, change_cost=0.0, headway_s=1.9, start_loss=1.0, trickle=0.5, hyst=0.5, learn_headway=True, background=0.0, rate_memory=300.0, share=0.0, look_s=3.0, accel=2.0,
                 room_rate=0.15, holds=(1, 2, 3, 4, 5, 6, 8, 10, 13, 16, 20, 25, 30)) -> None:
        self.__dict__.update({k: v for k, v in locals().items() if k != "self"})

    def start(self, network: Network, rules: SignalRules) -> None:
        self.tables = make_tables(network, rules)
        n = len(network.junctions)
        self._limit = np.array([lane.speed_mps for lane in network.lanes])
        self._plans = np.zeros((n, 2), np.int64)
        self._turns = Turns(network, self.tables)
        self._inverse = np.flatnonzero(self.tables.move_row >= 0)[np.argsort(self.tables.move_row[self.tables.move_row >= 0])]
        self._next_at, self._next_move, self._travel_s = next_stop_lines(network, self.tables)
        self._rate = np.zeros(len(self.tables.move_lane)); self._age = 0.0; self._shared = None
        # seconds from the edge of sight to the stop line
        lanes = [network.lanes[i] for i in self.tables.lane]
        reach, fed = upstream(network, self.sight_m)
        self._fed = np.array([fed[l.edge] for l in lanes])
        self._see_s = np.array([min(self.sight_m, reach[l.edge]) / max(l.speed_mps, 1.0) for l in lanes])
        self._learn = Headways(self.tables, self.headway_s)
        self._lane_moves = [np.flatnonzero(self.tables.move_lane == r) for r in range(len(self.tables.lane))]
        # by stage: stop lines all of whose movements are protected
        self._junction_of_lane = np.repeat(np.arange(n), np.diff(self.tables.lane_at))
        tb = self.tables
        self._free = np.zeros((tb.stage_at[-1], len(tb.lane)), bool)
        for j in range(n):
            for st in range(tb.stage_at[j], tb.stage_at[j + 1]):
                for r in range(tb.lane_at[j], tb.lane_at[j + 1]):
                    self._free[st, r] = all(tb.lamp[st, m - tb.move_at[j]] == 2 for m in self._lane_moves[r])
        self._came = np.zeros(n, np.int64)
        self._shown = np.zeros(n, np.int64)
        most = self.tables.change_s.shape[1]
        self._costs = np.zeros((n, most))
        self._out = np.zeros(n, np.int64)

    def decide(self, observation: Observation) -> Decision:
        tb, v, sig = self.tables, observation.vehicles, observation.signals
        near = (v.movement >= 0) & (v.distance_m <= self.sight_m)
        lane = tb.lane_row[v.lane[near]]
        d, speed = v.distance_m[near], v.speed_mps[near]
        limit = np.maximum(self._limit[v.lane[near]], 1.0)
        order = np.lexsort((d, lane))
        lane, d, speed, limit = lane[order], np.maximum(d[order], 0), speed[order], limit[order]
        eta = travel_time(d, np.minimum(speed, limit), limit, self.accel)
        move = tb.move_row[v.movement[near][order]].astype(np.int64)
        weight = v.weight[near][order]
        real = (lane, d, speed)
        known = tb.move_row[:len(observation.passed)] >= 0
        passed = np.zeros(len(tb.move_lane)); passed[tb.move_row[:len(observation.passed)][known]] = observation.passed[known]
        self._age += 1.0
        w = max(1.0 / self._age, 1.0 / self.rate_memory)
        self._rate += w * (passed - self._rate)
        parts = [(lane, eta, move, weight)]
        if self.background > 0: parts.append(self._expected())
        if self.share > 0 and self._shared is not None: parts.append(self._shared)
        if len(parts) > 1:
            lane, eta, move, weight = (np.concatenate(c) for c in zip(*parts))
            order = np.lexsort((eta, lane)); lane, eta, move, weight = lane[order], eta[order], move[order], weight[order]
        at = np.searchsorted(lane, np.arange(len(tb.lane) + 1)).astype(np.int64)
        tail, tspeed = observation.lane_tail_m, observation.lane_tail_speed_mps
        room = np.where(tspeed > 3.0, 1000.0, np.floor(tail / _VEHICLE_M))
        waiting = np.zeros(len(tb.move_lane))
        known = tb.move_row[:len(observation.inside)] >= 0
        waiting[tb.move_row[:len(observation.inside)][known]] = observation.inside[known]
        changed = sig.stage != self._shown
        self._came[changed] = self._shown[changed]
        self._shown[:] = sig.stage
        departed = np.full(len(eta) if self.share > 0 else 0, 1e9)
        stage_row = tb.stage_at[:-1] + sig.stage
        green = self._free[stage_row[self._junction_of_lane], np.arange(len(tb.lane))] & ~sig.switching[self._junction_of_lane]
        slow = np.bincount(real[0][(real[1] < 30.0) & (real[2] < 8.0)], minlength=len(tb.lane)) >= 2
        if self.learn_headway: self._learn.learn(observation, np.flatnonzero(green), slow)
        self._headway = self._learn.headway_s
        decide_all(
            tb, at, eta, move, weight, self._headway, self.start_loss, waiting, room, np.full(len(room), self.room_rate), self.trickle,
            sig.stage.astype(np.int64), sig.switching, self._came, sig.elapsed_s, sig.remaining_s,
            np.array(self.holds, np.int64), self.horizon_s, self.gap_s, self.empty_s, self.yellow_use, self.stop_cost,
            self.terminal, self.hyst, self.look_s, self.margin, self.change_cost, self._costs, self._out, departed, self._plans,
        )
        if self.share > 0:
            self._turns.learn(observation)
            n_real = len(eta)
            self._shared = pass_on(move, weight, departed, min(self.horizon_s, self.share), tb.move_exit, self._next_at, self._next_move, self._travel_s,
                                   self._turns.count[self._inverse], tb.move_lane)
        return Decision(time_s=observation.time_s, stage=self._out.astype(np.int32))

    def _expected(self):
        """Arrivals beyond sight at the rate learnt, evenly spaced."""
        tb = self.tables
        rate = self._rate.copy()
        if self.share > 0: rate[self._fed[tb.move_lane]] = 0.0
        n = np.floor(np.maximum(self.horizon_s - self._see_s[tb.move_lane], 0) * rate * self.background + 0.5).astype(int)
        n[rate < 1e-4] = 0
        mv = np.repeat(np.arange(len(rate)), n)
        k = np.arange(n.sum()) - np.repeat(np.cumsum(n) - n, n)
        eta = self._see_s[tb.move_lane[mv]] + (k + 0.5) / np.maximum(rate[mv], 1e-9)
        return tb.move_lane[mv].astype(np.int64), eta, mv.astype(np.int64), np.ones(len(mv))


def travel_time(d, v, limit, a):
    """Shortest time to cover ``d`` metres from speed ``v``, accelerating at ``a`` up to ``limit``."""
    t_acc = (limit - v) / a
    d_acc = (limit + v) / 2 * t_acc
    within = d < d_acc
    t1 = (-v + np.sqrt(v * v + 2 * a * d)) / a
    t2 = t_acc + (d - d_acc) / limit
    return np.where(within, t1, t2)


def next_stop_lines(network, tables):
    """By network lane: movements of the next stop line when a vehicle enters it, and the travel time there."""
    by_edge = {}
    for row, index in enumerate(np.flatnonzero(tables.move_row >= 0)[np.argsort(tables.move_row[tables.move_row >= 0])]):
        by_edge.setdefault(network.lanes[network.movements[index].from_lane].edge, []).append(row)
    at, moves, travel = [0], [], []
    for lane in network.lanes:
        edge, t, hops = lane.edge, 0.0, 0
        while True:
            e = network.edges[edge]
            t += e.length_m / max(e.speed_mps, 1.0)
            if edge in by_edge or hops > 6:
                break
            following = {network.lanes[k.to_lane].edge for i in e.lanes for k in network.lanes[i].links}
            if len(following) != 1:
                break
            edge = following.pop()
            hops += 1
        moves += by_edge.get(edge, [])
        at.append(len(moves)); travel.append(t + 2.0)
    return np.array(at, np.int64), np.array(moves, np.int64), np.array(travel)


def upstream(network, sight_m):
    """By edge: length of road in sight upstream of its end, and whether a signal feeds it within sight."""
    before = [[] for _ in network.edges]
    fed_by_signal = [False] * len(network.edges)
    for lane in network.lanes:
        for link in lane.links:
            to = network.lanes[link.to_lane].edge
            if link.movement >= 0:
                fed_by_signal[to] = True
            elif lane.edge not in before[to]:
                before[to].append(lane.edge)
    reach, fed = [], []
    for edge in network.edges:
        best, any_fed, open_, seen = 0.0, False, [(edge.index, 0.0)], set()
        while open_:
            e, d = open_.pop()
            if e in seen:
                continue
            seen.add(e)
            d += network.edges[e].length_m
            best = max(best, d)
            any_fed |= fed_by_signal[e]
            if d < sight_m:
                open_ += [(u, d) for u in before[e]]
        reach.append(best); fed.append(any_fed)
    return reach, fed
