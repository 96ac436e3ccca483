"""``citybrain incidents``: runs with and without incidents, recorded, watched, scored, written down."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path

from citybrain import __version__
from citybrain.demand.incidents import IncidentSpec
from citybrain.demand.scenario import Scenario
from citybrain.detection import check_sensors, sensors_together
from citybrain.detection.incidents import LinkSigns, detectors
from citybrain.errors import InputError, nearest_hint
from citybrain.evaluation.evaluate import prepare_folder
from citybrain.evaluation.incidents.disturbances import check_disturbances, check_plans
from citybrain.evaluation.incidents.lookout import OURS
from citybrain.evaluation.incidents.measures import Score, Truth, curve, score, truths
from citybrain.evaluation.incidents.recording import Recorded, RunToRecord, read_recorded, record
from citybrain.evaluation.incidents.runs import check, clean_runs, drawn_runs, folder_name
from citybrain.evaluation.incidents.section import response_saving_pct, section
from citybrain.evaluation.incidents.watch import Watched, watch
from citybrain.evaluation.results import Results
from citybrain.network import Network, read_network
from citybrain.simulation.recording import FILE
from citybrain.simulation.sumo import sumo_version

RESULT_FILES = ("results.json", "report.html")


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentRequest:
    """What to study.

    Attributes
    ----------
    scenario : Scenario, optional
        What to run and record; without it nothing is run.
    recordings : path, optional
        Folder that keeps the recordings; those that are there already are not run again. Without a
        scenario all that it holds is judged.
    count : int
        Incidents a run; 0 for incident-free runs alone.
    detectors : tuple of str
        Which to judge, ours among them; all of them where empty.
    disturbances : tuple of str
        What else happens in all runs: ``surge``, ``plans``, ``emergency``.
    response : str
        Sensors by which incidents are answered in one more run a seed; empty for none.
    history : path, optional
        Folder of recordings of other days: detectors watch those without incidents of the same scenario before each run.
    """

    scenario: Scenario | None
    sensors: tuple[str, ...]
    detectors: tuple[str, ...] = ()
    seeds: tuple[int, ...] = ()
    count: int = 0
    policy: str = "fixed-time"
    disturbances: tuple[str, ...] = ()
    response: str = ""
    spec: Path | None = None
    recordings: Path | None = None
    history: Path | None = None
    jobs: int = 1
    out: Path
    force: bool = False
    command: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentStudy:
    """All that was found, for the report.

    Attributes
    ----------
    hits : list of (Watched, list of Truth)
        Runs with incidents.
    cleans : list of Watched
        Incident-free runs.
    scores : dict of (sensors, detector) to Score
        At each detector's own threshold.
    curves : dict of (sensors, detector) to list of Score
    """

    results: Results
    hits: list[tuple[Watched, list[Truth]]]
    cleans: list[Watched]
    scores: dict[tuple[str, str], Score]
    curves: dict[tuple[str, str], list[Score]]


def study(request: IncidentRequest, progress: Callable[[int, int], None] = lambda _d, _t: None) -> IncidentStudy:
    """Run, score and write; ``progress`` gets steps done and steps in all (a run recorded, a recording watched).

    Raises
    ------
    InputError
        If something asked for does not exist or cannot be; nothing is written then.
    """
    if not request.sensors:
        raise InputError("no sensors given; use --sensors loops,camera")
    for name in (*request.sensors, *([request.response] if request.response else [])):
        for part in sensors_together(name):
            check_sensors(part)
    check_detectors(request.detectors)
    check_disturbances(request.disturbances, request.policy)
    network: Network | None = None
    written: tuple[IncidentSpec, ...] = ()
    if request.scenario is None:
        for run in check_recordings(request.recordings):
            days_before(request.history, run.scenario, run.window_s[0], run.seed)
    else:
        network, written = check(request.scenario, request.policy, request.spec)
        check_plans(request.disturbances, request.scenario, network)
        for seed in request.seeds:
            days_before(request.history, request.scenario.name, request.scenario.begin_s, seed)
    prepare_folder(request.out, force=request.force, files=RESULT_FILES)
    with (
        tempfile.TemporaryDirectory(prefix="citybrain-recordings-") as temporary,
        ProcessPoolExecutor(request.jobs, mp_context=get_context("spawn")) as pool,
    ):
        home = request.recordings or Path(temporary)
        with_incidents = bool(request.count or request.spec)
        watched_runs = 0 if network is None else (1 + with_incidents) * len(request.seeds)
        answered_runs = len(request.seeds) if with_incidents and request.response else 0
        n_steps, done = 2 * watched_runs + answered_runs, 0
        progress(0, n_steps)

        def record_all(runs: Sequence[RunToRecord]) -> list[Path]:
            nonlocal done
            folders = [home / folder_name(run) for run in runs]
            missing = [(run, to) for run, to in zip(runs, folders, strict=True) if not (to / FILE).exists()]
            done += len(runs) - len(missing)
            for future in [pool.submit(_record_alone, run, to) for run, to in missing]:
                future.result()
                done += 1
                progress(done, n_steps)
            return folders

        if request.scenario is not None and network is not None:
            cleans = clean_runs(request.scenario, request.seeds, request.policy, request.disturbances)
            folders = record_all(cleans)
            if written:
                hits = [replace(run, incidents=written) for run in cleans]
            else:
                hits = drawn_runs(network, cleans, folders, request.count) if request.count else []
            folders += record_all(hits)
            answered = record_all([replace(run, response=request.response) for run in hits] if request.response else [])
        else:
            every = sorted(path.parent for path in home.glob(f"*/{FILE}"))
            answered = [folder for folder in every if read_recorded(folder).response]
            folders = [folder for folder in every if folder not in answered]
            n_steps = len(folders)
        watched = []
        for future_ in [
            pool.submit(_watch_alone, folder, request.sensors, request.detectors, request.history) for folder in folders
        ]:
            watched.append(future_.result())
            progress(done + len(watched), n_steps)
        answers = [read_recorded(folder) for folder in answered]
    return conclude(request, watched, answers)


def check_detectors(names: Sequence[str]) -> None:
    """Raise InputError unless all are installed and ours is among them."""
    for name in names:
        if name not in detectors():
            raise InputError(f"no detector {name!r}{nearest_hint(name, tuple(detectors()))}")
    if names and OURS not in names:
        raise InputError(f"--detectors {','.join(names)}: {OURS!r} must be among them, for the results are its own")


def check_recordings(folder: Path | None) -> list[Recorded]:
    """Return what the folder holds; raise InputError where that is nothing."""
    found = [] if folder is None else [read_recorded(path.parent) for path in sorted(folder.glob(f"*/{FILE}"))]
    if not found:
        raise InputError(
            f"{folder}: holds no recordings; make some with citybrain incidents SCENARIO --recordings {folder}"
        )
    return found


def _record_alone(run: RunToRecord, folder: Path) -> None:
    record(run, read_network(run.scenario.net_file, run.scenario.additional_files), folder)


def days_before(history: Path | None, scenario: str, begin_s: float, seed: int) -> tuple[Path, ...]:
    """Return the folders of a history that a run's detectors watch first: the same hours of other days, without incidents.

    Raises
    ------
    InputError
        If there is a history, but no such day in it.
    """
    if history is None:
        return ()
    same = [day for day in check_recordings(history) if (day.scenario, day.window_s[0]) == (scenario, begin_s)]
    found = tuple(day.folder for day in same if day.seed != seed and not day.incidents)
    if not found:
        raise InputError(
            f"{history}: no incident-free recording of {scenario} from {begin_s:g} s on with another seed than {seed}; "
            "record one with --count 0"
        )
    return found


def _watch_alone(folder: Path, sensors: Sequence[str], kinds: Sequence[str], history: Path | None) -> Watched:
    recorded = read_recorded(folder)
    days = days_before(history, recorded.scenario, recorded.window_s[0], recorded.seed)
    return watch(recorded, read_network(recorded.net_file, recorded.additional_files), sensors, kinds, days)


def conclude(request: IncidentRequest, watched: Sequence[Watched], answers: Sequence[Recorded] = ()) -> IncidentStudy:
    """Score the runs and write the files.

    Raises
    ------
    InputError
        If a run with incidents has no incident-free one to be compared with, or networks differ.
    """
    from citybrain.evaluation.incidents.report import write_report

    network = _network_of([run.recorded for run in watched])
    cleans = [run for run in watched if not run.recorded.incidents]
    paired = {run.recorded.pair: run.recorded for run in cleans}
    hits = []
    for run in watched:
        if not run.recorded.incidents:
            continue
        if run.recorded.pair not in paired:
            raise InputError(
                f"{run.recorded.folder}: no incident-free recording of {', '.join(map(str, run.recorded.pair))} to "
                "compare with; record it with --count 0"
            )
        hits.append((run, truths(network, run.recorded, paired[run.recorded.pair])))
    kinds = [kind for kind in detectors() if not request.detectors or kind in request.detectors]
    keys = [(name, kind) for name in request.sensors for kind in kinds]
    links = LinkSigns(network)
    thresholds = {kind: make(network, links).threshold for kind, make in detectors().items()}
    scores = {key: score(hits, cleans, key, thresholds[key[1]]) for key in keys}
    curves = {key: curve(hits, cleans, key, thresholds[key[1]]) for key in keys}
    saving = response_saving_pct([run.recorded for run, _ in hits], paired, answers)
    scenario = request.scenario
    results = Results(
        scenario=", ".join(sorted({run.recorded.scenario for run in watched})),
        sumo_version=sumo_version(),
        citybrain_version=__version__,
        command=request.command,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        begin_s=min(float(run.time_s[0]) for run in watched),
        end_s=max(float(run.time_s[-1]) for run in watched),
        sensors=",".join(request.sensors),
        junctions=len(network.junctions),
        notes=scenario.notes if scenario is not None else (),
        runs=[],
        policies={},
        comparison=[],
        incidents={name: section(name, scores, watched, saving) for name in request.sensors},
    )
    outcome = IncidentStudy(results=results, hits=hits, cleans=cleans, scores=scores, curves=curves)
    results.write(request.out / "results.json")
    write_report(request.out / "report.html", outcome)
    return outcome


def _network_of(recorded: Sequence[Recorded]) -> Network:
    first = recorded[0]
    other = next((run for run in recorded if run.network != first.network), None)
    if other is not None:
        raise InputError(
            f"{first.folder} and {other.folder}: recorded on different networks ({first.network}, {other.network}); "
            "keep them in folders apart"
        )
    return read_network(first.net_file, first.additional_files)
