"""``citybrain train-detector``: the gradient-boosted peer, from recordings, the same from the same seed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from citybrain.detection import make_sensors
from citybrain.detection.incidents.features import NAMES, LinkFeatures
from citybrain.detection.incidents.link_signs import LinkSigns
from citybrain.errors import InputError
from citybrain.evaluation.incidents.lookout import LampView
from citybrain.evaluation.incidents.measures import TAIL_S, Truth, truths
from citybrain.evaluation.incidents.recording import Recorded, SharedReadings, read_recorded
from citybrain.network import read_network
from citybrain.simulation.recording import FILE, ReplayPlant

_SETTLED_S, _SHOWS_S = 600.0, 60.0
_TREES, _DEPTH, _LEAF, _RATE, _SHARE = 120, 3, 20, 0.08, 0.7


def train(recordings: Path, sensors: Sequence[str], *, seed: int, out: Path) -> dict[str, float]:
    """Train on all pairs of recordings in a folder and write the model; return what it was trained on.

    Rows are half minutes of links. Those on which an incident that affects traffic may rightly be reported are
    incidents, from one minute after its onset; its neighbours, and links for two minutes after its end, are left out.
    Both kinds get the same total weight.

    Raises
    ------
    InputError
        If scikit-learn is missing, or there is no pair with an incident that affects traffic.
    """
    try:
        from sklearn.ensemble import GradientBoostingClassifier
    except ImportError:
        raise InputError("training needs scikit-learn: pip install 'citybrain[learn]'") from None
    found = [read_recorded(path.parent) for path in sorted(recordings.glob(f"*/{FILE}"))]
    clean = {run.pair: run for run in found if not run.incidents}
    rows, labels = [], []
    for run in found:
        if run.pair in clean:
            for name in sensors:
                x, y = _rows(run, clean[run.pair], name)
                rows.append(x)
                labels.append(y)
    n_incident = int(sum(y.sum() for y in labels))
    if n_incident == 0:
        raise InputError(
            f"{recordings}: no pair of recordings with an incident that affects traffic; nothing to learn from"
        )
    x, y = np.concatenate(rows), np.concatenate(labels)
    weight = np.where(y, 0.5 / y.sum(), 0.5 / (~y).sum()) * len(y)
    model = GradientBoostingClassifier(
        n_estimators=_TREES, max_depth=_DEPTH, min_samples_leaf=_LEAF, learning_rate=_RATE, subsample=_SHARE,
        random_state=seed,
    )  # fmt: skip
    model.fit(x, y, sample_weight=weight)
    np.savez_compressed(out, **_flat(model, weight, y))
    return {"rows": len(y), "incident_rows": n_incident, "recordings": len(found)}


def _rows(run: Recorded, clean: Recorded, sensors: str) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    network = read_network(run.net_file, run.additional_files)
    truth = truths(network, run, clean) if run.incidents else []
    plant = ReplayPlant(run.folder, network)
    shared, lamps, eyes = SharedReadings(plant), LampView(network), make_sensors(sensors, network, seed=run.seed)
    links = LinkSigns(network)
    features = LinkFeatures(network, links)
    kept, labels = [], []
    begin_s = plant.time_ms / 1000
    while not plant.over:
        plant.step()
        observation = eyes.observe(shared, lamps.view(plant.signal_states(), plant.time_ms))
        x = features.update(links.read(observation))
        if x is None or observation.time_s < begin_s + _SETTLED_S:
            continue
        label, known = _labels(truth, links.edge, observation.time_s)
        kept.append(x[known])
        labels.append(label[known])
    return np.concatenate(kept), np.concatenate(labels)


def _labels(
    truth: Sequence[Truth], link_edge: NDArray[np.int64], time_s: float
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return by link whether there is an incident, and whether that can be said."""
    label, known = np.zeros(len(link_edge), np.bool_), np.ones(len(link_edge), np.bool_)
    for t in truth:
        if t.happened_s <= time_s <= t.spec.end_s + TAIL_S:
            known &= ~np.isin(link_edge, list(t.near))
            if t.affects and t.happened_s + _SHOWS_S <= time_s <= t.spec.end_s:
                right = np.isin(link_edge, list(t.right))
                label |= right
                known |= right
    return label, known


def _flat(model: Any, weight: NDArray[np.float64], y: NDArray[np.bool_]) -> dict[str, Any]:
    """Return the trees as flat arrays: the file needs no library to be read, and holds nothing that could run."""
    parts: dict[str, list[NDArray[Any]]] = {name: [] for name in ("feature", "left", "right", "threshold", "value")}
    roots, n = [], 0
    for (regressor,) in model.estimators_:
        tree = regressor.tree_
        leaf = tree.children_left < 0
        roots.append(n)
        parts["feature"].append(np.where(leaf, -1, tree.feature).astype(np.int32))
        parts["left"].append((tree.children_left + n).astype(np.int32))
        parts["right"].append((tree.children_right + n).astype(np.int32))
        parts["threshold"].append(tree.threshold)
        parts["value"].append(model.learning_rate * tree.value[:, 0, 0])
        n += tree.node_count
    share = float((weight * y).sum() / weight.sum())
    return {
        **{name: np.concatenate(part) for name, part in parts.items()},
        "roots": np.array(roots, np.int32),
        "start": np.float64(np.log(share / (1 - share))),
        "names": np.array(NAMES),
    }
