"""Dynamic user assignment: drivers change to the routes that were fastest, until few gain by it.

Each round simulates all trips, reads the travel time of every edge in every quarter of an hour, and
offers each driver the route that would have been fastest. A share of the drivers takes it, 1/2, 1/3,
1/4 … in turn: the method of successive averages. Routing is done by SUMO's duarouter; the rounds
run in its mesoscopic model, the last ones in the microscopic one.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from lxml import etree

from citybrain.demand.counts import match_counts
from citybrain.demand.flows import count_flows
from citybrain.demand.trips import Trip, read_routed_edges, write_routes, write_trips
from citybrain.network.netconvert import run_sumo_tool

INTERVAL_S = 900
_log = logging.getLogger(__name__)
_SIGNAL_PENALTY_S = 12.0
# times the tau of the vehicle type: makes a queue leave as fast as in the microscopic model
_MESO_HEADWAY = "1.6"


@dataclass(frozen=True, slots=True, kw_only=True)
class Loading:
    """What it takes to simulate trips: the net, plans and types, and when to stop.

    Attributes
    ----------
    hours : float
        Over how long the trips spread, for flows an hour.
    """

    net_file: Path
    additional_files: tuple[Path, ...]
    begin_s: float
    end_s: float
    hours: float


def shortest_routes(
    trips: list[Trip], net_file: Path, work: Path, *, weights: Path | None = None, seed: int = 1
) -> dict[str, tuple[str, ...]]:
    """Route each trip by the travel times of an edge-data file, or of empty roads.

    Drivers perceive times with a spread of a few per cent, so that equal routes share the load.
    """
    trips_file, routes_file = work / "wanted.trips.xml", work / "found.rou.xml"
    write_trips(trips, trips_file)
    options = [
        "-n", str(net_file), "-r", str(trips_file), "-o", str(routes_file), "--ignore-errors", "--no-warnings",
        "--seed", str(seed), "--no-step-log", "--weights.random-factor", "1.15", "--routing-algorithm", "dijkstra",
    ]  # fmt: skip
    if weights is None:
        options += ["--weights.tls-penalty", f"{_SIGNAL_PENALTY_S:g}"]
    else:
        options += ["--weight-files", str(weights), "--weight-attribute", "traveltime"]
    run_sumo_tool("duarouter", *options)
    return read_routed_edges(routes_file)


def simulate(trips: list[Trip], loading: Loading, work: Path, *, meso: bool, seed: int = 1) -> Path:
    """Simulate routed trips; returns the edge data, with a travel time for every edge."""
    routes_file, edge_file = work / "load.rou.xml", work / "edges.xml"
    extra = work / "edge_data.add.xml"
    write_routes(trips, routes_file)
    extra.write_text(
        f'<additional><edgeData id="assign" file="{edge_file}" period="{INTERVAL_S}" excludeEmpty="false"/></additional>'
    )
    options = [
        "-n", str(loading.net_file), "-r", str(routes_file), "-b", f"{loading.begin_s:g}", "-e", f"{loading.end_s:g}",
        "-a", ",".join(str(file) for file in (*loading.additional_files, extra)), "--seed", str(seed),
        "--no-step-log", "--no-warnings", "--time-to-teleport", "240", "--ignore-junction-blocker", "15",
    ]  # fmt: skip
    if meso:
        options += [
            "--mesosim", "--meso-junction-control", "--meso-edgelength", "80", "--meso-tauff", _MESO_HEADWAY,
            "--meso-taufj", _MESO_HEADWAY, "--meso-taujf", "2.0",
        ]  # fmt: skip
    run_sumo_tool("sumo", *options)
    return edge_file


def mean_weights(edge_files: list[Path], target: Path, *, net_speeds: dict[str, tuple[float, float]]) -> Path:
    """Average the travel times of rounds into one weight file; empty edges count at free flow.

    Parameters
    ----------
    net_speeds : mapping
        Length in metres and free speed in metres per second of each edge.
    """
    sums: dict[tuple[float, float], dict[str, list[float]]] = {}
    for file in edge_files:
        for interval in etree.parse(str(file)).getroot().iter("interval"):
            key = float(interval.get("begin")), float(interval.get("end"))
            for edge in interval.iter("edge"):
                name = edge.get("id")
                if name not in net_speeds:
                    continue
                length, speed = net_speeds[name]
                time = edge.get("traveltime")
                empty = time is None or float(edge.get("sampledSeconds", "0")) <= 0
                sums.setdefault(key, {}).setdefault(name, []).append(length / speed if empty else float(time))
    root = etree.Element("meandata")
    for (begin, end), times in sorted(sums.items()):
        interval = etree.SubElement(root, "interval", id="mean", begin=f"{begin:g}", end=f"{end:g}")
        for name, values in times.items():
            etree.SubElement(interval, "edge", id=name, traveltime=f"{sum(values) / len(values):.2f}")
    etree.ElementTree(root).write(str(target))
    return target


def edge_speeds(net_file: Path) -> dict[str, tuple[float, float]]:
    """Length in metres and speed in metres per second of every road edge of a net."""
    found = {}
    for _, edge in etree.iterparse(str(net_file), tag="edge"):
        if not edge.get("function") and len(edge):
            found[edge.get("id")] = float(edge[0].get("length")), float(edge[0].get("speed"))
        edge.clear()
    return found


def assign(
    trips: list[Trip],
    loading_of: Callable[[list[Trip]], Loading],
    work: Path,
    *,
    rounds: int = 12,
    micro_rounds: int = 2,
    seed: int = 1,
    count_vph: dict[str, float] | None = None,
) -> list[Trip]:
    """Route trips by dynamic user assignment.

    Parameters
    ----------
    loading_of : callable
        Makes the signal plans for routed trips and returns how to simulate them; called each round,
        because the engineer times the signals for the traffic there is.
    count_vph : mapping, optional
        Counted vehicles an hour by edge; early rounds repeat or drop trips until routes agree with them.

    Returns
    -------
    list of Trip
        The trips that have a route, routed.
    """
    generator = np.random.default_rng(seed)
    loading = loading_of([])
    speeds = edge_speeds(loading.net_file)
    found = shortest_routes(trips, loading.net_file, work, seed=seed)
    routed = [trip.on(found[trip.id]) for trip in trips if found.get(trip.id)]
    _log.info("%d of %d trips have a route", len(routed), len(trips))
    history: list[Path] = []
    for number in range(1, rounds + 1):
        loading = loading_of(routed)
        data = simulate(routed, loading, work, meso=number <= rounds - micro_rounds, seed=seed)
        kept = work / f"edges.{number}.xml"
        data.rename(kept)
        history.append(kept)
        weights = mean_weights(history[-3:], work / "weights.xml", net_speeds=speeds)
        better = shortest_routes(routed, loading.net_file, work, weights=weights, seed=seed + number)
        changes = generator.random(len(routed)) < max(1.0 / (number + 1), 0.08)
        moved = sum(
            1
            for trip, change in zip(routed, changes, strict=True)
            if change and better.get(trip.id, trip.edges) != trip.edges
        )
        routed = [
            trip.on(better.get(trip.id, trip.edges)) if change else trip
            for trip, change in zip(routed, changes, strict=True)
        ]
        _log.info("round %d: %d drivers changed", number, moved)
        if count_vph and number <= rounds // 2:
            flows = count_flows(routed, hours=loading.hours).edge_vph
            routed = match_counts(routed, count_vph, flows, keep_total=True, generator=generator)
    return routed
