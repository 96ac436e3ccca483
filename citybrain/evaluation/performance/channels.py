"""Detector channels of a city's event log: which loop stands for which phase."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from citybrain.detection.approaches import Approaches
from citybrain.evaluation.performance.phases import Phase
from citybrain.network.model import Network

PRESENCE, ADVANCE = "Presence", "Advance"
"""Functions of a channel, in the words that the ``atspm`` package reads."""
_FIRST_ADVANCE = 65


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A detector as the log numbers it: presence at the stop line from 1, advance loops from 65."""

    junction: int
    number: int
    function: str
    phase: int
    lane: int


def detector_channels(
    network: Network, approaches: Approaches, place_m: np.ndarray, phases: dict[int, tuple[Phase, ...]]
) -> tuple[Channel, ...]:
    """Number the detectors of every junction that has phases.

    Parameters
    ----------
    place_m : ndarray of float64, by lane
        Where the advance loop lies, -1 without one; see :class:`~citybrain.detection.loop_field.LoopField`.
    phases : mapping of int to phases
        By junction index. A lane shared by phases counts for the one that goes straight on,
        else for the one with the lowest number.
    """
    found: list[Channel] = []
    ways = approaches.lanes_ways
    feeds: dict[int, list[int]] = {}
    for source, stop in zip(ways.source.tolist(), ways.stop_lane.tolist(), strict=True):
        feeds.setdefault(stop, []).append(source)
    for junction, own in phases.items():
        of_lane = lane_phases(network, own)
        presence = sorted(of_lane)
        found += [
            Channel(junction=junction, number=n, function=PRESENCE, phase=of_lane[lane], lane=lane)
            for n, lane in enumerate(presence, start=1)
        ]
        advance: dict[int, int] = {}
        for lane in sorted(presence, key=lambda at: (of_lane[at] % 2, of_lane[at])):  # through phases are even
            for source in [lane, *feeds.get(lane, [])]:
                if place_m[source] >= 0:
                    advance.setdefault(source, of_lane[lane])
        found += [
            Channel(junction=junction, number=n, function=ADVANCE, phase=advance[lane], lane=lane)
            for n, lane in enumerate(sorted(advance), start=_FIRST_ADVANCE)
        ]
    return tuple(found)


def lane_phases(network: Network, phases: tuple[Phase, ...]) -> dict[int, int]:
    """Return the phase of every stop lane."""
    of_lane: dict[int, int] = {}
    for phase in sorted((p for p in phases if p.kind == "phase"), key=lambda p: ("straight" not in p.turns, p.number)):
        for movement in phase.movements:
            of_lane.setdefault(network.movements[movement].from_lane, phase.number)
    return of_lane
