"""The least delay that any control of a scenario's stages could reach, in a fluid model without spillback.

    python benchmarks/fluid_bound.py kuala-lumpur            # changes of stage take 10 % of the time, headway 2.2 s
    python benchmarks/fluid_bound.py kuala-lumpur 0.18 2.5

Vehicles are a fluid that follows each road's mean turning shares, roads store any number, and one linear
programme (HiGHS) that knows the hour in advance splits every five minutes of every junction among its stages
(store and forward: D. C. Gazis, R. B. Potts 1963). Whatever that leaves out makes the true least delay larger;
turning shares that do not change with time are the one approximation. What vehicles had lost when the
window began counts, as in every other figure.
"""

from __future__ import annotations

import itertools
import sys
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from time import perf_counter

import libsumo
import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import linprog

from citybrain.demand.scenario import Scenario, open_scenario
from citybrain.demand.trips import read_trips
from citybrain.evaluation.warm import warm_state
from citybrain.network import read_network
from citybrain.network.model import Network
from citybrain.simulation.sumo import SumoLaunch, sumo_arguments

STEP_S = 300.0
TIME_LIMIT_S = 1500.0


@dataclass
class Rows:
    """A sparse matrix with its right-hand side, written row by row."""

    i: list[int] = field(default_factory=list)
    j: list[int] = field(default_factory=list)
    v: list[float] = field(default_factory=list)
    right: list[float] = field(default_factory=list)

    def add(self, terms: Iterable[tuple[int, float]], right: float) -> None:
        for column, value in terms:
            self.i.append(len(self.right))
            self.j.append(column)
            self.v.append(value)
        self.right.append(right)

    def matrix(self, columns: int) -> tuple[sparse.csr_matrix, NDArray[np.float64]]:
        shape = (len(self.right), columns)
        return sparse.csr_matrix((self.v, (self.i, self.j)), shape=shape), np.array(self.right)


@dataclass
class Traffic:
    """What drives: by edge and step those who enter from outside, and those there already who reach its stop line."""

    outside: NDArray[np.float64]
    reach: NDArray[np.float64]
    turns: dict[tuple[int, int], float]
    """Share of the vehicles on an edge that go on to the next one, by the pair of edges."""
    loaded: int
    lost_s: float
    """Delay of all together when the window begins."""


