"""A small city to show: one junction of two roads."""

from __future__ import annotations

from citybrain.operations.details import EdgeGeometry, JunctionGeometry
from citybrain.operations.messages import CitySnapshot, EdgeStates, EmergencyState, Health, IncidentView, JunctionState


def edge(name: str, *points: tuple[float, float]) -> EdgeGeometry:
    return EdgeGeometry(id=name, name=f"Jalan {name}", lanes=1, length_m=100.0, limit_mps=14.0, points_m=points)


EDGES = {
    "south": edge("south", (0.0, -100.0), (0.0, -10.0)),
    "north": edge("north", (0.0, 10.0), (0.0, 100.0)),
    "east": edge("east", (10.0, 0.0), (100.0, 0.0)),
}
JUNCTION = JunctionGeometry(
    id="J", name="Simpang <J>", x_m=0.0, y_m=0.0, stages=2,
    approaches=("south", "south", ""), exits=("north", "east", ""),
)  # fmt: skip


def junction_state(**changes: object) -> JunctionState:
    values = {
        "id": "J", "stage": 0, "switching": False, "elapsed_s": 12.0, "remaining_s": 0.0, "lamps": "Gr", "queue_veh": 4.0,
        "level": "adaptive",
    }  # fmt: skip
    return JunctionState(**{**values, **changes})  # type: ignore[arg-type]


def snapshot(**changes: object) -> CitySnapshot:
    values = {
        "run_id": "run", "scenario": "sample", "tick": 1, "time_s": 25_200.0, "when": "", "speed": 1.0, "speed_now": 1.0,
        "level": "adaptive", "levels": {"adaptive": 1}, "junctions": (junction_state(),),
        "edges": edges(0, 0, 1, 2, 3, -1), "health": Health(tick_last_ms=40.0, tick_p99_ms=80.0),
    }  # fmt: skip
    return CitySnapshot(**{**values, **changes})  # type: ignore[arg-type]


def edges(*congestion: int) -> EdgeStates:
    n = len(congestion)
    return EdgeStates(vehicles=(1.0,) * n, halted=(0.0,) * n, speed_ratio=(1.0,) * n, congestion=congestion)


def emergency(**changes: object) -> EmergencyState:
    values = {
        "vehicle_id": "A1", "request_id": "r", "role": "ambulance", "status": "granted", "x_m": 1.0, "y_m": 2.0,
        "speed_mps": 10.0, "edge": "south", "destination": "east", "route": ("south", "east"), "held": ("J",),
    }  # fmt: skip
    return EmergencyState(**{**values, **changes})  # type: ignore[arg-type]


def incident(**changes: object) -> IncidentView:
    values = {
        "id": "incident-1", "edge": "south", "lanes": (0,), "distance_m": 40.0, "confidence": 0.8234,
        "state": "suspected", "since_s": 25_000.0, "x_m": 0.0, "y_m": -50.0,
    }  # fmt: skip
    return IncidentView(**{**values, **changes})  # type: ignore[arg-type]
