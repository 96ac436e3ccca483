"""``actuated`` and ``delay-based``: SUMO's own controllers, as peers.

They run inside SUMO on programs generated here: the stages of the scenario's
plan in their order, with the intergreens that every other policy gets.

Sources: SUMO documentation, "Traffic Lights" (actuated: gap-based extension
between minimum and maximum green; delay_based: extension while the time loss
within detection range is growing). Deviation from SUMO's defaults: greens of
5 to 50 s, the setting of the published RESCO figures.
"""

from __future__ import annotations

from typing import ClassVar
from xml.sax.saxutils import quoteattr

from citybrain.network.intergreens import Intergreens, SignalRules
from citybrain.network.model import Junction, Network

PROGRAM_ID = "citybrain"


class _SumoControl:
    """What both controllers share.

    Parameters
    ----------
    min_green_s, max_green_s : float
        Bounds between which SUMO extends a green; the minimum is longer where pedestrians walk.
    """

    kind: ClassVar[str]
    parameters: ClassVar[dict[str, str]]

    def __init__(self, *, min_green_s: float = 5.0, max_green_s: float = 50.0) -> None:
        self.min_green_s = min_green_s
        self.max_green_s = max_green_s

    def programs(self, network: Network, rules: SignalRules) -> str | None:
        """Return a SUMO additional file with one program for each junction of two stages or more."""
        lines = ["<additional>"]
        for junction in network.junctions:
            if len(junction.stages) > 1:
                lines += self._program(network, junction, rules)
        return "\n".join([*lines, "</additional>", ""])

    def _program(self, network: Network, junction: Junction, rules: SignalRules) -> list[str]:
        intergreens = Intergreens(network, junction, rules)
        lines = [f'<tlLogic id={quoteattr(junction.id)} type="{self.kind}" programID="{PROGRAM_ID}" offset="0">']
        lines += [f'  <param key="{key}" value="{value}"/>' for key, value in self.parameters.items()]
        for stage in junction.stages:
            low_s = max(self.min_green_s, intergreens.min_green_ms(stage.index) / 1000)
            high_s = max(low_s, min(self.max_green_s, rules.max_green_s))
            lines.append(
                f'  <phase duration="{low_s:g}" minDur="{low_s:g}" maxDur="{high_s:g}" state="{stage.state}"/>'
            )
            following = (stage.index + 1) % len(junction.stages)
            for state, ms in intergreens.steps(stage.index, following):
                lines.append(f'  <phase duration="{ms / 1000:g}" state="{state}"/>')
        return [*lines, "</tlLogic>"]


class Actuated(_SumoControl):
    """Gap-actuated control: green is extended while vehicles keep passing a detector."""

    kind = "actuated"
    parameters: ClassVar[dict[str, str]] = {"max-gap": "3.0", "detector-gap": "2.0", "passing-time": "2.0"}


class DelayBased(_SumoControl):
    """Delay-based control: green is extended while vehicles in range still lose time."""

    kind = "delay_based"
    parameters: ClassVar[dict[str, str]] = {"detectorRange": "100", "minTimeLoss": "1"}
