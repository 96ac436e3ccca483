"""Who is better: a league table that says "no difference" where there is none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from citybrain.errors import InputError, nearest_hint
from citybrain.evaluation.statistics import (
    ENOUGH_SEEDS,
    Correction,
    Effect,
    corrected,
    effect,
    log_ratio,
    seeds_needed,
)
from citybrain.studies.table import MEASURES

ALPHA = 0.05
Cell = tuple[str, float, str]
"""Scenario, demand, sensors: runs that may be paired."""
Scores = Mapping[Cell, Mapping[str, Mapping[int, float]]]
"""By cell, by policy, by seed: the metric."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A policy's line.

    Attributes
    ----------
    rank : int
        One more than the policies that are better beyond chance; equal ranks mean no difference
        that these seeds can show.
    against : Effect or None
        Against the baseline; None for itself.
    p : float
        Of that difference, corrected for all comparisons with the baseline.
    verdict : str
        ``baseline``, ``better``, ``worse``, ``no difference`` or ``too few seeds``.
    seeds_needed : int
        By scenario, to tell a difference as large as the one seen.
    """

    policy: str
    rank: int
    against: Effect | None
    p: float
    verdict: str
    seeds_needed: int
    failed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class League:
    """A table of policies over one cell or many."""

    cells: tuple[Cell, ...]
    metric: str
    baseline: str
    standings: tuple[Standing, ...]

    @property
    def warning(self) -> str | None:
        """What the seeds are too few for, in one line; None where they suffice."""
        short = [s for s in self.standings if s.verdict in ("too few seeds", "no difference")]
        if not short:
            return None
        needed = max(s.seeds_needed for s in short)
        names = ", ".join(s.policy for s in short)
        text = f"{needed}" if needed < 1000 else "1000 or more"
        return f"too few seeds to claim a difference for {names}; one as large as seen would need {text} a scenario"


def scores(rows: Iterable[Mapping[str, Any]], metric: str) -> dict[Cell, dict[str, dict[int, float]]]:
    """Return a metric of the good runs of a study's table.

    Raises
    ------
    InputError
        If there is no such metric, or no run that measured it.
    """
    if metric not in MEASURES:
        raise InputError(f"unknown metric {metric!r}{nearest_hint(metric, MEASURES)}")
    table: dict[Cell, dict[str, dict[int, float]]] = {}
    for row in rows:
        if row["status"] == "ok" and row[metric] is not None:
            cell = (row["scenario"], row["demand"], row["sensors"])
            table.setdefault(cell, {}).setdefault(row["variant"], {})[row["seed"]] = row[metric]
    if not table:
        raise InputError(f"no finished run measured {metric!r}")
    return table


def league(
    table: Scores,
    *,
    baseline: str,
    metric: str = "mean_delay_s",
    correction: Correction = "holm",
    failed: Mapping[str, int] | None = None,
) -> League:
    """Rank policies over the cells where each meets the baseline.

    Raises
    ------
    InputError
        If the baseline has no run.
    """
    names = list(dict.fromkeys(name for policies in table.values() for name in policies))
    if baseline not in names:
        raise InputError(f"no finished run of the baseline {baseline!r}{nearest_hint(baseline, names)}")
    sign = -1.0 if metric == "mean_speed_kmh" else 1.0
    pairs = list(combinations(names, 2))
    found = {pair: _pairs(table, *pair) for pair in pairs}
    met = [pair for pair in pairs if found[pair]]
    effects = {pair: effect(found[pair]) for pair in met}
    p_all = dict(zip(met, corrected([effects[pair].p for pair in met], correction), strict=True))
    beaten = dict.fromkeys(names, 0)
    for (a, b), p in p_all.items():
        if p < ALPHA and _enough(found[a, b]):
            beaten[b if sign * (effects[a, b].ratio - 1) < 0 else a] += 1
    others = [name for name in names if name != baseline and _pairs(table, name, baseline)]
    strata = {name: _pairs(table, name, baseline) for name in others}
    against = {name: effect(strata[name]) for name in others}
    p_base = dict(zip(others, corrected([against[name].p for name in others], correction), strict=True))
    standings = [
        Standing(
            policy=name,
            rank=1 + beaten[name],
            against=against.get(name),
            p=p_base.get(name, 1.0),
            verdict="baseline"
            if name == baseline
            else _verdict(sign * (against[name].ratio - 1), p_base[name], enough=_enough(strata[name])),
            seeds_needed=0 if name == baseline else seeds_needed(strata[name], against[name].ratio),
            failed=(failed or {}).get(name, 0),
        )
        for name in (baseline, *others)
    ]
    ratio = {s.policy: s.against.ratio if s.against else 1.0 for s in standings}
    ordered = sorted(standings, key=lambda s: (s.rank, sign * ratio[s.policy], s.policy))
    return League(cells=tuple(table), metric=metric, baseline=baseline, standings=tuple(ordered))


def _pairs(table: Scores, policy: str, other: str) -> list[list[float]]:
    """Log ratios of two policies, cell by cell, over the seeds that both finished."""
    strata = []
    for policies in table.values():
        mine, theirs = policies.get(policy, {}), policies.get(other, {})
        ratios = [log_ratio(mine[seed], theirs[seed]) for seed in sorted(mine.keys() & theirs.keys())]
        if ratios:
            strata.append(ratios)
    return strata


def _enough(strata: Sequence[Sequence[float]]) -> bool:
    return min(len(group) for group in strata) >= ENOUGH_SEEDS


def _verdict(direction: float, p: float, *, enough: bool) -> str:
    if not enough:
        return "too few seeds"
    if not p < ALPHA:
        return "no difference"
    return "better" if direction < 0 else "worse"
