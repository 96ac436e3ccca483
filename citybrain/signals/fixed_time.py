"""``fixed-time``: the scenario's own plans, untouched."""

from __future__ import annotations

from citybrain.network.intergreens import SignalRules
from citybrain.network.model import Network


class FixedTime:
    """Leaves SUMO to run the programs that the scenario loads."""

    def programs(self, network: Network, rules: SignalRules) -> str | None:  # noqa: ARG002
        """Return None: nothing is replaced."""
        return None
