"""GMNS timing tables as signal programs; :mod:`.gmns_signals` is the way there."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from citybrain.errors import InputError
from citybrain.integrations.exchange.tables import NEEDED, Row, number, read_table, whole
from citybrain.network.model import GREEN, ProgramPhase

_LAMP = {"protected": "G", "permitted": "g", "rtor": "s", "": "G"}
_YELLOW_S = 3.0
_ROUNDING_S = 0.01
_STEP = re.compile(r"([A-Za-z]+) (\d+(?:\.\d+)?)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A program as SUMO runs it."""

    controller: str
    offset_s: float
    phases: tuple[ProgramPhase, ...]


def read_programs(folder: Path, lamp_of: Mapping[tuple[str, str], tuple[str, int]]) -> list[Program]:
    """Read the timing tables of a folder as SUMO programs.

    Parameters
    ----------
    lamp_of : mapping
        Controller and lamp of each (``mvmt_id`` or ``link_id``, its value).

    Raises
    ------
    InputError
        If a table is broken, or names a plan, phase or movement that is not there.
    """
    path = folder / "signal_timing_plan.csv"
    if not path.is_file():
        return []
    plans = {row["timing_plan_id"]: row["controller_id"] for row in read_table(path, NEEDED["signal_timing_plan"])}
    doubled = [c for c in plans.values() if list(plans.values()).count(c) > 1]
    if doubled:
        raise InputError(
            f"{path}: controller {doubled[0]!r} has {list(plans.values()).count(doubled[0])} plans; keep one"
        )
    n_lamps: dict[str, int] = defaultdict(int)
    for controller, lamp in lamp_of.values():
        n_lamps[controller] = max(n_lamps[controller], lamp + 1)
    phases = _phases(folder, plans)
    greens = _greens(
        folder, {row["timing_phase_id"]: plan for plan, rows in phases.items() for row in rows}, plans, lamp_of
    )
    offsets = _offsets(folder, plans)
    return [
        _program(
            folder / "signal_timing_phase.csv", controller, n_lamps[controller], phases[plan], greens, offsets.get(plan)
        )
        for plan, controller in plans.items()
        if phases.get(plan)
    ]


def _phases(folder: Path, plans: Mapping[str, str]) -> dict[str, list[Row]]:
    path = folder / "signal_timing_phase.csv"
    phases: dict[str, list[Row]] = defaultdict(list)
    for row in read_table(path, NEEDED["signal_timing_phase"]):
        if row["timing_plan_id"] not in plans:
            raise InputError(
                f"{path}: phase {row['timing_phase_id']!r} is of plan {row['timing_plan_id']!r}, which is not there"
            )
        if whole(path, row, "ring", 1) > 1:
            raise InputError(
                f"{path}: phase {row['timing_phase_id']!r} is in ring {row['ring']}; "
                "one ring of stages can be read, so merge the rings"
            )
        phases[row["timing_plan_id"]].append(row)
    for rows in phases.values():
        rows.sort(key=lambda row: number(path, row, "position", number(path, row, "signal_phase_num")))
    return phases


def _greens(
    folder: Path,
    plan_of: Mapping[str, str],
    plans: Mapping[str, str],
    lamp_of: Mapping[tuple[str, str], tuple[str, int]],
) -> dict[str, dict[int, str]]:
    path = folder / "signal_phase_mvmt.csv"
    greens: dict[str, dict[int, str]] = defaultdict(dict)
    for row in read_table(path, NEEDED["signal_phase_mvmt"]):
        phase, protection = row["timing_phase_id"], row.get("protection", "")
        key, value = ("mvmt_id", row["mvmt_id"]) if row.get("mvmt_id") else ("link_id", row.get("link_id", ""))
        if phase not in plan_of:
            raise InputError(f"{path}: phase {phase!r} is not in signal_timing_phase.csv")
        controller, lamp = lamp_of.get((key, value), ("", -1))
        if controller != plans[plan_of[phase]]:
            raise InputError(
                f"{path}: {key} {value!r} in phase {phase!r} has no lamp at controller {plans[plan_of[phase]]!r}"
            )
        if protection not in _LAMP:
            raise InputError(
                f"{path}: protection {protection!r} in phase {phase!r}; needed protected, permitted or rtor"
            )
        greens[phase][lamp] = _LAMP[protection]
    return greens


