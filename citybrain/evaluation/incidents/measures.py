"""Detection rate, false alarms, precision and time to detect, each with its rule. No SUMO here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from citybrain.demand.incidents import IncidentSpec
from citybrain.detection.approaches import Approaches
from citybrain.evaluation.incidents.recording import Recorded
from citybrain.evaluation.incidents.watch import Watched
from citybrain.network.model import Network

TAIL_S = 120.0
"""An alarm counts until so long after the end of an incident."""
SIGHT_M = 110.0
"""How far a camera sees by day."""
_EXTRA_SHARE, _EXTRA_VEHICLE_S = 0.25, 600.0
_REPEAT_S = 120.0
_SETTLED_S = 600.0
DAY_S = 86400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """An incident that happened.

    Attributes
    ----------
    right : frozenset of int
        Links that it may rightly be reported on: its edge, or the signalised ones that the edge leads to.
    near : frozenset of int
        Its edge, those that touch either end of it, and ``right``.
    extra_vehicle_s : float
        Time that vehicles spent on the edge and on those that feed it, more than in the paired run, without
        that of the vehicles that block the lanes.
    affects : bool
    to_stop_m : float
        From the place to the nearest stop line ahead; infinite where there is none.
    """

    spec: IncidentSpec
    happened_s: float
    edge: int
    right: frozenset[int]
    near: frozenset[int]
    to_stop_m: float
    extra_vehicle_s: float
    affects: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """A link whose score reached the threshold, until it fell below it for two minutes."""

    edge: int
    time_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """What a detector reached at one threshold, over all runs.

    ``in_sight`` counts the incidents that affect traffic within 110 m of the stop line ahead, as far as a
    camera sees by day; ``delays_in_sight_s`` are the times to detect them.
    """

    threshold: float
    incidents: int
    affecting: int
    detected: int
    detected_affecting: int
    alarms: int
    true_alarms: int
    false_alarms: int
    clean_false_alarms: int
    right_link: int
    delays_s: tuple[float, ...]
    delays_affecting_s: tuple[float, ...]
    delays_in_sight_s: tuple[float, ...]
    in_sight: int
    watched_s: float

    @property
    def rate_pct(self) -> float | None:
        """Detected of all incidents."""
        return 100 * self.detected / self.incidents if self.incidents else None

    @property
    def affecting_pct(self) -> float | None:
        """Detected of those that affect traffic."""
        return 100 * self.detected_affecting / self.affecting if self.affecting else None

    @property
    def precision_pct(self) -> float | None:
        """True alarms of all alarms, in the runs with incidents."""
        return 100 * self.true_alarms / self.alarms if self.alarms else None

    @property
    def false_per_day(self) -> float:
        """False alarms in incident-free runs, for the whole network, a day."""
        return self.clean_false_alarms * DAY_S / self.watched_s if self.watched_s else 0.0

    @property
    def mttd_s(self) -> float | None:
        """Mean time from the onset to the first alarm, of incidents that affect traffic."""
        return float(np.mean(self.delays_affecting_s)) if self.delays_affecting_s else None

    @property
    def mttd_all_s(self) -> float | None:
        """The same, of all incidents."""
        return float(np.mean(self.delays_s)) if self.delays_s else None

    @property
    def mttd_in_sight_s(self) -> float | None:
        """The same, of those that affect traffic within sight of a stop line."""
        return float(np.mean(self.delays_in_sight_s)) if self.delays_in_sight_s else None

    @property
    def right_pct(self) -> float | None:
        """Of those detected, the share whose first alarm names the very edge."""
        return 100 * self.right_link / self.detected if self.detected else None


def neighbours(network: Network, edge: int) -> frozenset[int]:
    """Return an edge and all edges that touch either of its nodes."""
    ends = {network.edges[edge].from_node, network.edges[edge].to_node}
    return frozenset(e.index for e in network.edges if e.from_node in ends or e.to_node in ends)


def links_ahead(network: Network, approaches: Approaches, edge: int) -> frozenset[int]:
    """Return the edge itself where it ends at a signal, else those with a signal that it leads to."""
    ways = approaches.edges_ways
    stops = ways.stop_lane[ways.at[edge] : ways.at[edge + 1]]
    return frozenset({edge, *(network.lanes[int(lane)].edge for lane in stops)})


def truths(network: Network, hit: Recorded, clean: Recorded) -> list[Truth]:
    """Label the incidents of a run by its paired run of the same seed.

    One affects traffic if vehicles spend at least 25 % and 600 vehicle-seconds more on its edge and on the edges that feed
    it, from its onset to two minutes after its end, than in the paired run; those that block the lanes do not count.
    """
    found, approaches = [], Approaches(network)
    for spec, happened_s in hit.incidents:
        if happened_s is None:
            continue
        edge = network.edge_index(spec.edge)
        start = network.edges[edge].from_node
        fed_by = [e.index for e in network.edges if e.to_node == start]
        inside = (hit.time_s >= happened_s) & (hit.time_s <= spec.end_s + TAIL_S)
        step_s = float(hit.time_s[1] - hit.time_s[0])
        spent = [float(run.edge_vehicles[inside][:, [edge, *fed_by]].sum()) * step_s for run in (hit, clean)]
        ways = approaches.edges_ways
        ahead_m = ways.distance_m[ways.at[edge] : ways.at[edge + 1]]
        held_s = spec.end_s - happened_s if spec.stops_vehicles or spec.closes_lanes else 0.0
        extra = spent[0] - spent[1] - len(spec.lanes) * held_s  # those who stand there are not the traffic it affects
        found.append(
            Truth(
                spec=spec,
                happened_s=happened_s,
                edge=edge,
                right=(right := links_ahead(network, approaches, edge)),
                near=neighbours(network, edge) | right,
                extra_vehicle_s=extra,
                affects=extra >= _EXTRA_VEHICLE_S and extra >= _EXTRA_SHARE * spent[1],
                to_stop_m=float(ahead_m.min(initial=np.inf)) - spec.position_m,
            )
        )
    return found


def alarms_of(
    scores: NDArray[np.floating], time_s: NDArray[np.float64], link_edge: NDArray[np.int64], threshold: float
) -> list[Alarm]:
    """Return the alarms of one detector at one threshold, after the first ten minutes; repeats within two minutes are one."""
    found = []
    over = scores >= threshold
    over[time_s < time_s[0] + _SETTLED_S] = False
    for link in np.flatnonzero(over.any(axis=0)):
        times = time_s[over[:, link]]
        first = np.concatenate(([True], np.diff(times) > _REPEAT_S))
        found += [Alarm(edge=int(link_edge[link]), time_s=float(t)) for t in times[first]]
    return sorted(found, key=lambda alarm: (alarm.time_s, alarm.edge))


def match(truth: Sequence[Truth], alarms: Sequence[Alarm]) -> tuple[dict[int, Alarm], int]:
    """Return the first alarm of each incident, by its place in ``truth``, and how many alarms match none.

    An alarm matches on the same or a touching edge, from the onset to two minutes after the end; repeats are neither
    right nor wrong a second time.
    """
    first: dict[int, Alarm] = {}
    false = 0
    for alarm in alarms:
        hits = [
            i for i, t in enumerate(truth)
            if alarm.edge in t.near and t.happened_s <= alarm.time_s <= t.spec.end_s + TAIL_S
        ]  # fmt: skip
        false += not hits
        for i in hits:
            first.setdefault(i, alarm)
    return first, false


def score(
    hits: Sequence[tuple[Watched, Sequence[Truth]]], cleans: Sequence[Watched], key: tuple[str, str], threshold: float
) -> Score:
    """Return what a detector reached on runs with incidents, and on runs without."""
    n = affecting = in_sight = detected = detected_affecting = false = right = 0
    delays: list[float] = []
    of_affecting: list[float] = []
    of_seen: list[float] = []
    for hit, truth in hits:
        first, wrong = match(truth, alarms_of(hit.scores[key], hit.time_s, hit.link_edge, threshold))
        n += len(truth)
        affecting += sum(t.affects for t in truth)
        in_sight += sum(t.affects and t.to_stop_m <= SIGHT_M for t in truth)
        detected += len(first)
        detected_affecting += sum(truth[i].affects for i in first)
        right += sum(alarm.edge in truth[i].right for i, alarm in first.items())
        for i, alarm in first.items():
            after_s = alarm.time_s - truth[i].happened_s
            delays.append(after_s)
            if truth[i].affects:
                of_affecting.append(after_s)
                of_seen += [after_s] if truth[i].to_stop_m <= SIGHT_M else []
        false += wrong
    clean_false = sum(len(alarms_of(run.scores[key], run.time_s, run.link_edge, threshold)) for run in cleans)
    return Score(
        threshold=threshold,
        incidents=n,
        affecting=affecting,
        detected=detected,
        detected_affecting=detected_affecting,
        alarms=detected + false,
        true_alarms=detected,
        false_alarms=false,
        clean_false_alarms=clean_false,
        right_link=right,
        delays_s=tuple(delays),
        delays_affecting_s=tuple(of_affecting),
        delays_in_sight_s=tuple(of_seen),
        in_sight=in_sight,
        watched_s=sum(max(float(run.time_s[-1] - run.time_s[0]) - _SETTLED_S, 0.0) for run in cleans),
    )


def curve(
    hits: Sequence[tuple[Watched, Sequence[Truth]]], cleans: Sequence[Watched], key: tuple[str, str], used: float
) -> list[Score]:
    """Return scores over thresholds, rising: the one that is used, multiples of it, and up to the highest score."""
    highest = max(float(run.scores[key].max(initial=0.0)) for run in (*(hit for hit, _ in hits), *cleans))
    levels = used * np.geomspace(0.1, 10.0, 41)
    return [score(hits, cleans, key, float(level)) for level in levels[levels <= max(highest, used)]]
