"""One junction's lamps as a pure function of its state: greens, intergreens, flash.

:func:`advance` honours a request as far as the rules allow; :mod:`citybrain.signals.interlock` holds
the states of a city and makes the commands.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from citybrain.errors import UnsafeCommandError
from citybrain.messages import FLASH, HOLD
from citybrain.network.intergreens import Intergreens, SignalRules
from citybrain.network.model import GREEN, Junction, Network


class LampState(NamedTuple):
    """Where one junction is: in a green stage, or on its way to one.

    Attributes
    ----------
    stage : int
        Stage shown, or the origin while an intergreen runs; -1 where that is what
        somebody else had left shown, :data:`~citybrain.messages.FLASH` in flash.
    target : int
        Stage to come; equal to ``stage`` while green or in flash.
    step : int
        Step of the intergreen that is running; -1 while green or in flash.
    since_ms : int
        When the present green, flash or step began.
    last_shown_ms : tuple of int
        By stage, when it was last green; the maximum-green rule moves on to
        the stage that waited longest.
    """

    stage: int
    target: int
    step: int
    since_ms: int
    last_shown_ms: tuple[int, ...]


class Advance(NamedTuple):
    """Result of :func:`advance`: the new state, the lamps where they changed, the refusal."""

    state: LampState
    lamps: str | None
    refusal: str | None


@dataclass(frozen=True, slots=True)
class JunctionRules:
    """What :func:`advance` must know of a junction."""

    junction: Junction
    intergreens: Intergreens
    min_green_ms: tuple[int, ...]
    max_green_ms: tuple[int, ...]
    """By stage; never below the minimum, which may be long where pedestrians walk."""
    min_flash_ms: int
    n_own: int
    """Stages that the maximum-green rule may move on to; those after them are shown only when they are asked for."""

    def least_ms(self, stage: int) -> int:
        """Return how long a stage, or flash, must last."""
        return self.min_flash_ms if stage == FLASH else self.min_green_ms[stage]


def junction_rules(
    network: Network, junction: Junction, rules: SignalRules, *, n_own: int | None = None
) -> JunctionRules:
    """Prepare a junction for the interlock.

    Parameters
    ----------
    n_own : int, optional
        Its own stages, where others have been added after them.

    Raises
    ------
    UnsafeCommandError
        If one of its stages shows green to two conflicting protected links, or
        has another number of lamps than the junction.
    """
    for stage in junction.stages:
        if len(stage.state) != junction.n_links:
            raise UnsafeCommandError(
                f"junction {junction.id}: stage {stage.index} ({stage.state}) has {len(stage.state)} lamps, "
                f"the junction {junction.n_links}"
            )
        pair = conflicting_greens(junction, stage.state)
        if pair is not None:
            raise UnsafeCommandError(
                f"junction {junction.id}: stage {stage.index} ({stage.state}) shows 'G' to conflicting "
                f"links {pair[0]} and {pair[1]}"
            )
    intergreens = Intergreens(network, junction, rules)
    min_green_ms = tuple(intergreens.min_green_ms(stage.index) for stage in junction.stages)
    return JunctionRules(
        junction=junction,
        intergreens=intergreens,
        min_green_ms=min_green_ms,
        max_green_ms=tuple(max(low_ms, round(rules.max_green_s * 1000)) for low_ms in min_green_ms),
        min_flash_ms=round(rules.min_green_s * 1000),
        n_own=len(junction.stages) if n_own is None else n_own,
    )


def conflicting_greens(junction: Junction, state: str) -> tuple[int, int] | None:
    """Return the first two links that conflict and are both protected green, or None."""
    protected = np.frombuffer(state.encode("ascii"), dtype=np.uint8) == ord("G")
    if len(protected) != junction.n_links:
        return None
    clash = junction.conflicts & protected[:, None] & protected[None, :]
    if not clash.any():
        return None
    i, j = np.argwhere(clash)[0]
    return int(i), int(j)


def advance(rules: JunctionRules, state: LampState, request: int, time_ms: int) -> Advance:
    """Move one junction to ``time_ms``, honouring ``request`` as far as the rules allow.

    Parameters
    ----------
    request : int
        Stage asked for, :data:`~citybrain.messages.HOLD` or :data:`~citybrain.messages.FLASH`.
    """
    if state.step >= 0:
        return _run_intergreen(rules, state, request, time_ms)
    stages = rules.junction.stages
    refusal = None
    if request not in (HOLD, FLASH) and not 0 <= request < len(stages):
        refusal = f"stage {request} does not exist (0 to {len(stages) - 1})"
        request = HOLD
    shown_ms = time_ms - state.since_ms
    wanted = state.stage if request == HOLD else request
    if wanted == state.stage:
        others = [s for s in range(rules.n_own) if s != state.stage]
        if wanted == FLASH or shown_ms < rules.max_green_ms[state.stage] or not others:
            return Advance(state, None, refusal)
        wanted = min(others, key=lambda s: (state.last_shown_ms[s], s))
        longest_s = rules.max_green_ms[state.stage] / 1000
        refusal = f"green of stage {state.stage} reached its maximum of {longest_s:g} s"
    elif shown_ms < rules.least_ms(state.stage):
        what = "flash has lasted" if state.stage == FLASH else f"stage {state.stage} has been green for"
        least_s = rules.least_ms(state.stage) / 1000
        return Advance(state, None, f"{what} {shown_ms / 1000:g} s of at least {least_s:g} s")
    shown = list(state.last_shown_ms)
    if state.stage >= 0:
        shown[state.stage] = time_ms
    state = LampState(state.stage, wanted, 0, time_ms, tuple(shown))
    moved = _run_intergreen(rules, state, wanted, time_ms)
    steps = rules.intergreens.steps(state.stage, wanted)
    lamps = moved.lamps if moved.state.step < 0 else steps[0][0]
    return Advance(moved.state, lamps, refusal)


def _run_intergreen(rules: JunctionRules, state: LampState, request: int, time_ms: int) -> Advance:
    steps = rules.intergreens.steps(state.stage, state.target)
    refusal = None
    if request not in (HOLD, state.target):
        refusal = f"{named(request)} asked for while changing to {named(state.target)}"
    if state.step < len(steps) and time_ms - state.since_ms < steps[state.step][1]:
        return Advance(state, None, refusal)
    # every step and the green count from when they are shown, however long the plant's own steps are
    if state.step + 1 < len(steps):
        following = state.step + 1
        return Advance(state._replace(step=following, since_ms=time_ms), steps[following][0], refusal)
    reached = LampState(state.target, state.target, -1, time_ms, state.last_shown_ms)
    return Advance(reached, rules.intergreens.lamps(state.target), refusal)


def named(request: int) -> str:
    """Return what is asked for in words."""
    return "flash" if request == FLASH else f"stage {request}"


def taken_over(rules: JunctionRules, shown: str | None, time_ms: int) -> tuple[LampState, str]:
    """Return the first state of a junction that shows ``shown``, and its lamps."""
    stages = rules.junction.stages
    waited = tuple(time_ms for _ in stages)
    if not stages:
        return LampState(0, 0, -1, time_ms, waited), ""
    if shown is not None and len(shown) == rules.junction.n_links:
        for stage in stages:
            if not set(shown) & set("yY") and all(
                (lamp in GREEN) == stage.is_green(link) for link, lamp in enumerate(shown)
            ):
                return LampState(stage.index, stage.index, -1, time_ms, waited), stage.state
        rules.intergreens.take_over(shown)
        steps = rules.intergreens.steps(-1, 0)
        if steps:
            return LampState(-1, 0, 0, time_ms, waited), steps[0][0]
    return LampState(0, 0, -1, time_ms, waited), stages[0].state
