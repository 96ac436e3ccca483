"""How many trips go from where to where: a stated gravity model over homes and jobs."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from citybrain.demand.periods import Period
from citybrain.demand.zones import Zone
from citybrain.network.corridors import Point, distance_m

DETOUR_MOST = 1.8
"""A through trip counts only if driving by the centre is at most this much longer than the straight line."""

MEAN_TRIP_M = 3500.0
_SHORTEST_TRIP_M = 900.0


def trip_table(zones: tuple[Zone, ...], period: Period) -> NDArray[np.float64]:
    """Trips an hour from each zone (rows) to each zone (columns).

    Trips to work go from homes to jobs, trips home the other way, the rest between the sums of both.
    Trips with an end inside the model decay with distance, ``exp(-d / MEAN_TRIP_M)``; trips between
    two gateways do not, but only pairs that lie across the centre have any. The table sums to
    ``period.trips_vph``.
    """
    homes = np.array([zone.homes for zone in zones])
    jobs = np.array([zone.jobs for zone in zones])
    anything = homes / homes.sum() + jobs / jobs.sum()
    other = max(0.0, 1.0 - period.to_work - period.to_home)
    gateway = np.array([zone.gateway for zone in zones])
    both = np.outer(gateway, gateway)
    distance = _distances(zones)
    inside = np.where(both | (distance < _SHORTEST_TRIP_M), 0.0, np.exp(-distance / MEAN_TRIP_M))
    across = np.where(both, _across(zones, distance), 0.0)
    table = np.zeros_like(distance)
    for share, origins, destinations in (
        (period.to_work, homes, jobs),
        (period.to_home, jobs, homes),
        (other, anything, anything),
    ):
        pull = np.outer(origins, destinations)
        for weight, mask in ((1 - period.through, inside), (period.through, across)):
            part = pull * mask
            table += share * weight * part / (part.sum() or 1.0)
    return np.asarray(table * period.trips_vph / table.sum())


def _distances(zones: tuple[Zone, ...]) -> NDArray[np.float64]:
    return np.array([[distance_m(a.centre, b.centre) for b in zones] for a in zones])


def _across(zones: tuple[Zone, ...], distance: NDArray[np.float64]) -> NDArray[np.float64]:
    """1 for pairs whose way by the middle of the city is no great detour, else 0."""
    lat = sum(zone.centre[0] for zone in zones) / len(zones)
    lon = sum(zone.centre[1] for zone in zones) / len(zones)
    middle: Point = (lat, lon)
    arms = np.array([distance_m(zone.centre, middle) for zone in zones])
    detour = (arms[:, None] + arms[None, :]) / np.where(distance > 0, distance, math.inf)
    return np.asarray(((distance > 0) & (detour <= DETOUR_MOST)).astype(float))
