"""The tables that the platoon model runs on: lanes, parts, feeds, in flat arrays.

A *queue* is one lane at a stop line. A *part* is one stream on one lane. Parts
are sorted by lane, lanes by junction, so that a junction is a slice of each.
"""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from citybrain.network.model import GREEN, Network
from citybrain.signals.retiming.samples import Samples
from citybrain.signals.retiming.saturation import fill, saturation_vps
from citybrain.signals.retiming.streams import Streams

I32 = NDArray[np.int32]
F64 = NDArray[np.float64]
_LEAST_VPS = 2.0 / 3600.0
_UPSTREAM_M = 400.0


class Tables(NamedTuple):
    """Arrays of the model; ``x_first[i]`` to ``x_first[i + 1]`` is the slice of ``i``."""

    lane_first: I32  # by junction
    lane_id: I32  # index in the network
    lane_room: F64  # vehicles that fit upstream of the stop line
    part_first: I32  # by lane
    part_stream: I32
    part_share: F64  # of the stream's traffic that uses this lane
    part_sat: F64  # vehicles per second of protected green
    part_wait: F64  # vehicles that wait inside the junction for a gap
    part_lamp: NDArray[np.int8]  # (part, stage): 0 red, 1 permissive, 2 protected
    foe_first: I32  # by part: the parts it gives way to
    foe: I32
    stream_part_first: I32
    stream_part: I32
    stream_feed_first: I32  # feeds into the stream
    stream_feed: I32
    stream_junction: I32
    feed_up: I32  # stream
    feed_down: I32
    feed_s: F64
    stream_vps: F64  # (sample, stream)
    feed_vps: F64  # (sample, feed)
    stream_weight: F64  # what a second of delay of this stream counts
    weight: F64  # by sample
    lasts_s: F64  # by sample
    follows: NDArray[np.bool_]  # by sample: it begins with the queues that the one before left
    lane_start: F64  # vehicles over capacity that stand there when the window begins


def build_tables(network: Network, streams: Streams, samples: Samples, *, bus_weight: float = 1.0) -> Tables:
    """Make the tables of a network and its demand."""
    mean = samples.mean_vps
    share = _lane_shares(network, streams, mean)
    by_lane: dict[int, list[tuple[int, int, float]]] = defaultdict(list)
    for (stream, way), part in share.items():
        by_lane[network.movements[way].from_lane].append((stream, way, part))
    lanes = sorted(by_lane, key=lambda lane: (network.movements[by_lane[lane][0][1]].junction, lane))
    parts = [(lane, *entry) for lane in lanes for entry in by_lane[lane]]
    most_stages = max(len(junction.stages) for junction in network.junctions)
    lamp = np.zeros((len(parts), most_stages), dtype=np.int8)
    sat, wait = np.zeros(len(parts)), np.zeros(len(parts))
    part_of_link: dict[tuple[int, int], list[int]] = defaultdict(list)
    for k, (lane, stream, way, _) in enumerate(parts):
        movement = network.movements[way]
        junction = network.junctions[movement.junction]
        part_of_link[junction.index, movement.link].append(k)
        sat[k] = saturation_vps(
            streams.streams[stream].turn,
            limit_mps=network.lanes[lane].speed_mps,
            space_m=streams.space_m,
            headway_s=streams.headway_s,
        )
        wait[k] = movement.wait_m / streams.space_m
        for stage in junction.stages:
            sign = stage.state[movement.link]
            lamp[k, stage.index] = 2 if sign == "G" else 1 if sign in GREEN or sign == "s" else 0
    foes = [_foes(network, way, part_of_link, parts) for _, _, way, _ in parts]
    n_streams = len(streams.streams)
    of_stream: list[list[int]] = [[] for _ in range(n_streams)]
    for k, (_, stream, _, _) in enumerate(parts):
        of_stream[stream].append(k)
    fed: list[list[int]] = [[] for _ in range(n_streams)]
    for f, (_, down) in enumerate(streams.feeds):
        fed[int(down)].append(f)
    junction_of_lane = [network.movements[by_lane[lane][0][1]].junction for lane in lanes]
    return Tables(
        lane_first=np.searchsorted(junction_of_lane, np.arange(len(network.junctions) + 1)).astype(np.int32),
        lane_id=np.array(lanes, dtype=np.int32),
        lane_room=np.array(_rooms_m(network, lanes)) / streams.space_m,
        part_first=_first([len(by_lane[lane]) for lane in lanes]),
        part_stream=np.array([part[1] for part in parts], dtype=np.int32),
        part_share=np.array([part[3] for part in parts]),
        part_sat=sat,
        part_wait=wait,
        part_lamp=lamp,
        foe_first=_first([len(row) for row in foes]),
        foe=_flat(foes),
        stream_part_first=_first([len(row) for row in of_stream]),
        stream_part=_flat(of_stream),
        stream_feed_first=_first([len(row) for row in fed]),
        stream_feed=_flat(fed),
        stream_junction=np.array([stream.junction for stream in streams.streams], dtype=np.int32),
        feed_up=np.ascontiguousarray(streams.feeds[:, 0]),
        feed_down=np.ascontiguousarray(streams.feeds[:, 1]),
        feed_s=streams.feed_s,
        stream_vps=samples.stream_vps,
        feed_vps=samples.feed_vps,
        stream_weight=1.0 + (bus_weight - 1.0) * samples.bus_share,
        weight=samples.weight,
        lasts_s=samples.lasts_s,
        follows=samples.follows,
        lane_start=np.zeros(len(lanes)),
    )


