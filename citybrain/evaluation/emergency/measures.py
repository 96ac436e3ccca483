"""What the twins of a study say: saving, ceiling, side effects, recovery. Formulas in docs/emergency.md."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from citybrain.detection.onboard import Call
from citybrain.evaluation.emergency.emergency_results import EmergencySection, LoadRow, TripRow
from citybrain.evaluation.emergency.losses import added_waits_s, common_s
from citybrain.evaluation.emergency.twin import TwinRecord

_RESAMPLES = 2000
OWN_WAY = "~own-way"
"""Follows the name of a call that drives on empty roads by its own best way, not by the baseline's."""


@dataclass(slots=True)
class Batch:
    """Calls at the same time, and their twins by kind.

    Attributes
    ----------
    group : int
        Batches of a group start from the same state, and share the twins without priority.
    """

    index: int
    at_once: int
    calls: tuple[Call, ...]
    group: int = 0
    twins: dict[str, TwinRecord] = field(default_factory=dict)

    def common_s(self, kind: str) -> float | None:
        """Return the last moment that a twin and the baseline have marked, if both are there.

        What chance does grows with time: a placebo is looked at no later than priority is.
        """
        if not {kind, "baseline"} <= self.twins.keys():
            return None
        last_s = common_s(self.twins[kind].losses, self.twins["baseline"].losses)
        served_s = self.common_s("priority") if kind == "placebo" else None
        return last_s if last_s is None or served_s is None else min(last_s, served_s)


def trip_rows(batch: Batch) -> list[TripRow]:
    """Return the calls of a batch with their times in each twin."""
    rows = []
    for call in batch.calls:
        driven = {k: twin.driven[call.vehicle_id] for k, twin in batch.twins.items() if call.vehicle_id in twin.driven}
        times = {kind: driven[kind].travel_s for kind in _TIMED if kind in driven}
        times["ceiling"] = _ceiling_s(batch, call)
        served = driven.get("priority")
        rows.append(
            TripRow(
                vehicle=call.vehicle_id,
                role=call.role,
                at_once=batch.at_once,
                batch=batch.index,
                depart_s=call.depart_s,
                origin=call.origin,
                destination=call.destination,
                signals=len(served.crossed) if served else 0,
                distance_m=round(served.distance_m[-1]) if served and served.distance_m else 0,
                red_crossings=served.red_crossings if served else 0,
                **{f"{kind}_s": time_s for kind, time_s in times.items()},
            )
        )
    return rows


_TIMED = ("baseline", "priority", "siren")


def _ceiling_s(batch: Batch, call: Call) -> float | None:
    """The faster of a call's drives on empty roads."""
    if "ceiling" not in batch.twins:
        return None
    driven = batch.twins["ceiling"].driven
    drives = [driven[name].travel_s for name in (call.vehicle_id, call.vehicle_id + OWN_WAY) if name in driven]
    return min((travel_s for travel_s in drives if travel_s is not None), default=None)


def measure(batches: Sequence[Batch]) -> EmergencySection:
    """Return the published figures over all calls of these batches."""
    rows = [row for batch in batches for row in trip_rows(batch)]
    known = [row for row in rows if row.baseline_s and row.priority_s and row.ceiling_s]
    base, ours, free = (
        np.array([getattr(row, name) for row in known], dtype=np.float64)
        for name in ("baseline_s", "priority_s", "ceiling_s")
    )
    section = EmergencySection(
        stuck=sum(1 for row in rows if row.priority_s is None),
        red_crossings=sum(row.red_crossings for row in rows),
        trips=len(rows),
        recovery_cycles=_recovery(batches),
        others_delay_pct=others_delay_pct(batches, "priority"),
        max_added_wait_s=added_wait_s(batches, "priority"),
    )
    if not known:
        return section
    removable = base.sum() - free.sum()
    return section.model_copy(
        update={
            "travel_time_saved_pct": _pct(base.sum() - ours.sum(), base.sum()),
            "ceiling_pct": _pct(removable, base.sum()),
            "removable_delay_closed_pct": _pct(base.sum() - ours.sum(), removable) if removable > 0 else None,
            "p95_over_free_flow": round(float(np.percentile(ours / free, 95)), 3),
        }
    )


