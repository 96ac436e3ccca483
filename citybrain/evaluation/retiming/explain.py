"""Before and after of every junction, and why it changed, from the platoon model's figures."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from citybrain.evaluation.retiming.retime_results import JunctionRow, PlanRow
from citybrain.signals.retiming.kernel import DEGREE, DELAY, FLOW, LONGEST, STOPS
from citybrain.signals.retiming.moves import setting_of
from citybrain.signals.retiming.platoon import PlatoonModel
from citybrain.signals.retiming.problem import Problem
from citybrain.signals.retiming.timing import Timing

F64 = NDArray[np.float64]
_SMALL_S = 0.3
_GREEN_SHIFT = 0.05


def junction_rows(problem: Problem, model: PlatoonModel, before: Timing, after: Timing) -> tuple[JunctionRow, ...]:
    """Return a row for each junction, worst delay before first."""
    pages = []
    for timing in (before, after):
        model.value(timing)
        pages.append(np.einsum("s,slk->lk", problem.tables.weight, model.details))
    rows = []
    for j, junction in enumerate(problem.network.junctions):
        first, last = int(problem.tables.lane_first[j]), int(problem.tables.lane_first[j + 1])
        was = _plan_row(before, j, pages[0][first:last])
        now = _plan_row(after, j, pages[1][first:last])
        rows.append(
            JunctionRow(
                id=junction.id,
                name=junction.name,
                vph=float(pages[0][first:last, FLOW].sum() * 3600.0),
                before=was,
                after=now,
                why=_why(was, now),
            )
        )
    return tuple(sorted(rows, key=lambda row: -row.before.delay_s * row.vph))


def _plan_row(timing: Timing, junction: int, lanes: F64) -> PlanRow:
    setting = setting_of(timing, junction)
    flow = max(1e-9, float(lanes[:, FLOW].sum()))
    return PlanRow(
        cycle_s=float(timing.cycle[junction]),
        offset_s=float(setting.offset),
        stages=setting.stages,
        greens_s=tuple(float(g) for g in setting.greens),
        delay_s=float(lanes[:, DELAY].sum() / flow),
        stops=float(lanes[:, STOPS].sum() / flow),
        worst_degree=float(lanes[:, DEGREE].max(initial=0.0)),
        longest_queue=float(lanes[:, LONGEST].max(initial=0.0)),
    )


def _why(was: PlanRow, now: PlanRow) -> str:
    """Say in a few words what changed and what it does."""
    if (was.stages, was.greens_s, was.cycle_s, was.offset_s) == (now.stages, now.greens_s, now.cycle_s, now.offset_s):
        return "unchanged"
    said = []
    left_out = [s for s in was.stages if s not in now.stages]
    added = [s for s in now.stages if s not in was.stages]
    if left_out:
        names = ", ".join(map(str, sorted(set(left_out))))
        said.append(f"stage {names} left out: other stages serve its movements, and an intergreen is saved")
    if added:
        said.append(f"stage {', '.join(map(str, added))} added")
    if not left_out and not added and was.stages != now.stages and len(now.stages) > 2:
        said.append("another order of stages")
    if now.cycle_s != was.cycle_s:
        word = "shorter" if now.cycle_s < was.cycle_s else "longer"
        reason = "less waiting at red" if now.cycle_s < was.cycle_s else "more capacity, or in step with its neighbours"
        said.append(f"cycle {was.cycle_s:g} to {now.cycle_s:g} s ({word}: {reason})")
    shares = _shares(was), _shares(now)
    moved = {s: shares[1].get(s, 0.0) - shares[0].get(s, 0.0) for s in set(was.stages) & set(now.stages)}
    most = max(moved, key=lambda s: abs(moved[s]), default=None)
    if most is not None and abs(moved[most]) >= _GREEN_SHIFT:
        said.append(f"stage {most} green share {shares[0][most]:.0%} to {shares[1][most]:.0%}")
    if was.worst_degree > 1.0 > now.worst_degree:
        said.append(f"no lane over capacity any more (was {was.worst_degree:.2f})")
    if not said:
        said.append(f"offset {was.offset_s:g} to {now.offset_s:g} s")
    if now.delay_s > was.delay_s + _SMALL_S:
        said.append("worse here, for the good of the network")
    return "; ".join(said)


def _shares(row: PlanRow) -> dict[int, float]:
    shares: dict[int, float] = {}
    for stage, green_s in zip(row.stages, row.greens_s, strict=True):
        shares[stage] = shares.get(stage, 0.0) + green_s / row.cycle_s
    return shares
