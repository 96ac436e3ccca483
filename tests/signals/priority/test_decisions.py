"""Stages that clear an approach, when to begin, who goes first, how long."""

from __future__ import annotations

import numpy as np
import pytest
from builders import observation, signal_view

from citybrain.detection.link_times import LinkTimes
from citybrain.network.intergreens import SignalRules
from citybrain.network.synthetic import grid_network
from citybrain.signals.interlock import conflicting_greens
from citybrain.signals.priority.arbitration import arbitrate
from citybrain.signals.priority.corridor import Corridor, Wish, due
from citybrain.signals.priority.holds import Holds
from citybrain.signals.priority.parameters import PriorityParameters
from citybrain.signals.priority.route import RoutePlanner
from citybrain.signals.priority.route_line import RouteLine
from citybrain.signals.priority.service import PriorityService
from citybrain.signals.priority.stages import ApproachStages

RULES = SignalRules(yellow_s=3.0, all_red_s=1.0)
NETWORK = grid_network(1, 3, lanes=2, stages=4)
WAY = RoutePlanner(NETWORK).fastest(
    next(e.index for e in NETWORK.edges if e.id.startswith("west-0")),
    next(e.index for e in NETWORK.edges if e.to_node.startswith("east-0")),
    np.array([e.length_m / e.speed_mps for e in NETWORK.edges]),
)[0]
LINE = RouteLine(NETWORK, WAY)
PARAMETERS = PriorityParameters()


@pytest.mark.parametrize("left_hand", [False, True])
@pytest.mark.parametrize("stages", [2, 4])
def test_every_approach_can_be_cleared_without_a_conflict(stages, left_hand):
    network = grid_network(1, 2, lanes=2, stages=stages, left_hand=left_hand, crossings=True)
    more = ApproachStages(network)
    for own, junction in zip(network.junctions, more.network.junctions, strict=True):
        assert junction.stages[: len(own.stages)] == own.stages
        assert all(conflicting_greens(junction, stage.state) is None for stage in junction.stages)
        edges = {
            network.lanes[network.movements[m].from_lane].edge
            for m in own.movements
            if not network.movements[m].is_crossing
        }
        for edge in edges:
            movements = tuple(
                m for m in own.movements
                if not network.movements[m].is_crossing and network.lanes[network.movements[m].from_lane].edge == edge
            )  # fmt: skip
            for shown in range(
                len(junction.stages)
            ):  # whatever is shown, a stage that clears one lane only is not enough
                stage = more.serving(own.index, (edge,), shown)
                assert all(junction.stages[stage].state[network.movements[m].link] == "G" for m in movements)
                assert 0 <= more.own_stage(own.index, stage) < len(own.stages)


def test_a_policy_never_sees_an_added_stage_whoever_shows_it():
    service = PriorityService(NETWORK, RULES, key=b"key", times=LinkTimes(NETWORK), own_plans=False)
    most = [len(junction.stages) - 1 for junction in service.network.junctions]
    seen = service.view(signal_view(most)).stage
    assert all(stage < len(junction.stages) for stage, junction in zip(seen, NETWORK.junctions, strict=True))
    own = signal_view([1] * len(most))
    assert service.view(own) is own


def corridor(stages=None):
    return Corridor(stages or ApproachStages(NETWORK), RULES, PARAMETERS, own_plans=False)


def wishes(place_m, speed_mps=14.0, vehicles=(), shown=1, elapsed_s=60.0, **more):
    stage = [shown] * len(NETWORK.junctions)
    seen = observation(NETWORK, vehicles, stage=stage)
    return corridor().wishes("ev", 0, LINE, (place_m, speed_mps), seen, signal_view(stage, elapsed_s=elapsed_s), **more)


def queue(crossing, n):
    lane = crossing.lanes[0]
    movement = NETWORK.lanes[lane].links[0].movement
    return [(lane, movement, 1.0 + 7.5 * k, 0.0) for k in range(n)]


def test_a_queue_must_be_cleared_earlier():
    empty, full = wishes(0.0), wishes(0.0, vehicles=queue(LINE.crossings[1], 8))
    assert full[1].begin_s < empty[1].begin_s - 8 * PARAMETERS.headway_s / 2
    assert full[1].pass_s >= empty[1].pass_s


def test_the_lead_of_an_empty_junction_is_its_change_and_a_margin():
    place_m = LINE.crossings[0].at_m - 140.0
    first = wishes(place_m)[0]
    assert first.begin_s == pytest.approx(
        10.0 - 4.0 - PARAMETERS.margin_s, abs=0.1
    )  # 140 m at 14 m/s, yellow and all-red


def test_only_so_many_junctions_ahead():
    assert len({wish.junction for wish in wishes(0.0)}) <= PARAMETERS.ahead
    assert wishes(LINE.crossings[-1].at_m + 20.0) == []


