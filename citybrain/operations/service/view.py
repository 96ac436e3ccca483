"""From the loop's reports to what people look at."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from citybrain.network.intergreens import Intergreens, SignalRules
from citybrain.network.model import Network
from citybrain.operations.details import Geometry, LaneHealth, PlanInfo, StageInfo
from citybrain.operations.live.reports import TickReport, Vehicle
from citybrain.operations.messages import (
    LEVELS,
    EdgeStates,
    EmergencyState,
    IncidentView,
    JunctionState,
    SensorState,
)
from citybrain.simulation.fleet import along

_DEAD_CONFIDENCE, _STALE_S = 0.1, 60.0
_BOUNDS = (0.6, 0.35, 0.15)


class CityView:
    """Static look-ups, and the pieces of a snapshot.

    Parameters
    ----------
    geometry : Geometry
        Of the same network.
    """

    def __init__(self, network: Network, rules: SignalRules, geometry: Geometry, to_lon_lat: Any) -> None:
        self.network, self.rules, self.geometry = network, rules, geometry
        self._to_lon_lat = to_lon_lat
        self.lane_edge = np.array([lane.edge for lane in network.lanes])
        self._limit = np.maximum([edge.speed_mps for edge in network.edges], 0.1)
        self.junction_of_stop = np.full(len(network.lanes), -1)
        for m in network.movements:
            if not m.is_crossing:
                self.junction_of_stop[m.from_lane] = m.junction
        self.stop_lanes = np.flatnonzero(self.junction_of_stop >= 0)

    def sensor_state(self, confidence: float, age_s: float) -> SensorState:
        """Return how a stop line is seen."""
        if confidence < _DEAD_CONFIDENCE:
            return "dead"
        return "stale" if age_s > _STALE_S else "ok"

    def edges(self, report: TickReport) -> EdgeStates:
        """Return the columns of all edges."""
        halted = np.bincount(self.lane_edge, weights=report.lane_halted, minlength=len(self._limit))
        count = report.edge_vehicles
        ratio = np.where(count > 0, np.clip(report.edge_speed_mps / self._limit, 0.0, 1.0), 1.0)
        level = np.zeros(len(ratio), np.int8)
        for bound in _BOUNDS:
            level += ratio < bound
        level[count < 2] = np.minimum(level[count < 2], 1)  # one vehicle at a red light is no jam
        return EdgeStates(
            vehicles=tuple(count.tolist()),
            halted=tuple(halted.tolist()),
            speed_ratio=tuple(np.round(ratio, 3).tolist()),
            congestion=tuple(level.tolist()),
        )

    def junctions(
        self, report: TickReport, lamps: Sequence[str], because: Mapping[int, str], alarms: Mapping[str, int]
    ) -> tuple[JunctionState, ...]:
        """Return the state of every junction."""
        n = len(self.network.junctions)
        stop = self.stop_lanes
        owner = self.junction_of_stop[stop]
        queue = np.bincount(owner, weights=report.lane_halted[stop], minlength=n)
        blind = np.bincount(owner, weights=report.confidence[stop] < _DEAD_CONFIDENCE, minlength=n)
        stale = np.bincount(owner, weights=report.age_s[stop] > _STALE_S, minlength=n)
        held = {j: call.vehicle_id for call in report.calls for j in call.held}
        rows = zip(
            report.stage.tolist(), report.switching.tolist(), report.elapsed_s.tolist(), report.remaining_s.tolist(),
            report.flashing.tolist(), report.level.tolist(), report.sensors_dead.tolist(), strict=True,
        )  # fmt: skip
        found = []
        for j, (stage, switching, elapsed_s, remaining_s, flashing, level, dead) in enumerate(rows):
            name = self.network.junctions[j].id
            actions = report.actions.get(j, ())
            sensors: SensorState = "dead" if dead else ("stale" if blind[j] or stale[j] else "ok")
            found.append(
                JunctionState(
                    id=name,
                    stage=-1 if flashing else stage,
                    switching=switching and not flashing,
                    elapsed_s=round(elapsed_s, 1),
                    remaining_s=round(remaining_s, 1),
                    lamps=lamps[j],
                    queue_veh=round(float(queue[j]), 1),
                    level=LEVELS[level],
                    because=because.get(j, "an operator decides" if actions and level else ""),
                    locked=bool(actions),
                    actions=actions,
                    emergency=held.get(j, ""),
                    alarms=alarms.get(name, 0),
                    sensors=sensors,
                )
            )
        return tuple(found)

    def emergencies(self, calls: Sequence[Vehicle]) -> tuple[EmergencyState, ...]:
        """Return the vehicles on a call."""
        names = [j.id for j in self.network.junctions]
        found = []
        for call in calls:
            lon, lat = self._to_lon_lat((call.x_m, call.y_m))
            found.append(
                EmergencyState(
                    vehicle_id=call.vehicle_id,
                    request_id=call.request_id,
                    role=call.role,
                    status=call.status,
                    x_m=round(call.x_m, 1),
                    y_m=round(call.y_m, 1),
                    lon=lon,
                    lat=lat,
                    speed_mps=round(call.speed_mps, 1),
                    edge=call.edge,
                    destination=call.destination,
                    eta_s=round(call.eta_s, 1) if math.isfinite(call.eta_s) else None,
                    route=call.route,
                    corridor=tuple(names[j] for j in call.corridor),
                    held=tuple(names[j] for j in call.held),
                )
            )
        return tuple(found)

    def incidents(self, report: TickReport) -> tuple[IncidentView, ...]:
        """Return the incidents, placed on their roads."""
        found = []
        for one in report.incidents:
            edge = self.network.edges[self.network.edge_index(one.edge)]
            known = math.isfinite(one.distance_m)
            share = 1.0 - min(max(one.distance_m / max(edge.length_m, 1.0), 0.0), 1.0) if known else 0.5
            x, y = along(edge.shape, share)
            lon, lat = self._to_lon_lat((x, y))
            found.append(
                IncidentView(
                    id=one.id,
                    edge=one.edge,
                    lanes=one.lanes,
                    distance_m=round(one.distance_m, 1) if known else None,
                    confidence=round(one.confidence, 2),
                    state=one.state,  # type: ignore[arg-type]
                    since_s=one.alarm_s,
                    end_s=one.end_s if math.isfinite(one.end_s) else None,
                    x_m=round(x, 1),
                    y_m=round(y, 1),
                    lon=lon,
                    lat=lat,
                )
            )
        return tuple(found)

    def ages(self, report: TickReport) -> tuple[dict[str, float], int]:
        """Return the greatest age of data by part of the city, and how many stop lines have none."""
        age = report.age_s[self.stop_lanes]
        dead = report.confidence[self.stop_lanes] < _DEAD_CONFIDENCE
        alive = age[~dead]
        return {"all": round(float(alive.max(initial=0.0)), 1)}, int(dead.sum())

    def lanes(self, j: int, report: TickReport) -> tuple[LaneHealth, ...]:
        """Return how the stop lines of a junction are seen."""
        lanes: NDArray[np.int64] = self.stop_lanes[self.junction_of_stop[self.stop_lanes] == j]
        return tuple(
            LaneHealth(
                lane=self.network.lanes[k].id,
                edge=self.network.edges[self.network.lanes[k].edge].id,
                confidence=round(float(report.confidence[k]), 2),
                age_s=round(float(report.age_s[k]), 1),
                queue_veh=round(float(report.lane_halted[k]), 1),
                state=self.sensor_state(float(report.confidence[k]), float(report.age_s[k])),
            )
            for k in lanes.tolist()
        )

    def stages(self, j: int) -> tuple[StageInfo, ...]:
        """Return the stages of a junction with their movements in words."""
        network, junction = self.network, self.network.junctions[j]
        gaps = Intergreens(network, junction, self.rules)
        return tuple(
            StageInfo(
                index=stage.index,
                state=stage.state,
                movements=tuple(
                    dict.fromkeys(
                        self._words(m) for m in junction.movements if stage.is_green(network.movements[m].link)
                    )
                ),
                min_green_s=gaps.min_green_ms(stage.index) / 1000,
                max_green_s=max(self.rules.max_green_s, gaps.min_green_ms(stage.index) / 1000),
            )
            for stage in junction.stages
        )

    def _words(self, movement: int) -> str:
        network, m = self.network, self.network.movements[movement]
        if m.is_crossing:
            return "pedestrians"
        ends = [network.edges[network.lanes[lane].edge] for lane in (m.from_lane, m.to_lane)]
        before, after = (edge.name or edge.id for edge in ends)
        return f"{before} → {after} ({m.turn})"

    def own_plan(self, j: int) -> PlanInfo | None:
        """Return the scenario's own plan of a junction."""
        junction = self.network.junctions[j]
        known = {stage.state: stage.index for stage in junction.stages}
        shown = [(known[p.state], p.duration_s) for p in junction.program if p.state in known]
        if not junction.program:
            return None
        return PlanInfo(
            id="own",
            junction=junction.id,
            cycle_s=sum(p.duration_s for p in junction.program),
            offset_s=junction.offset_s,
            stages=tuple(stage for stage, _ in shown),
            greens_s=tuple(green_s for _, green_s in shown),
        )
