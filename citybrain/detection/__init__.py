"""What the city can see: sensor models between the plant and the policies."""

from __future__ import annotations

from citybrain.detection.perfect import PerfectSensors
from citybrain.detection.sensors import Sensors
from citybrain.errors import InputError, nearest_hint
from citybrain.network.model import Network

SENSORS = ("perfect",)

__all__ = ["SENSORS", "PerfectSensors", "Sensors", "check_sensors", "make_sensors"]


def check_sensors(spec: str) -> None:
    """Raise InputError unless ``spec`` names sensors that exist."""
    if spec not in SENSORS:
        raise InputError(f"unknown sensors {spec!r}{nearest_hint(spec, SENSORS)}")


def make_sensors(spec: str, network: Network, *, seed: int) -> Sensors:  # noqa: ARG001
    """Make the sensors that ``--sensors`` names.

    Raises
    ------
    InputError
        If there are none of that name.
    """
    check_sensors(spec)
    return PerfectSensors(network)
