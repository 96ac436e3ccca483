"""Streams: all traffic that goes from one road into another at a signal, and how streams feed each other.

A stream is a pair of edges at one junction; its vehicles spread over the lanes
that go their way. A feed is the part of a stream's traffic that comes from one
stream upstream, with the distance and the free-flow time between the two stop lines.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from citybrain.network.model import Network
from citybrain.signals.retiming.routes import Routed

_SPEED_SHARE = 0.95  # of the limit, driven on a free road
_BUS_SHARE_CAP = 50.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """Traffic from one edge to the next at a signal; ``ways`` are its movements, lane by lane."""

    index: int
    junction: int
    from_edge: int
    to_edge: int
    turn: str
    ways: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Streams:
    """All streams with the vehicles on them.

    Attributes
    ----------
    passes : ndarray, shape (n_passes, 4)
        One row for each vehicle at each signal: vehicle, stream, feed (-1 where it
        comes from no signal), estimated time at the stop line (s).
    feeds : ndarray of int, shape (n_feeds, 2)
        Streams upstream and downstream.
    feed_m, feed_s : ndarray
        Distance and free-flow time between their stop lines.
    is_bus : ndarray of bool, by vehicle
    space_m, headway_s : float
        Mean length with gap, and mean time gap, of the vehicles.
    """

    streams: tuple[Stream, ...]
    passes: NDArray[np.float64]
    feeds: NDArray[np.int32]
    feed_m: NDArray[np.float64]
    feed_s: NDArray[np.float64]
    is_bus: NDArray[np.bool_]
    space_m: float
    headway_s: float
    vehicles: int


def find_streams(network: Network, vehicles: Sequence[Routed]) -> Streams:
    """Follow every vehicle along its route and note each signal that it passes."""
    of_pair = _streams(network)
    streams = tuple(of_pair.values())
    feed_of: dict[tuple[int, int], int] = {}
    feed_m: list[float] = []
    feed_s: list[float] = []
    passes: list[tuple[float, float, float, float]] = []
    for number, vehicle in enumerate(vehicles):
        at_s, since_m, since_s, last = vehicle.depart_s, 0.0, 0.0, -1
        route = [network.edge_index(edge) for edge in vehicle.edges]
        for here, following in zip(route, [*route[1:], -1], strict=True):
            if here < 0:
                last = -1
                continue
            edge = network.edges[here]
            time_s = edge.length_m / (max(edge.speed_mps, 1.0) * _SPEED_SHARE)
            at_s, since_m, since_s = at_s + time_s, since_m + edge.length_m, since_s + time_s
            stream = of_pair.get((here, following))
            if stream is None:
                continue
            feed = -1
            if last >= 0:
                feed = feed_of.setdefault((last, stream.index), len(feed_of))
                if feed == len(feed_m):
                    feed_m.append(since_m)
                    feed_s.append(since_s)
            passes.append((number, stream.index, feed, at_s))
            through_m = max(network.movements[way].path_m for way in stream.ways)
            since_m, since_s, last = through_m, through_m / 9.0, stream.index
            at_s += since_s
    return Streams(
        streams=streams,
        passes=np.array(passes, dtype=np.float64).reshape(len(passes), 4),
        feeds=np.array(list(feed_of), dtype=np.int32).reshape(len(feed_of), 2),
        feed_m=np.array(feed_m),
        feed_s=np.array(feed_s),
        is_bus=np.array([vehicle.is_bus for vehicle in vehicles], dtype=np.bool_),
        space_m=float(np.mean([min(vehicle.space_m, _BUS_SHARE_CAP) for vehicle in vehicles])),
        headway_s=float(np.mean([vehicle.headway_s for vehicle in vehicles])),
        vehicles=len(vehicles),
    )


def _streams(network: Network) -> dict[tuple[int, int], Stream]:
    ways: dict[tuple[int, int], list[int]] = defaultdict(list)
    for movement in network.movements:
        if not movement.is_crossing:
            pair = (network.lanes[movement.from_lane].edge, network.lanes[movement.to_lane].edge)
            ways[pair].append(movement.index)
    found: dict[tuple[int, int], Stream] = {}
    for pair, indices in ways.items():
        first = network.movements[indices[0]]
        found[pair] = Stream(
            index=len(found),
            junction=first.junction,
            from_edge=pair[0],
            to_edge=pair[1],
            turn=first.turn,
            ways=tuple(indices),
        )
    return found
