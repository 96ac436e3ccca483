"""Who comes to a link, and who must have come although no loop said so."""

from __future__ import annotations

import numpy as np
import pytest

from citybrain.detection.incidents import LinkSigns
from citybrain.detection.incidents.comers import Comers
from citybrain.network.synthetic import grid_network

LINKS = LinkSigns(grid_network(1, 2))
LINK = int(LINKS.link_of[np.flatnonzero(LINKS.is_stop)[0]])
STOP = int(np.flatnonzero(LINKS.is_stop & (LINKS.link_of == LINK))[0])
N, N_LINKS = len(LINKS.lane), len(LINKS.edge)


def came(*, counted=(), waiting=(), left=(), twice=(), seconds=200):
    """Return the seconds at which somebody has come, given when loops said what."""
    comers, found = Comers(LINKS), []
    for t in range(seconds):
        arrived, stop_on, count = np.zeros(N_LINKS), np.zeros(N, np.bool_), np.zeros(N)
        arrived[LINK], stop_on[STOP] = float(t in counted), t in waiting
        count[STOP] = float(t in left) + float(t in twice)
        found += [t] * int(comers.step(1.0, arrived, stop_on, count)[LINK])
    return found


def test_who_is_counted_in_comes_once():
    assert came(counted=[50], waiting=range(56, 90), left=[90]) == [50]


@pytest.mark.parametrize("sign", [{"left": [60]}, {"waiting": range(60, 80), "left": [80]}])
def test_who_appears_at_the_end_of_an_empty_link_has_come_uncounted(sign):
    assert came(**sign) == [60]


def test_a_platoon_of_which_one_was_not_counted():
    assert came(counted=[50, 54], left=[57, 59, 61]) == [50, 54, 61]


def test_a_vehicle_counted_twice_at_the_stop_line_is_one():
    assert came(counted=[50], left=[57], twice=[57]) == [50]


def test_nothing_is_told_before_the_link_was_once_empty():
    assert came(waiting=range(150), left=[20, 22, 150]) == []