def with_demand(tables: Tables, samples: Samples) -> Tables:
    """Return the tables of the same network with other samples of demand."""
    return tables._replace(
        stream_vps=samples.stream_vps,
        feed_vps=samples.feed_vps,
        weight=samples.weight,
        lasts_s=samples.lasts_s,
        follows=samples.follows,
    )


def coarsened(tables: Tables) -> Tables:
    """Return tables with two samples, the mean demand and the busiest, for comparing many plans of a large network."""
    busiest = int(tables.stream_vps.sum(axis=1).argmax())
    return tables._replace(
        stream_vps=np.array([tables.weight @ tables.stream_vps, tables.stream_vps[busiest]]),
        feed_vps=np.array([tables.weight @ tables.feed_vps, tables.feed_vps[busiest]]),
        weight=np.array([0.6, 0.4]),
        lasts_s=np.array([tables.lasts_s.sum() / (~tables.follows).sum(), tables.lasts_s[busiest]]),
        follows=np.zeros(2, dtype=np.bool_),
    )


def _lane_shares(network: Network, streams: Streams, mean_vps: F64) -> dict[tuple[int, int], float]:
    """Share of each stream on each of its ways: those with the fewest lanes choose first."""
    load: dict[int, float] = defaultdict(float)
    shares = {}
    for stream in sorted(streams.streams, key=lambda stream: (len(stream.ways), stream.index)):
        amount = max(float(mean_vps[stream.index]), _LEAST_VPS)
        lanes = [network.movements[way].from_lane for way in stream.ways]
        poured = fill([load[lane] for lane in lanes], amount)
        for way, lane, part in zip(stream.ways, lanes, poured, strict=True):
            load[lane] += part
            shares[stream.index, way] = part / amount
    return shares


def _foes(
    network: Network,
    way: int,
    part_of_link: dict[tuple[int, int], list[int]],
    parts: list[tuple[int, int, int, float]],
) -> list[int]:
    """Parts of other approaches that a movement lets go first."""
    movement = network.movements[way]
    junction = network.junctions[movement.junction]
    own_edge = network.lanes[movement.from_lane].edge
    links = np.flatnonzero(junction.gives_way[movement.link])
    found = [k for link in links for k in part_of_link.get((junction.index, int(link)), ())]
    return sorted({k for k in found if network.lanes[parts[k][0]].edge != own_edge})


def _rooms_m(network: Network, lanes: list[int]) -> list[float]:
    """Length on which each lane's queue can stand: its own, and its share of the road before it."""
    before: dict[int, set[int]] = defaultdict(set)
    for lane in network.lanes:
        for link in lane.links:
            before[network.lanes[link.to_lane].edge].add(lane.edge)
    signalled = {network.lanes[m.from_lane].edge for m in network.movements if m.from_lane >= 0}
    found = []
    for lane_index in lanes:
        edge = network.edges[network.lanes[lane_index].edge]
        room_m, n, seen = edge.length_m, len(edge.lanes), {edge.index}
        while room_m < _UPSTREAM_M and len(before[edge.index]) == 1:
            (upstream,) = before[edge.index]
            if upstream in seen or upstream in signalled:
                break
            seen.add(upstream)
            edge = network.edges[upstream]
            room_m += edge.length_m * min(1.0, len(edge.lanes) / n)
        found.append(room_m)
    return found


def _first(counts: list[int]) -> I32:
    return np.concatenate(([0], np.cumsum(counts))).astype(np.int32)


def _flat(rows: list[list[int]]) -> I32:
    return np.array([k for row in rows for k in row], dtype=np.int32)
