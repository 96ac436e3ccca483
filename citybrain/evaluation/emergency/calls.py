"""Emergency calls: between the sites of a city and random addresses, or between random places."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from citybrain.demand.emergency_sites import EmergencySite
from citybrain.demand.scenario import Scenario
from citybrain.detection.onboard import Call
from citybrain.errors import InputError
from citybrain.network.model import Network
from citybrain.signals.priority.route import RoutePlanner
from citybrain.signals.priority.route_line import RouteLine

TURNOUT_S = (45.0, 75.0)
"""From the call until the crew is on the road; NFPA 1710 asks for 60 s (medical) and 80 s (fire)."""
_LEAST_SIGNALS, _LEAST_M = 3, 700.0
_OF_LONGEST, _SAMPLE = 0.6, 150
_SHORTEST_EDGE_M = 25.0
_TRIES = 4000


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where calls begin and end: (edge, metres along it)."""

    sites: tuple[tuple[str, int, float], ...]
    """Kind, edge, metres; empty where the map has none."""
    roads: tuple[int, ...]


def find_places(scenario: Scenario, network: Network) -> Places:
    """Return the emergency sites of the scenario's city, and all roads long enough for an address."""
    sites = []
    for site in _sites(scenario):
        for edge_id, along_m in site.edges:
            edge = network.edge_index(edge_id)
            if edge >= 0:
                sites.append((site.kind, edge, min(max(along_m, 10.0), network.edges[edge].length_m - 5.0)))
    roads = tuple(e.index for e in network.edges if e.length_m >= _SHORTEST_EDGE_M and e.lanes)
    return Places(sites=tuple(sites), roads=roads)


def _sites(scenario: Scenario) -> tuple[EmergencySite, ...]:
    from citybrain.demand.emergency_sites import read_emergency_sites
    from citybrain.demand.named import CITIES
    from citybrain.network.cities import city_folder
    from citybrain.network.corridors import read_city
    from citybrain.network.plain import lay_roads

    name = scenario.name.partition(":")[0]
    return read_emergency_sites(lay_roads(read_city(city_folder(name)))) if name in CITIES else ()


def draw_calls(
    network: Network,
    places: Places,
    planner: RoutePlanner,
    rng: np.random.Generator,
    *,
    count: int,
    time_s: float,
    prefix: str,
) -> tuple[Call, ...]:
    """Draw calls that are announced at ``time_s``.

    With sites: a fire engine or an ambulance goes from a site to a random address, or an ambulance
    from there to a hospital. Without: from a random road to another. Ways of fewer signals than
    :func:`least_signals` or of less than 700 m are drawn again.

    Raises
    ------
    InputError
        If the map has too few such ways.
    """
    free_s = np.array([edge.length_m / max(edge.speed_mps, 1.0) for edge in network.edges])
    least = least_signals(network, places, planner)
    calls: list[Call] = []
    for _ in range(_TRIES):
        if len(calls) == count:
            break
        role, (origin, from_m), (destination, to_m) = _ends(network, places, rng)
        if origin == destination or any(call.origin == network.edges[origin].id for call in calls):
            continue
        try:
            way, _ = planner.fastest(origin, destination, free_s)
        except ValueError:
            continue
        line = RouteLine(network, way)
        signals = len({c.junction for c in line.crossings if c.at_m > from_m})
        if signals < least or line.length_m < _LEAST_M:
            continue
        calls.append(
            Call(
                vehicle_id=f"{prefix}{len(calls) + 1}",
                role=role,
                announced_s=time_s,
                depart_s=time_s + float(np.round(rng.uniform(*TURNOUT_S))),
                origin=network.edges[origin].id,
                from_m=from_m,
                destination=network.edges[destination].id,
                to_m=to_m,
            )
        )
    if len(calls) < count:
        raise InputError(
            f"{network.source}: {len(calls)} of {count} calls found a way through {least} signals and "
            f"{_LEAST_M:g} m; ask for fewer vehicles at a time, or use a larger map"
        )
    return tuple(calls)


def least_signals(network: Network, places: Places, planner: RoutePlanner) -> int:
    """Return how many signals a way must have: three, or without sites 60 % of the most of 150 random ways."""
    if places.sites:
        return _LEAST_SIGNALS
    free_s = np.array([edge.length_m / max(edge.speed_mps, 1.0) for edge in network.edges])
    rng, most = np.random.default_rng(0), 0
    for _ in range(_SAMPLE):
        _, (origin, _), (destination, _) = _ends(network, places, rng)
        try:
            way, _ = planner.fastest(origin, destination, free_s)
        except ValueError:
            continue
        most = max(most, len({c.junction for c in RouteLine(network, way).crossings}))
    return max(_LEAST_SIGNALS, round(_OF_LONGEST * most))


def _ends(
    network: Network, places: Places, rng: np.random.Generator
) -> tuple[str, tuple[int, float], tuple[int, float]]:
    def address() -> tuple[int, float]:
        edge = places.roads[int(rng.integers(len(places.roads)))]
        length_m = network.edges[edge].length_m
        return edge, float(np.round(rng.uniform(0.2, 0.8) * length_m, 1))

    if not places.sites:
        return "ambulance", address(), address()
    hospitals = [site for site in places.sites if site[0] == "hospital"]
    if hospitals and rng.random() < 0.4:
        _, edge, along_m = hospitals[int(rng.integers(len(hospitals)))]
        return "ambulance", address(), (edge, along_m)
    kind, edge, along_m = places.sites[int(rng.integers(len(places.sites)))]
    return "fire" if kind == "fire station" else "ambulance", (edge, along_m), address()
