"""Signal programs as GMNS timing tables; :mod:`.gmns_programs` is the way back.

A stage of a program is a phase of ring 1; it is followed by its intergreen, whose length GMNS calls clearance. The lamps shown
during it are kept in ``opt_intergreen`` (``yyrr 3; rrrr 2``), since GMNS has only the sum. The offset is that of
:mod:`citybrain.signals.plan`: the first phase's begin of green.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from citybrain.errors import InputError
from citybrain.network.model import Network, ProgramPhase
from citybrain.network.phases import is_stage

Lamps = Mapping[str, Mapping[int, Sequence[tuple[str, str]]]]
"""By controller and lamp: which rows it is for, as (``mvmt_id`` or ``link_id``, its value)."""
_PROTECTION = {"G": "protected", "g": "permitted", "s": "rtor"}
_ALWAYS = "11111111_0000_2400"


def signal_tables(network: Network, lamps: Lamps) -> dict[str, list[dict[str, Any]]]:
    """Return the tables of controllers, plans, coordination, phases and what is green in them."""
    tables: dict[str, list[dict[str, Any]]] = {
        name: []
        for name in (
            "signal_controller", "signal_timing_plan", "signal_coordination", "signal_timing_phase", "signal_phase_mvmt",
        )
    }  # fmt: skip
    for junction in network.junctions:
        plan, stages = f"{junction.id}/plan", stages_of(junction.program)
        cycle_s = cycle_of(junction.program, junction.id)
        begin_s = sum(phase.duration_s for phase in junction.program[: _first_stage(junction.program)])
        tables["signal_controller"].append({"controller_id": junction.id})
        tables["signal_timing_plan"].append(
            {"timing_plan_id": plan, "controller_id": junction.id, "time_day": _ALWAYS, "cycle_length": f"{cycle_s:g}"}
        )
        tables["signal_coordination"].append(
            {
                "coordination_id": f"{junction.id}/offset", "timing_plan_id": plan, "controller_id": junction.id,
                "coord_phase": 1, "coord_ref_to": "begin_of_green", "offset": f"{(junction.offset_s + begin_s) % cycle_s:g}",
            }
        )  # fmt: skip
        for place, (green, between) in enumerate(stages, start=1):
            phase = f"{junction.id}/{place}"
            tables["signal_timing_phase"].append(
                {
                    "timing_phase_id": phase, "timing_plan_id": plan, "signal_phase_num": place,
                    "min_green": f"{green.duration_s:g}", "max_green": f"{green.duration_s:g}",
                    "clearance": f"{sum(step.duration_s for step in between):g}", "ring": 1, "barrier": 1, "position": place,
                    "opt_intergreen": "; ".join(f"{step.state} {step.duration_s:g}" for step in between),
                }
            )  # fmt: skip
            for lamp, rows in lamps.get(junction.id, {}).items():
                for key, value in rows if green.state[lamp] in _PROTECTION else ():
                    tables["signal_phase_mvmt"].append(
                        {
                            "signal_phase_mvmt_id": f"{phase}/{value}", "timing_phase_id": phase, key: value,
                            "protection": _PROTECTION[green.state[lamp]],
                        }
                    )  # fmt: skip
    return tables


def cycle_of(program: Sequence[ProgramPhase], signal: str) -> float:
    """Return the cycle of a program, seconds.

    Raises
    ------
    InputError
        If it does not last, since its offset has no meaning then.
    """
    cycle_s = sum(phase.duration_s for phase in program)
    if not 0 < cycle_s < math.inf:
        raise InputError(f"the program of signal {signal!r} lasts {cycle_s:g} s; give its phases a duration")
    return cycle_s


def stages_of(program: Sequence[ProgramPhase]) -> list[tuple[ProgramPhase, tuple[ProgramPhase, ...]]]:
    """Return each stage of a program with the intergreen that follows it, the first stage first."""
    start = _first_stage(program)
    turned = [*program[start:], *program[:start]]
    found: list[tuple[ProgramPhase, list[ProgramPhase]]] = []
    for phase in turned:
        if is_stage(phase.state) or not found:
            found.append((phase, []))
        else:
            found[-1][1].append(phase)
    return [(green, tuple(between)) for green, between in found]


def _first_stage(program: Sequence[ProgramPhase]) -> int:
    return next((place for place, phase in enumerate(program) if is_stage(phase.state)), 0)
