"""What people have asked for, as long as it is in force, and how it edits decisions.

Forced plans, isolation and flash are lower steps of the ladder; locks and hurry calls name a stage. People
come after emergency priority: whoever locks a stage answers for what waits. The interlock stands behind them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from citybrain.messages import FLASH, HOLD, Decision, Event, SignalView
from citybrain.network.model import Network
from citybrain.operations.actions import Action
from citybrain.operations.live.ladder import FLASHING, ISOLATED, PLAN

_FORCED = {"force_plan": PLAN, "isolate": ISOLATED, "flash": FLASHING}
_HURRY_GREEN_S = 10.0


@dataclass(slots=True)
class _InForce:
    action: Action
    junctions: tuple[int, ...]


class Overrides:
    """Actions in force at junctions.

    Attributes
    ----------
    level : ndarray of int8
        The level that people force each junction to; 0 where they do not.
    plan : list of str
        The plan that they force.
    wants_flash : callable
        Returns the junctions that must flash now, whoever wants it.
    in_flash : ndarray of bool
        Junctions in flash or on their way there, set before each tick.
    """

    def __init__(self, network: Network) -> None:
        self._network = network
        n = len(network.junctions)
        self.level = np.zeros(n, np.int8)
        self.plan = [""] * n
        self.wants_flash: Callable[[], NDArray[np.bool_]] = lambda: self.level >= FLASHING
        self.in_flash = np.zeros(n, np.bool_)
        self._stage = np.full(n, HOLD, np.int32)
        self.in_force: dict[str, _InForce] = {}
        self.events: list[Event] = []
        self.ended: list[str] = []

    @property
    def locked(self) -> set[int]:
        """Junctions where people decide."""
        return {j for found in self.in_force.values() for j in found.junctions}

    def actions_at(self) -> dict[int, list[str]]:
        """Return the ids of the actions in force by junction."""
        found: dict[int, list[str]] = {}
        for name, entry in self.in_force.items():
            for j in entry.junctions:
                found.setdefault(j, []).append(name)
        return found

    def begin(self, action: Action) -> None:
        """Put an action in force; a newer one wins over an older one at the same junction."""
        where = action.request.junction
        if where is None:
            return
        everyone = tuple(range(len(self._network.junctions)))
        junctions = everyone if where == "*" else (self._network.junction_index(where),)
        self.in_force[action.id] = _InForce(action, junctions)
        self._recompute()

    def end(self, action_id: str) -> bool:
        """Take an action out of force; False where it was not."""
        if self.in_force.pop(action_id, None) is None:
            return False
        self._recompute()
        return True

    def _recompute(self) -> None:
        self.level[:], self._stage[:] = 0, HOLD
        self.plan = [""] * len(self.plan)
        for entry in self.in_force.values():
            request = entry.action.request
            for j in entry.junctions:
                level = _FORCED.get(request.kind, 0)
                if level:
                    self.level[j], self._stage[j], self.plan[j] = level, HOLD, request.plan or ""
                elif request.stage is not None:
                    self._stage[j] = request.stage

    def edit(self, decision: Decision, signals: SignalView, time_ms: int) -> Decision:
        """Return the decision with flash, locks and hurry calls in it."""
        asked = self._stage >= 0
        flashing = self.wants_flash()
        if not (asked.any() or flashing.any() or self.in_flash.any()):
            return decision
        stage = decision.stage.copy()
        stage[asked] = self._stage[asked]
        stage[flashing] = FLASH
        # nobody need know that a junction flashes: it is left for the stage that is asked for, or for its first
        leaving = self.in_flash & ~flashing & (stage < 0)
        stage[leaving] = 0
        self._end_hurry_calls(signals, time_ms)
        return replace(decision, stage=stage)

    def _end_hurry_calls(self, signals: SignalView, time_ms: int) -> None:
        for name, entry in list(self.in_force.items()):
            request = entry.action.request
            if request.kind != "hurry_call":
                continue
            j = entry.junctions[0]
            served = signals.stage[j] == request.stage and not signals.switching[j]
            if served and signals.elapsed_s[j] >= _HURRY_GREEN_S and time_ms / 1000 > entry.action.begin_s:
                self.ended.append(name)
