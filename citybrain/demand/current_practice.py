"""Current-practice plans: what a competent engineer would run with fixed times.

Splits follow Webster: the critical lanes of all stages get the same degree of saturation. All
junctions of a control group share a cycle, that of the junction that needs the longest; groups are
not coordinated with each other. Offsets follow the travel time along the
heaviest roads. Source: F. V. Webster, Traffic Signal Settings, Road Research Technical Paper 39,
1958.
"""

from __future__ import annotations

import heapq
import math
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from lxml import etree
from scipy.optimize import linprog

from citybrain.demand.flows import Flows
from citybrain.network.plain import Roads
from citybrain.network.programs import WALK_S, SignalLayout, program

PROGRAM_ID = "current-practice"
SATURATION_PCU = 1500.0
TURN_SATURATION_PCU = 1400.0
LEAST_GREEN_S = 10
_LEAST_LOAD_PCU = 20.0
_CYCLE_STEP_S = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """Webster's figures for one signal.

    Attributes
    ----------
    load : float
        Sum of the critical flow ratios.
    lost_s : float
        Intergreens of one cycle.
    least_green_s : float
        What every stage gets at least.
    lane_ratio : mapping
        Flow over saturation flow of each lane.
    """

    layout: SignalLayout
    load: float
    lost_s: float
    lane_ratio: dict[str, float]
    least_green_s: float = LEAST_GREEN_S

    @property
    def webster_s(self) -> float:
        """Webster's cycle; very long as the load nears 1."""
        return (1.5 * self.lost_s + 5.0) / max(1.0 - self.load, 0.05)

    @property
    def least_cycle_s(self) -> float:
        """Cycle with every stage at its least green."""
        return self.lost_s + sum(
            self.least_green_s for stage in self.layout.stages if not stage <= self.layout.walk_links
        )


def lane_ratios(layout: SignalLayout, flows: Flows) -> dict[str, float]:
    """Flow ratio of each lane, drivers spreading over the lanes that go their way."""
    ways: dict[tuple[str, str], list[str]] = defaultdict(list)
    saturation: dict[str, float] = {}
    for link in layout.links:
        if link.turn != "crossing":
            ways[link.approach, link.to_edge].append(link.lane)
            own = SATURATION_PCU if link.turn == "straight" else TURN_SATURATION_PCU
            saturation[link.lane] = max(saturation.get(link.lane, 0.0), own)
    load: dict[str, float] = dict.fromkeys(saturation, 0.0)
    # movements with the fewest lanes choose first, the others fill the emptier lanes
    for way, lanes in sorted(ways.items(), key=lambda item: len(item[1])):
        remaining = max(flows.movement_pcu.get(way, 0.0), _LEAST_LOAD_PCU)
        for lane, share in zip(lanes, _fill([load[lane] for lane in lanes], remaining), strict=True):
            load[lane] += share
    return {lane: pcu / saturation[lane] for lane, pcu in load.items()}


def _fill(levels: list[float], amount: float) -> list[float]:
    """Pour an amount into vessels so that the lowest rise to one level."""
    low, high = min(levels), max(levels) + amount
    for _ in range(40):
        middle = (low + high) / 2
        if sum(max(0.0, middle - level) for level in levels) < amount:
            low = middle
        else:
            high = middle
    poured = [max(0.0, high - level) for level in levels]
    scale = amount / sum(poured)
    return [share * scale for share in poured]


def split_of(layout: SignalLayout, lane_ratio: dict[str, float], *, least_green_s: float = LEAST_GREEN_S) -> Split:
    """Find the load of a signal: the least sum of stage ratios that covers every lane."""
    lost = float(sum(layout.intergreen_s(stage) for stage in range(len(layout.stages))))
    lost += sum(WALK_S for stage in layout.stages if stage <= layout.walk_links)
    rows, needs = _lane_rows(layout, lane_ratio)
    load = 0.0
    if needs:
        found = linprog(np.ones(len(layout.stages)), A_ub=-np.array(rows), b_ub=-np.array(needs), method="highs")
        load = float(found.fun)
    return Split(layout=layout, load=load, lost_s=lost, lane_ratio=lane_ratio, least_green_s=least_green_s)


