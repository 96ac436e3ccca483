"""``citybrain incidents``: pairs of runs with and without incidents, watched, scored, written down."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from citybrain import __version__
from citybrain.demand.incidents import IncidentSpec, draw_incidents, read_incidents
from citybrain.demand.scenario import Scenario
from citybrain.demand.validate import check_demand
from citybrain.detection import check_sensors
from citybrain.detection.approaches import Approaches
from citybrain.detection.incidents import LinkSigns, detectors
from citybrain.errors import InputError
from citybrain.evaluation.evaluate import prepare_folder
from citybrain.evaluation.incidents.measures import Score, Truth, curve, score, truths
from citybrain.evaluation.incidents.watch import Watched, WatchSpec, watch
from citybrain.evaluation.results import Results
from citybrain.evaluation.warm import warm_state
from citybrain.network import Network, read_network
from citybrain.signals.policy import find_policy
from citybrain.simulation.sumo import sumo_version

RESULT_FILES = ("results.json", "report.html")
SETTLE_S = 900.0
"""No incident begins earlier: detectors learn what is usual."""
_TAIL_S = 180.0
_DURATION_S = (480.0, 900.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentRequest:
    """What to study."""

    scenario: Scenario
    sensors: tuple[str, ...]
    seeds: tuple[int, ...]
    count: int
    policy: str = "fixed-time"
    spec: Path | None = None
    jobs: int = 1
    out: Path
    force: bool = False
    command: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentStudy:
    """All that was found, for the report.

    Attributes
    ----------
    scores : dict of (sensors, detector) to Score
        At each detector's own threshold.
    curves : dict of (sensors, detector) to list of Score
    """

    results: Results
    pairs: list[tuple[Watched, Watched]]
    labelled: list[list[Truth]]
    scores: dict[tuple[str, str], Score]
    curves: dict[tuple[str, str], list[Score]]
    lanes: int


def study(request: IncidentRequest, progress: Callable[[int, int], None] = lambda _d, _t: None) -> IncidentStudy:
    """Run, score and write; ``progress`` gets runs done and runs in all.

    Raises
    ------
    InputError
        If something asked for does not exist or cannot be; nothing is written then.
    """
    network, specs = plan(request)
    prepare_folder(request.out, force=request.force, files=RESULT_FILES)
    progress(0, len(specs))
    done: list[Watched] = []
    with ProcessPoolExecutor(request.jobs, mp_context=get_context("spawn")) as pool:
        waiting = [pool.submit(_watch_alone, spec) for spec in specs]
        for future in waiting:
            done.append(future.result())
            progress(len(done), len(specs))
    return conclude(request, network, list(zip(done[::2], done[1::2], strict=True)))


def plan(request: IncidentRequest) -> tuple[Network, list[WatchSpec]]:
    """Check the input and return the runs: for each seed one with incidents and one without."""
    scenario = request.scenario
    find_policy(request.policy)
    if not request.sensors:
        raise InputError("no sensors given; use --sensors loops,camera")
    for name in request.sensors:
        check_sensors(name)
    network = read_network(scenario.net_file, scenario.additional_files)
    check_demand(scenario)
    written = None if request.spec is None else read_incidents(request.spec, network)
    begin_s, end_s = scenario.begin_s + SETTLE_S, scenario.end_s - _TAIL_S
    if end_s - begin_s < _DURATION_S[0]:
        raise InputError(
            f"{scenario.name}: the window of {scenario.end_s - scenario.begin_s:g} s is too short; detectors learn for "
            f"{SETTLE_S:g} s and incidents last {_DURATION_S[0]:g} s or more: give --begin and --end 30 minutes apart"
        )
    ways = Approaches(network).edges_ways
    reachable = [e.index for e in network.edges if ways.at[e.index] < ways.at[e.index + 1]]
    warm = warm_state(scenario)
    specs = []
    for seed in request.seeds:
        drawn: tuple[IncidentSpec, ...] = written or draw_incidents(
            network,
            reachable,
            seed=seed,
            count=request.count,
            begin_s=begin_s,
            end_s=end_s,
            duration_s=_DURATION_S,
            weights=[network.edges[e].length_m for e in reachable],
        )
        specs += [
            WatchSpec(
                scenario=scenario, seed=seed, policy=request.policy, incidents=incidents, sensors=request.sensors,
                warm_state=warm,
            )
            for incidents in (drawn, ())
        ]  # fmt: skip
    return network, specs


def _watch_alone(spec: WatchSpec) -> Watched:
    return watch(spec, read_network(spec.scenario.net_file, spec.scenario.additional_files))


def conclude(request: IncidentRequest, network: Network, pairs: list[tuple[Watched, Watched]]) -> IncidentStudy:
    """Score the runs and write the files."""
    from citybrain.evaluation.incidents.report import write_report

    labelled = [truths(network, hit, clean) for hit, clean in pairs]
    keys = [(name, kind) for name in request.sensors for kind in detectors()]
    scores = {key: score(pairs, labelled, key, _threshold(network, key[1])) for key in keys}
    curves = {key: curve(pairs, labelled, key) for key in keys}
    scenario = request.scenario
    results = Results(
        scenario=scenario.name,
        sumo_version=sumo_version(),
        citybrain_version=__version__,
        command=request.command,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        begin_s=scenario.begin_s,
        end_s=scenario.end_s,
        sensors=",".join(request.sensors),
        junctions=len(network.junctions),
        notes=scenario.notes,
        runs=[],
        policies={},
        comparison=[],
        incidents={name: _section(name, scores, pairs) for name in request.sensors},
    )
    outcome = IncidentStudy(
        results=results, pairs=pairs, labelled=labelled, scores=scores, curves=curves, lanes=len(network.lanes)
    )
    results.write(request.out / "results.json")
    write_report(request.out / "report.html", outcome)
    return outcome


def _threshold(network: Network, kind: str) -> float:
    return detectors()[kind](network, LinkSigns(network)).threshold


def _section(name: str, scores: dict[tuple[str, str], Score], pairs: list[tuple[Watched, Watched]]) -> dict[str, Any]:
    """Return the section of one sensor set: ``discharge`` at its threshold, and the peers beside it."""
    ours = scores[name, "discharge"]
    return {
        **_figures(ours),
        "response_saving_pct": None,
        "step_ms": 1000 * float(np.mean([run.detect_s[name] for pair in pairs for run in pair])),
        "peers": {
            kind: _figures(found)
            for (sensors, kind), found in scores.items()
            if sensors == name and kind != "discharge"
        },
    }


def _figures(found: Score) -> dict[str, Any]:
    return {
        "detection_rate_pct": found.rate_pct,
        "detection_rate_affecting_pct": found.affecting_pct,
        "false_alarms_per_day": found.false_per_day,
        "precision_pct": found.precision_pct,
        "mttd_s": found.mttd_s,
        "location_right_pct": found.right_pct,
        "incidents": found.incidents,
        "affecting": found.affecting,
        "clean_hours": found.watched_s / 3600,
        "threshold": found.threshold,
    }
