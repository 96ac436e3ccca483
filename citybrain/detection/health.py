"""Sensor health: which detectors are silent, stuck or miscount, told from what their neighbours say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from citybrain.detection.approaches import Approaches
from citybrain.detection.lamps import Lamps
from citybrain.messages import LoopData, Observation
from citybrain.network.model import Network

Fault = Literal["silent", "stuck", "biased", "no data"]

_NEAR_M = 60.0
_STUCK_S, _STUCK_GREENS = 240.0, 2
_SILENT_VEHICLES = 15.0
_SHARED = 3.0
"""Where several lanes lead on, one of them may hardly be used: so many times the evidence is asked for."""
_BIAS_VEHICLES, _BIAS_RATIO, _BIAS_DEVIATE = 60.0, 0.78, 3.5
_FORGET_VEHICLES = 300.0
_LACK_SHARE = 0.6
_NO_DATA_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SensorFault:
    """A sensor that does not do what it should.

    Attributes
    ----------
    lane : int
        Lane of the network.
    sensor : str
        ``stop`` or ``advance`` loop, or ``camera``.
    fault : str
        ``silent``: it says nothing, its partner counts. ``stuck``: always occupied. ``biased``: it counts less than four
        fifths of what its partner does, or the partner counts too many. ``no data``: it reports nothing at all.
    since_s : float
        When it was found.
    why : str
        The figures behind it.
    """

    lane: int
    sensor: str
    fault: Fault
    since_s: float
    why: str


class SensorHealth:
    """Watches observations and says which sensors fail. A fault ends when the sensor works again.

    Every loop has partners: the loops that the same vehicles pass before or after it. A *silent*
    loop has said nothing while its partners counted 15 vehicles (three times as many where the partners
    serve other lanes too). A *stuck* one has been occupied for four minutes without a change
    although its lane had two greens and something counted downstream or beside it. A *biased* one has
    counted less than 78 % of what its partners did, where all vehicles must pass both, and 3.5 standard deviations
    less than chance allows, over 60 vehicles or more, while the link as a whole lacks most of them: else they changed lanes.
    """

    def __init__(self, network: Network) -> None:
        self._a = a = Approaches(network)
        self._lamps = Lamps(network)
        n = self._n = len(network.lanes)
        ways = a.lanes_ways
        near = ways.distance_m < _NEAR_M
        self._up, self._down = ways.source[near], ways.stop_lane[near]  # where an advance loop may lie; its stop lines
        self._quiet = np.zeros((2, n))  # partners' count since a loop last said something
        self._on_s, self._greens, self._beside = np.zeros((2, n)), np.zeros((2, n)), np.zeros((2, n))
        self._green = np.zeros(n, np.bool_)
        self._own, self._partners = np.zeros((2, n)), np.zeros((2, n))
        self._all = np.zeros((2, n))
        self._link = np.where(a.is_stop, a.edge, -1)
        self._link[self._up] = a.edge[self._down]
        self._last_s: float | None = None
        self.faults: dict[tuple[int, str], SensorFault] = {}

    def update(self, observation: Observation) -> list[SensorFault]:
        """Take in one observation; return the faults that it showed."""
        dt_s = 1.0 if self._last_s is None else observation.time_s - self._last_s
        self._last_s = observation.time_s
        before = set(self.faults)
        if observation.loops is None:
            self._cameras(observation)
        else:
            self._loops(observation, observation.loops, dt_s)
        return [self.faults[key] for key in sorted(set(self.faults) - before)]

    def trusted(self) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Return by lane whether its stop and its advance loop may be believed."""
        good = np.ones((2, self._n), np.bool_)
        for lane, sensor in self.faults:
            good[0 if sensor == "stop" else 1, lane] &= sensor == "camera"
        return good[0], good[1]

    def _cameras(self, o: Observation) -> None:
        for lane in np.flatnonzero(self._a.is_stop).tolist():
            blind = o.confidence[lane] <= 0 and o.age_s[lane] >= _NO_DATA_S
            self._note(lane, "camera", "no data" if blind else None, o.time_s, f"nothing for {o.age_s[lane]:.0f} s")

    def _loops(self, o: Observation, loops: LoopData, dt_s: float) -> None:
        count = np.array([loops.stop_count, loops.advance_count])
        on = np.array([loops.stop_on, loops.advance_on])
        lies = np.array([self._a.is_stop, loops.advance_m >= 0])
        sure, other, same = self._of_partners(count, lies)
        partner = sure + other
        self._quiet = np.where(on | (count > 0), 0.0, self._quiet + sure + other / _SHARED)
        green = self._lamps.lane_green(self._lamps.green(o.signals)) > 0
        began, self._green = green & ~self._green, green
        still = on & (count == 0)
        self._on_s = np.where(still, self._on_s + dt_s, 0.0)
        ahead = np.zeros(self._n, np.bool_)
        np.logical_or.at(ahead, self._up, began[self._down])
        self._greens = np.where(still, self._greens + np.array([began, ahead]), 0.0)
        self._beside = np.where(still, self._beside + partner, 0.0)
        self._own += np.where(same, count, 0.0)
        self._partners += np.where(same, partner, 0.0)
        self._all = 0.9998 * self._all + count  # over more than an hour
        full = self._partners >= _FORGET_VEHICLES  # so that a repair shows
        self._own[full] /= 2
        self._partners[full] /= 2
        self._judge(o.time_s, lies)

    def _of_partners(
        self, count: NDArray[np.float64], lies: NDArray[np.bool_]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
        """Return by loop what partners counted in this step that it must have seen, and may have; and whether all are sure."""
        both = lies[1, self._up] & lies[0, self._down]
        up, down = self._up[both], self._down[both]
        ups, downs = np.bincount(down, minlength=self._n), np.bincount(up, minlength=self._n)
        from_one, to_one = ups[down] == 1, downs[up] == 1
        sure, other = np.zeros((2, self._n)), np.zeros((2, self._n))
        for row, at, said, certain, shared in (
            (0, down, count[1, up], to_one, downs[up]),
            (1, up, count[0, down], from_one, ups[down]),
        ):
            sure[row] = np.bincount(at, said * certain, self._n)
            other[row] = np.bincount(at, said * ~certain / np.maximum(shared, 1), self._n)
        same = np.zeros((2, self._n), np.bool_)
        same[0] = (ups > 0) & (np.bincount(down, to_one, self._n) == ups)
        same[1] = (downs > 0) & (np.bincount(up, from_one, self._n) == downs)
        same[0] &= np.bincount(down, from_one, self._n) == ups
        return sure, other, same

    def _judge(self, time_s: float, lies: NDArray[np.bool_]) -> None:
        silent = lies & (self._quiet >= _SILENT_VEHICLES)
        stuck = lies & (self._on_s >= _STUCK_S) & (self._greens >= _STUCK_GREENS) & (self._beside >= 3.0)
        ratio = self._own / np.maximum(self._partners, 1.0)
        deviate = (self._partners - self._own) / np.sqrt(np.maximum(self._partners + self._own, 1.0))
        biased = lies & (self._partners >= _BIAS_VEHICLES) & (ratio < _BIAS_RATIO) & (deviate > _BIAS_DEVIATE)
        biased &= self._link_lacks(lies) >= _LACK_SHARE * (self._partners - self._own)  # else they changed lanes
        for row, sensor in enumerate(("stop", "advance")):
            odd = silent[row] | stuck[row] | biased[row]
            known = [lane for lane, kind in self.faults if kind == sensor]
            for lane in sorted({*np.flatnonzero(odd).tolist(), *known}):
                if silent[row, lane]:
                    self._note(lane, sensor, "silent", time_s, f"partners counted {self._quiet[row, lane]:.0f}")
                elif stuck[row, lane]:
                    self._note(lane, sensor, "stuck", time_s, f"occupied for {self._on_s[row, lane]:.0f} s")
                elif biased[row, lane]:
                    self._note(lane, sensor, "biased", time_s, f"counts {100 * ratio[row, lane]:.0f} % of its partner")
                else:
                    self._note(lane, sensor, None, time_s, "")

    def _link_lacks(self, lies: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Return by loop what those like it lack on the whole link against the others; nothing where not every lane has one."""
        stop, advance = (np.bincount(self._link[lies[row]], self._all[row, lies[row]], self._n) for row in (0, 1))
        covered = np.bincount(self._link[self._a.is_stop], ~self._served(lies)[self._a.is_stop], self._n) == 0
        lack = np.where(covered, advance - stop, 0.0)
        return np.array([lack[self._link], -lack[self._link]])

    def _served(self, lies: NDArray[np.bool_]) -> NDArray[np.bool_]:
        served = np.zeros(self._n, np.bool_)
        served[self._down[lies[1, self._up]]] = True
        return served

    def _note(self, lane: int, sensor: str, fault: Fault | None, time_s: float, why: str) -> None:
        if fault is None:
            self.faults.pop((lane, sensor), None)
        elif (known := self.faults.get((lane, sensor))) is None or known.fault != fault:
            self.faults[lane, sensor] = SensorFault(lane=lane, sensor=sensor, fault=fault, since_s=time_s, why=why)