def _offsets(folder: Path, plans: Mapping[str, str]) -> dict[str, Row]:
    path = folder / "signal_coordination.csv"
    rows = read_table(path, ("timing_plan_id",)) if path.is_file() else []
    for row in rows:
        if row["timing_plan_id"] not in plans:
            raise InputError(f"{path}: plan {row['timing_plan_id']!r} is not in signal_timing_plan.csv")
    return {row["timing_plan_id"]: row for row in rows}


def _program(
    path: Path,
    controller: str,
    n_lamps: int,
    rows: Sequence[Row],
    greens: Mapping[str, Mapping[int, str]],
    offset: Row | None,
) -> Program:
    states = ["".join(greens[row["timing_phase_id"]].get(lamp, "r") for lamp in range(n_lamps)) for row in rows]
    phases: list[ProgramPhase] = []
    begins_s: dict[int, tuple[float, float, float]] = {}
    now_s = 0.0
    for place, row in enumerate(rows):
        green_s = number(path, row, "min_green")
        between = _intergreen(path, row, states[place], states[(place + 1) % len(rows)])
        yellow_s = next((step.duration_s for step in between if "y" in step.state), 0.0)
        begins_s[whole(path, row, "signal_phase_num")] = (now_s, now_s + green_s, now_s + green_s + yellow_s)
        phases += [ProgramPhase(state=states[place], duration_s=green_s), *between]
        now_s += green_s + sum(step.duration_s for step in between)
    if now_s <= 0:
        raise InputError(
            f"{path}: the plan of controller {controller!r} lasts {now_s:g} s; give its phases a min_green"
        )
    return Program(controller=controller, offset_s=_offset_s(path, offset, begins_s, now_s), phases=tuple(phases))


def _offset_s(path: Path, row: Row | None, begins_s: Mapping[int, tuple[float, float, float]], cycle_s: float) -> float:
    """Return when the first stage turns green, of an offset that may refer to any part of any phase."""
    if row is None or not row.get("offset"):
        return 0.0
    where = path.with_name("signal_coordination.csv")
    phase = whole(where, row, "coord_phase", next(iter(begins_s)))
    parts = ("begin_of_green", "begin_of_yellow", "begin_of_red")
    part = row.get("coord_ref_to") or parts[0]
    if phase not in begins_s or part not in parts:
        raise InputError(
            f"{where}: coordination refers to {part!r} of phase {phase}, which plan {row['timing_plan_id']!r} lacks"
        )
    return round((number(where, row, "offset") - begins_s[phase][parts.index(part)]) % cycle_s, 3)


def _intergreen(path: Path, row: Row, state: str, following: str) -> list[ProgramPhase]:
    """Return the steps after a green: those kept with it where they fit its lamps, else yellow and all-red."""
    clearance_s = number(path, row, "clearance", 0.0)
    steps = [ProgramPhase(state=s, duration_s=float(d)) for s, d in _STEP.findall(row.get("opt_intergreen", ""))]
    fits = all(len(step.state) == len(state) for step in steps)
    # a lamp that is green neither before nor after has nothing to show in between, whoever edited the tables
    quiet = [i for i, (lamp, to) in enumerate(zip(state, following, strict=True)) if not GREEN & {lamp, to}]
    fits = fits and not any(step.state[i] in "GgyYu" for step in steps for i in quiet)
    if steps and fits and abs(sum(step.duration_s for step in steps) - clearance_s) < _ROUNDING_S:
        return steps
    leaving = [lamp in GREEN and following[i] not in GREEN for i, lamp in enumerate(state)]
    yellow = "".join(
        "y" if leaves else lamp if lamp in GREEN else "r" for lamp, leaves in zip(state, leaving, strict=True)
    )
    red = yellow.replace("y", "r")
    yellow_s = min(_YELLOW_S, clearance_s)
    made = [ProgramPhase(state=yellow, duration_s=yellow_s), ProgramPhase(state=red, duration_s=clearance_s - yellow_s)]
    return [step for step in made if step.duration_s > 0]