def traffic(scenario: Scenario, network: Network, steps: int) -> Traffic:
    """Read the routes, and where everybody is when the window begins."""
    index = {edge.id: edge.index for edge in network.edges}
    begin_s = scenario.begin_s
    shape = (len(network.edges), steps)
    outside, reach = np.zeros(shape), np.zeros(shape)
    routes, present, lost_s = [], set(), 0.0
    libsumo.start(["sumo", *sumo_arguments(scenario, SumoLaunch(seed=101, load_state=warm_state(scenario)))])
    for name in libsumo.vehicle.getIDList():
        present.add(name)
        lost_s += libsumo.vehicle.getTimeLoss(name) + libsumo.vehicle.getDepartDelay(name)
        inside = libsumo.vehicle.getRoadID(name).startswith(":")
        rest = libsumo.vehicle.getRoute(name)[libsumo.vehicle.getRouteIndex(name) + inside :]
        routes.append(rest)
        e = index.get(rest[0], -1) if rest else -1
        if e >= 0:
            edge = network.edges[e]
            left_m = edge.length_m - (0.0 if inside else libsumo.vehicle.getLanePosition(name))
            k = int(max(0.0, left_m) / edge.speed_mps // STEP_S)
            if k < steps:
                reach[e, k] += 1.0
    libsumo.close()
    for file in scenario.route_files:
        for trip in read_trips(file):
            if begin_s <= trip.depart_s < scenario.end_s and trip.id not in present:
                routes.append(trip.edges)
                e = index.get(trip.edges[0], -1)
                if e >= 0:
                    outside[e, min(int((trip.depart_s - begin_s) // STEP_S), steps - 1)] += 1.0
    uses: dict[tuple[int, int], float] = defaultdict(float)
    total = np.zeros(len(network.edges))
    for route in routes:
        known = [index[edge] for edge in route if edge in index]
        total[known] += 1.0
        for pair in itertools.pairwise(known):
            uses[pair] += 1.0
    shares = {pair: count / total[pair[0]] for pair, count in uses.items()}
    return Traffic(outside, reach, shares, len(routes), lost_s)


class Programme:
    """The linear programme: queues by turn, flows by connection and greens by stage, in every step."""

    def __init__(self, network: Network, flow: Traffic, steps: int, lost: float, headway_s: float) -> None:
        self.network, self.flow, self.steps, self.lost, self.headway_s = network, flow, steps, lost, headway_s
        self.turn = {pair: n for n, pair in enumerate(flow.turns)}
        self.connections: list[tuple[int, int, int]] = []  # turn, lane, movement
        for lane in network.lanes:
            for link in lane.links:
                pair = (lane.edge, network.lanes[link.to_lane].edge)
                if pair in self.turn:
                    self.connections.append((self.turn[pair], lane.index, link.movement))
        self.by_turn: dict[int, list[int]] = defaultdict(list)
        self.by_lane: dict[int, list[int]] = defaultdict(list)
        for row, (turn, lane, _) in enumerate(self.connections):
            self.by_turn[turn].append(row)
            self.by_lane[lane].append(row)
        self.first_stage = np.cumsum([0, *(len(junction.stages) for junction in network.junctions)]).tolist()
        self.flows_at = len(self.turn) * steps
        self.greens_at = self.flows_at + len(self.connections) * steps
        self.columns = self.greens_at + self.first_stage[-1] * steps

    def queue(self, turn: int, k: int) -> int:
        return turn * self.steps + k

    def crossing(self, row: int, k: int) -> int:
        return self.flows_at + row * self.steps + k

    def green(self, junction: int, stage: int, k: int) -> int:
        return self.greens_at + (self.first_stage[junction] + stage) * self.steps + k

    def conservation(self) -> Rows:
        """What waits to turn is what waited before, and came, less what crossed."""
        rows, edges = Rows(), self.network.edges
        onto: dict[int, list[int]] = defaultdict(list)
        for (_, edge), turn in self.turn.items():
            onto[edge] += self.by_turn[turn]
        for (edge, to), turn in self.turn.items():
            share = self.flow.turns[edge, to]
            later, part = divmod(edges[edge].length_m / edges[edge].speed_mps / STEP_S, 1.0)
            for k in range(self.steps):
                right = share * self.flow.reach[edge, k]
                terms = [(self.queue(turn, k), 1.0)]
                if k > 0:
                    terms.append((self.queue(turn, k - 1), -1.0))
                terms += [(self.crossing(row, k), 1.0) for row in self.by_turn[turn]]
                for weight, source in ((1.0 - part, k - int(later)), (part, k - int(later) - 1)):
                    if source >= 0 and weight > 0:
                        right += share * weight * self.flow.outside[edge, source]
                        terms += [(self.crossing(row, source), -share * weight) for row in onto[edge]]
                rows.add(terms, right)
        return rows

    def capacity(self) -> Rows:
        """A connection, and a lane as a whole, discharges while it has green; a junction has so much green."""
        rows, rate_vps = Rows(), 1.0 / self.headway_s
        for on_lane in self.by_lane.values():
            signalled = [row for row in on_lane if self.connections[row][2] >= 0]
            for k in range(self.steps):
                if not signalled:
                    rows.add([(self.crossing(row, k), 1.0) for row in on_lane], rate_vps * STEP_S)
                    continue
                of_lane = set()
                for row in signalled:
                    movement = self.network.movements[self.connections[row][2]]
                    stages = self.network.junctions[movement.junction].stages
                    greens = {self.green(movement.junction, s.index, k) for s in stages if s.is_green(movement.link)}
                    of_lane |= greens
                    rows.add([(self.crossing(row, k), 1.0), *((g, -rate_vps) for g in greens)], 0.0)
                crossings = [(self.crossing(row, k), 1.0) for row in signalled]
                rows.add([*crossings, *((g, -rate_vps) for g in of_lane)], 0.0)
        for junction in self.network.junctions:
            usable_s = STEP_S * (1.0 if len(junction.stages) < 2 else 1.0 - self.lost)
            for k in range(self.steps):
                rows.add([(self.green(junction.index, s.index, k), 1.0) for s in junction.stages], usable_s)
        return rows

    def solve(self) -> float:
        """Return the least time that all together stand in queues, vehicle-seconds."""
        cost = np.zeros(self.columns)
        cost[: self.flows_at] = STEP_S
        a_eq, b_eq = self.conservation().matrix(self.columns)
        a_ub, b_ub = self.capacity().matrix(self.columns)
        options = {"time_limit": TIME_LIMIT_S}
        done = linprog(cost, A_ub=a_ub, b_ub=b_ub, A_eq=a_eq, b_eq=b_eq, method="highs-ipm", options=options)
        if done.status != 0:
            sys.exit(f"no optimum: {done.message}")
        return float(done.fun)


def main(name: str, lost: float, headway_s: float) -> None:
    """Print the bound."""
    scenario = open_scenario(name)
    network = read_network(scenario.net_file, scenario.additional_files)
    steps = round((scenario.end_s - scenario.begin_s) / STEP_S)
    flow = traffic(scenario, network, steps)
    programme = Programme(network, flow, steps, lost, headway_s)
    begun = perf_counter()
    queued_s, before_s = programme.solve() / flow.loaded, flow.lost_s / flow.loaded
    print(
        f"{name}: {flow.loaded} vehicles, changes {lost:.0%} of the time, headway {headway_s:g} s: mean delay at least "
        f"{before_s + queued_s:.1f} s, {before_s:.1f} s of it before the window "
        f"({programme.columns} columns, {perf_counter() - begun:.0f} s)"
    )


if __name__ == "__main__":
    main(sys.argv[1], *(float(value) for value in (*sys.argv[2:], *("0.10", "2.2")[len(sys.argv) - 2 :])))
