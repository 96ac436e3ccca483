"""Scenarios of the cities that are written down under ``networks/``."""

from __future__ import annotations

from citybrain.demand.scenario import Scenario, unknown_scenario

CITIES = ("kuala-lumpur",)
DEFAULT_PERIOD = "pm-peak"
"""What a city's name alone means."""


def city_scenario(name: str, period: str = "") -> Scenario:
    """Return a written city's scenario for a period of the day, building it on first use."""
    from citybrain.demand.city import build_city, city_periods

    if name not in CITIES:
        raise unknown_scenario(name, (*CITIES, "resco:cologne1"))
    period = period or DEFAULT_PERIOD
    periods = city_periods(name)
    if period not in periods:
        raise unknown_scenario(f"{name}:{period}", tuple(f"{name}:{known}" for known in periods))
    built = build_city(name, period)
    return Scenario(
        name=f"{name}:{period}",
        net_file=built.net_file,
        route_files=built.route_files,
        additional_files=built.additional_files,
        options=dict(built.sumo_options),
        begin_s=built.begin_s,
        end_s=built.end_s,
        warmup_s=built.warmup_s,
    )
