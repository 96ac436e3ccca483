"""Writes down what a controller's high-resolution log would say: lamps, loops, pre-emption."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from citybrain.detection.approaches import Approaches
from citybrain.detection.loop_field import LoopField
from citybrain.evaluation.performance.channels import ADVANCE, PRESENCE, detector_channels
from citybrain.evaluation.performance.codes import Code
from citybrain.evaluation.performance.log import EventLog
from citybrain.evaluation.performance.phases import Phase, junction_phases
from citybrain.messages import Command, Event
from citybrain.network.intergreens import SignalRules
from citybrain.network.model import GREEN, Network
from citybrain.simulation.plant import Plant, Readings

_PRESENCE_M = 12.0
"""Length of a presence zone before the stop line."""
_CHANGES: dict[str, dict[str, tuple[Code, ...]]] = {
    "phase": {
        "g": (Code.PHASE_ON, Code.GREEN_BEGIN),
        "y": (Code.GREEN_END, Code.YELLOW_BEGIN),
        "yr": (Code.YELLOW_END, Code.RED_CLEARANCE_BEGIN),
        "gr": (Code.GREEN_END, Code.RED_CLEARANCE_BEGIN),
        "off": (Code.RED_CLEARANCE_END, Code.PHASE_INACTIVE),
    },
    "overlap": {
        "g": (Code.OVERLAP_GREEN_BEGIN,),
        "y": (Code.OVERLAP_YELLOW_BEGIN,),
        "yr": (Code.OVERLAP_RED_BEGIN,),
        "gr": (Code.OVERLAP_RED_BEGIN,),
        "off": (Code.OVERLAP_OFF,),
    },
    "walk": {
        "g": (Code.WALK_BEGIN,),
        "y": (Code.CLEARANCE_BEGIN,),
        "yr": (Code.DONT_WALK_BEGIN,),
        "gr": (Code.CLEARANCE_BEGIN,),
        "off": (Code.DONT_WALK_BEGIN,),
    },
}


class RecordedPlant:
    """A plant that keeps an :class:`EventLog` of itself; implements Plant, and Observer by :meth:`note`.

    Parameters
    ----------
    junctions : sequence of int, optional
        Indices of those that are recorded; all by default.
    stages : Network, optional
        The interlock's network where emergency priority has added stages to it.
    planned : bool
        Greens end by a plan, so that the log calls it a force-off and not a gap-out.
    advance_m : float
        Distance of the arrival detectors from the stop line.
    """

    def __init__(
        self,
        plant: Plant,
        network: Network,
        rules: SignalRules,
        *,
        junctions: Sequence[int] | None = None,
        stages: Network | None = None,
        planned: bool = False,
        advance_m: float = 100.0,
    ) -> None:
        self.inner, self.network = plant, network
        chosen = range(len(network.junctions)) if junctions is None else junctions
        self.phases = {j: junction_phases(network, network.junctions[j]) for j in chosen}
        approaches = Approaches(network)
        self._loops = LoopField(network, approaches, advance_m)
        self._length_m = approaches.length_m
        self.channels = detector_channels(network, approaches, self._loops.place_m, self.phases)
        self.log = EventLog(network, self.channels)
        self._rules, self._planned = rules, planned
        self._state = {(j, p.kind, p.number): "off" for j, own in self.phases.items() for p in own}
        self._since_ms: dict[tuple[int, int], int] = {}
        self._shown: dict[int, str] = {}
        self._on = np.zeros(len(self.channels), dtype=np.bool_)
        self._calls: dict[int, int] = {}
        self._dwells: dict[int, str] = {}  # lamps that a pre-emption waits for
        self._stages = network if stages is None else stages
        self._readings: Readings | None = None
        self._own_splits()

    @property
    def time_ms(self) -> int:
        """Time of the plant in milliseconds."""
        return self.inner.time_ms

    def step(self) -> None:
        """Advance, and note the lamps of the step that was made and what drove over the loops."""
        begun_ms = self.inner.time_ms
        self.inner.step()
        for j, state in enumerate(self.inner.signal_states()):
            if j in self.phases and state != self._shown.get(j):
                self._shown[j] = state
                for phase in self.phases[j]:
                    self._lamps(j, phase, state, begun_ms)
                self._dwell(j, begun_ms)
        self._readings = self.inner.read()
        self._detect(self._readings, begun_ms)

    def note(self, time_ms: int, events: Sequence[Event]) -> None:
        """Take note of pre-emption; called as the loop's observer."""
        for event in events:
            j = self.network.junction_index(event.junction_id)
            if j not in self.phases:
                continue
            if event.kind == "priority-granted":
                self._preempt(j, time_ms, event)
            elif event.kind == "priority-ended" and j in self._calls:
                self._dwells.pop(j, None)
                self.log.add(time_ms, j, Code.PREEMPT_CALL_OFF, 1)
                self.log.add(time_ms, j, Code.PREEMPT_EXIT, 1)
                del self._calls[j]

    def _preempt(self, j: int, time_ms: int, event: Event) -> None:
        if j not in self._calls:
            self.log.add(time_ms, j, Code.PREEMPT_CALL_ON, 1)
            self.log.add(time_ms, j, Code.PREEMPT_ENTRY, 1)
        self._calls[j] = int(event.data["stage"])
        stages = self._stages.junctions[j].stages
        self._dwells[j] = stages[self._calls[j]].state if self._calls[j] < len(stages) else ""
        self._dwell(j, time_ms)

    def _dwell(self, j: int, time_ms: int) -> None:
        """Note the begin of the dwell where the lamps that were asked for are shown."""
        if j in self._dwells and self._dwells[j] == self._shown.get(j):
            del self._dwells[j]
            self.log.add(time_ms, j, Code.PREEMPT_DWELL, 1)

    def _lamps(self, j: int, phase: Phase, state: str, time_ms: int) -> None:
        lamps = {state[link] for link in phase.links}
        shown = "g" if lamps & GREEN else "y" if lamps & set("yY") else "off"
        key = j, phase.kind, phase.number
        before = self._state[key]
        if shown == "off" and before in ("g", "y"):
            shown = "yr" if before == "y" else "gr"
        elif shown == "off" and before in ("yr", "gr") and not any(lamp in GREEN for lamp in state):
            return  # still red clearance: nobody has green yet
        if shown == before:
            return
        if phase.kind == "phase":
            self._ends(j, phase.number, before, time_ms)
        if shown == "g" and before in ("yr", "gr"):
            self._say(j, phase, "off", time_ms)
        self._say(j, phase, shown, time_ms)
        if shown in ("yr", "gr") and any(lamp in GREEN for lamp in state):  # no red clearance at all
            self._say(j, phase, "off", time_ms)
            shown = "off"
        self._state[key] = shown
        if shown == "g":
            self._since_ms[j, phase.number] = time_ms

    def _ends(self, j: int, number: int, before: str, time_ms: int) -> None:
        if before != "g":
            return
        since_ms = self._since_ms.get((j, number), time_ms)
        least_ms = since_ms + round(1000 * self._rules.min_green_s)
        if least_ms <= time_ms:
            self.log.add(least_ms, j, Code.MIN_GREEN_COMPLETE, number)
        if time_ms - since_ms >= round(1000 * self._rules.max_green_s):
            cause = Code.MAX_OUT
        else:
            cause = Code.FORCE_OFF if self._planned or j in self._calls else Code.GAP_OUT
        self.log.add(time_ms, j, cause, number)

    def _say(self, j: int, phase: Phase, change: str, time_ms: int) -> None:
        for code in _CHANGES[phase.kind][change]:
            self.log.add(time_ms, j, code, phase.number)

    def _detect(self, readings: Readings, begun_ms: int) -> None:
        said = self._loops.sense(readings)
        on_road = readings.lane >= 0
        lane = readings.lane[on_road]
        near = self._length_m[lane] - readings.position_m[on_road] <= _PRESENCE_M
        n = len(self._length_m)
        present = (np.bincount(lane[near], minlength=n) > 0) | (said.stop_count > 0)
        length_ms = self.inner.time_ms - begun_ms
        for i, channel in enumerate(self.channels):
            if channel.function == PRESENCE:
                self._switch(i, bool(present[channel.lane]), begun_ms)
            elif channel.function == ADVANCE:
                count = int(said.advance_count[channel.lane])
                self._pulses(i, count, bool(said.advance_on[channel.lane]), begun_ms, length_ms)

    def _switch(self, i: int, on: bool, time_ms: int) -> None:  # noqa: FBT001
        if self._on[i] != on:
            self._on[i] = on
            channel = self.channels[i]
            self.log.add(time_ms, channel.junction, Code.DETECTOR_ON if on else Code.DETECTOR_OFF, channel.number)

    def _pulses(self, i: int, count: int, on: bool, begun_ms: int, length_ms: int) -> None:  # noqa: FBT001
        """Spread the vehicles of one step over it; the last stays where one stands on the loop."""
        for k in range(count):
            at_ms = begun_ms + round(length_ms * (k + 0.5) / count)
            self._switch(i, on=False, time_ms=at_ms - length_ms // (4 * count))
            self._switch(i, on=True, time_ms=at_ms)
            if k + 1 < count or not on:
                self._switch(i, on=False, time_ms=at_ms + length_ms // (4 * count))
        if not count and not on:
            self._switch(i, on=False, time_ms=begun_ms)

    def _own_splits(self) -> None:
        """Say the plan that came with the net: cycle, offset and splits."""
        if not self._planned:
            return
        for j, own in self.phases.items():
            program = self.network.junctions[j].program
            if not program:
                continue
            now_ms = self.inner.time_ms
            cycle_s = sum(phase.duration_s for phase in program)
            self.log.add(now_ms, j, Code.CYCLE_LENGTH, round(cycle_s))
            self.log.add(now_ms, j, Code.OFFSET, round(self.network.junctions[j].offset_s % max(cycle_s, 1.0)))
            for phase in own:
                if phase.kind == "phase" and phase.number <= 16:
                    split_s = split_of(phase.links, [(p.state, p.duration_s) for p in program])
                    self.log.add(now_ms, j, Code.SPLIT_PHASE_1 + phase.number - 1, round(split_s))

    def read(self) -> Readings:
        """Read all vehicles at once; what this step has read already is not read again."""
        return self._readings if self._readings is not None else self.inner.read()

    def signal_states(self) -> Sequence[str]:
        """Return the lamps of every junction, in the network's order."""
        return self.inner.signal_states()

    def apply(self, commands: Sequence[Command]) -> None:
        """Show what the interlock commands."""
        self.inner.apply(commands)

    def close(self) -> None:
        """End the run and finish the outputs."""
        self.inner.close()


def split_of(links: Sequence[int], program: Sequence[tuple[str, float]]) -> float:
    """Return green, yellow and red clearance of some links in a program, seconds.

    Red clearance is the red after their yellow until anybody has green.
    """
    total, clearing = 0.0, False
    for state, duration_s in [*program, *program]:  # twice: a green may run over the end
        own = {state[link] for link in links}
        if own & GREEN or own & set("yY"):
            total, clearing = total + duration_s, True
        elif clearing and not set(state) & GREEN:
            total += duration_s
        else:
            clearing = False
    return total / 2


class Notes:
    """The observer of a loop that passes events to a recorded plant."""

    def __init__(self, plant: RecordedPlant) -> None:
        self._plant = plant

    def step(self, time_ms: int, events: Sequence[Event]) -> None:
        """Take note of one step."""
        self._plant.note(time_ms, events)
