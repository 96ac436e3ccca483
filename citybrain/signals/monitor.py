"""The interlock's rules as a monitor, for controllers that run inside SUMO."""

from __future__ import annotations

from collections.abc import Sequence

from citybrain.messages import Event
from citybrain.network.intergreens import SignalRules
from citybrain.network.model import GREEN, Network
from citybrain.signals.interlock import conflicting_greens


class Monitor:
    """Watches lamps it does not command and counts what the interlock would have refused.

    Parameters
    ----------
    network : Network
    rules : SignalRules
    """

    def __init__(self, network: Network, rules: SignalRules) -> None:
        self.network = network
        self.rules = rules
        self.violations = 0
        self.events: list[Event] = []
        self._shown: list[str] = [""] * len(network.junctions)
        self._conflicting: dict[tuple[int, str], tuple[int, int] | None] = {}
        self._crossings = [
            frozenset(network.movements[m].link for m in junction.movements if network.movements[m].is_crossing)
            for junction in network.junctions
        ]

    def watch(self, states: Sequence[str], time_ms: int) -> None:
        """Compare the lamps of every junction with those of the step before."""
        self.events = []
        for index, state in enumerate(states):
            before = self._shown[index]
            if state != before:
                self._shown[index] = state
                self._check(index, before, state, time_ms)

    def _check(self, index: int, before: str, state: str, time_ms: int) -> None:
        junction = self.network.junctions[index]
        key = (index, state)
        if key not in self._conflicting:
            self._conflicting[key] = conflicting_greens(junction, state)
        pair = self._conflicting[key]
        if pair is not None:
            self._note(time_ms, junction.id, f"links {pair[0]} and {pair[1]} conflict and are both 'G' in {state}")
        for link, (old, new) in enumerate(zip(before, state, strict=False)):
            if old in GREEN and new == "r" and link not in self._crossings[index]:
                self._note(time_ms, junction.id, f"link {link} went from green to red without yellow")

    def _note(self, time_ms: int, junction_id: str, reason: str) -> None:
        self.violations += 1
        self.events.append(
            Event(time_s=time_ms / 1000, kind="violation", junction_id=junction_id, data={"reason": reason})
        )
