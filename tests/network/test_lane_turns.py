"""Which lane goes where, kerb side first, by hand."""

from __future__ import annotations

import itertools

import pytest

from citybrain.network.lane_turns import Exit, LaneTurn, allot_lanes, merge_lanes

NEAR, STRAIGHT, FAR = Exit("near", 1), Exit("straight", 2), Exit("far", 1)


def test_three_lanes_and_three_ways():
    """Kerb lane: near turn and straight on; middle lane: straight on; the far turn has a lane to itself."""
    assert allot_lanes(3, [NEAR, STRAIGHT, FAR]) == [
        LaneTurn(0, 0, 0),
        LaneTurn(0, 1, 0),
        LaneTurn(1, 1, 1),
        LaneTurn(2, 2, 0),
    ]


def test_one_lane_serves_everything():
    assert {(turn.lane, turn.exit) for turn in allot_lanes(1, [NEAR, STRAIGHT, FAR])} == {(0, 0), (0, 1), (0, 2)}


def test_a_far_turn_may_share_where_it_has_no_stage_of_its_own():
    turns = allot_lanes(2, [STRAIGHT, FAR], far_alone=False)
    assert {(turn.lane, turn.exit) for turn in turns} == {(0, 0), (1, 0), (1, 1)}


@pytest.mark.parametrize("n_lanes", range(1, 6))
@pytest.mark.parametrize("ways", [[NEAR, STRAIGHT], [STRAIGHT, FAR], [NEAR, FAR], [NEAR, STRAIGHT, FAR], [STRAIGHT]])
def test_every_lane_leads_somewhere_and_nothing_crosses(n_lanes, ways):
    turns = allot_lanes(n_lanes, ways)
    assert {turn.lane for turn in turns} == set(range(n_lanes))
    assert {turn.exit for turn in turns} == set(range(len(ways)))
    for a, b in itertools.combinations(turns, 2):
        assert (a.lane - b.lane) * (a.exit - b.exit) >= 0
        assert a.to_lane < ways[a.exit].lanes


def test_nobody_has_a_way_out():
    assert allot_lanes(2, []) == []


def test_merging_lanes_keep_their_side():
    assert merge_lanes([1, 2], 3) == [[(0, 0)], [(0, 1), (1, 2)]]
    # too few lanes: the middle one is shared
    assert merge_lanes([1, 2], 2) == [[(0, 0)], [(0, 0), (1, 1)]]
    assert merge_lanes([2], 3) == [[(0, 1), (1, 2)]]
