"""Periods of the day: windows of a scenario, or variants of a named city."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from citybrain.demand.scenario import Scenario, open_scenario
from citybrain.errors import InputError
from citybrain.network.cities import city_names
from citybrain.signals.retiming.periods import split_day

_WINDOW = re.compile(r"^(\d+(?:\.\d+)?)-(\d+(?:\.\d+)?)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A name and the scenario whose window it is."""

    name: str
    scenario: Scenario


def parse_periods(spec: str, scenario: Scenario, text: str | None) -> tuple[Period, ...]:
    """Read ``--periods``: windows ``0-1800,1800-3600``, ``auto:3``, or names of a city's scenarios.

    Parameters
    ----------
    spec : str
        What the user called the scenario.
    """
    if text is None:
        return (Period(name=_window_name(scenario.begin_s, scenario.end_s), scenario=scenario),)
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not parts:
        raise InputError(f"--periods {text!r}: names no period; use 0-1800,1800-3600, auto:3, or am-peak,pm-peak")
    if parts[0].startswith("auto"):
        return _automatic(scenario, parts[0])
    found = []
    for part in parts:
        match = _WINDOW.match(part)
        if match is None:
            family = spec.partition(":")[0]
            if family not in city_names():
                raise InputError(
                    f"--periods {part!r}: {spec} is no city with named periods; use windows (0-1800,1800-3600) or auto:3"
                )
            found.append(Period(name=part, scenario=open_scenario(f"{family}:{part}")))
            continue
        begin_s, end_s = float(match[1]), float(match[2])
        if not scenario.begin_s <= begin_s < end_s <= scenario.end_s:
            raise InputError(
                f"--periods {part!r}: must lie within the scenario's window "
                f"{scenario.begin_s:g}-{scenario.end_s:g}, its begin before its end"
            )
        found.append(Period(name=part, scenario=_window(scenario, begin_s, end_s)))
    if len({period.name for period in found}) != len(found):
        raise InputError(f"--periods {text!r}: names a period twice")
    if len({str(period.scenario.net_file) for period in found}) > 1:
        raise InputError(f"--periods {text!r}: its scenarios have different networks; retime them one by one")
    return tuple(sorted(found, key=lambda period: period.scenario.begin_s))


def _automatic(scenario: Scenario, part: str) -> tuple[Period, ...]:
    most = part.partition(":")[2] or "3"
    if not most.isdecimal() or not 1 <= int(most) <= 12:
        raise InputError(f"--periods {part!r}: needs auto:N with N from 1 to 12 periods")
    windows = split_day(scenario, int(most))
    return tuple(
        Period(name=_window_name(begin_s, end_s), scenario=_window(scenario, begin_s, end_s))
        for begin_s, end_s in windows
    )


def _window(scenario: Scenario, begin_s: float, end_s: float) -> Scenario:
    # what came before is driven too, so that the period starts on a road that is not empty
    warmup_s = scenario.warmup_s + begin_s - scenario.begin_s
    return replace(scenario, begin_s=begin_s, end_s=end_s, warmup_s=min(warmup_s, 900.0) if warmup_s else 0.0)


def _window_name(begin_s: float, end_s: float) -> str:
    return f"{begin_s:g}-{end_s:g}"
