from __future__ import annotations

import numpy as np

from citybrain.detection.tracks import Tracks


def test_who_is_missed_for_a_moment_is_not_new_and_who_was_away_is():
    tracks = Tracks()
    looks = ((0, [1, 2]), (5, [1]), (9, [1, 2, 3]), (15, []), (21, []), (25, [2]))
    seen = [tracks.new(np.array(keys, np.int64), t).tolist() for t, keys in looks]
    assert seen == [[True, True], [False], [False, False, True], [], [], [True]]


def test_another_day_begins_with_nobody_known():
    tracks = Tracks()
    assert tracks.new(np.array([1], np.int64), 5000.0).tolist() == [True]
    assert tracks.new(np.array([], np.int64), 1000.0).tolist() == []
    assert tracks.new(np.array([1], np.int64), 4000.0).tolist() == [True]
