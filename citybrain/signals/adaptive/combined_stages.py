"""Stages beside those of the plan: whatever may be green together, may be a stage.

A plan's stages are those that a cycle needs. One that decides every second can use others: all lanes of one
approach where the plan pairs it with the opposite one, a turn beside the stream that it does not cross. They are
the maximal sets of compatible lanes (stage-based design after Tully 1976; Heydecker and Dudgeon 1987): lanes whose
paths do not cross, or cross only where a stage of the plan, too, lets one wait for gaps in the other.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations, islice

import networkx as nx

from citybrain.network.model import GREEN, Junction, Network, Stage

MOST_ADDED = 12
_MOST_SETS = 500


def with_combined_stages(network: Network) -> Network:
    """Return the network with further stages at its junctions; the plan's own keep their numbers.

    A pedestrian crossing counts like a lane and is part of every added stage that it is compatible with.
    """
    return replace(network, junctions=tuple(_combined(network, junction) for junction in network.junctions))


def _combined(network: Network, junction: Junction) -> Junction:
    if len(junction.stages) < 2:
        return junction
    own = [frozenset(i for i, lamp in enumerate(stage.state) if lamp in GREEN) for stage in junction.stages]
    together = {pair for green in own for pair in combinations(sorted(green), 2)}
    units = _units(network, junction)
    graph = nx.Graph()
    graph.add_nodes_from(range(len(units)))
    graph.add_edges_from(
        (a, b)
        for a, b in combinations(range(len(units)), 2)
        if all(not junction.conflicts[x, y] or (min(x, y), max(x, y)) in together for x in units[a] for y in units[b])
    )
    found = {
        frozenset(link for unit in clique for link in units[unit])
        for clique in islice(nx.find_cliques(graph), _MOST_SETS)
    }
    new = sorted((s for s in found if not any(s <= green for green in own)), key=lambda s: (-len(s), sorted(s)))
    stages = list(junction.stages)
    for green in new:
        if len(stages) == len(junction.stages) + MOST_ADDED:
            break
        state = _state(junction, green)
        if state is not None:
            stages.append(Stage(index=len(stages), state=state))
    return replace(junction, stages=tuple(stages))


def _units(network: Network, junction: Junction) -> list[tuple[int, ...]]:
    """Links that turn green together: those of a lane, or one crossing."""
    lanes: dict[int, list[int]] = {}
    crossings = []
    for index in junction.movements:
        movement = network.movements[index]
        if movement.is_crossing:
            crossings.append((movement.link,))
        else:
            lanes.setdefault(movement.from_lane, []).append(movement.link)
    return [*(tuple(links) for links in lanes.values()), *crossings]


def _state(junction: Junction, green: frozenset[int]) -> str | None:
    """Return the lamps of a set of green links: permissive where one gives way to another; None where that is open.

    Who may turn on red in every stage of the plan that gives no green may do so here.
    """
    lamps = [
        "s" if all(stage.state[link] in ("s", *GREEN) for stage in junction.stages) else "r"
        for link in range(junction.n_links)
    ]
    for link in green:
        yields = any(junction.conflicts[link, other] and junction.gives_way[link, other] for other in green)
        lamps[link] = "g" if yields else "G"
    if any(lamps[a] == lamps[b] == "G" for a, b in combinations(sorted(green), 2) if junction.conflicts[a, b]):
        return None
    return "".join(lamps)
