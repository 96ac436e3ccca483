"""A recorded run, watched by several sensor sets and all detectors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from citybrain.detection import make_sensors
from citybrain.detection.incidents import IncidentReport, LinkSigns, Tracker, detectors
from citybrain.evaluation.incidents.recording import Recorded, SharedReadings
from citybrain.messages import SignalView
from citybrain.network import Network
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


def watch(recorded: Recorded, network: Network, sensors: Sequence[str], kinds: Sequence[str] = ()) -> Watched:
    """Replay a recording to the detectors named, or to all.

    Raises
    ------
    InputError
        If it was recorded on another network.
    """
    plant = ReplayPlant(recorded.folder, network)
    shared, lamps = SharedReadings(plant), LampView(network)
    eyes = {name: make_sensors(name, network, seed=recorded.seed) for name in sensors}
    links = {name: LinkSigns(network) for name in sensors}
    made = {kind: make for kind, make in detectors().items() if not kinds or kind in kinds}
    scorers = {(name, kind): make(network, links[name]) for name in sensors for kind, make in made.items()}
    trackers = {key: Tracker(network, links[key[0]], scorer.threshold) for key, scorer in scorers.items()}
    kept: dict[tuple[str, str], list[NDArray[np.float16]]] = {key: [] for key in scorers}
    best: dict[tuple[str, str], NDArray[np.float64]] = {}
    times_s: list[float] = []
    detect_s, steps = dict.fromkeys(sensors, 0.0), 0
    while not plant.over:
        plant.step()
        view = lamps.view(plant.signal_states(), plant.time_ms)
        for name, eye in eyes.items():
            observation = eye.observe(shared, view)
            begun = perf_counter()
            signs = links[name].read(observation)
            detect_s[name] += perf_counter() - begun
            for kind in made:
                key, begun = (name, kind), perf_counter()
                score = scorers[key].update(signs)
                trackers[key].update(observation.time_s, score, scorers[key].lane_scores, scorers[key].distance_m)
                detect_s[name] += perf_counter() - begun if kind == OURS else 0.0
                best[key] = score.copy() if key not in best else np.maximum(best[key], score)
        steps += 1
        if plant.time_ms % (1000 * SAMPLE_S) == 0:
            times_s.append(plant.time_ms / 1000)
            for key, score in best.items():
                kept[key].append(score.astype(np.float16))
            best = {}
    plant.close()
    return Watched(
        recorded=recorded,
        time_s=np.array(times_s),
        scores={key: np.array(rows) for key, rows in kept.items()},
        link_edge=next(iter(links.values())).edge,
        reports={key: tracker.reports for key, tracker in trackers.items()},
        detect_s={name: value / max(steps, 1) for name, value in detect_s.items()},
    )
