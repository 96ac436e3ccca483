"""The priority server: takes requests in, and edits decisions so that vehicles on a call meet green."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from citybrain.detection.link_times import LinkTimes
from citybrain.messages import Decision, Event, Observation, PriorityRequest, PriorityStatus, SignalView
from citybrain.network.intergreens import SignalRules
from citybrain.network.model import Network
from citybrain.signals.priority.arbitration import arbitrate
from citybrain.signals.priority.corridor import Corridor, Wish
from citybrain.signals.priority.holds import Holds
from citybrain.signals.priority.parameters import PriorityParameters
from citybrain.signals.priority.recovery import PlanRecovery
from citybrain.signals.priority.requests import ROLES, RequestDesk
from citybrain.signals.priority.route import RoutePlanner
from citybrain.signals.priority.stages import ApproachStages
from citybrain.signals.priority.tracking import Track


@dataclass(slots=True)
class _Served:
    """A junction that is, or was just, held."""

    vehicle: str
    freed_ms: int | None = None


class PriorityService:
    """Emergency priority for a city, on top of any policy.

    Parameters
    ----------
    network : Network
    rules : SignalRules
    key : bytes
        That genuine requests are signed with.
    times : LinkTimes
        Live travel times, kept up to date by the caller.
    own_plans : bool
        The policy leaves junctions to their own programs: they must be led back to them.
    """

    def __init__(
        self,
        network: Network,
        rules: SignalRules,
        *,
        key: bytes,
        times: LinkTimes,
        own_plans: bool,
        parameters: PriorityParameters | None = None,
        reroute: bool = True,
    ) -> None:
        self.parameters = parameters or PriorityParameters()
        self.stages = ApproachStages(network)
        self.network = self.stages.network
        self._n_own = np.array([max(len(junction.stages), 1) for junction in network.junctions])
        self.times, self.reroute = times, reroute
        self.desk = RequestDesk(network, key)
        self.planner = RoutePlanner(network)
        self.corridor = Corridor(self.stages, rules, self.parameters, own_plans=own_plans)
        self.holds = Holds(self.parameters)
        self.recovery = PlanRecovery(network, self.corridor.timing) if own_plans else None
        self.tracks: dict[str, Track] = {}
        self._served: dict[int, _Served] = {}
        self._advice: list[PriorityStatus] = []
        self.events: list[Event] = []

    @property
    def active(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.tracks or self._served)

    def held_for(self, vehicle: str) -> list[int]:
        """Return the junctions that are held for a vehicle now."""
        return [j for j, s in self._served.items() if s.vehicle == vehicle and s.freed_ms is None]

    def receive(self, requests: Sequence[PriorityRequest], time_ms: int) -> list[PriorityStatus]:
        """Take messages in and answer each of them."""
        self.events = []
        answers = []
        for request in requests:
            answer = self.desk.check(request, time_ms / 1000)
            if answer.status == "requested":
                answer = self._admit(request, answer, time_ms)
            else:
                self.events.append(
                    Event(
                        time_s=time_ms / 1000,
                        kind="priority-refused",
                        data={"request": answer.request_id, "reason": answer.reason},
                    )
                )
            answers.append(answer)
        return answers

    def _admit(self, request: PriorityRequest, answer: PriorityStatus, time_ms: int) -> PriorityStatus:
        name = request.vehicle_id
        if request.cancelled:
            self._close(name)
            return replace(answer, status="closed")
        track = self.tracks.get(name)
        if track is None:
            track = self.tracks[name] = Track(self.network, request, ROLES[request.role])
        route: tuple[str, ...] = ()
        if track.hear(request):
            route = self._plan(track, time_ms)
        elif self.reroute and time_ms - track.planned_ms >= 1000 * self.parameters.replan_s:
            route = self._plan(track, time_ms, worth=True)
        status = (
            "granted" if any(s.vehicle == name and s.freed_ms is None for s in self._served.values()) else "processing"
        )
        return replace(answer, status=status, route=route, eta_s=track.eta_s)

    def _plan(self, track: Track, time_ms: int, *, worth: bool = False) -> tuple[str, ...]:
        """Find the way from where the vehicle is; keep the known one where another saves too little."""
        p, network = self.parameters, self.network
        now_s, vehicles, flow_vps = self.times.now_s, self.times.vehicles, self.times.flow_vps
        track.planned_ms = time_ms
        origin, destination = track.edge, network.edge_index(track.destination)
        try:
            way, seconds = self.planner.fastest(
                origin, destination, now_s, vehicles=vehicles, priority=True, flow_vps=flow_vps
            )
        except ValueError:
            track.follow((origin,), time_ms)
            return ()
        if worth and track.line is not None:
            rest = track.rest()
            known = self.planner.expected_s(rest, now_s, vehicles=vehicles, priority=True, flow_vps=flow_vps)
            if way == rest or known - seconds < max(p.replan_gain_s, p.replan_gain * known):
                return ()
        track.follow(way, time_ms)
        track.eta_s = time_ms / 1000 + seconds
        return tuple(network.edges[edge].id for edge in way)

    def _close(self, name: str) -> None:
        self.tracks.pop(name, None)
        self.holds.drop(name)

    def view(self, signals: SignalView) -> SignalView:
        """Return what policies and sensors may see: only stages that they know."""
        unknown = np.flatnonzero(signals.stage >= self._n_own)
        if not len(unknown):
            return signals
        stage = signals.stage.copy()
        for junction in unknown.tolist():
            stage[junction] = self.stages.own_stage(junction, int(stage[junction]))
        return replace(signals, stage=stage)

    def prioritise(self, decision: Decision, observation: Observation, signals: SignalView, time_ms: int) -> Decision:
        """Return the decision with the stages that vehicles on a call need.

        Parameters
        ----------
        signals : SignalView
            What the interlock shows now, in its own stages.
        """
        now_s = time_ms / 1000
        if self.recovery is not None:
            self.recovery.learn(observation)
        due: list[Wish] = []
        for name, track in list(self.tracks.items()):
            if now_s - track.heard_s > self.parameters.stale_s:
                self._close(name)
                continue
            due += self._due(track, observation, signals, now_s)
        served = {j: s.vehicle for j, s in self._served.items() if s.freed_ms is None}
        granted = arbitrate(due, served)
        if not granted and not self._served:
            return decision
        stage = decision.stage.copy()
        for junction, wish in granted.items():
            stage[junction] = wish.stage
            self._note_grant(wish, time_ms)
            green = signals.stage[junction] == wish.stage and not signals.switching[junction]
            self.holds.shown((wish.vehicle, junction, wish.crossing.edge), now_s, green=bool(green))
        for junction in [j for j in self._served if j not in granted]:
            self._free(junction, stage, observation, signals, time_ms)
        return replace(decision, stage=stage.astype(np.int32))

    def _due(self, track: Track, observation: Observation, signals: SignalView, now_s: float) -> list[Wish]:
        if track.line is None:
            return []
        found = []
        p = self.parameters
        lead_s = max(p.least_turnout_s, p.turnout_s - (now_s - track.first_s)) if track.waiting else 0.0
        stands_s = 0.0 if track.waiting or track.stood_since_s is None else now_s - track.stood_since_s
        wishes = self.corridor.wishes(
            track.vehicle, track.rank, track.line, track.at(now_s), observation, signals,
            held=self._served, lead_s=lead_s, stands_s=stands_s, queued=track.queued,
        )  # fmt: skip
        for wish in wishes:
            key = (track.vehicle, wish.junction, wish.crossing.edge)
            if wish.futile:
                self.holds.give_up(key, now_s)
            if self.holds.wants(key, wish.begin_s, now_s, pass_s=wish.pass_s) == "processing":
                found.append(wish)
        return found

    def _note_grant(self, wish: Wish, time_ms: int) -> None:
        known = self._served.get(wish.junction)
        if known is None or known.vehicle != wish.vehicle or known.freed_ms is not None:
            if self.recovery is not None:
                self.recovery.forget(wish.junction)
            self._served[wish.junction] = _Served(vehicle=wish.vehicle)
            self._emit("priority-granted", wish.junction, time_ms, vehicle=wish.vehicle, stage=wish.stage)

    def _free(
        self, junction: int, stage: np.ndarray, observation: Observation, signals: SignalView, time_ms: int
    ) -> None:
        """Lead a junction back; the policy's own decision stands where it has one."""
        served = self._served[junction]
        if served.freed_ms is None:
            served.freed_ms = time_ms
            self._emit("priority-ended", junction, time_ms, vehicle=served.vehicle)
            if self.recovery is not None:
                self.recovery.begin(junction, observation, signals, time_ms)
        if self.recovery is not None:
            stage[junction] = self.recovery.stage(junction, signals, time_ms)
            if stage[junction] >= 0:
                return
            cycles = (time_ms - served.freed_ms) / 1000 / max(self.recovery.cycle_s(junction), 1.0)
        elif self.stages.own_stage(junction, int(signals.stage[junction])) != signals.stage[junction]:
            if stage[junction] < 0:  # HOLD would keep a stage that the policy does not know
                stage[junction] = self.stages.own_stage(junction, int(signals.stage[junction]))
            return
        else:
            cycles = 0.0
        del self._served[junction]
        self._emit("priority-recovered", junction, time_ms, vehicle=served.vehicle, cycles=cycles)

    def _emit(self, kind: str, junction: int, time_ms: int, **data: object) -> None:
        self.events.append(
            Event(time_s=time_ms / 1000, kind=kind, junction_id=self.network.junctions[junction].id, data=data)
        )
