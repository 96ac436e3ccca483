"""Bring a demand in line with counts and speeds.

Each round simulates the demand, sees which vehicles passed the counted places in time, and repeats or
drops trips by :mod:`citybrain.demand.gls`. Trips that pass no counted place follow the speeds: if
the model drives faster than was measured there are too few of them. The best round is kept.
"""

from __future__ import annotations

import itertools
import math
import tempfile
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from lxml import etree
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from citybrain.demand.calibration_report import CountFit, Fit, SpeedFit
from citybrain.demand.counts import Count
from citybrain.demand.driven import Drive, other_elements, read_drives, write_drives
from citybrain.demand.gls import draw_copies, route_factors
from citybrain.demand.measured import EdgeMeasure, read_edge_data
from citybrain.demand.scenario import Scenario
from citybrain.demand.speeds import Speed
from citybrain.demand.validate import open_maybe_gzip
from citybrain.errors import InputError
from citybrain.network.netconvert import run_sumo_tool

_SHIFT_S = 120.0
_SPEED_STEP = (0.75, 1.33)


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibrated:
    """What a calibration leaves.

    Attributes
    ----------
    fits : tuple of Fit
        How the demand fitted before the first change, and after each round.
    best : int
        Index of the fit whose demand is kept.
    others : tuple of str
        Vehicle types and persons of the scenario's route files, as XML.
    """

    drives: tuple[Drive, ...]
    others: tuple[str, ...]
    fits: tuple[Fit, ...]
    best: int


def calibrate(
    scenario: Scenario,
    counts: list[Count],
    speeds: list[Speed],
    *,
    rounds: int = 4,
    seed: int = 1,
    tell: Callable[[int, Fit], None] = lambda _round, _fit: None,
) -> Calibrated:
    """Adjust the demand of a scenario to counts and speeds.

    Parameters
    ----------
    rounds : int
        How often to adjust; each costs one simulation.
    tell : callable
        Told of each round's fit as it is known.

    Raises
    ------
    InputError
        If vehicles of the scenario are not in its route files, or none drives.
    """
    _refuse_hidden_vehicles(scenario)
    generator = np.random.default_rng(seed)
    others = tuple(other_elements(scenario.route_files))
    spans = sorted({(c.begin_s, c.end_s) for c in counts} | {(s.begin_s, s.end_s) for s in speeds})
    kept: list[tuple[tuple[Drive, ...], Fit]] = []
    with tempfile.TemporaryDirectory() as scratch:
        work = Path(scratch)
        routes: tuple[Path, ...] = scenario.route_files
        for number in range(rounds + 1):
            drives, measured = _simulate(scenario, routes, spans, work, seed=seed)
            if not drives:
                raise InputError(f"{scenario.name}: no vehicle drove (0 of its routes used); there is nothing to scale")
            fit = _fit(counts, speeds, measured, len(drives))
            kept.append((tuple(drives), fit))
            tell(number, fit)
            if number < rounds:
                changed = _adjusted(drives, counts, fit, generator)
                routes = (work / "adjusted.rou.xml.gz",)
                write_drives(changed, routes[0], others=others)
    best = min(range(len(kept)), key=lambda k: kept[k][1].score)
    return Calibrated(drives=kept[best][0], others=others, fits=tuple(fit for _, fit in kept), best=best)


def _refuse_hidden_vehicles(scenario: Scenario) -> None:
    for path in scenario.additional_files:
        with open_maybe_gzip(path) as file:
            for _, element in etree.iterparse(file):
                if element.tag in ("vehicle", "trip", "flow"):
                    raise InputError(
                        f"{path}: holds {element.tag} {element.get('id')!r}; name the file under route-files, "
                        "or its traffic cannot be scaled"
                    )
                element.clear()


def _simulate(
    scenario: Scenario, routes: tuple[Path, ...], spans: list[tuple[float, float]], work: Path, *, seed: int
) -> tuple[list[Drive], dict[tuple[str, float, float], EdgeMeasure]]:
    """Run a demand; returns what vehicles drove, and every edge within every span."""
    extra, driven = work / "spans.add.xml", work / "driven.xml"
    root = etree.Element("additional")
    files = [work / f"edges.{k}.xml" for k in range(len(spans))]
    for (begin_s, end_s), file in zip(spans, files, strict=True):
        etree.SubElement(root, "edgeData", id=file.stem, file=str(file), begin=f"{begin_s:g}", end=f"{end_s:g}")
    etree.ElementTree(root).write(str(extra))
    options = {
        **scenario.options,
        "net-file": str(scenario.net_file),
        "route-files": ",".join(map(str, routes)),
        "additional-files": ",".join(map(str, (*scenario.additional_files, extra))),
        "begin": f"{scenario.begin_s - scenario.warmup_s:g}",
        "end": f"{max(end_s for _, end_s in spans) + scenario.step_s:g}",
        "step-length": f"{scenario.step_s:g}",
        "seed": str(seed),
        "vehroute-output": str(driven),
        "vehroute-output.exit-times": "true",
        "vehroute-output.last-route": "true",
        "vehroute-output.intended-depart": "true",
        "vehroute-output.write-unfinished": "true",
        "no-step-log": "true",
        "no-warnings": "true",
    }
    run_sumo_tool("sumo", *(part for key, value in options.items() if value != "" for part in (f"--{key}", value)))
    measured = {
        (measure.edge, measure.begin_s, measure.end_s): measure for file in files for measure in read_edge_data(file)
    }
    return read_drives(driven), measured