def test_what_a_queue_pushes_ahead_is_cleared_first():
    alone = wishes(200.0, vehicles=queue(LINE.crossings[1], 4))
    pushed = wishes(200.0, vehicles=[*queue(LINE.crossings[0], 6), *queue(LINE.crossings[1], 4)])
    assert pushed[1].begin_s <= alone[1].begin_s


def test_no_hold_begins_that_would_be_over_before_the_vehicle_comes():
    before = [*queue(LINE.crossings[0], 12), *queue(LINE.crossings[1], 25)]
    far = wishes(0.0, vehicles=before, lead_s=60.0)[1]
    assert far.begin_s > 0
    assert far.pass_s - far.begin_s < PARAMETERS.hold_s + PARAMETERS.near_s


def wish(vehicle, junction=0, *, rank=0, pass_s=10.0, blocked=False, stage=1, place=0):
    return Wish(vehicle=vehicle, rank=rank, junction=junction, stage=stage, crossing=LINE.crossings[place], begin_s=-1.0,
                pass_s=pass_s, blocked=blocked)  # fmt: skip


def test_who_comes_first_is_served_first_by_rank_then_time():
    assert arbitrate([wish("a", pass_s=20), wish("b", pass_s=5)], {})[0].vehicle == "b"
    assert arbitrate([wish("a", pass_s=20), wish("b", pass_s=5, rank=1)], {})[0].vehicle == "a"


def test_whom_a_junction_serves_keeps_it_unless_the_other_is_much_sooner():
    assert arbitrate([wish("a", pass_s=12), wish("b", pass_s=5)], {0: "a"})[0].vehicle == "a"
    assert arbitrate([wish("a", pass_s=30), wish("b", pass_s=5)], {0: "a"})[0].vehicle == "b"


def test_who_has_no_room_ahead_gives_way():
    assert arbitrate([wish("a", pass_s=3, blocked=True), wish("b", pass_s=30)], {0: "a"})[0].vehicle == "b"


def test_two_that_wait_where_each_holds_the_others_next_green_are_let_go():
    """Each stands at one junction; both junctions serve the other, which is to come there afterwards."""
    a = [wish("a", 0, stage=1, pass_s=25, place=0), wish("a", 1, stage=1, pass_s=30, place=1)]
    b = [wish("b", 1, stage=2, pass_s=25, place=0), wish("b", 0, stage=2, pass_s=30, place=1)]
    granted = arbitrate([*a, *b], {0: "b", 1: "a"})
    assert (granted[0].vehicle, granted[1].vehicle) == ("a", "b")


def test_who_must_wait_before_a_junction_does_not_keep_it_from_others():
    first = [wish("a", 0, stage=1, pass_s=25, place=0), wish("a", 1, stage=1, pass_s=30, place=1)]
    granted = arbitrate([*first, wish("b", 0, stage=2, pass_s=10), wish("c", 1, stage=2, pass_s=38)], {1: "a"})
    assert (granted[0].vehicle, granted[1].vehicle) == ("b", "c")
    together = arbitrate([*first, wish("b", 0, stage=1, pass_s=10), wish("c", 1, stage=2, pass_s=38)], {1: "a"})
    assert together[1].vehicle == "a"


def test_the_nearest_stop_line_of_a_junction_counts():
    granted = arbitrate([wish("a", stage=2, place=1), wish("a", stage=1, place=0)], {})
    assert granted[0].stage == 1


def test_only_what_is_due_is_wished():
    assert due([wish("a")]) == [wish("a")]


def shown(holds, key, since_s, until_s):
    for time_s in np.arange(since_s, until_s + 1.0):
        holds.shown(key, float(time_s), green=True)


def test_a_hold_ends_and_stays_away_for_a_while():
    holds, key = Holds(PARAMETERS), ("ev", 0, 0)
    assert holds.wants(key, 5.0, 0.0, pass_s=60.0) == "requested"
    assert holds.wants(key, -1.0, 1.0, pass_s=60.0) == "processing"
    cap_s, end_s = 5.0 + PARAMETERS.hold_s, 5.0 + PARAMETERS.hold_s + PARAMETERS.extra_s
    shown(holds, key, 5.0, cap_s)
    assert holds.wants(key, 40.0, cap_s, pass_s=5.0) == "processing"  # once begun it goes on, and it is near
    shown(holds, key, cap_s, end_s)
    assert holds.wants(key, -1.0, end_s, pass_s=5.0) == "maxPresence"
    assert holds.wants(key, -1.0, end_s + 1.0, pass_s=5.0) == "reserviceLocked"
    assert holds.wants(key, -1.0, end_s + PARAMETERS.lockout_s, pass_s=5.0) == "processing"
    holds.drop("ev")
    assert not holds.active(key)


