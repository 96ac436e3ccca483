"""What ``--sensors`` may say: a name, then options after a colon: ``camera:night,dead=0.1``."""

from __future__ import annotations

import math
from dataclasses import dataclass
from difflib import get_close_matches
from importlib.metadata import entry_points

from citybrain.errors import InputError, nearest_hint

ENTRY_POINT_GROUP = "citybrain.sensors"
SENSORS = ("perfect", "camera", "loops", "probes")
CONDITIONS = ("night", "rain")


@dataclass(frozen=True, slots=True, kw_only=True)
class SensorSpec:
    """Sensors that somebody asked for.

    Attributes
    ----------
    condition : str
        Of cameras: ``night``, ``rain``, or nothing for a clear day.
    share : float
        Of vehicles that are probes.
    dead : float
        Share of sensors that never work.
    biased : float
        Share of loops that miss two vehicles of five.
    entry : bool
        Of loops: whether some lie where roads leave a signal too.
    feeds : int
        Of cameras: how many there are; 0 for one at every approach.
    plug_in : str
        Where a third party's sensors are made, ``module:factory``; nothing for ours.
    options : str
        What follows the colon, for a third party's sensors to read.
    """

    name: str
    condition: str = ""
    share: float = 0.0
    dead: float = 0.0
    biased: float = 0.0
    entry: bool = False
    feeds: int = 0
    plug_in: str = ""
    options: str = ""


def installed_sensors() -> dict[str, str]:
    """Return third parties' sensors: where each name is made."""
    return {point.name: point.value for point in entry_points(group=ENTRY_POINT_GROUP) if point.name not in SENSORS}


def split_sensors(text: str) -> tuple[str, ...]:
    """Return the sensor sets of a list with commas, such as ``loops:entry,dead=0.1,camera``: two.

    What follows a comma and is no name of sensors, nor like one, is an option of those before, if these have options.
    """
    known = (*SENSORS, *installed_sensors())
    sets: list[str] = []
    for part in (piece.strip() for piece in text.split(",")):
        first = part.partition("+")[0].partition(":")[0]
        named = bool(get_close_matches(first, known, n=1, cutoff=0.75))
        if sets and ":" in sets[-1] and not named and part:
            sets[-1] += f",{part}"
        elif part:
            sets.append(part)
    return tuple(dict.fromkeys(sets))


def sensors_together(spec: str) -> tuple[str, ...]:
    """Return the sensors of a set: of ``camera+loops:entry`` two, that are there at once.

    Raises
    ------
    InputError
        If there is nothing before or after a plus.
    """
    parts = [part.strip() for part in spec.split("+")]
    if not all(parts):
        raise InputError(f"--sensors {spec}: there must be sensors on both sides of +, such as camera+loops:entry")
    return tuple(dict.fromkeys(parts))


def check_sensors(spec: str) -> None:
    """Raise InputError unless ``spec`` names sensors that exist."""
    parse_sensors(spec)


def parse_sensors(spec: str) -> SensorSpec:
    """Read what ``--sensors`` says.

    Raises
    ------
    InputError
        If the name or an option is wrong; names the nearest.
    """
    name, _, rest = spec.partition(":")
    if name not in SENSORS:
        installed = installed_sensors()
        if "+" in spec:
            raise InputError(
                f"--sensors {spec}: a policy has sensors of one kind; sets such as camera+loops are for citybrain incidents"
            )
        if name in installed:
            return SensorSpec(name=name, plug_in=installed[name], options=rest)
        raise InputError(f"unknown sensors {name!r}{nearest_hint(name, (*SENSORS, *installed))}")
    known = {
        "perfect": (),
        "camera": (*CONDITIONS, "dead=", "feeds="),
        "loops": ("entry", "dead=", "biased="),
        "probes": ("0.1", "dead="),
    }[name]
    condition, share, dead, biased, entry, feeds = "", math.nan, 0.0, 0.0, False, 0
    for option in rest.split(",") if rest else ():
        key, equals, value = option.partition("=")
        if key == "dead" and equals and "dead=" in known:
            dead = _share(spec, "dead", value)
        elif key == "biased" and equals and "biased=" in known:
            biased = _share(spec, "biased", value)
        elif name == "loops" and option == "entry":
            entry = True
        elif name == "camera" and option in CONDITIONS:
            condition = option
        elif name == "camera" and key == "feeds" and equals:
            if not value.isascii() or not value.isdigit() or int(value) == 0:
                raise InputError(f"--sensors {spec}: feeds is {value!r}, it must be a number of cameras such as 382")
            feeds = int(value)
        elif name == "probes" and math.isnan(share) and not equals:
            share = _share(spec, "the share of probe vehicles", option)
        else:
            raise InputError(f"--sensors {spec}: {name} has no option {option!r}{nearest_hint(option, known)}")
    if name == "probes" and not share > 0:
        raise InputError(f"--sensors {spec}: say which share of vehicles are probes, such as probes:0.1")
    return SensorSpec(
        name=name,
        condition=condition,
        share=0.0 if math.isnan(share) else share,
        dead=dead,
        biased=biased,
        entry=entry,
        feeds=feeds,
    )


def _share(spec: str, what: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0.0 <= value <= 1.0:
        raise InputError(f"--sensors {spec}: {what} is {text!r}, it must be 0 to 1")
    return value
