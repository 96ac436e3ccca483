"""Group what the runs left by policy and by pair, for maps, plots and tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from citybrain.evaluation.compare import estimate
from citybrain.evaluation.results import Comparison, Estimate, Results, RunResult

if TYPE_CHECKING:
    from citybrain.evaluation.run import RunRecord

PERCENTILES = (50, 85, 95, 99, 100)


@dataclass(frozen=True, slots=True)
class Study:
    """Results and records with the questions that the report asks of them.

    Attributes
    ----------
    baseline : str
        The policy that the others are compared with; empty when nothing was run.
    policies : tuple of str
        In the order they were run, the baseline first.
    """

    results: Results
    records: tuple[RunRecord, ...]
    baseline: str
    policies: tuple[str, ...]

    @classmethod
    def of(cls, results: Results, records: Sequence[RunRecord]) -> Study:
        """Find the baseline and order the records by seed."""
        named = [run.policy for run in results.runs]
        # without a comparison (one policy, or every run failed) the first run is the baseline's
        baseline = results.comparison[0].baseline if results.comparison else (named[0] if named else "")
        policies = tuple(dict.fromkeys([baseline, *named])) if baseline else ()
        return cls(results, tuple(sorted(records, key=lambda r: r.result.seed)), baseline, policies)

    @property
    def duration_s(self) -> float:
        """Length of the measured window."""
        return max(self.results.end_s - self.results.begin_s, 1.0)

    def good_runs(self, policy: str) -> list[RunResult]:
        """Return the finished runs of a policy, by seed."""
        runs = [run for run in self.results.runs if run.policy == policy and run.status == "ok"]
        return sorted(runs, key=lambda run: run.seed)

    def failed_runs(self) -> list[RunResult]:
        """Return all runs that failed."""
        return [run for run in self.results.runs if run.status == "failed"]

    def records_of(self, policy: str) -> list[RunRecord]:
        """Return what the finished runs of a policy left, by seed."""
        return [record for record in self.records if record.result.policy == policy]

    def pairs(self, policy: str) -> list[tuple[RunRecord, RunRecord]]:
        """Return the records of a policy with the baseline's of the same seed."""
        base = {record.result.seed: record for record in self.records_of(self.baseline)}
        own = self.records_of(policy)
        return [(record, base[record.result.seed]) for record in own if record.result.seed in base]

    def comparison(self, policy: str) -> Comparison | None:
        """Return the comparison of a policy with the baseline, if both finished some seed."""
        return next((row for row in self.results.comparison if row.policy == policy), None)

    def saving_pct(self, policy: str, field: str) -> Estimate | None:
        """Return the saving in a figure of the runs over the paired seeds, with its interval.

        The saving of a pair is one minus the ratio, as for the delay in the results.
        """
        base = {run.seed: float(getattr(run, field)) for run in self.good_runs(self.baseline)}
        saved = [
            100.0 * (1.0 - float(getattr(run, field)) / base[run.seed])
            for run in self.good_runs(policy)
            if base.get(run.seed, 0.0) > 0
        ]
        return estimate(saved, higher_is_better=True) if saved else None

    def ranking(self) -> list[str]:
        """Return the policies with finished runs, least delay first.

        Where some run failed, the means stand on different seeds and do not
        compare; then the saving over the pairs with the baseline decides.
        """
        done = [policy for policy in self.policies if policy in self.results.policies]
        delay_s = {policy: self.results.policies[policy]["mean_delay_s"].mean for policy in done}
        if not self.failed_runs() or self.baseline not in done:
            return sorted(done, key=lambda policy: delay_s[policy])
        saved_pct = {row.policy: row.delay_saved_pct for row in self.results.comparison} | {self.baseline: 0.0}
        return sorted(done, key=lambda policy: (-saved_pct.get(policy, -np.inf), delay_s[policy]))


def mean_edge_delay_s(records: Sequence[RunRecord]) -> NDArray[np.float64]:
    """Return the time lost on each road, mean of the runs."""
    return np.asarray(np.mean([record.edge_delay_s for record in records], axis=0), dtype=np.float64)


def total_edge_vehicles(records: Sequence[RunRecord]) -> NDArray[np.float64]:
    """Return the vehicles on each road, sum of the runs."""
    return np.asarray(np.sum([record.edge_vehicles for record in records], axis=0), dtype=np.float64)


def mean_edge_speed_kmh(records: Sequence[RunRecord]) -> NDArray[np.float64]:
    """Return the mean speed on each road, weighted by its vehicles; NaN where nobody drove."""
    speed = np.array([record.edge_speed_mps for record in records], dtype=np.float64)
    weight = np.where(np.isnan(speed), 0.0, np.array([record.edge_vehicles for record in records]))
    total = weight.sum(axis=0)
    weighted = (np.nan_to_num(speed) * weight).sum(axis=0)
    return np.asarray(np.where(total > 0, 3.6 * weighted / np.maximum(total, 1e-9), np.nan), dtype=np.float64)


def delays_s(records: Sequence[RunRecord]) -> NDArray[np.float64]:
    """Return the delay of every loaded vehicle of all runs."""
    parts = [
        pc.add(pc.fill_null(record.trips["time_loss_s"], 0.0), pc.fill_null(record.trips["depart_delay_s"], 0.0))
        for record in records
    ]
    arrays = [np.asarray(part.to_numpy(), dtype=np.float64) for part in parts]
    return np.concatenate(arrays) if arrays else np.empty(0)
