"""When each junction ahead of a vehicle must begin to clear its approach.

For stop line ``k`` on the route, seconds from now::

    arrive_k = pass_{k-1} + drive_k                       the vehicle, if nothing holds it up
    need_k   = change_k + start_up + queue_k * headway + margin
    begin_k  = arrive_k - need_k                          for the vehicle
    begin_k  = min(begin_k, platoon_k - need_k)           for those it pushes ahead: downstream first
    pass_k   = max(arrive_k, change_k + start_up + queue_k * headway)

``change_k`` is the rest of the minimum green and the intergreen, ``queue_k`` the vehicles a lane
between the stop line and the vehicle, ``platoon_k`` when the queue released upstream arrives.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from citybrain.messages import Observation, SignalView
from citybrain.network.intergreens import SignalRules
from citybrain.signals.priority.lead import Lead
from citybrain.signals.priority.parameters import PriorityParameters
from citybrain.signals.priority.route_line import Crossing, RouteLine
from citybrain.signals.priority.stages import ApproachStages
from citybrain.signals.priority.timing import Timing

_FULL_M, _CRAWL_MPS = 12.0, 1.5
_NEAR_M, _PATIENCE_S = 40.0, 8.0
_SPACING_M, _FREE = 7.5, 0.7


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A vehicle wants a stage at a junction.

    Attributes
    ----------
    begin_s : float
        Seconds until clearing must begin; 0 or less: now.
    pass_s : float
        Seconds until the vehicle is expected to cross.
    blocked : bool
        There is no room beyond the stop line: green would serve nobody.
    futile : bool
        The vehicle stands although the queue before it must have gone.
    """

    vehicle: str
    rank: int
    junction: int
    stage: int
    crossing: Crossing
    begin_s: float
    pass_s: float
    blocked: bool
    futile: bool = False


