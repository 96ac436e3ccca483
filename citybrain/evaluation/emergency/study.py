"""``citybrain emergency``: calls drawn, twins run, figures and report written."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from citybrain import __version__
from citybrain.demand.scenario import Scenario
from citybrain.demand.validate import check_demand
from citybrain.detection.onboard import RadioParameters
from citybrain.errors import InputError
from citybrain.evaluation.emergency.calls import draw_calls, find_places
from citybrain.evaluation.emergency.children import run_twins
from citybrain.evaluation.emergency.fork import Fork, forks
from citybrain.evaluation.emergency.measures import Batch, measure, measure_load, trip_rows
from citybrain.evaluation.emergency.results import EmergencyResults
from citybrain.evaluation.emergency.twin import Kind, TwinRecord, TwinSpec
from citybrain.evaluation.evaluate import prepare_folder
from citybrain.network import Network, read_network
from citybrain.signals.priority import PriorityParameters
from citybrain.signals.priority.route import RoutePlanner
from citybrain.simulation.sumo import sumo_version

RESULT_FILES = ("results.json", "report.html")
POLICIES = ("fixed-time", "adaptive")
_SETTLE_S = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class EmergencyRequest:
    """What to study.

    Attributes
    ----------
    calls : int
        For each number of vehicles at a time.
    at_once : tuple of int
    starts : int
        States to start from, spread over the first half of the window.
    siren : int
        Batches of each number that are also driven with a siren only.
    placebo : int
        Batches that are also run with another seed of SUMO, to show what chance alone does.
    longest_s : float
        A vehicle that has not arrived after so long is stuck.
    """

    scenario: Scenario
    calls: int = 12
    at_once: tuple[int, ...] = (1, 4)
    policy: str = "fixed-time"
    sensors: str = "camera"
    starts: int = 3
    seed: int = 1
    siren: int = 0
    placebo: int = 0
    strays: float = 0.0
    radio: RadioParameters = field(default_factory=RadioParameters)
    parameters: PriorityParameters = field(default_factory=PriorityParameters)
    longest_s: float = 2400.0
    after_s: float = 60.0
    jobs: int = 1
    out: Path
    force: bool = False
    command: str = ""


def study(request: EmergencyRequest, progress: Callable[[str, float], None] = lambda _w, _s: None) -> EmergencyResults:
    """Run the study and write its files.

    Parameters
    ----------
    progress : callable
        Called with what is being done and the share of all twins that is done; first when all
        input has been checked.

    Raises
    ------
    InputError
        If the policy has no priority, the map too few ways, or the folder holds results.
    """
    if request.policy not in POLICIES:
        raise InputError(f"--policy {request.policy}: priority is studied on {' or '.join(POLICIES)}")
    check_demand(request.scenario)
    scenario = request.scenario
    network = read_network(scenario.net_file, scenario.additional_files)
    if not network.junctions:
        raise InputError(f"{scenario.net_file}: has no signals (0 found, 3 needed for a call)")
    batches, seeds = _draw(request, network)
    prepare_folder(request.out, force=request.force, files=RESULT_FILES)
    progress("states to start from", 0.0)
    times = start_times(request)
    saved = forks(scenario, times)
    failures: list[str] = []
    interrupted = False
    try:
        _run(request, batches, seeds, saved, failures, progress, network)
    except KeyboardInterrupt:
        interrupted = True
    results = _results(request, network, batches, failures, interrupted=interrupted)
    _write(request.out, results, batches, network)
    return results


def start_times(request: EmergencyRequest) -> list[float]:
    """Return when the twins of a study begin, spread over the first half of the window after ten minutes."""
    begin, end = request.scenario.begin_s, request.scenario.end_s
    step = min(_SETTLE_S, (end - begin) / (2 * request.starts))
    return [float(round(begin + step * (k + 1))) for k in range(request.starts)]


def _draw(request: EmergencyRequest, network: Network) -> tuple[list[Batch], list[int]]:
    places, planner = find_places(request.scenario, network), RoutePlanner(network)
    times = start_times(request)
    batches: list[Batch] = []
    seeds: list[int] = []
    for at_once in request.at_once:
        for number in range(-(-request.calls // at_once)):
            seed = 1000 * request.seed + 100 * at_once + number
            calls = draw_calls(
                network,
                places,
                planner,
                np.random.default_rng(seed),
                count=at_once,
                time_s=times[number % len(times)],
                prefix=f"call-{at_once}-{number + 1}-",
            )
            batches.append(Batch(index=len(batches), at_once=at_once, calls=calls))
            seeds.append(seed)
    return batches, seeds


def _run(
    request: EmergencyRequest,
    batches: Sequence[Batch],
    seeds: Sequence[int],
    saved: Sequence[Fork],
    failures: list[str],
    progress: Callable[[str, float], None],
    network: Network,
) -> None:
    """Run the baseline of every batch, then what needs its window and its routes."""
    planner = RoutePlanner(network)
    by_time = {fork.time_s: fork for fork in saved}
    first = [
        _spec(request, batch, seed, by_time, "baseline", network, planner)
        for batch, seed in zip(batches, seeds, strict=True)
    ]
    extra = sum(_extras(request, batch, batches) for batch in batches)
    total = 3 * len(batches) + extra
    done = 0

    def run(specs: Sequence[TwinSpec], owners: Sequence[Batch]) -> None:
        nonlocal done
        shares: dict[int, float] = {}

        def tell(index: int, share: float) -> None:
            shares[index] = share
            progress(specs[index].kind, (done + sum(shares.values())) / total)

        for index, outcome in run_twins(specs, jobs=request.jobs, progress=tell):
            done, shares[index] = done + 1, 0.0
            if isinstance(outcome, TwinRecord):
                owners[index].twins[specs[index].kind] = outcome
            else:
                failures.append(f"batch {owners[index].index + 1}, {specs[index].kind}: {outcome}")
            progress(specs[index].kind, done / total)

    # batch by batch, so that an interrupted study has whole batches
    for batch, seed, spec in zip(batches, seeds, first, strict=True):
        run([spec], [batch])
        base = batch.twins.get("baseline")
        if base is None:
            continue
        kinds: list[Kind] = ["priority", "ceiling"]
        number = sum(other.at_once == batch.at_once for other in batches[: batch.index])
        kinds += ["siren"] if number < request.siren else []
        kinds += ["placebo"] if number < request.placebo else []
        specs = [_spec(request, batch, seed, by_time, kind, network, planner) for kind in kinds]
        run(specs, [batch] * len(specs))


def _extras(request: EmergencyRequest, batch: Batch, batches: Sequence[Batch]) -> int:
    number = sum(other.at_once == batch.at_once for other in batches[: batch.index])
    return int(number < request.siren) + int(number < request.placebo)


def connected(edges: Sequence[str], network: Network, planner: RoutePlanner) -> tuple[str, ...]:
    """Return a driven way with the edges too short to be seen on in one step."""
    free_s = np.array([edge.length_m / max(edge.speed_mps, 1.0) for edge in network.edges])
    way = [network.edge_index(edges[0])]
    for edge in edges[1:]:
        way += planner.fastest(way[-1], network.edge_index(edge), free_s)[0][1:]
    return tuple(network.edges[edge].id for edge in way)


def _spec(
    request: EmergencyRequest,
    batch: Batch,
    seed: int,
    by_time: dict[float, Fork],
    kind: Kind,
    network: Network,
    planner: RoutePlanner,
) -> TwinSpec:
    fork = by_time[batch.calls[0].announced_s]
    spec = TwinSpec(
        scenario=request.scenario,
        kind=kind,
        calls=batch.calls,
        fork=fork,
        seed=seed,
        policy=request.policy,
        sensors=request.sensors,
        end_s=fork.time_s + request.longest_s,
        after_s=request.after_s,
        radio=request.radio,
        parameters=request.parameters,
    )
    if kind == "baseline":
        return spec
    base = batch.twins["baseline"]
    if kind == "ceiling":
        whole = {
            name: connected([edge for edge, _, _ in driven.edges], network, planner)
            for name, driven in base.driven.items()
            if driven.travel_s is not None
        }
        calls = tuple(call for call in batch.calls if call.vehicle_id in whole)
        return replace(spec, calls=calls, routes=whole, policy="fixed-time", sensors="perfect", until_s=None)
    if kind == "placebo":
        return replace(spec, seed=seed + 50_000, until_s=base.ended_s)
    return replace(spec, until_s=base.ended_s, strays=request.strays if kind == "priority" else 0.0)


def _results(
    request: EmergencyRequest, network: Network, batches: Sequence[Batch], failures: Sequence[str], *, interrupted: bool
) -> EmergencyResults:
    whole = [batch for batch in batches if {"baseline", "priority"} <= batch.twins.keys()]
    return EmergencyResults(
        scenario=request.scenario.name,
        sumo_version=sumo_version(),
        citybrain_version=__version__,
        command=request.command,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        begin_s=request.scenario.begin_s,
        end_s=request.scenario.end_s,
        policy=request.policy,
        sensors=request.sensors,
        junctions=len(network.junctions),
        notes=request.scenario.notes,
        failures=tuple(failures),
        interrupted=interrupted,
        emergency=measure(whole),
        loads=tuple(measure_load(n, [b for b in whole if b.at_once == n]) for n in request.at_once),
        calls=tuple(row for batch in whole for row in trip_rows(batch)),
    )


def _write(out: Path, results: EmergencyResults, batches: Sequence[Batch], network: Network) -> None:
    from citybrain.evaluation.emergency.report import write_report  # takes a second to load

    try:
        with tempfile.TemporaryDirectory(prefix=".writing-", dir=out) as name:
            folder = Path(name)
            results.write(folder / "results.json")
            write_report(folder / "report.html", results, batches, network)
            for file in RESULT_FILES:
                (folder / file).replace(out / file)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise InputError(f"{out}: results cannot be written ({reason})") from None
