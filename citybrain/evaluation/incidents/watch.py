"""A recorded run, watched by several sensor sets and all detectors."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from citybrain.detection.incidents import IncidentReport, Tracker
from citybrain.evaluation.incidents.lookout import Lookout
from citybrain.evaluation.incidents.recording import Recorded, SharedReadings, read_recorded
from citybrain.network import Network, read_network
from citybrain.simulation.recording import ReplayPlant

SAMPLE_S = 2


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


@cache
def _experienced(days: tuple[Path, ...], sensors: tuple[str, ...], kinds: tuple[str, ...]) -> Lookout:
    """Return one who has watched earlier days, for whom it is now the end of the last."""
    recorded = [read_recorded(day) for day in days]
    network = read_network(recorded[0].net_file, recorded[0].additional_files)
    watcher = Lookout(network, sensors, kinds, recorded[0].seed)
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
        watcher.forget_times()
    else:
        watcher = Lookout(network, sensors, kinds, recorded.seed)
    shared = SharedReadings(ReplayPlant(recorded.folder, network))
    views = watcher.views
    trackers = {key: Tracker(network, watcher.shape, view.threshold) for key, view in views.items()}
    kept: dict[tuple[str, str], list[NDArray[np.float16]]] = {key: [] for key in views}
    best: dict[tuple[str, str], NDArray[np.float64]] = {}
    times_s: list[float] = []
    while not shared.over:
        shared.step()
        for key, score in watcher.look(shared).items():
            trackers[key].update(shared.time_ms / 1000, score, views[key].lane_scores, views[key].distance_m)
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
        link_edge=watcher.shape.edge,
        reports={key: tracker.reports for key, tracker in trackers.items()},
        detect_s=watcher.detect_s,
    )
