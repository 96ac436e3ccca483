"""What the city can see: sensor models between the plant and the policies."""

from __future__ import annotations

from importlib import import_module

from citybrain.detection.perfect import PerfectSensors
from citybrain.detection.sensors import Sensors
from citybrain.detection.spec import SENSORS, SensorSpec, check_sensors, parse_sensors, sensors_together, split_sensors
from citybrain.network.model import Network

__all__ = [
    "SENSORS",
    "PerfectSensors",
    "SensorSpec",
    "Sensors",
    "check_sensors",
    "make_sensors",
    "parse_sensors",
    "sensors_together",
    "split_sensors",
]


def make_sensors(spec: str, network: Network, *, seed: int) -> Sensors:
    """Make the sensors that ``--sensors`` names.

    Third parties announce theirs under the entry-point group ``citybrain.sensors``: a
    factory that takes the network, ``seed`` and ``options``, the text after the colon. They
    see the plant, as sensors must, and run in this process.

    Raises
    ------
    InputError
        If there are none of that name, or an option is wrong.
    """
    wanted = parse_sensors(spec)
    if wanted.plug_in:
        module, _, factory = wanted.plug_in.partition(":")
        sensors: Sensors = getattr(import_module(module), factory)(network, seed=seed, options=wanted.options)
        return sensors
    if wanted.name == "camera":
        from citybrain.detection.camera import CONDITIONS, Camera, CameraParameters

        parameters = CameraParameters(**CONDITIONS[wanted.condition], dead=wanted.dead, feeds=wanted.feeds)
        return Camera(network, parameters, seed=seed)
    if wanted.name == "loops":
        from citybrain.detection.loops import LoopParameters, Loops

        parameters_of_loops = LoopParameters(dead=wanted.dead, biased=wanted.biased, entry=wanted.entry)
        return Loops(network, parameters_of_loops, seed=seed)
    if wanted.name == "probes":
        from citybrain.detection.probes import ProbeParameters, Probes

        return Probes(network, ProbeParameters(share=wanted.share, dead=wanted.dead), seed=seed)
    return PerfectSensors(network)