def _lane_rows(layout: SignalLayout, lane_ratio: Mapping[str, float]) -> tuple[list[list[float]], list[float]]:
    """For each lane which stages serve it, and how much it needs."""
    links: dict[str, list[int]] = defaultdict(list)
    for link in layout.links:
        if link.lane in lane_ratio:
            links[link.lane].append(link.index)
    rows = [[float(all(i in stage for i in ids)) for stage in layout.stages] for ids in links.values()]
    needs = [lane_ratio[lane] for lane in links]
    kept = [k for k, row in enumerate(rows) if any(row)]
    return [rows[k] for k in kept], [needs[k] for k in kept]


def greens_s(split: Split, cycle_s: float) -> list[int]:
    """Whole seconds of green by stage that fill a cycle with an equal degree of saturation.

    Maximises the common reserve ``u`` in ``served green of a lane >= u * its ratio * cycle``.
    """
    layout = split.layout
    n = len(layout.stages)
    walks = [stage <= layout.walk_links for stage in layout.stages]
    intergreens = sum(layout.intergreen_s(stage) for stage in range(n))
    rows, needs = _lane_rows(layout, split.lane_ratio)
    room = cycle_s - intergreens
    bounds = [(WALK_S, WALK_S) if walk else (split.least_green_s, None) for walk in walks]
    a_ub = [[need * cycle_s, *(-x for x in row)] for row, need in zip(rows, needs, strict=True)]
    # a touch of weight on every green keeps spare time from going to one stage alone
    found = linprog(
        [-1.0, *[0.0] * n], A_ub=np.array(a_ub), b_ub=np.zeros(len(a_ub)), A_eq=[[0.0, *[1.0] * n]], b_eq=[room],
        bounds=[(0, None), *bounds], method="highs",
    )  # fmt: skip
    if not found.success:
        return [WALK_S if walk else math.ceil(split.least_green_s) for walk in walks]
    return _rounded([float(g) for g in found.x[1:]], round(room), fixed=walks)


def _rounded(values: list[float], total: int, *, fixed: list[bool]) -> list[int]:
    whole = [math.floor(value + 1e-6) for value in values]
    order = sorted((i for i, keep in enumerate(fixed) if not keep), key=lambda i: whole[i] - values[i])
    for k in range(total - sum(whole)):
        whole[order[k % len(order)]] += 1
    return whole


def common_cycle_s(splits: list[Split], *, least_s: float, most_s: float) -> int:
    """A group's cycle: the longest that Webster's formula asks for, within bounds, and room for every stage."""
    wanted = max(split.webster_s for split in splits)
    needed = max(split.least_cycle_s for split in splits)
    return math.ceil(max(min(max(wanted, least_s), most_s), needed) / _CYCLE_STEP_S) * _CYCLE_STEP_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A signal that feeds the next one: the movement's flow and the time to drive there."""

    start: str
    end: str
    from_edge: str
    to_edge: str
    pcu: float
    travel_s: float


def feeding_links(roads: Roads, flows: Flows) -> list[Link]:
    """List the roads from signal to signal, each with the movement that feeds it most."""
    feeders: dict[str, tuple[float, str]] = {}
    for (from_edge, to_edge), pcu in flows.movement_pcu.items():
        feeders[to_edge] = max(feeders.get(to_edge, (0.0, "")), (pcu, from_edge))
    found = []
    for road in roads.roads.values():
        signalled = roads.city.places[road.start].signalised and roads.city.places[road.end].signalised
        pcu, from_edge = feeders.get(road.id, (0.0, ""))
        if signalled and pcu > 0:
            travel_s = road.length_m / (road.corridor.speed_kmh / 3.6)
            found.append(
                Link(
                    start=road.start,
                    end=road.end,
                    from_edge=from_edge,
                    to_edge=road.last_edge,
                    pcu=pcu,
                    travel_s=travel_s,
                )
            )
    return found


