"""The state that people look at: the latest report, the minutes before it, alarms and health."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import replace
from threading import RLock
from time import monotonic

import numpy as np
from pydantic import TypeAdapter

from citybrain.demand.scenario import Scenario
from citybrain.network.model import Network
from citybrain.network.netfacts import read_facts
from citybrain.operations.details import CorridorHistory, Geometry, JunctionDetail, PlanInfo
from citybrain.operations.live.config import RoomConfig
from citybrain.operations.live.day_plans import OWN, read_day_plans
from citybrain.operations.live.process import memory_mb
from citybrain.operations.live.reports import Hello, TickReport
from citybrain.operations.messages import LEVELS, Alarm, CitySnapshot, Health
from citybrain.operations.record.recorder import Recorder
from citybrain.operations.room import RoomError
from citybrain.operations.service.alarms import Alarms
from citybrain.operations.service.checks import find
from citybrain.operations.service.geometry import make_geometry
from citybrain.operations.service.history import History
from citybrain.operations.service.ledger import utc
from citybrain.operations.service.view import CityView
from citybrain.operations.service.watchman import Watchman

_SNAPSHOT = TypeAdapter(CitySnapshot)
_TICKS_KEPT = 600


class Picture:
    """See the module. ``lock`` protects it from the threads of the supervisor and of those who look.

    Parameters
    ----------
    recorder : Recorder, optional
        Whose health is shown.
    alarm_changed : callable
        Is told of every alarm that is raised or cleared.
    """

    def __init__(
        self, config: RoomConfig, scenario: Scenario, network: Network, recorder: Recorder | None,
        alarm_changed: Callable[[Alarm], None], *, replayed: bool,
    ) -> None:  # fmt: skip
        self.config, self.scenario, self.network, self._recorder = config, scenario, network, recorder
        self.replayed = replayed
        self._day = read_day_plans(config.plans, scenario, network)
        facts = read_facts(scenario.net_file)
        self.geometry: Geometry = make_geometry(network, scenario.name, facts)
        self._location = facts.location
        self.view = CityView(network, scenario.rules, self.geometry, self._lon_lat)
        self.lock = RLock()
        self.alarms = Alarms(alarm_changed)
        self._watchman = Watchman(self.alarms, network)
        self.history: History | None = None
        self.hello: Hello | None = None
        self.report: TickReport | None = None
        self._snapshot: CitySnapshot | None = None
        self._json: tuple[CitySnapshot | None, bytes] = (None, b"")
        self._tick_ms: deque[float] = deque(maxlen=_TICKS_KEPT)
        self._decision_ms: deque[float] = deque(maxlen=_TICKS_KEPT)
        self._pace: deque[tuple[float, int]] = deque(maxlen=30)
        self._late = self._missed = 0
        self.heard_s = monotonic()
        self.lost = False
        self.restarts = self.consoles = 0
        self.run_id = ""
        self.level = "adaptive"

    def _lon_lat(self, point: tuple[float, float]) -> tuple[float | None, float | None]:
        if not self.geometry.geographic:
            return None, None
        lon, lat = self._location.lon_lat([point])[0]
        return round(lon, 7), round(lat, 7)

    @property
    def now_s(self) -> float:
        """The plant's clock, seconds."""
        if self.report is not None:
            return self.report.time_ms / 1000
        return 0.0 if self.hello is None else self.hello.time_ms / 1000

    def begin_run(self, run_id: str, hello: Hello) -> None:
        """Take note of a new run."""
        self.run_id, self.hello, self.history = run_id, hello, History(self.network, hello)
        self.report = None
        self._pace.clear()

    def note(self, report: TickReport) -> None:
        """Take note of a tick."""
        self.report, self.heard_s = report, monotonic()
        self._tick_ms.append(report.tick_ms)
        self._decision_ms.append(report.decision_ms)
        self._late += report.late
        self._missed = max(self._missed, report.missed)
        self._pace.append((report.when_s, report.time_ms))
        assert self.history is not None
        self.history.note(report)
        self._watchman.look(report)

    def latest(self) -> CitySnapshot | None:
        """Return a snapshot of the latest tick, and how old it is where the plant is lost."""
        with self.lock:
            known, report = self._snapshot, self.report
            if report is not None and (known is None or known.tick != report.tick or known.run_id != self.run_id):
                known = self._snapshot = self._make(report)
                self.level = known.level
        if known is None or not self.lost:
            return known
        return replace(
            known,
            level="lost",
            levels={"lost": len(known.junctions)},
            because="the simulator was lost; junctions show what they last showed",
            alarms=self.alarms.open(),
            health=replace(known.health, simulator="lost", simulator_restarts=self.restarts),
            stale_s=round(monotonic() - self.heard_s, 1),
        )

    def json(self, snapshot: CitySnapshot) -> bytes:
        """Return a snapshot as JSON; the same one is written once."""
        known, text = self._json
        if known is not snapshot:
            text = _SNAPSHOT.dump_json(snapshot)
            self._json = (snapshot, text)
        return text

    def _make(self, report: TickReport) -> CitySnapshot:
        assert self.history is not None
        counts = np.bincount(report.level, minlength=len(LEVELS)).tolist()
        most = int(np.argmax(counts))
        reasons = list(report.because.values())
        return CitySnapshot(
            run_id=self.run_id,
            scenario=self.scenario.name,
            tick=report.tick,
            time_s=report.time_ms / 1000,
            when=utc(report.when_s),
            speed=self.config.speed,
            speed_now=self._speed_now(),
            level=LEVELS[most],
            levels={name: count for name, count in zip(LEVELS, counts, strict=True) if count},
            because=max(set(reasons), key=reasons.count) if most and reasons else "",
            junctions=self.view.junctions(report, self.history.lamps, report.because, self.alarms.count_at()),
            edges=self.view.edges(report),
            emergencies=self.view.emergencies(report.calls),
            incidents=self.view.incidents(report),
            alarms=self.alarms.open(),
            closed=report.closed,
            health=self._health(report),
            vehicles=report.vehicles,
            replay=self.replayed,
        )

    def _speed_now(self) -> float:
        if len(self._pace) < 2:
            return self.config.speed
        (begin_s, begin_ms), (end_s, end_ms) = self._pace[0], self._pace[-1]
        return round((end_ms - begin_ms) / 1000 / max(end_s - begin_s, 1e-3), 2)

    def _health(self, report: TickReport) -> Health:
        p50, p99 = np.percentile(self._tick_ms, (50, 99)).tolist()
        ages, dead = self.view.ages(report)
        return Health(
            tick_p50_ms=round(p50, 1),
            tick_p99_ms=round(p99, 1),
            tick_last_ms=round(report.tick_ms, 1),
            deadline_ms=round(1000 * self.scenario.step_s / self.config.speed, 1) if self.config.speed else 0.0,
            decision_p99_ms=round(float(np.percentile(self._decision_ms, 99)), 1),
            ticks=report.tick,
            late_ticks=self._late,
            missed_ticks=self._missed,
            memory_mb=round(report.memory_mb, 1),
            service_memory_mb=round(memory_mb(), 1),
            policy=report.policy,
            policy_failures=report.policy_failures,
            simulator_restarts=self.restarts,
            database="ok" if self._recorder is None else self._recorder.status,
            spooled_rows=0 if self._recorder is None else self._recorder.waiting,
            consoles=self.consoles,
            sensor_age_s=ages,
            dead_sensors=dead,
            refusals=report.refusals,
            clock_drift_s=round(report.drift_s, 3),
        )

    def junction(self, junction_id: str, snapshot: CitySnapshot) -> JunctionDetail:
        """Return one junction in depth."""
        j = self.network.junction_index(junction_id)
        if j < 0:
            find(junction_id, [junction.id for junction in self.network.junctions], "junction")
        with self.lock:
            report, history = self.report, self.history
            reasons = () if history is None else tuple(history.reasons[j])
            return JunctionDetail(
                id=junction_id,
                name=self.network.junctions[j].name,
                time_s=snapshot.time_s,
                state=snapshot.junctions[j],
                stages=self.view.stages(j),
                history=() if history is None else history.spans(j),
                reason=reasons[-1] if reasons else None,
                reasons=reasons,
                sensors=() if report is None else self.view.lanes(j, report),
                plans=self.plans_of(j),
            )

    def plans_of(self, j: int) -> tuple[PlanInfo, ...]:
        """Return the plans of a junction."""
        own, report = None if self._day.epochs else self.view.own_plan(j), self.report
        found = [] if own is None else [own]
        junction = self.network.junctions[j]
        for period, plans in self._day.periods.items():
            plan = plans.get(junction.id)
            if plan is not None:
                cycle_s = plan.cycle_s(self.network, self.scenario.rules)
                found.append(
                    PlanInfo(
                        id=period, junction=junction.id, cycle_s=cycle_s, offset_s=plan.offset_s, stages=plan.stages,
                        greens_s=plan.greens_s,
                    )
                )  # fmt: skip
        if report is None or LEVELS[int(report.level[j])] != "plan":
            return tuple(found)
        forced = report.plans.get(j, OWN)
        return tuple(replace(plan, in_force=plan.id == forced) for plan in found)

    def corridor(self, corridor_id: str, last_s: float) -> CorridorHistory:
        """Return the greens along a corridor."""
        found = next((c for c in self.geometry.corridors if c.id == corridor_id), None)
        if found is None:
            raise RoomError(f"no corridor {corridor_id!r}", 404)
        with self.lock:
            if self.history is None or self.report is None:
                raise RoomError("the loop has not ticked yet", 503)
            speeds = [float(self.report.edge_speed_mps[self.network.edge_index(edge)]) for edge in found.edges]
            return CorridorHistory(
                corridor=found,
                begin_s=self.now_s - last_s,
                end_s=self.now_s,
                spans=self.history.greens(found, self.now_s - last_s),
                speeds_mps=tuple(round(max(speed, 0.0), 2) for speed in speeds),
            )
