"""Metrics for Prometheus, read from the room when they are asked for."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from citybrain.operations.messages import LEVELS, CitySnapshot
from citybrain.operations.room import ControlRoom, RoomError


class RoomCollector(Collector):
    """Turns the state of a room into metrics; ``citybrain_up`` is 0 where it has none."""

    def __init__(self, room: ControlRoom) -> None:
        self._room = room

    def describe(self) -> Iterator[Metric]:
        """Name nothing beforehand: the room may not run yet."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """Return all metrics."""
        try:
            snapshot = self._room.snapshot()
        except RoomError:
            yield GaugeMetricFamily("citybrain_up", "Whether the loop runs", value=0)
            return
        yield GaugeMetricFamily("citybrain_up", "Whether the loop runs", value=float(snapshot.level != "lost"))
        yield from _health(snapshot)
        levels = GaugeMetricFamily("citybrain_junctions", "Junctions by step of the fallback ladder", labels=["level"])
        for level in LEVELS:
            levels.add_metric([level], snapshot.levels.get(level, 0))
        yield levels
        alarms = GaugeMetricFamily("citybrain_alarms", "Open alarms", labels=["severity"])
        for severity in ("info", "warning", "critical"):
            alarms.add_metric([severity], sum(alarm.severity == severity for alarm in snapshot.alarms))
        yield alarms


def _health(snapshot: CitySnapshot) -> Iterator[Metric]:
    health = snapshot.health
    for name, text, value in (
        ("time_seconds", "The plant's clock", snapshot.time_s),
        ("vehicles", "Vehicles on the road", snapshot.vehicles),
        ("queue_vehicles", "Vehicles seen standing before stop lines", sum(j.queue_veh for j in snapshot.junctions)),
        ("tick_seconds_p50", "Median time of a tick, last ten minutes", health.tick_p50_ms / 1000),
        ("tick_seconds_p99", "99th percentile of the time of a tick", health.tick_p99_ms / 1000),
        ("decision_seconds_p99", "99th percentile of the time of a decision", health.decision_p99_ms / 1000),
        ("memory_bytes", "Memory of the loop process", health.memory_mb * 2**20),
        ("service_memory_bytes", "Memory of the service process", health.service_memory_mb * 2**20),
        ("dead_sensors", "Stop lines without data", health.dead_sensors),
        ("spooled_rows", "Rows of the record that the database has not taken", health.spooled_rows),
        ("consoles", "Consoles that are watched", health.consoles),
        ("actions", "Junctions where people decide", sum(j.locked for j in snapshot.junctions)),
        ("incidents", "Incidents that are on", sum(i.state in ("suspected", "accepted") for i in snapshot.incidents)),
        ("emergencies", "Vehicles on a call", len(snapshot.emergencies)),
        ("policy_ok", "Whether decisions come in time", float(health.policy == "ok")),
        ("database_ok", "Whether the database takes the record", float(health.database == "ok")),
    ):
        yield GaugeMetricFamily(f"citybrain_{name}", text, value=float(value))
    for name, text, count in (
        ("ticks", "Ticks of this run", health.ticks),
        ("late_ticks", "Ticks that took longer than the deadline", health.late_ticks),
        ("missed_ticks", "Ticks that began a whole tick late", health.missed_ticks),
        ("refusals", "Requests that the interlock refused", health.refusals),
        ("policy_failures", "Policies lost", health.policy_failures),
        ("simulator_restarts", "Times the simulator was started again", health.simulator_restarts),
    ):
        yield CounterMetricFamily(f"citybrain_{name}", text, value=float(count))


def metrics_text(room: ControlRoom) -> bytes:
    """Return the metrics of a room in Prometheus's text format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(RoomCollector(room))
    return bytes(generate_latest(registry))