def offsets_s(links: list[Link], starts_s: Mapping[tuple[str, str], float], *, cycle_s: float) -> dict[str, float]:
    """Start of each signal's cycle, seconds after midnight modulo the cycle.

    The signals of a group are joined by a spanning tree of their heaviest links (Prim), and each
    new one is set so that the green of the joining approach begins as the first vehicles of the
    upstream green arrive.

    Parameters
    ----------
    starts_s : mapping
        Start of the green of an approach edge within its signal's cycle, by (signal, edge).
    """
    by_node: dict[str, list[Link]] = defaultdict(list)
    for link in links:
        by_node[link.start].append(link)
        by_node[link.end].append(link)
    offsets: dict[str, float] = {}
    order = sorted(by_node, key=lambda node: -sum(link.pcu for link in by_node[node]))
    for root in order:
        if root in offsets:
            continue
        offsets[root] = 0.0
        queue = [(-link.pcu, k, link) for k, link in enumerate(by_node[root])]
        heapq.heapify(queue)
        while queue:
            _, _, link = heapq.heappop(queue)
            known, new = (link.start, link.end) if link.start in offsets else (link.end, link.start)
            if new in offsets:
                continue
            release = starts_s[link.start, link.from_edge]
            arrival = starts_s[link.end, link.to_edge]
            shift = release + link.travel_s - arrival
            offsets[new] = (offsets[known] + (shift if known == link.start else -shift)) % cycle_s
            for onward in by_node[new]:
                heapq.heappush(queue, (-onward.pcu, id(onward), onward))
    return offsets


def write_plans(
    layouts: list[SignalLayout], flows: Flows, roads: Roads, path: Path, *, cycle_bounds_s: tuple[float, float],
    program_id: str = PROGRAM_ID, least_green_s: float = LEAST_GREEN_S,
) -> dict[str, int]:  # fmt: skip
    """Write the plans of all signals as a SUMO additional file; returns the cycle of each group.

    Parameters
    ----------
    roads : Roads
        The city's roads, for the distances between signals and the signals' groups.
    cycle_bounds_s : tuple of float
        Least and greatest common cycle.
    least_green_s : float
        Green that every stage for vehicles gets at least.
    """
    splits = [split_of(layout, lane_ratios(layout, flows), least_green_s=least_green_s) for layout in layouts]
    groups = {place.id: place.group for place in roads.city.signals}
    links = feeding_links(roads, flows)
    by_group: dict[str, list[Split]] = defaultdict(list)
    for split in splits:
        by_group[groups.get(split.layout.id, "")].append(split)
    root = etree.Element("additional")
    cycles: dict[str, int] = {}
    for group, members in sorted(by_group.items()):
        cycles[group] = common_cycle_s(members, least_s=cycle_bounds_s[0], most_s=cycle_bounds_s[1])
        greens = {split.layout.id: greens_s(split, cycles[group]) for split in members}
        starts = {
            (split.layout.id, link.approach): _green_start_s(split.layout, greens[split.layout.id], link.index)
            for split in members
            for link in sorted(split.layout.links, key=lambda link: link.turn == "straight")
        }
        inner = [link for link in links if link.start in greens and link.end in greens]
        offsets = offsets_s(inner, starts, cycle_s=cycles[group])
        for split in members:
            tl = split.layout.id
            root.append(program(split.layout, greens[tl], program_id=program_id, offset_s=round(offsets.get(tl, 0.0))))
    etree.ElementTree(root).write(str(path), pretty_print=True, xml_declaration=True, encoding="utf-8")
    return cycles


def _green_start_s(layout: SignalLayout, greens: list[int], link: int) -> float:
    """When within the cycle a link turns green."""
    at = 0.0
    for stage, green in enumerate(greens):
        if link in layout.stages[stage] and link not in layout.stages[stage - 1]:
            return at
        at += green + layout.intergreen_s(stage)
    return 0.0
