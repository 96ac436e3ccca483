"""A whole day from the routes of its periods: each hour takes the trips of the period most like it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from lxml import etree

from citybrain.demand.current_practice import write_plans
from citybrain.demand.flows import count_flows
from citybrain.demand.periods import Period
from citybrain.demand.trips import Trip, write_routes
from citybrain.network.plain import Roads
from citybrain.network.programs import SignalLayout

_HOUR_S = 3600.0


def period_of_hour(hour: int, periods: dict[str, Period], profile: tuple[float, ...]) -> str:
    """Return the period whose traffic an hour resembles: the nearest in time, of like volume."""

    def unlike(name: str) -> tuple[float, str]:
        begin = periods[name].begin_h
        away = min(abs(hour - begin), 24 - abs(hour - begin))
        ratio = np.log(profile[hour] / profile[int(begin)])
        return away / 6 + abs(float(ratio)), name

    return min(periods, key=unlike)


def write_day(
    parts: dict[str, tuple[Period, list[Trip]]],
    profile: tuple[float, ...],
    layouts: list[SignalLayout],
    roads: Roads,
    target: Path,
) -> None:
    """Write ``day.rou.xml.gz`` and ``plans.add.xml``, whose programs SUMO switches by the clock.

    Parameters
    ----------
    parts : mapping
        Each period with the routed trips of its file.
    profile : tuple of float
        Share of the day's trips in each hour. The evening period's volume sets the scale.
    """
    periods = {name: period for name, (period, _) in parts.items()}
    hours = [period_of_hour(hour, periods, profile) for hour in range(24)]
    busiest = max(periods.values(), key=lambda period: period.trips_vph)
    per_share = busiest.trips_vph / profile[int(busiest.begin_h)]
    generator = np.random.default_rng(1)
    trips: list[Trip] = []
    for hour, name in enumerate(hours):
        wanted = round(profile[hour] * per_share)
        pool = parts[name][1]
        picked = generator.integers(len(pool), size=wanted)
        departs = np.sort(generator.uniform(hour * _HOUR_S, (hour + 1) * _HOUR_S, wanted))
        trips += [
            replace(pool[k], id=f"{hour}.{n}", depart_s=float(t))
            for n, (k, t) in enumerate(zip(picked, departs, strict=True))
        ]
    write_routes(trips, target / "day.rou.xml.gz")
    _write_day_plans(parts, hours, layouts, roads, target / "plans.add.xml")


def _write_day_plans(
    parts: dict[str, tuple[Period, list[Trip]]], hours: list[str], layouts: list[SignalLayout], roads: Roads, path: Path
) -> None:
    root = etree.Element("additional")
    for name, (period, trips) in parts.items():
        counted = count_flows(trips, hours=period.loaded_hours)
        write_plans(
            layouts,
            counted,
            roads,
            path,
            cycle_bounds_s=period.cycle_s,
            program_id=name,
            least_green_s=period.least_green_s,
        )
        root.extend(etree.parse(str(path)).getroot())
    schedule = etree.SubElement(root, "WAUT", id="day", startProg=hours[0], refTime="0")
    for hour in range(1, 24):
        if hours[hour] != hours[hour - 1]:
            etree.SubElement(schedule, "wautSwitch", time=f"{hour * _HOUR_S:g}", to=hours[hour])
    for layout in layouts:
        etree.SubElement(root, "wautJunction", wautID="day", junctionID=layout.id)
    etree.ElementTree(root).write(str(path), pretty_print=True, xml_declaration=True, encoding="utf-8")
