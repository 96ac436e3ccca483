"""Times of changes between stages, as the interlock will take them."""

from __future__ import annotations

from citybrain.messages import SignalView
from citybrain.network.intergreens import Intergreens, SignalRules
from citybrain.network.model import Network


class Timing:
    """Intergreens and minimum greens of all junctions.

    Parameters
    ----------
    network : Network
        With the stages of the interlock.
    """

    def __init__(self, network: Network, rules: SignalRules) -> None:
        self._tables = [Intergreens(network, junction, rules) for junction in network.junctions]

    def change_s(self, junction: int, stage: int, signals: SignalView) -> float:
        """Return the seconds until a stage can be green."""
        table, shown = self._tables[junction], int(signals.stage[junction])
        if signals.switching[junction]:
            rest = float(signals.remaining_s[junction])
            if shown == stage:
                return rest
            return rest + table.min_green_ms(shown) / 1000 + table.length_s(shown, stage)
        if shown == stage:
            return 0.0
        rest = table.min_green_ms(shown) / 1000 - float(signals.elapsed_s[junction])
        return max(rest, 0.0) + table.length_s(shown, stage)

    def length_s(self, junction: int, before: int, after: int) -> float:
        """Return the intergreen between two stages."""
        return self._tables[junction].length_s(before, after)

    def min_green_s(self, junction: int, stage: int) -> float:
        """Return the shortest green of a stage."""
        return self._tables[junction].min_green_ms(stage) / 1000
