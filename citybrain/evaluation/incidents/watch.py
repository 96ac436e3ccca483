"""A recorded run, watched by several sensor sets and all detectors."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from citybrain.detection import make_sensors
from citybrain.detection.incidents import IncidentReport, LinkSigns, Tracker, detectors
from citybrain.evaluation.incidents.recording import Recorded, SharedReadings, read_recorded
from citybrain.messages import SignalView
from citybrain.network import Network, read_network
from citybrain.simulation.recording import ReplayPlant

SAMPLE_S = 2
OURS = "discharge"


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What a watched run leaves.

    Attributes
    ----------
    time_s : ndarray, shape (n_samples,)
    scores : dict of (sensors, detector) to ndarray of float16, shape (n_samples, n_links)
        The highest score of each link since the sample before.
    link_edge : ndarray of int64
        Edge of each link.
    reports : dict of (sensors, detector) to list of IncidentReport
        At each detector's own threshold.
    detect_s : dict of sensors to float
        Wall time that ``discharge`` took a step, seconds, signs included.
    """

    recorded: Recorded
    time_s: NDArray[np.float64]
    scores: dict[tuple[str, str], NDArray[np.float16]]
    link_edge: NDArray[np.int64]
    reports: dict[tuple[str, str], list[IncidentReport]]
    detect_s: dict[str, float]


class LampView:
    """What the lamps show, as stages: a city knows its own lamps, whoever commands them."""

    def __init__(self, network: Network) -> None:
        self._stages = [{stage.state: stage.index for stage in j.stages} for j in network.junctions]
        n = len(network.junctions)
        self._stage, self._since_ms = np.zeros(n, np.int32), np.zeros(n, np.int64)
        self._switching = np.zeros(n, np.bool_)
        self._shown = [""] * n

    def view(self, states: Sequence[str], time_ms: int) -> SignalView:
        """Return the stages; a state that is none of them is an intergreen."""
        for j, state in enumerate(states):
            if state != self._shown[j]:
                stage = self._stages[j].get(state)
                self._switching[j] = stage is None
                if stage is not None:
                    self._stage[j] = stage
                self._shown[j], self._since_ms[j] = state, time_ms
        return SignalView(
            stage=self._stage.copy(),
            switching=self._switching.copy(),
            elapsed_s=(time_ms - self._since_ms) / 1000,
            remaining_s=np.zeros(len(states)),
        )


class _Watcher:
    """Sensors and detectors over one city, with what they have learnt."""

    def __init__(self, network: Network, sensors: Sequence[str], kinds: Sequence[str], seed: int) -> None:
        self.network, self.lamps = network, LampView(network)
        self.eyes = {name: make_sensors(name, network, seed=seed) for name in sensors}
        self.links = {name: LinkSigns(network) for name in sensors}
        made = {kind: make for kind, make in detectors().items() if not kinds or kind in kinds}
        self.scorers = {
            (name, kind): make(network, self.links[name]) for name in sensors for kind, make in made.items()
        }
        self.detect_s, self.steps = dict.fromkeys(sensors, 0.0), 0

    def look(self, shared: SharedReadings) -> dict[tuple[str, str], NDArray[np.float64]]:
        """Take in one step; return the scores."""
        view = self.lamps.view(shared.signal_states(), shared.time_ms)
        found, self.steps = {}, self.steps + 1
        for name, eye in self.eyes.items():
            observation = eye.observe(shared, view)
            begun = perf_counter()
            signs = self.links[name].read(observation)
            self.detect_s[name] += perf_counter() - begun
            for key in [key for key in self.scorers if key[0] == name]:
                begun = perf_counter()
                found[key] = self.scorers[key].update(signs)
                self.detect_s[name] += perf_counter() - begun if key[1] == OURS else 0.0
        return found


@cache
def _experienced(days: tuple[Path, ...], sensors: tuple[str, ...], kinds: tuple[str, ...]) -> _Watcher:
    """Return one who has watched earlier days, for whom it is now the end of the last."""
    recorded = [read_recorded(day) for day in days]
    network = read_network(recorded[0].net_file, recorded[0].additional_files)
    watcher = _Watcher(network, sensors, kinds, recorded[0].seed)
    for day in days:
        shared = SharedReadings(ReplayPlant(day, network))
        while not shared.over:
            shared.step()
            watcher.look(shared)
        shared.close()
    return watcher


def watch(
    recorded: Recorded, network: Network, sensors: Sequence[str], kinds: Sequence[str] = (), days: Sequence[Path] = ()
) -> Watched:
    """Replay a recording to the detectors named, or to all.

    Parameters
    ----------
    days : sequence of path
        Recordings of earlier days, which sensors and detectors watch first. Sensors then have the faults of the seed of the
        first of these.

    Raises
    ------
    InputError
        If it was recorded on another network.
    """
    if days:
        before = _experienced(tuple(days), tuple(sensors), tuple(kinds))
        network = before.network
        watcher = deepcopy(before, {id(network): network})
        watcher.detect_s, watcher.steps = dict.fromkeys(sensors, 0.0), 0
    else:
        watcher = _Watcher(network, sensors, kinds, recorded.seed)
    shared = SharedReadings(ReplayPlant(recorded.folder, network))
    scorers = watcher.scorers
    trackers = {key: Tracker(network, watcher.links[key[0]], scorer.threshold) for key, scorer in scorers.items()}
    kept: dict[tuple[str, str], list[NDArray[np.float16]]] = {key: [] for key in scorers}
    best: dict[tuple[str, str], NDArray[np.float64]] = {}
    times_s: list[float] = []
    while not shared.over:
        shared.step()
        for key, score in watcher.look(shared).items():
            trackers[key].update(shared.time_ms / 1000, score, scorers[key].lane_scores, scorers[key].distance_m)
            best[key] = score.copy() if key not in best else np.maximum(best[key], score)
        if shared.time_ms % (1000 * SAMPLE_S) == 0:
            times_s.append(shared.time_ms / 1000)
            for key, score in best.items():
                kept[key].append(score.astype(np.float16))
            best = {}
    shared.close()
    return Watched(
        recorded=recorded,
        time_s=np.array(times_s),
        scores={key: np.array(rows) for key, rows in kept.items()},
        link_edge=next(iter(watcher.links.values())).edge,
        reports={key: tracker.reports for key, tracker in trackers.items()},
        detect_s={name: value / max(watcher.steps, 1) for name, value in watcher.detect_s.items()},
    )
