"""Trials of many changes at once, judged by the delay around each; a model of queues stands for the simulation."""

from __future__ import annotations

from time import monotonic

import numpy as np
import pytest
from signals.retiming.traffic import even, model_of, pose_even

from citybrain.network.intergreens import SignalRules
from citybrain.network.synthetic import grid_network
from citybrain.signals.retiming.locality import NOBODY, Neighbourhoods, by_junction, next_signal
from citybrain.signals.retiming.moves import Sequences, setting_of, shown_once
from citybrain.signals.retiming.proposals import KINDS, Proposals
from citybrain.signals.retiming.timing import current_timing, to_plans
from citybrain.signals.retiming.trials import Losses, Trials

RULES = SignalRules(yellow_s=3.0, all_red_s=1.0)
NETWORK = grid_network(2, 3)
OWNER = next_signal(NETWORK)


def straight(edge):
    """A way through the grid: straight on wherever that is possible."""
    way = [edge]
    while True:
        onward = [
            link.to_lane for lane in NETWORK.edges[way[-1]].lanes for link in NETWORK.lanes[lane].links
            if link.movement >= 0 and NETWORK.movements[link.movement].turn == "straight"
        ]  # fmt: skip
        if not onward:
            return [NETWORK.edges[e].id for e in way]
        way.append(NETWORK.lanes[onward[0]].edge)


@pytest.fixture(scope="module")
def problem():
    reached = {NETWORK.lanes[link.to_lane].edge for lane in NETWORK.lanes for link in lane.links}
    entries = [edge.index for edge in NETWORK.edges if edge.index not in reached]
    vehicles = [v for k, edge in enumerate(entries) for v in even(straight(edge), 300 + 150 * (k % 4))]
    return pose_even(NETWORK, vehicles, RULES)


class ModelAsSimulation:
    """Runs plans in the platoon model, with some noise from seed to seed."""

    def __init__(self, problem):
        self.model, self.problem, self.runs = model_of(problem), problem, 0

    def measure(self, timings, seed):
        found = []
        for timing in timings:
            self.runs += 1
            self.model.value(timing)
            noise = np.random.default_rng((seed, self.runs)).normal(1.0, 0.01, len(NETWORK.junctions))
            cost = (self.problem.tables.weight @ self.model.cost) * noise
            edges = np.where(OWNER >= 0, cost[OWNER] / np.maximum(1, np.bincount(OWNER[OWNER >= 0]))[OWNER], 0.0)
            found.append(Losses(mean_s=float(cost.sum()), edge_s=edges, junction_s=cost))
        return found


def trials(problem, *, at_once=1, seed=1):
    simulation = ModelAsSimulation(problem)
    current = current_timing(NETWORK)
    neighbours = Neighbourhoods(len(NETWORK.junctions), problem.legs)
    proposals = Proposals(
        NETWORK, problem.rules, Sequences(NETWORK), neighbours, range(len(NETWORK.junctions)), [current]
    )
    return Trials(
        simulation=simulation, proposals=proposals, neighbours=neighbours, rules=problem.rules,
        generator=np.random.default_rng(seed), best=current.copy(), losses=simulation.measure([current], 0)[0],
        at_once=at_once,
    )  # fmt: skip


@pytest.mark.parametrize("at_once", [1, 2])
def test_trials_find_a_better_plan_and_a_legal_one(problem, at_once):
    found = trials(problem, at_once=at_once)
    before_s = found.losses.mean_s
    found.climb(monotonic() + 0.8)
    assert found.losses.mean_s < 0.95 * before_s
    value = found.simulation.model.value
    assert value(found.best) < 0.95 * value(current_timing(NETWORK))  # by more than the noise
    for plan in to_plans(NETWORK, found.best).values():
        assert plan.problems(NETWORK, RULES) == ()


def test_what_is_no_better_as_a_whole_is_taken_back(problem):
    found = trials(problem)
    found.losses = Losses(mean_s=0.0, edge_s=found.losses.edge_s, junction_s=found.losses.junction_s)
    found.climb(monotonic() + 0.2)
    now = current_timing(NETWORK)
    assert [setting_of(found.best, j) for j in range(6)] == [setting_of(now, j) for j in range(6)]


def test_proposals_of_one_run_do_not_touch_what_is_beside_them(problem):
    found = trials(problem, at_once=2)
    for _ in range(20):
        runs = found._draw_apart()
        changed = [j for run in runs for proposal in run for j in proposal.settings]
        assert len(changed) == len(set(changed))
        for run in runs:
            for k, proposal in enumerate(run):
                for other in run[:k]:
                    assert not found.neighbours.around(other.settings) & set(proposal.settings)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "sequence"])  # two stages have one sequence
def test_every_kind_of_proposal_changes_something_within_the_bounds(problem, kind):
    found, generator = trials(problem), np.random.default_rng(5)
    found.proposals.others.append(found.best.copy())
    found.proposals.others[1].offset[:] += 5
    drawn = [found.proposals.draw(kind, j % 6, found.best, found.losses.edge_s, generator) for j in range(60)]
    settings = [(j, s) for proposal in drawn if proposal for j, s in proposal.settings.items()]
    assert settings
    for j, setting in settings:
        assert setting != setting_of(found.best, j)
        assert all(
            problem.rules.low[j, s] <= g <= problem.rules.high[j, s]
            for s, g in zip(setting.stages, setting.greens, strict=True)
        )


def test_a_stage_that_is_shown_twice_is_shown_once_and_as_long(problem):
    setting = setting_of(current_timing(NETWORK), 0)
    cycle = int(current_timing(NETWORK).cycle[0])
    twice = setting._replace(stages=(*setting.stages, setting.stages[0]), greens=(*setting.greens, 10))
    once = shown_once(problem.rules, 0, twice, cycle)
    assert once.stages == setting.stages
    assert once.greens[0] > once.greens[1]


def test_a_road_belongs_to_the_signal_that_it_leads_to_first():
    for movement in NETWORK.movements:
        assert OWNER[NETWORK.lanes[movement.from_lane].edge] == movement.junction
    leaving = [edge.index for edge in NETWORK.edges if not any(NETWORK.lanes[lane].links for lane in edge.lanes)]
    assert leaving
    assert set(OWNER[leaving].tolist()) == {NOBODY}
    assert by_junction(np.ones(len(NETWORK.edges)), OWNER, 6).sum() == len(NETWORK.edges) - len(leaving)
