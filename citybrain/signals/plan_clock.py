"""A stored plan as a clock: which stage it asks for at any time."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate

from citybrain.network.intergreens import Intergreens, SignalRules
from citybrain.network.model import Network
from citybrain.signals.plan import Plan


class PlanClock:
    """Asks for each stage when its predecessor's green is over, so that it is green when the plan says.

    Parameters
    ----------
    plan : Plan
        Already checked against the network.
    """

    def __init__(self, network: Network, rules: SignalRules, plan: Plan) -> None:
        junction = network.junctions[network.junction_index(plan.junction_id)]
        gaps = Intergreens(network, junction, rules)
        following = (*plan.stages[1:], *plan.stages[:1])
        lengths = [
            green_s + (gaps.length_s(a, b) if a != b else 0.0)
            for green_s, a, b in zip(plan.greens_s, plan.stages, following, strict=True)
        ]
        self._lead_ms = [
            round(1000 * (gaps.length_s(a, b) if a != b else 0.0)) for a, b in zip(plan.stages, following, strict=True)
        ]
        self._ends_ms = [round(1000 * end) for end in accumulate(lengths)]
        self._offset_ms, self._stages, self._following = round(plan.offset_s * 1000), plan.stages, following

    def stage(self, time_ms: int) -> int:
        """Return the stage asked for."""
        place = (time_ms - self._offset_ms) % self._ends_ms[-1]
        k = bisect_right(self._ends_ms, place)
        return self._following[k] if place >= self._ends_ms[k] - self._lead_ms[k] else self._stages[k]