def _fit(
    counts: list[Count], speeds: list[Speed], measured: Mapping[tuple[str, float, float], EdgeMeasure], vehicles: int
) -> Fit:
    def at(target: Count | Speed) -> EdgeMeasure | None:
        return measured.get((target.edge, target.begin_s, target.end_s))

    def modelled_kmh(speed: Speed) -> float | None:
        seen = at(speed)
        return seen.speed_mps * 3.6 if seen is not None and seen.speed_mps is not None else None

    return Fit(
        vehicles=vehicles,
        counts=tuple(CountFit(count=count, modelled_vph=seen.vph if (seen := at(count)) else 0.0) for count in counts),
        speeds=tuple(SpeedFit(speed=speed, modelled_kmh=modelled_kmh(speed)) for speed in speeds),
    )


def _adjusted(drives: list[Drive], counts: list[Count], fit: Fit, generator: np.random.Generator) -> list[Drive]:
    """Repeat or drop vehicles; those of one route stand together, so that each route has its total."""
    drives = sorted(drives, key=lambda drive: (drive.edges, drive.depart_s))
    factors = _factors(drives, counts, fit)
    first, last = min(drive.depart_s for drive in drives), max(drive.depart_s for drive in drives)
    changed: list[Drive] = []
    for drive, n in zip(drives, draw_copies(factors, generator=generator), strict=True):
        for k in range(int(n)):
            # a copy leaves a little earlier or later, or the two would want the same place at once
            shift_s = generator.uniform(-_SHIFT_S, _SHIFT_S) if k else 0.0
            if not first <= drive.depart_s + shift_s <= last:
                shift_s = -shift_s
            depart_s = float(np.clip(drive.depart_s + shift_s, first, last))
            changed.append(replace(drive, depart_s=depart_s))
    return _with_unique_ids(changed)


def _with_unique_ids(drives: list[Drive]) -> list[Drive]:
    """Name copies after their original: ``id+1``, ``id+2`` and so on, past names that are taken."""
    taken = {drive.id for drive in drives}
    used: set[str] = set()
    named = []
    for drive in drives:
        name = drive.id
        if name in used:
            stem = name.partition("+")[0]
            name = next(f"{stem}+{k}" for k in itertools.count(1) if f"{stem}+{k}" not in taken)
            taken.add(name)
        used.add(name)
        named.append(replace(drive, id=name))
    return named


def _factors(drives: list[Drive], counts: list[Count], fit: Fit) -> NDArray[np.float64]:
    """Return the factor of each vehicle: from the counts it passed, or else from the speeds."""
    wanted: dict[str, list[int]] = defaultdict(list)
    for row, count in enumerate(counts):
        wanted[count.edge].append(row)
    routes: dict[tuple[str, ...], int] = {}
    route_of = np.array([routes.setdefault(drive.edges, len(routes)) for drive in drives])
    passages: dict[tuple[int, int], float] = defaultdict(float)
    for drive, route in zip(drives, route_of, strict=True):
        for edge, time in zip(drive.edges, drive.exit_s, strict=False):
            for row in wanted.get(edge, ()):
                if counts[row].begin_s <= time < counts[row].end_s:
                    passages[row, int(route)] += 1.0
    seen = sorted({route for _, route in passages})
    column = {route: k for k, route in enumerate(seen)}
    trips = np.bincount(route_of, minlength=len(routes)).astype(float)
    matrix = csr_matrix(
        (list(passages.values()), ([row for row, _ in passages], [column[route] for _, route in passages])),
        shape=(len(counts), len(seen)),
    )
    factors = np.full(len(routes), _speed_factor(fit))
    factors[seen] = route_factors(matrix, trips[seen], np.array([count.vehicles for count in counts]))
    return np.asarray(factors[route_of])


def _speed_factor(fit: Fit) -> float:
    """Return by what factor to scale the trips that no count speaks about; 1 where no speed was measured.

    Travel times grow faster than demand, so half of their ratio, on the log scale, is enough.
    """
    known = [(s.speed.speed_kmh, s.modelled_kmh) for s in fit.speeds if s.modelled_kmh]
    if not known:
        return 1.0
    measured_h, modelled_h = (sum(1.0 / pair[k] for pair in known) for k in (0, 1))
    return min(max(math.sqrt(measured_h / modelled_h), _SPEED_STEP[0]), _SPEED_STEP[1])
