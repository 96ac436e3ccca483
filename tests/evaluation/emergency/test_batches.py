"""Which calls are driven together, what a group shares, and which twins need not be run again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from citybrain.demand.scenario import Scenario
from citybrain.errors import InputError
from citybrain.evaluation.emergency.batches import SpecMaker, draw_batches, empty_road_ways, start_times
from citybrain.evaluation.emergency.fork import Fork
from citybrain.evaluation.emergency.kept_twins import KeptTwins, spec_key
from citybrain.evaluation.emergency.measures import OWN_WAY
from citybrain.evaluation.emergency.request import EmergencyRequest
from citybrain.evaluation.emergency.watched import Driven
from citybrain.network.synthetic import grid_network
from citybrain.signals.priority import PriorityParameters
from citybrain.signals.priority.route import RoutePlanner

NETWORK = grid_network(2, 4)


@pytest.fixture
def request_(tmp_path):
    net = tmp_path / "grid.net.xml"
    net.write_text("<net/>")
    scenario = Scenario(name="grid", net_file=net, route_files=(), additional_files=(), begin_s=0.0, end_s=3600.0)
    return EmergencyRequest(scenario=scenario, calls=8, at_once=(1, 4), out=tmp_path / "out", starts=2)


def specs(request, batches):
    saved = [Fork(time_s=t, state=Path("a"), edge_times=Path("b")) for t in start_times(request)]
    return SpecMaker(request, NETWORK, batches, saved)


def test_the_same_calls_are_driven_for_every_number_at_a_time(request_):
    batches = draw_batches(request_, NETWORK)
    assert [(b.group, b.at_once) for b in batches] == [(g, n) for g in (0, 1) for n in (1, 1, 1, 1, 4)]
    for group in (0, 1):
        alone = [b.calls[0] for b in batches if b.group == group and b.at_once == 1]
        [together] = [b.calls for b in batches if b.group == group and b.at_once == 4]
        assert tuple(alone) == together
    assert [b.calls for b in draw_batches(request_, NETWORK)] == [b.calls for b in batches]
    assert {b.calls[0].announced_s for b in batches if b.group == 1} == {start_times(request_)[1]}


def test_groups_divide_into_batches(request_):
    with pytest.raises(InputError, match="--together 6 calls"):
        draw_batches(replace(request_, together=6), NETWORK)


def test_whose_turn_it_is_not_drives_without_priority(request_):
    batches = draw_batches(request_, NETWORK)
    maker = specs(request_, batches)
    alone, base = maker.own(batches[0], "priority"), maker.shared(0, "baseline")
    assert {c.vehicle_id for c in (*alone.calls, *alone.company)} == {c.vehicle_id for c in base.calls}
    assert len(alone.calls) == 1
    assert alone.seed == base.seed != maker.shared(0, "placebo").seed


def test_what_differs_only_in_its_treatment_shares_the_rest(request_, tmp_path):
    batches = draw_batches(request_, NETWORK)
    maker = specs(request_, batches)
    other = specs(replace(request_, strays=0.1, parameters=PriorityParameters(ahead=2), out=tmp_path / "x"), batches)
    assert spec_key(maker.shared(0, "baseline")) == spec_key(other.shared(0, "baseline"))
    assert spec_key(maker.own(batches[0], "priority")) != spec_key(other.own(batches[0], "priority"))
    moved = replace(request_.scenario, net_file=tmp_path / "moved.net.xml")
    moved.net_file.write_text("<net/>")
    base = maker.shared(0, "baseline")
    assert spec_key(replace(base, scenario=moved)) == spec_key(base)
    moved.net_file.write_text("<net>other</net>")
    assert spec_key(replace(base, scenario=moved)) != spec_key(base)


def test_a_file_that_cannot_be_read_is_no_twin(request_, tmp_path):
    kept = KeptTwins(tmp_path / "out", tmp_path / "other")
    spec = specs(request_, batches := draw_batches(request_, NETWORK)).shared(batches[0].group, "baseline")
    assert kept.find(spec) is None
    (tmp_path / "other" / "twins").mkdir(parents=True)
    (tmp_path / "other" / "twins" / f"{spec_key(spec)}.pkl").write_bytes(b"half a")
    assert kept.find(spec) is None


def test_the_ceiling_drives_the_way_of_the_baseline_and_the_best_of_its_own(request_):
    """On a grid: who was sent round the block also drives straight on; who took the best way drives it once."""
    planner, calls = RoutePlanner(NETWORK), draw_batches(request_, NETWORK)[0].calls
    call = calls[0]
    ends = NETWORK.edge_index(call.origin), NETWORK.edge_index(call.destination)
    best = [NETWORK.edges[e].id for e in planner.fastest(*ends, planner.free_s)[0]]
    slow = planner.free_s.copy()
    slow[NETWORK.edge_index(best[1])] = 1e4
    detour = [NETWORK.edges[e].id for e in planner.fastest(*ends, slow)[0]]

    def ways(edges, arrived_s):
        driven = Driven(call, arrived_s=arrived_s, edges=[(edge, 0.0, 0.0) for edge in edges])
        base = SimpleNamespace(driven={call.vehicle_id: driven})
        driving, routes = empty_road_ways([call], base, NETWORK, planner)
        assert [c.vehicle_id for c in driving] == list(routes)
        return [list(routes[c.vehicle_id]) for c in driving]

    assert ways(best, 900.0) == [best]
    assert ways(detour, 900.0) == [detour, best]
    assert ways(detour[:2], None) == [best]
    assert OWN_WAY not in call.vehicle_id