class Corridor:
    """Works out the wishes of one vehicle after the other."""

    def __init__(
        self, stages: ApproachStages, rules: SignalRules, parameters: PriorityParameters, *, own_plans: bool
    ) -> None:
        self.stages, self.parameters = stages, parameters
        self.timing = Timing(stages.network, rules)
        self.lead = Lead(stages.base, self.timing, own_plans=own_plans)

    def wishes(
        self,
        vehicle: str,
        rank: int,
        line: RouteLine,
        at: tuple[float, float],
        observation: Observation,
        signals: SignalView,
        *,
        held: Collection[int] = (),
        lead_s: float = 0.0,
        stands_s: float = 0.0,
        queued: bool = False,
    ) -> list[Wish]:
        """Return a wish for each stop line ahead, the nearest first, due or not.

        Parameters
        ----------
        at : (distance_m, speed_mps)
            Where the vehicle is along ``line``.
        signals : SignalView
            What is shown, in the stages of the interlock.
        held : collection of int
            Junctions that priority has in its hands.
        lead_s : float
            Seconds until the vehicle starts.
        stands_s : float
            How long it has been standing.
        queued : bool
            It is in a queue, whether that stands or creeps.
        """
        p = self.parameters
        place_m, speed_mps = at
        ahead = [c for c in line.crossings if place_m < c.at_m and c.at_m - place_m <= p.ahead_m]
        if line.tail is not None and self._kept_by_queue(line, at, observation, held, queued=queued):
            ahead.append(line.tail)
        found: list[Wish] = []
        before_m, passed_s, platoon_s = place_m, lead_s, np.inf
        junctions: set[int] = set()
        merge_m = self._merge(line, place_m, observation) if stands_s > _PATIENCE_S else np.inf
        for place, crossing in enumerate(ahead):
            if crossing.at_m > merge_m:
                break
            junctions.add(crossing.junction)
            if len(junctions) > p.ahead:
                break
            drive_s = line.drive_s(before_m, crossing.at_m, speed_mps if place == 0 else None)
            chain = [crossing.edge]
            if place + 1 < len(ahead) and ahead[place + 1].junction == crossing.junction:
                chain.append(ahead[place + 1].edge)
            stage = self.stages.serving(crossing.junction, tuple(chain), int(signals.stage[crossing.junction]))
            if stage < 0:
                continue
            queue = self._queue(crossing, observation, crossing.at_m - place_m)
            change_s = self.timing.change_s(crossing.junction, stage, signals)
            clear_s = change_s + (p.start_up_s + queue * p.headway_s if queue > 0.3 else 0.0)
            futile, blocked = False, self._blocked(crossing, observation)
            if place == 0 and queued:
                rest_s = self._released_s(crossing, crossing.at_m - place_m, change_s, stage, signals)
                clear_s = max(clear_s, rest_s)
                # a full exit whose own stop line is held empties soon: given up, the green would be gone by then
                empties = blocked and place + 1 < len(ahead) and ahead[place + 1].junction in held
                futile = stands_s > p.futile_s and rest_s < -p.futile_s and not empties
            discharge_s = min(clear_s - change_s + p.margin_s, max(p.earliest_s - change_s, p.margin_s))
            arrive_s = passed_s + drive_s
            # a platoon far ahead of the vehicle waits at red: cleared for it, the hold would be over before the vehicle comes
            platoon_by_s = max(platoon_s + drive_s - discharge_s, arrive_s - p.hold_s + p.near_s)
            begin_s = self.lead.begin_s(
                crossing.junction,
                stage,
                min(arrive_s - discharge_s, platoon_by_s),
                signals,
                round(observation.time_s * 1000),
                held=crossing.junction in held,
            )
            passes_s = max(arrive_s, clear_s)
            found.append(
                Wish(
                    vehicle=vehicle,
                    rank=rank,
                    junction=crossing.junction,
                    stage=stage,
                    crossing=crossing,
                    begin_s=begin_s,
                    pass_s=passes_s,
                    blocked=blocked,
                    futile=futile,
                )
            )
            platoon_s = max(begin_s, 0.0) + change_s + p.start_up_s if queue >= 2.0 else np.inf
            before_m, passed_s = crossing.at_m, passes_s
        return found

    def _kept_by_queue(
        self,
        line: RouteLine,
        at: tuple[float, float],
        observation: Observation,
        held: Collection[int],
        *,
        queued: bool,
    ) -> bool:
        """Whether the queue of the stop line behind the destination keeps, or may keep, the vehicle from it.

        A request names the road of its destination, not the place on it: half way is likely.
        """
        place_m, speed_mps = at
        if line.tail is None or line.tail.at_m - place_m > self.parameters.ahead_m:
            return False
        begin_m = line.start_m[-1]
        if place_m >= begin_m:
            slow = speed_mps < _FREE * self.stages.base.edges[line.edges[-1]].speed_mps
            return queued or (slow and line.tail.junction in held)
        queued_m = self._queue(line.tail, observation, line.tail.at_m - begin_m) * _SPACING_M
        return queued_m > (line.tail.at_m - begin_m) / 2

    def _released_s(
        self, crossing: Crossing, ahead_m: float, change_s: float, stage: int, signals: SignalView
    ) -> float:
        """Seconds until a queue as long as the way to the stop line has gone; negative since when it should have.

        A vehicle that queues is a probe of the queue, which may reach further than any camera sees.
        """
        p, junction = self.parameters, crossing.junction
        green_s = float(signals.elapsed_s[junction]) if change_s == 0.0 and signals.stage[junction] == stage else 0.0
        return change_s + p.start_up_s + ahead_m / _SPACING_M * p.headway_s - green_s

    def _queue(self, crossing: Crossing, observation: Observation, within_m: float) -> float:
        """Vehicles a lane that must go before the vehicle can: between mean and most of its lanes."""
        v = observation.vehicles
        counts = []
        for lane in crossing.lanes:
            ahead = (v.lane == lane) & (v.distance_m < within_m - 5.0)
            counts.append(float(v.weight[ahead].sum()))
        return (sum(counts) / len(counts) + max(counts)) / 2 if counts else 0.0

    def _merge(self, line: RouteLine, place_m: float, observation: Observation) -> float:
        """Return where a standing vehicle waits for a gap; beyond it, green would only keep the stream it waits for going.

        Unless the road beyond is full: then nothing but green makes room.
        """
        for at_m, following in line.gives_way:
            if at_m < place_m:
                continue
            lanes = self.stages.base.edges[following].lanes
            full = all(
                observation.lane_tail_m[lane] < _FULL_M and observation.lane_tail_speed_mps[lane] < _CRAWL_MPS
                for lane in lanes
            )
            if not full and at_m - place_m < _NEAR_M:
                return at_m
        return float("inf")

    def _blocked(self, crossing: Crossing, observation: Observation) -> bool:
        return all(
            observation.lane_tail_m[lane] < _FULL_M and observation.lane_tail_speed_mps[lane] < _CRAWL_MPS
            for lane in crossing.exits
        )


def due(wishes: Sequence[Wish]) -> list[Wish]:
    """Return the wishes whose time has come."""
    return [wish for wish in wishes if wish.begin_s <= 0]
