"""The adaptive policy: observation in, stages out."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from citybrain.messages import Decision, Observation
from citybrain.network.intergreens import SignalRules
from citybrain.network.model import Network
from citybrain.signals.adaptive.arrivals import Expected, downstream, travel_time_s
from citybrain.signals.adaptive.cars import Arrivals, Batch, Files, in_file, merge
from citybrain.signals.adaptive.combined_stages import with_combined_stages
from citybrain.signals.adaptive.fairness import Fairness
from citybrain.signals.adaptive.fallback import Fallback
from citybrain.signals.adaptive.kernel import decide_all, pass_on
from citybrain.signals.adaptive.learning import Headways, Turns
from citybrain.signals.adaptive.load import Loads
from citybrain.signals.adaptive.network_layer import NetworkLayer
from citybrain.signals.adaptive.parameters import AdaptiveParameters
from citybrain.signals.adaptive.queue_model import PLAN_ROWS
from citybrain.signals.adaptive.storage import Storage
from citybrain.signals.adaptive.tables import PROTECTED, VEHICLE_SPACE_M, make_tables

_MOVING_MPS = 3.0
_OPEN = 1000.0
_HEAD_M, _HEAD_MPS = 30.0, 8.0


class Road(NamedTuple):
    """State of the road that the model needs: headways, vehicles inside, room in exits, value of a crossing.

    ``queue_weight``, by junction, is the cost of a squared queue at the horizon.
    """

    headway_s: NDArray[np.float64]
    inside: NDArray[np.float64]
    room: NDArray[np.float64]
    value: NDArray[np.float64]
    queue_weight: NDArray[np.float64]


class Adaptive:
    """Predictive, coordinated control of every junction, each second.

    Each junction rolls its queues forward under a few plans (leave now, or later,
    for every other stage) and takes the one with the least predicted delay;
    neighbours are told the departures it implies. See docs/adaptive.md.

    Parameters
    ----------
    **parameters
        See :class:`~citybrain.signals.adaptive.parameters.AdaptiveParameters`.
    """

    def __init__(self, **parameters: Any) -> None:
        self.parameters = AdaptiveParameters.of(parameters)
        self.interval_s = self.parameters.interval_s

    def with_stages(self, network: Network) -> Network:
        """Return the network with every set of compatible lanes as a stage; as it is where ``combine`` is 0."""
        return with_combined_stages(network) if self.parameters.combine else network

    def start(self, network: Network, rules: SignalRules) -> None:
        """Flatten the network and forget what was learnt."""
        p = self.parameters
        self._tables = tb = make_tables(network, rules)
        self._network = network
        n = len(network.junctions)
        self._limit_mps = np.maximum([lane.speed_mps for lane in network.lanes], 1.0)
        self._headways = Headways(tb, p.headway_s)
        self._turns = Turns(network)
        self._expected = Expected(network, tb, sight_m=p.sight_m)
        self._fairness = Fairness(network, max_red_s=p.max_red_s)
        self._storage = Storage(network, tb, weight=p.storage_weight, least=p.least_value)
        self._loads = Loads(tb)
        self._fallback = Fallback(network)
        self._way = downstream(network, tb)
        self._layer = NetworkLayer(
            network, tb, self._way, self._storage.room, period_s=p.network_s, least=p.least_value
        )
        self._sent: Batch | None = None
        known = np.flatnonzero(tb.move_row >= 0)
        self._movement = known[np.argsort(tb.move_row[known])]
        self._junction_of_lane = np.repeat(np.arange(n), np.diff(tb.lane_at))
        self._protected = self._protected_lanes()
        self._came_from, self._shown = np.zeros(n, np.int64), np.zeros(n, np.int64)
        self._costs = np.full((n, tb.change_s.shape[1]), np.nan)
        self._plans, self._out = np.zeros((n, PLAN_ROWS, 2)), np.zeros(n, np.int64)
        self._last_s: float | None = None

    def _protected_lanes(self) -> NDArray[np.bool_]:
        """By stage and stop line of its junction: whether all movements of the lane have a protected green."""
        tb = self._tables
        widest = int(np.diff(tb.lane_at).max(initial=1))
        free = np.ones((int(tb.stage_at[-1]), widest), dtype=np.bool_)
        for j in range(len(tb.lane_at) - 1):
            stages = slice(tb.stage_at[j], tb.stage_at[j + 1])
            for m in range(tb.move_at[j], tb.move_at[j + 1]):
                free[stages, tb.move_lane[m] - tb.lane_at[j]] &= tb.lamp[stages, m - tb.move_at[j]] == PROTECTED
        return free

    def decide(self, observation: Observation) -> Decision:
        """Return the stage to show at every junction, and why where it changes."""
        observation = self._fallback.complete(observation)
        p, tb, signals = self.parameters, self._tables, observation.signals
        seen, files, distance_m, speed_mps = self._seen(observation)
        self._learn(observation, seen, distance_m, speed_mps)
        load = self._loads.of_junctions(observation.lane_halted[tb.lane], self._headways.headway_s)
        full = self._full(load)
        batches = [seen, self._expected.batch(p.horizon_s, p.expected * full, neighbours=p.neighbour_s > 0)]
        if self._sent is not None:
            batches.append(self._sent)
        cars = merge(batches, len(tb.lane), files)
        road = Road(
            self._headways.headway_s,
            observation.inside[self._movement],
            self._room(observation),
            self._values(observation, seen),
            self._queue_weight(load),
        )
        changed = signals.stage != self._shown
        self._advance_plans(signals.stage, changed)
        self._came_from[changed] = self._shown[changed]
        self._shown[:] = signals.stage
        departed = np.full(len(cars.eta_s) if p.neighbour_s > 0 else 0, np.inf)
        decide_all(
            tb, cars, road, p.model(), self._shown, signals.switching, self._came_from, signals.elapsed_s,
            signals.remaining_s, np.array(p.holds_s, np.int64), self._costs, self._plans, self._out, departed,
            round(observation.time_s),
        )  # fmt: skip
        if p.neighbour_s > 0:
            self._sent = self._send(cars, departed, full)
        free = ~signals.switching & (signals.elapsed_s >= tb.min_green_s[tb.stage_at[:-1] + signals.stage])
        stage, forced = self._fairness.apply(observation, self._out, free)
        return Decision(
            time_s=observation.time_s, stage=stage.astype(np.int32), reasons=self._reasons(signals.stage, stage, forced)
        )

    def _advance_plans(self, shown: NDArray[np.int32], changed: NDArray[np.bool_]) -> None:
        """Strike off the switches that were made; forget the plan where another one was."""
        for j in np.flatnonzero(changed).tolist():
            plan = self._plans[j]
            if plan[0, 0] > 0 and plan[1, 1] == shown[j]:
                plan[1:-1] = plan[2:].copy()
                plan[0, 0] -= 1
            else:
                plan[0, 0] = 0

    def _seen(self, observation: Observation) -> tuple[Batch, Files, NDArray[np.float64], NDArray[np.float64]]:
        """Vehicles in sight, nearest first, who follows whom, with their distance and speed."""
        tb, v = self._tables, observation.vehicles
        near = np.flatnonzero((v.movement >= 0) & (v.distance_m <= self.parameters.sight_m))
        lane = tb.lane_row[v.lane[near]].astype(np.int64)
        order = np.lexsort((v.distance_m[near], lane))
        near, lane = near[order], lane[order]
        distance_m, speed_mps = np.maximum(v.distance_m[near], 0.0), v.speed_mps[near]
        limit = self._limit_mps[v.lane[near]]
        eta_s = travel_time_s(distance_m, np.minimum(speed_mps, limit), limit, self.parameters.acceleration_mps2)
        move = tb.move_row[v.movement[near]].astype(np.int64)
        road = v.road_lane[near].astype(np.int64)
        eta_s, files = in_file(road, road == v.lane[near], self._junction_of_lane[lane], distance_m, eta_s)
        return Batch(lane, eta_s, move, v.weight[near]), files, distance_m, speed_mps

    def _learn(
        self, observation: Observation, seen: Batch, distance_m: NDArray[np.float64], speed_mps: NDArray[np.float64]
    ) -> None:
        tb, signals = self._tables, observation.signals
        dt_s = 1.0 if self._last_s is None else observation.time_s - self._last_s
        self._last_s = observation.time_s
        owner = self._junction_of_lane
        shown = (tb.stage_at[:-1] + signals.stage)[owner]
        green = self._protected[shown, np.arange(len(tb.lane)) - tb.lane_at[owner]] & ~signals.switching[owner]
        close = (distance_m < _HEAD_M) & (speed_mps < _HEAD_MPS)
        standing = np.bincount(seen.lane[close], minlength=len(tb.lane)) >= 2
        self._headways.learn(observation, np.flatnonzero(green), standing)
        self._turns.learn(observation)
        self._expected.learn(observation.passed[self._movement], dt_s)
        self._loads.learn(observation.passed[self._movement], dt_s)

    def _room(self, observation: Observation) -> NDArray[np.float64]:
        """Vehicles that each lane can take in now; no limit where its last vehicle is moving."""
        moving = observation.lane_tail_speed_mps > _MOVING_MPS
        return np.where(moving, _OPEN, np.floor(observation.lane_tail_m / VEHICLE_SPACE_M))

    def _values(self, observation: Observation, seen: Batch) -> NDArray[np.float64]:
        """What a crossing is worth by movement row: the room beyond now, the network's price since its last look."""
        layer = self._layer
        if layer.is_due(observation.time_s):
            layer.update(
                observation.time_s,
                queue=layer.by_approach(layer.approach_of_lane[seen.lane], seen.weight),
                inflow_vps=self._expected.from_outside_vps,
                turns=self._turns.count[self._movement],
                headway_s=self._headways.headway_s,
            )
        return np.minimum(self._storage.value(observation), layer.value)

    def _queue_weight(self, load: NDArray[np.float64]) -> NDArray[np.float64]:
        """What a squared queue costs by junction: it clears in the share of the time that nothing else asks for."""
        most = self.parameters.queue_weight
        return np.asarray(np.minimum(1.0 / np.maximum(1.0 - load, 1e-3), most))

    def _full(self, load: NDArray[np.float64]) -> NDArray[np.float64]:
        """How full the junction of each movement row is, from 0 for one with time to spare to 1."""
        p = self.parameters
        full = np.clip((load - p.spare_load) / (p.full_load - p.spare_load), 0.0, 1.0)
        return np.asarray(full[self._junction_of_lane[self._tables.move_lane]])

    def _send(self, cars: Arrivals, departed: NDArray[np.float64], full: NDArray[np.float64]) -> Batch:
        p, share = self.parameters, self._turns.count[self._movement]
        horizon_s = p.neighbour_s + full * max(p.neighbour_full_s - p.neighbour_s, 0.0)
        return Batch(*pass_on(self._tables, cars, departed, self._way, share, horizon_s, self.interval_s))

    def _reasons(
        self, shown: NDArray[np.int32], stage: NDArray[np.int64], forced: NDArray[np.bool_]
    ) -> dict[int, dict[str, Any]]:
        """Why, for each junction that leaves its stage: the alternatives and their predicted delay."""
        reasons = {}
        for j in np.flatnonzero(stage != shown).tolist():
            stages = self._network.junctions[j].stages
            costs = self._costs[j, : len(stages)]
            if np.isnan(costs).all():
                continue
            reasons[j] = {
                "shown": int(shown[j]),
                "chosen": int(stage[j]),
                "because": "longest wait reached" if forced[j] else "least predicted delay",
                "horizon_s": self.parameters.horizon_s,
                "alternatives": [
                    {"stage": s, "lamps": stages[s].state, "predicted_delay_veh_s": round(float(cost), 1)}
                    for s, cost in enumerate(costs)
                    if not np.isnan(cost)
                ],
            }
        return self._fallback.explain(reasons)
