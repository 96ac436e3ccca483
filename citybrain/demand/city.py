"""The ready-made scenarios of a written city: net, routes, plans and how to run them."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from citybrain.demand import buses, current_practice, day, flows, periods, trips, vehicles
from citybrain.demand.current_practice import write_plans
from citybrain.demand.day import write_day
from citybrain.demand.flows import count_flows
from citybrain.demand.periods import Period, read_periods
from citybrain.demand.trips import read_trips
from citybrain.demand.vehicles import write_vehicle_types
from citybrain.errors import InputError, nearest_hint
from citybrain.network import plain, programs, stages
from citybrain.network.cities import cache_folder, city_folder, sources_hash
from citybrain.network.corridors import read_city
from citybrain.network.plain import lay_roads
from citybrain.network.programs import read_layouts
from citybrain.network.written import built_net

MIXED = "-mixed"
DAY = "day"
_MIXED_PERIODS = ("pm-peak",)
_CODE = (buses, current_practice, day, flows, periods, trips, vehicles, plain, programs, stages)
_OPTIONS = {"time-to-teleport": "300", "ignore-junction-blocker": "15"}


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltCity:
    """All files of one scenario of a city.

    Attributes
    ----------
    additional_files : tuple of Path
        Vehicle types and the current-practice plans.
    begin_s, end_s : float
        Measured window, seconds after midnight.
    warmup_s : float
        How long before ``begin_s`` the simulation must start, on empty roads.
    sumo_options : dict
        Options every run of the scenario needs, without the leading dashes.
    """

    net_file: Path
    route_files: tuple[Path, ...]
    additional_files: tuple[Path, ...]
    begin_s: float
    end_s: float
    warmup_s: float
    sumo_options: dict[str, str] = field(default_factory=dict)


def city_periods(name: str) -> tuple[str, ...]:
    """Return the names of a city's scenarios.

    Raises
    ------
    InputError
        If the city is unknown.
    """
    folder = city_folder(name)
    written = read_periods(folder)
    names = [period for period in written.periods if _routes_file(folder, period).is_file()]
    mixed = [f"{period}{MIXED}" for period in _MIXED_PERIODS if period in names]
    whole = [DAY] if written.profile and names else []
    return (*names, *whole, *mixed)


def build_city(name: str, period: str) -> BuiltCity:
    """Build what a scenario needs, into the cache; quick when it is there already.

    Raises
    ------
    InputError
        If the city or the period is unknown, or the city's source is wrong.
    """
    known = city_periods(name)
    if period not in known:
        raise InputError(f"{name} has no period {period!r}{nearest_hint(period, known)}")
    folder = city_folder(name)
    if period == DAY:
        return _build_day(folder)
    mixed = period.endswith(MIXED)
    window = read_periods(folder).periods[period.removesuffix(MIXED)]
    routes = _routes_file(folder, window.name)
    made = _cached(folder, period, lambda target: _write_period(folder, window, target, mixed=mixed))
    return BuiltCity(
        net_file=built_net(folder),
        route_files=(routes,),
        additional_files=(made / "types.add.xml", made / "plans.add.xml"),
        begin_s=window.begin_s,
        end_s=window.end_s,
        warmup_s=window.warmup_s,
        sumo_options=_OPTIONS | ({"lateral-resolution": "0.8"} if mixed else {}),
    )


def _routes_file(folder: Path, period: str) -> Path:
    return folder / "routes" / f"{period}.rou.xml.gz"


def _write_period(folder: Path, window: Period, target: Path, *, mixed: bool) -> None:
    write_vehicle_types(target / "types.add.xml", speed_factor=window.speed_factor, mixed=mixed)
    counted = count_flows(read_trips(_routes_file(folder, window.name)), hours=window.loaded_hours)
    layouts = read_layouts(built_net(folder))
    write_plans(
        layouts,
        counted,
        lay_roads(read_city(folder)),
        target / "plans.add.xml",
        cycle_bounds_s=window.cycle_s,
        least_green_s=window.least_green_s,
    )


def _build_day(folder: Path) -> BuiltCity:
    made = _cached(folder, DAY, lambda target: _write_day(folder, target))
    return BuiltCity(
        net_file=built_net(folder),
        route_files=(made / "day.rou.xml.gz",),
        additional_files=(made / "types.add.xml", made / "plans.add.xml"),
        begin_s=0.0,
        end_s=24 * 3600.0,
        warmup_s=0.0,
        sumo_options=dict(_OPTIONS),
    )


def _write_day(folder: Path, target: Path) -> None:
    written = read_periods(folder)
    write_vehicle_types(target / "types.add.xml")
    parts = {
        name: (window, list(read_trips(_routes_file(folder, name))))
        for name, window in written.periods.items()
        if _routes_file(folder, name).is_file()
    }
    write_day(parts, written.profile, read_layouts(built_net(folder)), lay_roads(read_city(folder)), target)


def _cached(folder: Path, period: str, write: Callable[[Path], None]) -> Path:
    """Return the cache folder of a scenario, written once; the key holds the sources and the code."""
    sources = [*folder.glob("*.toml"), *folder.glob("*.csv"), *folder.glob("routes/*.gz")]
    code = [Path(str(m.__file__)) for m in _CODE]
    target = cache_folder(f"city-{sources_hash([*sources, *code], period)}")
    if not target.is_dir():
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
            work = Path(scratch) / "city"
            work.mkdir()
            write(work)
            # two processes may build at once: the first to rename wins, the other's work is the same
            try:
                work.replace(target)
            except OSError:
                if not target.is_dir():
                    raise
    return target
