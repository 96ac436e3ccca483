"""Stages of a junction: served, compatible, and paired where far turns have lanes of their own."""

from __future__ import annotations

from citybrain.network.stages import StageLink, StageMaker

HEADINGS = {"w": 90, "e": 270, "s": 0, "n": 180}


def four_arms(*, far_lane=True):
    """Links of four approaches with a near turn, straight on and a far turn each; conflicts by hand."""
    links, conflicts = [], set()
    for approach, heading in HEADINGS.items():
        for turn in ("near", "straight", "far"):
            lane = f"{approach}_1" if turn == "far" and far_lane else f"{approach}_0"
            links.append(StageLink(index=len(links), approach=approach, lane=lane, turn=turn, heading_deg=heading))
    for a in links:
        for b in links:
            apart = abs(a.heading_deg - b.heading_deg) % 360
            opposite, crossing = apart == 180, apart in (90, 270)
            if crossing and {a.turn, b.turn} & {"straight", "far"} and "near" not in (a.turn, b.turn):
                conflicts.add((a.index, b.index))
            if opposite and {a.turn, b.turn} == {"straight", "far"}:
                conflicts.add((a.index, b.index))
    return links, conflicts


def test_every_link_is_served_and_no_stage_holds_a_conflict():
    for far_lane in (True, False):
        links, conflicts = four_arms(far_lane=far_lane)
        stages = StageMaker(links, conflicts).stages()
        assert set().union(*stages) == {link.index for link in links}
        for stage in stages:
            assert not [(a, b) for a, b in conflicts if {a, b} <= stage]


def test_opposing_approaches_run_together_where_far_turns_have_lanes():
    links, conflicts = four_arms()
    straight = {link.approach: link.index for link in links if link.turn == "straight"}
    stages = StageMaker(links, conflicts).stages()
    assert len(stages) == 4
    assert any({straight["w"], straight["e"]} <= stage for stage in stages)


def test_each_approach_has_a_stage_where_far_turns_share_a_lane():
    links, conflicts = four_arms(far_lane=False)
    stages = StageMaker(links, conflicts).stages()
    assert len(stages) == 4
    for approach in HEADINGS:
        own = {link.index for link in links if link.approach == approach}
        assert any(own <= stage for stage in stages)
