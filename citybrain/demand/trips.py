"""Single trips drawn from a trip table, and SUMO's files for them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

import numpy as np
from lxml import etree
from numpy.typing import NDArray

from citybrain.demand.periods import VEHICLE_KINDS, Period
from citybrain.demand.validate import open_maybe_gzip
from citybrain.demand.zones import Zone


@dataclass(frozen=True, slots=True, kw_only=True)
class Trip:
    """One vehicle's trip; ``edges`` is empty until it has a route."""

    id: str
    kind: str
    depart_s: float
    from_edge: str
    to_edge: str
    through_from: bool
    through_to: bool
    edges: tuple[str, ...] = ()

    def on(self, edges: tuple[str, ...]) -> Trip:
        """Return the same trip on a route."""
        return replace(self, edges=edges)


def draw_trips(
    zones: tuple[Zone, ...], table: NDArray[np.float64], period: Period, *, generator: np.random.Generator
) -> list[Trip]:
    """Draw the trips of a period from its warm-up to its end, by departure.

    The number of each pair is the expected one, rounded up or down at random, so that totals hold;
    departures follow the period's course.
    """
    hours = period.rate_hours(period.load_s, period.end_s)
    clock = np.linspace(period.load_s, period.end_s, 1000)
    rate = period.rate(clock)
    gone = np.concatenate([[0.0], np.cumsum((rate[1:] + rate[:-1]) / 2)])
    expected = table * hours
    counts = np.floor(expected + generator.random(expected.shape)).astype(int)
    kinds = np.array(VEHICLE_KINDS)
    shares = np.array([period.shares[kind] for kind in VEHICLE_KINDS])
    shares = shares / shares.sum()
    rows: list[tuple[float, str, str, str, bool, bool]] = []
    for i, j in np.argwhere(counts):
        n = int(counts[i, j])
        departs = np.interp(generator.uniform(0.0, gone[-1], n), gone, clock)
        froms = _edges(zones[i].out_edges, n, generator)
        tos = _edges(zones[j].in_edges, n, generator)
        drawn = generator.choice(kinds, n, p=shares)
        rows += [
            (float(t), str(k), a, b, zones[i].gateway, zones[j].gateway)
            for t, k, a, b in zip(departs, drawn, froms, tos, strict=True)
            if a != b
        ]
    rows.sort()
    return [
        Trip(id=f"{kind[0]}{n}", kind=kind, depart_s=t, from_edge=a, to_edge=b, through_from=g, through_to=h)
        for n, (t, kind, a, b, g, h) in enumerate(rows)
    ]


def _edges(choices: tuple[tuple[str, float], ...], n: int, generator: np.random.Generator) -> list[str]:
    weights = np.array([weight for _, weight in choices])
    picked = generator.choice(len(choices), n, p=weights / weights.sum())
    return [choices[k][0] for k in picked]


def write_trips(trips: list[Trip], path: Path) -> None:
    """Write trips without routes, for a router."""
    root = etree.Element("routes")
    for trip in trips:
        element = etree.SubElement(root, "trip", id=trip.id, depart=f"{trip.depart_s:.1f}", to=trip.to_edge)
        element.set("from", trip.from_edge)
    etree.ElementTree(root).write(str(path), xml_declaration=True, encoding="utf-8")


def write_routes(trips: list[Trip], path: Path) -> None:
    """Write trips with their routes; a path that ends in ``.gz`` is compressed.

    Vehicles from a gateway enter at speed at its edge; others pull out somewhere along their first
    road, and all but those that leave through a gateway park somewhere along their last.
    """
    root = etree.Element("routes")
    for trip in trips:
        vehicle = etree.SubElement(root, "vehicle", id=trip.id, type=trip.kind, depart=f"{trip.depart_s:.1f}")
        vehicle.set("departLane", "best")
        if trip.through_from:
            vehicle.set("departSpeed", "max")
        else:
            vehicle.set("departPos", "random_free")
        if not trip.through_to:
            vehicle.set("arrivalPos", "random")
        etree.SubElement(vehicle, "route", edges=" ".join(trip.edges))
    compression = 9 if path.suffix == ".gz" else 0
    etree.ElementTree(root).write(str(path), xml_declaration=True, encoding="utf-8", compression=compression)


def read_trips(path: Path) -> Iterator[Trip]:
    """Read vehicles with their routes from a route file, compressed or not."""
    with open_maybe_gzip(path) as file:
        yield from _vehicles(file)


def _vehicles(file: IO[bytes]) -> Iterator[Trip]:
    for _, vehicle in etree.iterparse(file, tag="vehicle"):
        route = vehicle.find("route")
        if route is not None:
            edges = tuple(route.get("edges").split())
            yield Trip(
                id=vehicle.get("id"),
                kind=vehicle.get("type") or VEHICLE_KINDS[0],
                depart_s=float(vehicle.get("depart")),
                from_edge=edges[0],
                to_edge=edges[-1],
                through_from=vehicle.get("departSpeed") == "max",
                through_to=vehicle.get("arrivalPos") is None,
                edges=edges,
            )
        vehicle.clear()


def read_routed_edges(path: Path) -> dict[str, tuple[str, ...]]:
    """Read the edges of each vehicle from a route file."""
    return {trip.id: trip.edges for trip in read_trips(path)}
