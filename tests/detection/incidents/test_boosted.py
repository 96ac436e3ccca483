"""The boosted peer: trees as arrays, features of links, and training that is the same from the same seed."""

from __future__ import annotations

import numpy as np
import pytest
from builders import one_junction

from citybrain.detection.incidents import LinkSigns, Signs
from citybrain.detection.incidents.boosted import Boosted, Trees
from citybrain.detection.incidents.features import NAMES, LinkFeatures
from citybrain.errors import InputError

NETWORK = one_junction(["Gr", "rG"], [(0, 1)], length_m=200.0)
LINKS = LinkSigns(NETWORK)
N = len(LINKS.lane)


def signs(t, *, gate_on):
    off = np.zeros(N, np.bool_)
    return Signs(
        time_s=float(t), dt_s=1.0, resumed=False, stop_on=off, gate_on=np.full(N, gate_on), stop_count=np.zeros(N),
        gate_count=np.zeros(N), has_gate=np.ones(N, np.bool_), entry_on=np.zeros(N, np.bool_), entry_count=np.full(N, np.nan), stop_ok=np.ones(N, np.bool_), gate_ok=np.ones(N, np.bool_),
        stuck_s=np.zeros(N), stuck_at_m=np.full(N, np.nan),
        crawling=np.zeros(N), driving=np.zeros(N), seen=off, green=np.ones(N), exit_full=off,
        arrived=np.ones(len(LINKS.edge)), passed=np.zeros(len(NETWORK.movements)),
        entered=np.zeros(len(NETWORK.edges)), has_entry=np.zeros(len(NETWORK.edges), np.bool_),
    )  # fmt: skip


@pytest.fixture
def stump(tmp_path):
    """One tree: occupancy upstream of 30 s or more in the last minute is an incident."""
    path = tmp_path / "stump.npz"
    np.savez(
        path, feature=np.array([0, -1, -1], np.int32), left=np.array([1, -1, -1], np.int32),
        right=np.array([2, -1, -1], np.int32), threshold=np.array([30.0, -2, -2]), value=np.array([0.0, -3.0, 6.0]),
        roots=np.array([0], np.int32), start=np.float64(1.0), names=np.array(NAMES),
    )  # fmt: skip
    return path


def test_trees_add_up(stump):
    rows = np.zeros((2, len(NAMES)))
    rows[1, 0] = 40.0
    assert Trees(stump).log_odds(rows).tolist() == [-2.0, 7.0]


def test_features_of_a_minute():
    features = LinkFeatures(NETWORK, LINKS)
    rows = [features.update(signs(t, gate_on=t >= 210)) for t in range(240)]
    (last,) = [row for row in rows if row is not None]
    now = dict(zip(NAMES, last[0], strict=True))
    assert now["occupancy upstream last minute"] == pytest.approx(30.0)
    assert now["count upstream last minute"] == pytest.approx(60.0)
    assert now["count upstream against 15 min"] == pytest.approx(0.0)
    assert now["green share"] == pytest.approx(60.0)


def test_the_score_is_the_log_odds_and_never_negative(stump):
    detector = Boosted(NETWORK, LINKS, Trees(stump))
    quiet = [detector.update(signs(t, gate_on=False)).max() for t in range(300)]
    assert max(quiet) == 0.0
    assert max(detector.update(signs(300 + t, gate_on=True)).max() for t in range(120)) == pytest.approx(7.0)


def test_a_model_that_is_none_or_of_other_features_is_refused(tmp_path):
    path = tmp_path / "model.npz"
    path.write_text("no model")
    with pytest.raises(InputError, match="train it again"):
        Trees(path)
    empty = np.zeros(0)
    np.savez(
        path,
        feature=empty,
        left=empty,
        right=empty,
        threshold=empty,
        value=empty,
        roots=empty,
        start=0.0,
        names=np.array(["x"]),
    )
    with pytest.raises(InputError, match="other features"):
        Trees(path)