def test_a_hold_is_longer_only_for_who_should_pass_meanwhile():
    cap_s, extra_s = PARAMETERS.hold_s, PARAMETERS.extra_s
    for late_s, pass_s, answer in (
        (0.0, extra_s - 1.0, "processing"),
        (0.0, extra_s + 1.0, "maxPresence"),
        (10.0, extra_s - 9.0, "maxPresence"),
        (10.0, PARAMETERS.near_s - 1.0, "processing"),
    ):
        holds, key = Holds(PARAMETERS), ("ev", 0, 0)
        assert holds.wants(key, -1.0, 0.0, pass_s=60.0) == "processing"
        shown(holds, key, 0.0, cap_s + late_s)
        assert holds.wants(key, -1.0, cap_s + late_s, pass_s=pass_s) == answer


def test_green_that_another_vehicle_had_meanwhile_uses_no_hold_up():
    holds, key = Holds(PARAMETERS), ("ev", 0, 0)
    assert holds.wants(key, -1.0, 0.0, pass_s=60.0) == "processing"
    shown(holds, key, 1.0, 11.0)
    back_s = 20.0 + PARAMETERS.hold_s
    assert holds.wants(key, -1.0, back_s, pass_s=60.0) == "processing"
    shown(holds, key, back_s, back_s + PARAMETERS.hold_s - 11.0)
    assert holds.wants(key, -1.0, back_s + PARAMETERS.hold_s - 11.0, pass_s=60.0) == "processing"
    shown(holds, key, back_s + PARAMETERS.hold_s - 11.0, back_s + PARAMETERS.hold_s - 10.0)
    assert holds.wants(key, -1.0, back_s + PARAMETERS.hold_s - 10.0, pass_s=60.0) == "maxPresence"


def test_who_stands_tells_how_long_the_queue_is():
    place_m = LINE.crossings[0].at_m - 75.0
    moving, standing = wishes(place_m)[0], wishes(place_m, 0.0, stands_s=5.0, queued=True)[0]
    creeping = wishes(place_m, 3.0, queued=True)[0]
    assert creeping.pass_s == pytest.approx(standing.pass_s, abs=0.1)  # it is in the same queue
    assert standing.pass_s > moving.pass_s + 10.0
    assert not standing.futile


def test_green_before_a_full_exit_is_kept_where_the_exit_empties():
    place_m, own = LINE.crossings[0].at_m - 10.0, wishes(0.0)[0].stage
    stage, beyond = [own] * len(NETWORK.junctions), LINE.crossings[1].junction
    full = dict.fromkeys(LINE.crossings[0].exits, 2.0)
    seen, signals = observation(NETWORK, stage=stage, tail_m=full), signal_view(stage, elapsed_s=60.0)
    stuck = {"stands_s": 40.0, "queued": True}
    kept = corridor().wishes("ev", 0, LINE, (place_m, 0.0), seen, signals, held={beyond}, **stuck)[0]
    left = corridor().wishes("ev", 0, LINE, (place_m, 0.0), seen, signals, **stuck)[0]
    assert kept.blocked
    assert left.blocked
    assert left.futile
    assert not kept.futile


def test_green_for_who_stands_on_is_given_up():
    place_m, own = LINE.crossings[0].at_m - 10.0, wishes(0.0)[0].stage
    assert wishes(place_m, 0.0, shown=own, stands_s=40.0, queued=True)[0].futile
    assert not wishes(place_m, 0.0, shown=own, stands_s=40.0, queued=True, elapsed_s=15.0)[
        0
    ].futile  # it has hardly begun
    assert not wishes(place_m, 0.0, shown=own, stands_s=10.0, queued=True)[0].futile  # it has only just stopped
    holds, key = Holds(PARAMETERS), ("ev", 0, 0)
    assert holds.wants(key, -1.0, 1.0, pass_s=5.0) == "processing"
    holds.give_up(key, 20.0)
    assert holds.wants(key, -1.0, 21.0, pass_s=5.0) == "reserviceLocked"
    assert holds.wants(key, -1.0, 20.0 + PARAMETERS.lockout_s, pass_s=5.0) == "processing"


def test_the_queue_behind_the_destination_is_cleared_only_where_it_keeps_the_vehicle_from_it():
    short = RouteLine(NETWORK, WAY[:2])
    assert [c.edge for c in short.crossings] == [WAY[0]]
    assert short.tail.edge == WAY[1]
    seen = observation(NETWORK, (), stage=[1] * len(NETWORK.junctions))
    signals = signal_view([1] * len(NETWORK.junctions), elapsed_s=60.0)
    place_m = short.start_m[1] + 20.0
    assert corridor().wishes("ev", 0, short, (place_m, 14.0), seen, signals) == []
    [only] = corridor().wishes("ev", 0, short, (place_m, 0.0), seen, signals, queued=True)
    assert (only.junction, only.crossing) == (short.tail.junction, short.tail)
    assert only.begin_s <= 0
    going = corridor().wishes("ev", 0, short, (place_m, 4.0), seen, signals, held={only.junction})
    assert [w.junction for w in going] == [only.junction]  # kept until it drives freely
    last = RouteLine(NETWORK, WAY)
    assert last.tail is None  # it leaves the network
