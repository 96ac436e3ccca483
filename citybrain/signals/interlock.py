"""The interlock: the only maker of commands.

Whatever a policy, a plug-in or an operator asks for, the lamps obey the
scenario's :class:`~citybrain.network.intergreens.SignalRules`: minimum and
maximum green, yellow, all-red, pedestrian clearance, and no two conflicting
protected greens. What one junction does is in :mod:`citybrain.signals.junction_lamps`;
:class:`Interlock` holds the states of a city and builds the commands.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from citybrain.errors import UnsafeCommandError
from citybrain.messages import _SEAL, FLASH, HOLD, OWN_PROGRAM, RELEASE, Command, Decision, Event, SignalView
from citybrain.network.intergreens import SignalRules
from citybrain.network.model import Junction, Network
from citybrain.signals.junction_lamps import (
    JunctionRules,
    LampState,
    advance,
    conflicting_greens,
    junction_rules,
    taken_over,
)
from citybrain.signals.own_program import OwnProgram, why_not_given_back, why_not_taken

__all__ = ["Interlock", "JunctionRules", "conflicting_greens", "junction_rules"]


class Interlock:
    """Lamp states of the whole city.

    Parameters
    ----------
    network : Network
    rules : SignalRules
    released : bool
        Every junction begins under its own program. It is taken over while that shows a
        stage, and given back where both show the same one, so that no lamp jumps.
    own : Network, optional
        The network that policies know, where stages have been added to it: the maximum-green rule
        moves on to none that they do not know.
    """

    def __init__(
        self, network: Network, rules: SignalRules, *, released: bool = False, own: Network | None = None
    ) -> None:
        self.network = network
        self.rules = rules
        self._rules = [
            junction_rules(network, junction, rules, n_own=len(known.stages))
            for junction, known in zip(network.junctions, (own or network).junctions, strict=True)
        ]
        self._states: list[LampState] = []
        self._released = [released and bool(junction.program) for junction in network.junctions]
        self._released_ms = [-1] * len(network.junctions)
        self._programs = [OwnProgram(junction) for junction in network.junctions] if released else []
        self.refusals = 0
        self.events: list[Event] = []

    @property
    def states(self) -> tuple[LampState, ...]:
        """Lamp state of every junction."""
        return tuple(self._states)

    def start(self, time_ms: int, shown: Sequence[str] | None = None) -> list[Command]:
        """Take every junction over from the lamps that it shows.

        A junction that shows one of its stages stays in it; any other is led to
        its first stage through an intergreen. Without ``shown`` the junctions
        are taken to be dark, and start in their first stage.
        """
        self._states, commands = [], []
        for index, rules in enumerate(self._rules):
            state, lamps = taken_over(rules, None if shown is None else shown[index], time_ms)
            self._states.append(state)
            if rules.junction.stages and not self._released[index]:
                commands.append(self._command(rules.junction, lamps))
        return commands

    def advance(self, decision: Decision, time_ms: int, shown: Sequence[str] | None = None) -> list[Command]:
        """Return the commands for lamps that change now.

        Refusals are counted in ``refusals`` and described in ``events``, which
        hold those of the latest call only.

        Parameters
        ----------
        shown : sequence of str, optional
            The lamps that each junction shows; needed to take one over from its own program.

        Raises
        ------
        UnsafeCommandError
            If the decision is not one whole number for each junction.
        """
        if decision.stage.shape != (len(self._rules),) or decision.stage.dtype.kind not in "iu":
            raise UnsafeCommandError(
                f"a decision of shape {decision.stage.shape} and type {decision.stage.dtype} for "
                f"{len(self._rules)} junctions; it needs one integer for each"
            )
        self.events = []
        commands = []
        requests = decision.stage.tolist()
        for index, rules in enumerate(self._rules):
            request = requests[index]
            if self._released[index]:
                if request in (HOLD, RELEASE):
                    continue
                reason = self._take_over(index, time_ms, None if shown is None else shown[index])
                if reason is not None:
                    self._refuse(rules.junction, reason, request, time_ms)
                    continue
                # whatever comes of the request, the program must not go on by itself
                commands.append(self._command(rules.junction, rules.junction.stages[self._states[index].stage].state))
            elif request == RELEASE:
                reason = self._give_back(index, time_ms)
                if reason is None:
                    commands.append(self._command(rules.junction, OWN_PROGRAM))
                    continue
                self._refuse(rules.junction, reason, request, time_ms)
                request = HOLD
            state = self._states[index]
            if not rules.junction.stages or (
                state.step < 0
                and request in (HOLD, state.stage)
                and (state.stage == FLASH or time_ms - state.since_ms < rules.max_green_ms[state.stage])
            ):
                continue
            result = advance(rules, state, request, time_ms)
            self._states[index] = result.state
            if result.refusal is not None:
                self._refuse(rules.junction, result.refusal, request, time_ms)
            if result.lamps is not None:
                commands.append(self._command(rules.junction, result.lamps))
        return commands

    def _refuse(self, junction: Junction, reason: str, request: int, time_ms: int) -> None:
        self.refusals += 1
        self.events.append(
            Event(
                time_s=time_ms / 1000,
                kind="refusal",
                junction_id=junction.id,
                data={"reason": reason, "requested": request},
            )
        )

    def _take_over(self, index: int, time_ms: int, lamps: str | None) -> str | None:
        """Take a junction from its own program; returns why not."""
        program = self._programs[index]
        reason = why_not_taken(program, self._rules[index].intergreens, lamps, time_ms)
        if reason is not None:
            return reason
        own = program.at(time_ms)
        before, since_ms = self._states[index], time_ms - own.elapsed_ms
        if before.stage == own.stage and self._released_ms[index] >= since_ms:
            since_ms = before.since_ms  # it was given back within this green, which began before or after the program's
        low_ms, most_ms = self._rules[index].min_green_ms[own.stage], self._rules[index].max_green_ms[own.stage]
        if own.elapsed_ms + own.remaining_ms >= most_ms:
            # the plan itself is longer than the maximum, which counts from here: else it ended what is asked for at once
            since_ms = max(since_ms, time_ms - low_ms)
        self._states[index] = LampState(own.stage, own.stage, -1, since_ms, before.last_shown_ms)
        self._released[index] = False
        return None

    def _give_back(self, index: int, time_ms: int) -> str | None:
        """Give a junction back to its own program; returns why not."""
        state, rules = self._states[index], self._rules[index]
        program = self._programs[index] if self._programs else None
        stage = state.stage if state.step < 0 and state.stage >= 0 else -1
        bounds = rules.min_green_ms[max(stage, 0)], rules.max_green_ms[max(stage, 0)]
        reason = why_not_given_back(program, stage, state.since_ms, time_ms, bounds)
        if reason is None:
            self._released[index], self._released_ms[index] = True, time_ms
        return reason

    def view(self, time_ms: int) -> SignalView:
        """Return what every junction shows, for the Observation."""
        n = len(self._states)
        remaining = np.zeros(n)
        states = [self._own_state(i, time_ms) if self._released[i] else state for i, state in enumerate(self._states)]
        for index, state in enumerate(states):
            if self._released[index]:
                remaining[index] = self._programs[index].next_stage(time_ms)[1] / 1000
            elif state.step >= 0 or state.stage == FLASH:
                gaps = self._rules[index].intergreens
                if state.step >= 0:
                    steps = gaps.steps(state.stage, state.target)
                    ends_ms = state.since_ms + sum(ms for _, ms in steps[state.step :])
                    remaining[index] = max(0, ends_ms - time_ms) / 1000
                if state.target == FLASH:  # no stage is green before flash has been left for it
                    remaining[index] += gaps.length_s(FLASH, 0)
        return SignalView(
            stage=np.fromiter((max(s.target, 0) for s in states), dtype=np.int32, count=n),
            switching=np.fromiter((s.step >= 0 or s.stage == FLASH for s in states), dtype=np.bool_, count=n),
            elapsed_s=np.fromiter(((time_ms - s.since_ms) / 1000 for s in states), dtype=np.float64, count=n),
            remaining_s=remaining,
        )

    def quiet_until_ms(self, decision: Decision, time_ms: int) -> float:
        """Return until when no lamp will change under this decision; ``time_ms`` where one may at once."""
        quiet_ms = math.inf
        if any(self._released):  # their own programs change lamps
            return time_ms
        for state, rules, request in zip(self._states, self._rules, decision.stage.tolist(), strict=True):
            if len(rules.junction.stages) < 2:
                continue
            if state.step >= 0 or request not in (HOLD, state.stage):
                return time_ms
            if state.stage == FLASH:
                continue
            quiet_ms = min(quiet_ms, state.since_ms + rules.max_green_ms[state.stage])
        return quiet_ms

    def is_released(self, index: int) -> bool:
        """Whether a junction is under its own program."""
        return self._released[index]

    def is_flashing(self, index: int) -> bool:
        """Whether a junction is in flash, or on its way there."""
        return self._states[index].target == FLASH

    def _own_state(self, index: int, time_ms: int) -> LampState:
        """What a released junction shows, as if this had commanded it."""
        program = self._programs[index]
        own, target = program.at(time_ms), program.next_stage(time_ms)[0]
        changing = own.stage < 0
        return LampState(max(target, 0), max(target, 0), 0 if changing else -1, time_ms - own.elapsed_ms, ())

    @staticmethod
    def _command(junction: Junction, state: str) -> Command:
        return Command(junction=junction.index, junction_id=junction.id, state=state, seal=_SEAL)
