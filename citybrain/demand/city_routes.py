"""Compute and write the routes of a city's period: ``python -m citybrain.demand.city_routes NAME PERIOD``.

This takes minutes; the result is committed, compressed, under ``routes/`` of the city's folder.
"""

from __future__ import annotations

import argparse
import logging
import tempfile
from pathlib import Path

import numpy as np

from citybrain.demand.assignment import Loading, assign
from citybrain.demand.buses import bus_trips
from citybrain.demand.counts import read_counts
from citybrain.demand.current_practice import write_plans
from citybrain.demand.flows import count_flows
from citybrain.demand.od import trip_table
from citybrain.demand.periods import Period, read_periods
from citybrain.demand.trips import Trip, draw_trips, write_routes
from citybrain.demand.vehicles import write_vehicle_types
from citybrain.demand.zones import read_zones
from citybrain.errors import InputError, nearest_hint
from citybrain.network.cities import city_folder
from citybrain.network.corridors import read_city
from citybrain.network.plain import lay_roads
from citybrain.network.programs import read_layouts
from citybrain.network.written import built_net


def route_period(folder: Path, period: Period, *, rounds: int, micro_rounds: int, seed: int = 1) -> list[Trip]:
    """Draw the trips of a period and assign them, buses included; sorted by departure."""
    roads = lay_roads(read_city(folder))
    zones = read_zones(roads.city, roads)
    net_file = built_net(folder)
    layouts = read_layouts(net_file)
    trips = draw_trips(zones, trip_table(zones, period), period, generator=np.random.default_rng(seed))
    buses = bus_trips(roads, service=bus_service(period), begin_s=period.load_s, end_s=period.end_s)
    hours = period.loaded_hours
    with tempfile.TemporaryDirectory() as scratch:
        work = Path(scratch)
        types, plans = work / "types.add.xml", work / "plans.add.xml"
        write_vehicle_types(types, speed_factor=period.speed_factor)

        def loading_of(routed: list[Trip]) -> Loading:
            write_plans(
                layouts,
                count_flows([*routed, *buses], hours=hours),
                roads,
                plans,
                cycle_bounds_s=period.cycle_s,
                least_green_s=period.least_green_s,
            )
            return Loading(
                net_file=net_file,
                additional_files=(types, plans),
                begin_s=period.load_s,
                end_s=period.end_s,
                hours=hours,
            )

        routed = assign(
            trips,
            loading_of,
            work,
            rounds=rounds,
            micro_rounds=micro_rounds,
            seed=seed,
            count_vph=known_counts(folder, period),
        )
    return sorted([*routed, *buses], key=lambda trip: trip.depart_s)


def known_counts(folder: Path, period: Period) -> dict[str, float]:
    """Counted vehicles an hour by edge within a period, from the city's ``counts.csv`` if it has one."""
    path = folder / "counts.csv"
    found = read_counts(path) if path.is_file() else []
    return {count.edge: count.vph for count in found if count.begin_s < period.end_s and count.end_s > period.begin_s}


def bus_service(period: Period) -> str:
    """Which service level the buses of a period run: ``peak``, ``midday`` or ``night``."""
    if period.name.endswith("peak"):
        return "peak"
    return "night" if not 5 <= period.begin_h < 24 else "midday"


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", help="a written city, such as kuala-lumpur")
    parser.add_argument("period", help="a period of its periods.toml, such as pm-peak")
    parser.add_argument("--rounds", type=int, default=12, help="rounds of the assignment (default 12)")
    parser.add_argument(
        "--micro-rounds", type=int, default=1, help="how many of them in the microscopic model (default 1)"
    )
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    folder = city_folder(given.name)
    periods = read_periods(folder).periods
    if given.period not in periods:
        raise InputError(f"unknown period {given.period!r}{nearest_hint(given.period, periods)}")
    trips = route_period(
        folder, periods[given.period], rounds=given.rounds, micro_rounds=given.micro_rounds, seed=given.seed
    )
    target = folder / "routes" / f"{given.period}.rou.xml.gz"
    target.parent.mkdir(exist_ok=True)
    write_routes(trips, target)
    logging.getLogger(__name__).info("%d vehicles in %s", len(trips), target)


if __name__ == "__main__":
    main()
