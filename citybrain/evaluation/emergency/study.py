"""``citybrain emergency``: calls drawn, twins run, figures and report written."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from citybrain import __version__
from citybrain.demand.validate import check_demand
from citybrain.errors import InputError
from citybrain.evaluation.emergency.batches import SpecMaker, draw_batches, start_times
from citybrain.evaluation.emergency.children import run_twins
from citybrain.evaluation.emergency.emergency_results import EmergencyResults
from citybrain.evaluation.emergency.fork import forks
from citybrain.evaluation.emergency.kept_twins import KeptTwins
from citybrain.evaluation.emergency.measures import Batch, measure, measure_load, trip_rows
from citybrain.evaluation.emergency.request import EmergencyRequest
from citybrain.evaluation.emergency.spec import Kind, TwinSpec
from citybrain.evaluation.emergency.twin import TwinRecord
from citybrain.evaluation.evaluate import prepare_folder
from citybrain.network import Network, read_network
from citybrain.simulation.sumo import sumo_version

RESULT_FILES = ("results.json", "report.html")
POLICIES = ("fixed-time", "adaptive")
Progress = Callable[[str, float], None]


def study(request: EmergencyRequest, progress: Progress = lambda _w, _s: None) -> EmergencyResults:
    """Run the study and write its files.

    ``results.json`` is written anew after every batch, so that a study that is cut short has results.

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
    batches = draw_batches(request, network)
    prepare_folder(request.out, force=request.force, files=RESULT_FILES)
    progress("states to start from", 0.0)
    specs = SpecMaker(request, network, batches, forks(scenario, start_times(request)))
    running = _Running(request, network, batches, specs, progress)
    interrupted = False
    try:
        running.all()
    except KeyboardInterrupt:
        interrupted = True
    results = running.results(interrupted=interrupted)
    _write(request.out, results, batches, network)
    return results


class _Running:
    """Runs the twins of a study, group by group."""

    def __init__(
        self,
        request: EmergencyRequest,
        network: Network,
        batches: Sequence[Batch],
        specs: SpecMaker,
        progress: Progress,
    ) -> None:
        self._request, self._network, self._batches = request, network, batches
        self._specs, self._progress = specs, progress
        self._kept = KeptTwins(request.out, request.reuse)
        self._failures: list[str] = []
        self._total = sum(1 + self._has_siren(batch) for batch in batches)
        self._total += sum(2 + (group < request.placebo) for group in {batch.group for batch in batches})
        self._done = 0

    def _has_siren(self, batch: Batch) -> bool:
        before = sum(other.at_once == batch.at_once for other in self._batches[: batch.index])
        return before < self._request.siren

    def all(self) -> None:
        """Run what is not kept from before."""
        for group in dict.fromkeys(batch.group for batch in self._batches):
            owners = [batch for batch in self._batches if batch.group == group]
            self._run([(self._specs.shared(group, "baseline"), owners)])
            base = owners[0].twins.get("baseline")
            if base is None:
                continue
            jobs = [(self._specs.shared(group, "ceiling", base), owners)]
            jobs += [(self._specs.own(batch, "priority"), [batch]) for batch in owners]
            jobs += [(self._specs.own(batch, "siren"), [batch]) for batch in owners if self._has_siren(batch)]
            if group < self._request.placebo:
                jobs.append((self._specs.shared(group, "placebo"), owners))
            self._run(jobs)

    def _run(self, jobs: Sequence[tuple[TwinSpec, Sequence[Batch]]]) -> None:
        missing: list[tuple[TwinSpec, Sequence[Batch]]] = []
        for spec, owners in jobs:
            record = self._kept.find(spec)
            if record is None:
                missing.append((spec, owners))
            else:
                self._take(spec.kind, owners, record)
        shares: dict[int, float] = {}

        def tell(index: int, share: float) -> None:
            shares[index] = share
            self._progress(missing[index][0].kind, (self._done + sum(shares.values())) / self._total)

        for index, outcome in run_twins([spec for spec, _ in missing], jobs=self._request.jobs, progress=tell):
            shares[index] = 0.0
            spec, owners = missing[index]
            if isinstance(outcome, TwinRecord):
                self._kept.keep(spec, outcome)
            self._take(spec.kind, owners, outcome)
            self.results(interrupted=True).write(self._request.out / "results.json")

    def _take(self, kind: Kind, owners: Sequence[Batch], outcome: TwinRecord | str) -> None:
        self._done += 1
        for batch in owners:
            if isinstance(outcome, TwinRecord):
                batch.twins[kind] = outcome
        if not isinstance(outcome, TwinRecord):
            self._failures.append(f"batch {owners[0].index + 1}, {kind}: {outcome}")
        self._progress(kind, self._done / self._total)

    def results(self, *, interrupted: bool) -> EmergencyResults:
        """Return the figures over all batches that are whole."""
        request, scenario = self._request, self._request.scenario
        whole = [batch for batch in self._batches if {"baseline", "priority", "ceiling"} <= batch.twins.keys()]
        return EmergencyResults(
            scenario=scenario.name,
            sumo_version=sumo_version(),
            citybrain_version=__version__,
            command=request.command,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            begin_s=scenario.begin_s,
            end_s=scenario.end_s,
            policy=request.policy,
            sensors=request.sensors,
            junctions=len(self._network.junctions),
            notes=scenario.notes,
            failures=tuple(self._failures),
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
