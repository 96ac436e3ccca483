"""How long clearing an approach can wait, given what the junction would show meanwhile.

A junction under its own program changes its stage by itself before it is needed: the rest of the
minimum green then is another one, and a green that is shown now may be gone. The program is known,
so the last moment from which the green still comes in time is found exactly. A policy is free to
change at any moment: there the worst case counts.
"""

from __future__ import annotations

from citybrain.messages import SignalView
from citybrain.network.model import Network
from citybrain.signals.own_program import OwnProgram
from citybrain.signals.priority.timing import Timing

_LAST_MOMENT_S = 2.0


class Lead:
    """Finds the last moment to begin.

    Parameters
    ----------
    base : Network
        With the stages of the programs.
    own_plans : bool
        Junctions that nobody needs run their own programs; otherwise a policy's.
    """

    def __init__(self, base: Network, timing: Timing, *, own_plans: bool) -> None:
        self._timing = timing
        self._programs = [OwnProgram(junction) for junction in base.junctions] if own_plans else []
        self._stages = [len(junction.stages) for junction in base.junctions]
        self._back_s: dict[tuple[int, int], float] = {}

    def begin_s(
        self, junction: int, stage: int, green_by_s: float, signals: SignalView, time_ms: int, *, held: bool
    ) -> float:
        """Return the seconds until clearing must begin for ``stage`` to be green in ``green_by_s``; 0 or less: now.

        Parameters
        ----------
        held : bool
            The junction is not free: priority decides what it shows.
        """
        now_s = green_by_s - self._timing.change_s(junction, stage, signals)
        if held:
            return now_s
        if not self._programs:
            shown = int(signals.stage[junction]) == stage and not signals.switching[junction]
            return now_s - (self._there_and_back_s(junction, stage) if shown else 0.0)
        program = self._programs[junction]
        if not program.cycle_ms:
            return now_s
        last_s = min(now_s, 0.0)
        for other, from_ms, until_ms in program.greens(time_ms, max(0, round(1000 * green_by_s))):
            latest_s = until_ms / 1000 - _LAST_MOMENT_S
            if other != stage:
                change_s = self._timing.length_s(junction, other, stage)
                if from_ms / 1000 + self._timing.min_green_s(junction, other) + change_s > green_by_s:
                    continue
                latest_s = min(latest_s, green_by_s - change_s)
            last_s = max(last_s, min(latest_s, green_by_s))
        return last_s

    def _there_and_back_s(self, junction: int, stage: int) -> float:
        """The longest that a policy could take to leave a stage and come back to it."""
        key = junction, stage
        if key not in self._back_s:
            length, least = self._timing.length_s, self._timing.min_green_s
            self._back_s[key] = max(
                (
                    length(junction, stage, other) + least(junction, other) + length(junction, other, stage)
                    for other in range(self._stages[junction])
                    if other != stage
                ),
                default=0.0,
            )
        return self._back_s[key]
