"""The tables of the report, as plain cells that the template only lays out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from citybrain.evaluation.report.aggregate import PERCENTILES, Study, delays_s
from citybrain.evaluation.report.definitions import COMPUTING, SAFETY, TRAVEL, VEHICLES, Measure
from citybrain.evaluation.report.numbers import MISSING, number, percent, positive_interval, saving_interval
from citybrain.evaluation.results import Comparison

_VERDICTS = {
    "better": "better",
    "worse": "worse",
    "no difference": "no clear difference",
    "too few seeds": "too few seeds to say",
}


@dataclass(frozen=True, slots=True)
class Cell:
    """A value, what stands small beneath it, and how it is marked."""

    value: str
    note: str = ""
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table; ``hint`` explains its label."""

    label: str
    unit: str
    hint: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Rows under a heading."""

    title: str
    rows: tuple[Row, ...]


def columns(study: Study) -> list[str]:
    """Return the policies as columns: the best first, those without a finished run last."""
    ranking = study.ranking()
    return [*ranking, *(policy for policy in study.policies if policy not in ranking)]


def comparison_table(study: Study) -> list[Group]:
    """Return the comparison of all policies: savings, travel, vehicles, safety."""
    policies = columns(study)
    savings = (_delay_saved(study, policies), _travel_time_saved(study, policies))
    travel = [_measure_row(study, policies, measure) for measure in TRAVEL]
    travel.insert(1, _worst_row(study, policies))
    groups = [Group(f"Saved against {study.baseline}", savings)] if study.results.comparison else []
    return [
        *groups,
        Group("Travel, mean [95 % interval]", tuple(travel)),
        Group("Vehicles, mean of the runs", tuple(_measure_row(study, policies, m) for m in VEHICLES)),
        Group("Safety, mean of the runs", tuple(_measure_row(study, policies, m) for m in SAFETY)),
    ]


def computing_table(study: Study) -> list[Row]:
    """Return what the runs cost to compute."""
    return [_measure_row(study, columns(study), measure) for measure in COMPUTING]


def _measure_row(study: Study, policies: Sequence[str], measure: Measure) -> Row:
    values = {policy: _mean(study, policy, measure) for policy in policies}
    best = _best(values, measure.better)
    # means of counts get a decimal, all of a row or none
    whole = all(value is None or value.is_integer() for value in values.values())
    decimals = measure.decimals or (0 if whole else 1)
    cells = []
    for policy, value in values.items():
        metrics = study.results.policies.get(policy) if measure.is_estimated else None
        note = positive_interval(metrics[measure.key].ci95, decimals) if metrics else ""
        text = number(value, 0 if value == 0 else decimals)
        cells.append(Cell(text, note, "best" if policy in best else ""))
    return Row(measure.label, measure.unit, measure.meaning, tuple(cells))


def _mean(study: Study, policy: str, measure: Measure) -> float | None:
    if measure.is_estimated:
        metrics = study.results.policies.get(policy)
        return metrics[measure.key].mean if metrics else None
    runs = study.good_runs(policy)
    return sum(measure.of(run) for run in runs) / len(runs) if runs else None


def _best(values: dict[str, float | None], better: str | None) -> set[str]:
    """Return the policies to highlight: none where all are equal or there is only one."""
    known = {policy: value for policy, value in values.items() if value is not None}
    if better is None or len(set(known.values())) < 2:
        return set()
    target = min(known.values()) if better == "low" else max(known.values())
    return {policy for policy, value in known.items() if value == target}


def _worst_row(study: Study, policies: Sequence[str]) -> Row:
    worst = {
        policy: max(runs, key=lambda run: run.mean_delay_s) if (runs := study.good_runs(policy)) else None
        for policy in policies
    }
    best = _best({policy: run.mean_delay_s if run else None for policy, run in worst.items()}, "low")
    cells = tuple(
        Cell(number(run.mean_delay_s), f"seed {run.seed}", "best" if policy in best else "") if run else Cell(MISSING)
        for policy, run in worst.items()
    )
    hint = "Mean delay of the seed that went worst. One gridlocked seed can dominate a mean."
    return Row("Delay, worst seed", "s per vehicle", hint, cells)


def _delay_saved(study: Study, policies: Sequence[str]) -> Row:
    def cell(row: Comparison) -> Cell:
        bounds = saving_interval(row.ci95_pct)
        note = f"{bounds} %\n{_VERDICTS[row.verdict]}" if bounds else _VERDICTS[row.verdict]
        return Cell(
            percent(row.delay_saved_pct, signed=True), note, {"better": "good", "worse": "bad"}.get(row.verdict, "")
        )

    hint = "One minus the ratio of the mean delays of a pair of runs with the same seed, mean of the pairs."
    return _saved_row(study, policies, "Delay", hint, lambda row: row.delay_saved_pct, cell)


def _travel_time_saved(study: Study, policies: Sequence[str]) -> Row:
    def cell(row: Comparison) -> Cell:
        spread = study.saving_pct(row.policy, "mean_travel_time_s")
        bounds = saving_interval(spread.ci95) if spread else ""
        return Cell(percent(row.travel_time_saved_pct, signed=True), f"{bounds} %" if bounds else "")

    hint = "The same for travel time, which includes the driving that no signal can save."
    return _saved_row(study, policies, "Travel time", hint, lambda row: row.travel_time_saved_pct, cell)


def _saved_row(
    study: Study,
    policies: Sequence[str],
    label: str,
    hint: str,
    saved_pct: Callable[[Comparison], float],
    cell: Callable[[Comparison], Cell],
) -> Row:
    """Return what each policy saves against the baseline, the best one marked."""
    rows = {policy: study.comparison(policy) for policy in policies}
    best = _best({policy: saved_pct(row) if row else 0.0 for policy, row in rows.items()}, "high")
    cells = []
    for policy, row in rows.items():
        if row is None:
            cells.append(Cell("baseline" if policy == study.baseline else MISSING, "", "quiet"))
            continue
        made = cell(row)
        cells.append(replace(made, mark=f"{made.mark} best".strip()) if policy in best else made)
    return Row(label, "saved, % [95 % interval]", hint, tuple(cells))


def seed_table(study: Study) -> list[tuple[int, tuple[Cell, ...]]]:
    """Return the mean delay of each run, one row a seed, with the saving of the pair."""
    policies = columns(study)
    runs = {(run.policy, run.seed): run for run in study.results.runs}
    table = []
    for seed in sorted({run.seed for run in study.results.runs}):
        delays = {
            p: run.mean_delay_s if (run := runs.get((p, seed))) is not None and run.status == "ok" else None
            for p in policies
        }
        best, base = _best(delays, "low"), delays.get(study.baseline)
        cells = []
        for policy, delay in delays.items():
            if delay is None:
                known = (policy, seed) in runs
                cells.append(Cell("failed" if known else MISSING, "", "bad" if known else ""))
                continue
            saved = 100.0 * (1.0 - delay / base) if base and policy != study.baseline else None
            note = percent(saved, signed=True) if saved is not None else ""
            cells.append(Cell(number(delay), note, "best" if policy in best else ""))
        table.append((seed, tuple(cells)))
    return table


def percentile_table(study: Study) -> list[tuple[str, tuple[str, ...]]]:
    """Return percentiles of the delay of all loaded vehicles, one row a policy."""
    table = []
    for policy in columns(study):
        values = delays_s(study.records_of(policy))
        if len(values):
            cells = tuple(number(float(v), 0) for v in np.percentile(values, PERCENTILES))
            table.append((policy, cells))
    return table


LOSSES = (
    "approaches of signals",
    "other roads",
    "inside junctions, elsewhere",
    "waiting to enter",
    "all",
)
"""Where time is lost; the first four add up to the last."""


def losses_table(
    study: Study, approach_s: dict[str, float], roads_s: dict[str, float]
) -> list[tuple[str, tuple[str, ...]]]:
    """Return the vehicle-hours a run lost at each of :data:`LOSSES`, one row a policy with records.

    Parameters
    ----------
    approach_s, roads_s : dict of str to float
        By policy: vehicle-seconds a run on the approaches of signals, and on all roads.
    """
    table = []
    for policy in columns(study):
        records = study.records_of(policy)
        if not records:
            continue
        lost_s = sum(_total(record.trips, "time_loss_s") for record in records) / len(records)
        waited_s = sum(_total(record.trips, "depart_delay_s") for record in records) / len(records)
        near_s, road_s = approach_s[policy], roads_s[policy]
        parts_s = (near_s, road_s - near_s, lost_s - road_s, waited_s, lost_s + waited_s)
        table.append((policy, tuple(number(part_s / 3600) for part_s in parts_s)))
    return table


def _total(trips: pa.Table, column: str) -> float:
    return float(np.nansum(trips[column].to_numpy()))
