"""The least delay that any control of a scenario's stages could reach, in a fluid model without spillback.

    python benchmarks/fluid_bound.py kuala-lumpur 0.10 2.2

Arguments: the scenario, the share of time that changes of stage take, the saturation headway in seconds.
Vehicles are a fluid that follows each road's mean turning shares, roads store any number, all junctions
know the future and split every five minutes among their stages as a linear programme (HiGHS) likes best
(store and forward: Gazis and Potts 1963). Everything that is left out makes the true least delay larger;
turning shares that do not change with time are the one approximation. What vehicles had lost when the
window began is counted, as in every other figure.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from time import perf_counter

import libsumo
import numpy as np
from scipy import sparse
from scipy.optimize import linprog

from citybrain.demand.scenario import open_scenario
from citybrain.demand.trips import read_trips
from citybrain.evaluation.warm import warm_state
from citybrain.network import read_network
from citybrain.simulation.sumo import SumoLaunch, sumo_arguments

STEP_S = 300.0


class Rows:
    """A sparse matrix written row by row."""

    def __init__(self) -> None:
        self.i, self.j, self.v, self.right = [], [], [], []

    def add(self, terms, right):
        row = len(self.right)
        for column, value in terms:
            self.i.append(row)
            self.j.append(column)
            self.v.append(value)
        self.right.append(right)

    def matrix(self, n):
        return sparse.csr_matrix((self.v, (self.i, self.j)), shape=(len(self.right), n)), np.array(self.right)


def start_state(scenario, edges):
    """Return the rest of each route at the beginning, with its way to the stop line, and the delay so far."""
    libsumo.start(["sumo", *sumo_arguments(scenario, SumoLaunch(seed=101, load_state=warm_state(scenario)))])
    rest, so_far_s, ids = [], 0.0, set()
    for vehicle in libsumo.vehicle.getIDList():
        route, at = libsumo.vehicle.getRoute(vehicle), libsumo.vehicle.getRouteIndex(vehicle)
        ids.add(vehicle)
        so_far_s += libsumo.vehicle.getTimeLoss(vehicle) + libsumo.vehicle.getDepartDelay(vehicle)
        position_m = libsumo.vehicle.getLanePosition(vehicle)
        if not libsumo.vehicle.getRoadID(vehicle).startswith(":"):
            rest.append((route[at:], position_m))
        elif at + 1 < len(route):
            rest.append((route[at + 1 :], 0.0))
    waiting = set(libsumo.simulation.getPendingVehicles())
    libsumo.close()
    return rest, so_far_s, ids, waiting


def main(name: str, lost: float, headway_s: float) -> None:
    scenario = open_scenario(name)
    network = read_network(scenario.net_file, scenario.additional_files)
    index = {edge.id: edge.index for edge in network.edges}
    begin, end = scenario.begin_s, scenario.end_s
    steps = round((end - begin) / STEP_S)
    rest, so_far_s, present, _ = start_state(scenario, index)
    trips = [t for f in scenario.route_files for t in read_trips(f) if begin <= t.depart_s < end and t.id not in present]
    loaded = len(rest) + len(trips)
    free_s = np.array([edge.length_m / edge.speed_mps for edge in network.edges])
    uses, total = defaultdict(float), np.zeros(len(network.edges))
    for edges in [r for r, _ in rest] + [t.edges for t in trips]:
        known = [index[e] for e in edges if e in index]
        for a, b in zip(known, known[1:]):
            uses[a, b] += 1.0
        total[known] += 1.0
    turns = {pair: n for n, pair in enumerate(uses)}
    share = np.array([uses[pair] / total[pair[0]] for pair in turns])
    onto = defaultdict(list)
    links = defaultdict(list)  # turn -> its connections: (lane, movement)
    for lane in network.lanes:
        for link in lane.links:
            pair = (lane.edge, network.lanes[link.to_lane].edge)
            if pair in turns:
                links[turns[pair]].append((lane.index, link.movement))
    for (a, b), t in turns.items():
        onto[b].append(t)
    outside = np.zeros((len(network.edges), steps))  # inflow from nowhere, by edge and step
    reach = np.zeros((len(network.edges), steps))  # arrivals at the stop line of those there at the beginning
    for edges, at_m in rest:
        e = index.get(edges[0])
        if e is not None:
            left_s = max(0.0, (network.edges[e].length_m - at_m) / network.edges[e].speed_mps)
            k = int(left_s // STEP_S)
            if k < steps:
                reach[e, k] += 1.0
    for trip in trips:
        e = index.get(trip.edges[0])
        if e is not None:
            outside[e, min(int((trip.depart_s - begin) // STEP_S), steps - 1)] += 1.0
    # columns: x by turn and step, q by link and step, g by stage and step
    link_rows = [(t, lane, m) for t in sorted(links) for lane, m in links[t]]
    stages = [(j.index, s.index) for j in network.junctions for s in j.stages]
    n_x, n_q = len(turns) * steps, len(link_rows) * steps
    n = n_x + n_q + len(stages) * steps
    X = lambda t, k: t * steps + k  # noqa: E731
    Q = lambda r, k: n_x + r * steps + k  # noqa: E731
    G = lambda s, k: n_x + n_q + s * steps + k  # noqa: E731
    rows_of_turn = defaultdict(list)
    lane_rows = defaultdict(list)
    for r, (t, lane, m) in enumerate(link_rows):
        rows_of_turn[t].append(r)
        lane_rows[lane].append(r)
    first_stage = np.cumsum([0] + [len(j.stages) for j in network.junctions])
    equal, less = Rows(), Rows()
    rate = 1.0 / headway_s
    for (a, _), t in turns.items():
        later, part = divmod(free_s[a] / STEP_S, 1.0)
        for k in range(steps):
            terms, right = [(X(t, k), 1.0)], share[t] * reach[a, k]
            if k > 0:
                terms.append((X(t, k - 1), -1.0))
            terms += [(Q(r, k), 1.0) for r in rows_of_turn[t]]
            for weight, source in ((1.0 - part, k - int(later)), (part, k - int(later) - 1)):
                if source < 0 or weight <= 0:
                    continue
                right += share[t] * weight * outside[a, source]
                terms += [(Q(r, source), -share[t] * weight) for u in onto[a] for r in rows_of_turn[u]]
            equal.add(terms, right)
    for lane, rows in lane_rows.items():
        owners = {network.movements[link_rows[r][2]].junction for r in rows if link_rows[r][2] >= 0}
        junction = network.junctions[owners.pop()] if owners else None
        for k in range(steps):
            if junction is None:
                less.add([(Q(r, k), 1.0) for r in rows], rate * STEP_S)
                continue
            green = defaultdict(list)
            for r in rows:
                m = link_rows[r][2]
                if m >= 0:
                    green[r] = [s.index for s in junction.stages if s.is_green(network.movements[m].link)]
                    less.add([(Q(r, k), 1.0), *((G(first_stage[junction.index] + s, k), -rate) for s in green[r])], 0.0)
            anywhere = sorted({s for values in green.values() for s in values})
            less.add(
                [*((Q(r, k), 1.0) for r in rows if r in green),
                 *((G(first_stage[junction.index] + s, k), -rate) for s in anywhere)], 0.0,
            )  # fmt: skip
    for junction in network.junctions:
        for k in range(steps):
            less.add(
                [(G(first_stage[junction.index] + s.index, k), 1.0) for s in junction.stages],
                STEP_S * (1.0 if len(junction.stages) < 2 else 1.0 - lost),
            )
    cost = np.zeros(n)
    cost[:n_x] = STEP_S
    a_eq, b_eq = equal.matrix(n)
    a_ub, b_ub = less.matrix(n)
    begun = perf_counter()
    done = linprog(cost, A_ub=a_ub, b_ub=b_ub, A_eq=a_eq, b_eq=b_eq, method="highs-ipm", options={"time_limit": 1500.0})
    print(
        f"{name}: {loaded} vehicles, {n} columns, {done.message.split('.')[0]}, {perf_counter() - begun:.0f} s; "
        f"lost before the window {so_far_s / loaded:.1f} s, queues {(done.fun or np.nan) / loaded:.1f} s, "
        f"bound {(so_far_s + (done.fun or np.nan)) / loaded:.1f} s of mean delay",
        flush=True,
    )


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), float(sys.argv[3]))
