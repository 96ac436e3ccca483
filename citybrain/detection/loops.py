"""``loops``: counting loops at the stop line and upstream; the queue is what came in and did not go out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from citybrain.detection.approaches import Approaches
from citybrain.detection.arrivals import Arrivals
from citybrain.detection.belief import SPACE_M, Belief
from citybrain.detection.chance import chosen, uniform
from citybrain.detection.entry_turns import EntryTurns
from citybrain.detection.lamps import Lamps
from citybrain.detection.loop_field import LoopField, LoopSignals, has_entry_loops
from citybrain.detection.view import Clock, believed_lanes, believed_vehicles, calls, join
from citybrain.messages import LoopData, Observation, SignalView
from citybrain.network.model import Network
from citybrain.simulation.plant import Plant

_DEAD, _STUCK, _COUNT, _BIAS = (0, 1, 8), (2, 3, 9), (4, 5, 10), (6, 7, 11)  # draws for stop, advance and entry loops
_BIASED_MISS = 0.4
_FREE_S, _STANDS_S, _FULL_S, _STUCK_S = 2.5, 1.0, 3.0, 180.0
_HEAD_M = 10.0
_SATURATION_VPS = 0.5
_MEMORY_VEHICLES = 100.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopParameters:
    """Parameters of :class:`Loops`.

    Parameters
    ----------
    advance_m : float
        Distance of the advance loops from the stop line, where the road is long enough.
    missed, doubled : float
        Share of passages not counted, and counted twice.
    stuck : float
        Share of loops that say "occupied" for ever.
    dead : float
        Share of loops that never say anything.
    biased : float
        Share of loops that miss two vehicles of five.
    entry : bool
        Whether there are loops too where a road leaves a signal, as SCOOT has them.
    """

    advance_m: float = 60.0
    missed: float = 0.03
    doubled: float = 0.02
    stuck: float = 0.01
    dead: float = 0.0
    biased: float = 0.0
    entry: bool = False


class Loops:
    """Two loops on every signalised lane, and perhaps one where its road begins, looked at each step."""

    continuous = True

    def __init__(self, network: Network, parameters: LoopParameters, *, seed: int) -> None:
        self.parameters, self._seed = parameters, seed
        self._a = a = Approaches(network)
        self._lamps = Lamps(network)
        self._field = field = LoopField(network, a, parameters.advance_m, entry=parameters.entry)
        n = len(network.lanes)
        has = np.array([a.is_stop, field.place_m >= 0, field.entry_m >= 0])
        self._dead, lanes = np.zeros((3, n), dtype=np.bool_), np.arange(n)
        for row, purpose in enumerate(_DEAD):
            self._dead[row, has[row]] = chosen(seed, purpose, int(has[row].sum()), parameters.dead)
        self._stuck = has & [uniform(seed, purpose, lanes) < parameters.stuck for purpose in _STUCK]
        biased = [uniform(seed, purpose, lanes) < parameters.biased for purpose in _BIAS]
        self._missed = np.where(biased, _BIASED_MISS, parameters.missed)
        ways = a.lanes_ways
        lives = (has[1] & ~self._dead[1] & ~self._stuck[1])[ways.source]
        lives &= ways.distance_m < parameters.advance_m
        self._gated = np.bincount(ways.stop_lane[lives], minlength=n) > 0
        self._stop_works = a.is_stop & ~self._dead[0]
        self._gate_m = np.where(self._gated, field.gate_m, np.where(self._stop_works, parameters.advance_m, 0.0))
        self._due = np.zeros(n)
        self._entry_edge = has_entry_loops(field.entry_m, a.edge, len(network.edges))
        self._arrivals = Arrivals(network, a, self._gate_m, counted=self._entry_edge)
        self._turns = EntryTurns(network, a, self._entry_edge)
        self._near = Belief(a.limit_mps)
        self._met, self._crossed = np.zeros(len(network.movements)), np.zeros(n)
        leads_to = [a.edges_ways.at[network.lanes[max(m.to_lane, 0)].edge] for m in network.movements]
        ends = [a.edges_ways.at[network.lanes[max(m.to_lane, 0)].edge + 1] for m in network.movements]
        self._watched = (np.array(ends) > np.array(leads_to)) | self._turns.counted
        self._stop_on_s, self._stop_off_s, self._advance_on_s = np.zeros(n), np.zeros(n), np.zeros(n)
        self._clock = Clock()

    def observe(self, plant: Plant, signals: SignalView) -> Observation:
        """Read the loops of this step and return what they let one believe."""
        dt_s, running_s = self._clock.tick(plant.time_ms)
        said = self._faulty(self._field.sense(plant.read()), plant.time_ms)
        self._time(said, dt_s)
        a, works = self._a, self._stop_works & (self._stop_on_s < _STUCK_S)
        blind = a.is_stop & ~works & ~self._gated
        lane_green = self._lamps.lane_green(self._lamps.green(signals))
        out = np.where(works, said.stop_count, _SATURATION_VPS * lane_green * dt_s)
        entries, full = self._at_gates(said)
        taken = self._drive(dt_s, entries + self._presumed(works), out, full, works)
        passed = self._by_movement(np.where(works, said.stop_count, taken), signals)
        end_m = np.where(full & self._gated, self._gate_m + SPACE_M, -np.inf)
        flow = np.where(self._gated, entries, said.stop_count)
        entered = np.where(self._entry_edge, np.bincount(a.edge, said.entry_count, len(self._entry_edge)), 0.0)
        self._met += self._turns.seen(dt_s, passed, entered)
        uncounted = self._arrivals.step(dt_s, passed, entries, end_m, flow, entered)
        self._due += np.where(self._gated, 0.0, uncounted + dt_s * self._arrivals.unexplained_vps)
        near = believed_vehicles(self._near, a)
        believed = join([near, self._arrivals.vehicles(a.is_stop & ~blind)])
        count, halted, tail_m, tail_mps = believed_lanes(believed, a)
        confidence = np.where(a.is_stop, 0.5 * works + 0.3 * self._gated, 0.3)
        return Observation(
            time_s=plant.time_ms / 1000,
            vehicles=join([believed, calls(np.flatnonzero(blind), a.only_movement)]),
            lane_vehicles=count,
            lane_halted=halted,
            lane_tail_m=tail_m,
            lane_tail_speed_mps=tail_mps,
            confidence=confidence,
            age_s=np.where(confidence > 0, 0.0, running_s),
            passed=passed,
            inside=np.zeros(len(passed)),
            signals=signals,
            loops=LoopData(**said._asdict(), advance_m=self._field.place_m, entry_m=self._field.entry_m),
        )

    def _faulty(self, said: LoopSignals, time_ms: int) -> LoopSignals:
        """What remains of the truth after miscounts, dead and stuck loops."""
        count = np.array([said.stop_count, said.advance_count, said.entry_count])
        on = np.array([said.stop_on, said.advance_on, said.entry_on])
        count[self._dead | self._stuck] = 0.0
        for row, purpose in enumerate(_COUNT):
            lane = np.flatnonzero(count[row])
            luck = uniform(self._seed, purpose, lane, time_ms)
            doubled = luck > 1.0 - self.parameters.doubled
            count[row, lane] += np.where(luck < self._missed[row, lane], -1.0, np.where(doubled, 1.0, 0.0))
        on = (on & ~self._dead) | (self._stuck & ~self._dead)
        return LoopSignals(count[0], on[0], count[1], on[1], count[2], on[2])

    def _time(self, said: LoopSignals, dt_s: float) -> None:
        """How long each loop has been occupied without counting, or free."""
        self._stop_on_s = np.where(said.stop_on & (said.stop_count == 0), self._stop_on_s + dt_s, 0.0)
        self._stop_off_s = np.where(said.stop_on, 0.0, self._stop_off_s + dt_s)
        self._advance_on_s = np.where(said.advance_on & (said.advance_count == 0), self._advance_on_s + dt_s, 0.0)

    def _at_gates(self, said: LoopSignals) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """From advance loops to the stop lines they serve: vehicles that came in, and whether the queue stands there."""
        ways, n = self._a.lanes_ways, len(said.stop_on)
        here = (self._field.place_m[ways.source] >= 0) & (ways.distance_m < self.parameters.advance_m)
        weight = ways.weights(self._arrivals.flow_vps) * here
        entries = np.bincount(ways.stop_lane, weights=weight * said.advance_count[ways.source], minlength=n).astype(
            np.float64
        )
        stands = (self._advance_on_s >= _FULL_S) & (self._advance_on_s < _STUCK_S)
        full = np.bincount(ways.stop_lane, weights=weight * stands[ways.source], minlength=n) > 0.5
        return entries, full

    def _presumed(self, works: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Whole vehicles presumed to have come where only the stop line has a loop that works."""
        came = np.where(works & ~self._gated, np.floor(self._due), 0.0)
        self._due -= np.floor(self._due)
        return came

    def _drive(
        self,
        dt_s: float,
        entries: NDArray[np.float64],
        out: NDArray[np.float64],
        full: NDArray[np.bool_],
        works: NDArray[np.bool_],
    ) -> NDArray[np.float64]:
        """Move those between the loops on, and correct them; return those who left, by lane."""
        b, gate_m = self._near, self._gate_m
        lane = np.flatnonzero(entries > 0)
        self._put(lane, gate_m[lane], 0.8 * self._a.limit_mps[lane], entries[lane])
        b.advance(dt_s, np.zeros(len(gate_m)))
        taken = b.consume(out, np.where(works, np.inf, _HEAD_M)).by_lane(len(gate_m))
        # nobody at the stop line: whoever is believed to stand there has left uncounted
        free = works & (self._stop_off_s >= _FREE_S)
        b.drop_overdue(free, within_m=_HEAD_M, after_s=_FREE_S)
        # nobody on the advance loop: the queue does not reach beyond it
        b.keep((full | ~self._gated)[b.lane] | (b.distance_m <= gate_m[b.lane] + SPACE_M))
        weight = np.bincount(b.lane, weights=b.weight, minlength=len(gate_m))
        head = np.bincount(b.lane[b.distance_m < _HEAD_M], minlength=len(gate_m)) > 0
        lane = np.flatnonzero(works & (self._stop_on_s >= _STANDS_S) & ~head)
        self._put(lane, np.zeros(len(lane)), np.zeros(len(lane)), np.ones(len(lane)))
        lacking = np.where(full & self._gated, gate_m / SPACE_M - weight, 0.0)
        lane = np.flatnonzero(lacking >= 1.0)
        b.add_queue(lane, gate_m[lane], lacking[lane])
        return taken

    def _put(
        self, lane: NDArray[np.int64], at_m: NDArray[np.float64], mps: NDArray[np.float64], weight: NDArray[np.float64]
    ) -> None:
        self._near.add(lane, at_m, mps, weight, np.zeros(len(lane)))

    def _by_movement(self, count: NDArray[np.float64], signals: SignalView) -> NDArray[np.float64]:
        """Share passages out to the movements that had green, by what they had before."""
        lamps, lane = self._lamps, self._lamps.lane
        chance = self._shares(len(count)) * (lamps.green(signals, after=True) + 0.02)
        total = np.bincount(lane, weights=chance[lamps.movement], minlength=len(count))
        passed = np.zeros(len(chance))
        passed[lamps.movement] = count[lane] * chance[lamps.movement] / np.maximum(total[lane], 1e-9)
        fade = np.exp(-count / _MEMORY_VEHICLES)
        self._crossed = self._crossed * fade + count
        self._met[lamps.movement] *= fade[lane]
        self._met += self._arrivals.met
        return passed

    def _shares(self, n_lanes: int) -> NDArray[np.float64]:
        """Turning shares of each lane: those who came to the next loops; the rest went where there are none."""
        lamps, lane = self._lamps, self._lamps.lane
        met, watched = self._met[lamps.movement] + 1.0, self._watched[lamps.movement]
        found = np.bincount(lane, weights=met * watched, minlength=n_lanes)
        others = np.bincount(lane, weights=~watched, minlength=n_lanes)
        rest = np.maximum(self._crossed + 3.0 - found, 1.0) / np.maximum(others, 1.0)
        shares = np.ones(len(self._met))
        shares[lamps.movement] = np.where(watched, met, rest[lane])
        return shares