def measure_load(at_once: int, batches: Sequence[Batch]) -> LoadRow:
    """Return all figures of one number of vehicles at a time."""
    rows = [row for batch in batches for row in trip_rows(batch)]
    siren = [(row.siren_s, row.priority_s) for row in rows if row.siren_s and row.priority_s]
    fair = [(batch, time_s) for batch in batches if (time_s := batch.common_s("priority")) is not None]
    calls = sum(len(batch.calls) for batch, _ in fair)
    added = sum(_added_s(batch, "priority", time_s) for batch, time_s in fair)
    windows = [time_s - batch.twins["priority"].begin_s for batch, time_s in fair]
    return LoadRow(
        at_once=at_once,
        emergency=measure(batches),
        saved_ci95_pct=_interval(rows),
        saved_against_siren_pct=_pct(sum(s - p for s, p in siren), sum(s for s, _ in siren)) if siren else None,
        siren_trips=len(siren),
        siren_others_delay_pct=others_delay_pct(batches, "siren"),
        others_delay_s_per_call=round(added / calls, 1) if calls else None,
        others=sum(len(batch.twins["priority"].losses.names) for batch, _ in fair),
        placebo_others_delay_pct=others_delay_pct(batches, "placebo"),
        placebo_added_wait_s=added_wait_s(batches, "placebo"),
        others_wait_p99_s=_wait_p99_s(batches, "priority"),
        baseline_wait_p99_s=_wait_p99_s(batches, "baseline"),
        window_s=float(np.mean(windows)) if windows else None,
    )


def _pct(part: float, whole: float) -> float | None:
    return round(float(100 * part / whole), 2) if whole else None


def _interval(rows: Sequence[TripRow]) -> tuple[float, float] | None:
    """95 % bootstrap interval of the time saved, calls drawn again."""
    pairs = np.array([(r.baseline_s, r.priority_s) for r in rows if r.baseline_s and r.priority_s], dtype=np.float64)
    if len(pairs) < 5:
        return None
    rng = np.random.default_rng(0)
    sums = pairs[rng.integers(len(pairs), size=(_RESAMPLES, len(pairs)))].sum(axis=1)
    low, high = np.percentile(100 * (1 - sums[:, 1] / sums[:, 0]), (2.5, 97.5))
    return round(float(low), 1), round(float(high), 1)


def _added_s(batch: Batch, kind: str, time_s: float) -> float:
    return batch.twins[kind].losses.grown_s(time_s) - batch.twins["baseline"].losses.grown_s(time_s)


def others_delay_pct(batches: Sequence[Batch], kind: str) -> float | None:
    """Return by how much the delay of all other vehicles changes over the same window."""
    added = whole = 0.0
    for batch in _apart(batches, kind):
        time_s = batch.common_s(kind)
        if time_s is not None:
            added += _added_s(batch, kind, time_s)
            whole += batch.twins["baseline"].losses.grown_s(time_s)
    return _pct(added, whole)


def added_wait_s(batches: Sequence[Batch], kind: str) -> float | None:
    """Return the 99th percentile of what single vehicles wait more than in the baseline."""
    more = [
        added_waits_s(batch.twins[kind].losses, batch.twins["baseline"].losses, time_s)
        for batch in _apart(batches, kind)
        if (time_s := batch.common_s(kind)) is not None
    ]
    return round(float(np.percentile(np.concatenate(more), 99)), 1) if more else None


def _wait_p99_s(batches: Sequence[Batch], kind: str) -> float | None:
    """Return the 99th percentile of what single vehicles wait in these twins, until the moment that ``priority`` sets.

    Not paired vehicle by vehicle: chance, which exchanges who waits, cancels out here.
    """
    waits = []
    for batch in batches:
        time_s = batch.common_s("priority")
        if time_s is not None:
            waiting_s = batch.twins[kind].losses.at(time_s)[1]
            waits.append(waiting_s[np.isfinite(waiting_s)])
    return round(float(np.percentile(np.concatenate(waits), 99)), 1) if waits else None


def _apart(batches: Sequence[Batch], kind: str) -> list[Batch]:
    """Batches with a twin of this kind, each twin once: a placebo is of its whole group."""
    seen: set[int] = set()
    found = []
    for batch in batches:
        twin = batch.twins.get(kind)
        if twin is not None and id(twin) not in seen:
            seen.add(id(twin))
            found.append(batch)
    return found


def _recovery(batches: Sequence[Batch]) -> float | None:
    """Most cycles from the end of a vehicle's green until a junction was back in its plan."""
    cycles = [
        float(event.data["cycles"])
        for batch in batches
        if "priority" in batch.twins
        for event in batch.twins["priority"].events
        if event.kind == "priority-recovered"
    ]
    return round(max(cycles), 3) if cycles else None
