"""Incidents as data: what happens where and when, written in TOML or drawn by a seed."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import networkx as nx
import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from citybrain.errors import InputError, nearest_hint
from citybrain.network.model import Edge, Network

Kind = Literal["crash", "breakdown", "closure", "flood"]
_FROM_END_M = 10.0
_SHORTEST_M = 60.0
_SHARES: dict[Kind, float] = {"crash": 0.45, "breakdown": 0.35, "closure": 0.1, "flood": 0.1}
_PASSABLE_M = 0.3


class IncidentSpec(BaseModel):
    """One incident.

    Attributes
    ----------
    kind : str
        ``crash`` and ``breakdown``: a vehicle stands on each blocked lane, and in a crash those who
        pass slow down. ``closure``: likewise, the first vehicle standing for that of the works. ``flood``: water on
        the blocked lanes.
    edge : str
        Edge of the net.
    lanes : tuple of int
        Blocked lanes of the edge that motor vehicles use, the kerb lane is 0.
    position_m : float
        Distance from the start of the edge.
    onset_s, duration_s : float
        From when on, and for how long, seconds of the scenario's clock.
    depth_m : float
        Water on the road, of a flood.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Kind
    edge: str
    lanes: tuple[int, ...] = Field(min_length=1)
    position_m: float = Field(ge=0, allow_inf_nan=False)
    onset_s: float = Field(ge=0, allow_inf_nan=False)
    duration_s: float = Field(gt=0, allow_inf_nan=False)
    depth_m: float = Field(default=0.2, gt=0, le=3, allow_inf_nan=False)

    @property
    def end_s(self) -> float:
        """When the road is free again."""
        return self.onset_s + self.duration_s

    @property
    def stops_vehicles(self) -> bool:
        """Whether vehicles stand on the road because of it, rather than keep out or slow down."""
        return self.kind in ("crash", "breakdown")

    @property
    def closes_lanes(self) -> bool:
        """Whether nobody may enter the blocked lanes; cars float from 0.3 m of water on."""
        return self.kind == "closure" or (self.kind == "flood" and self.depth_m >= _PASSABLE_M)


def read_incidents(path: Path, network: Network) -> tuple[IncidentSpec, ...]:
    """Read ``[[incident]]`` tables of a TOML file and check them against a network.

    Raises
    ------
    InputError
        With the file, the incident and the value that is wrong.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: broken TOML ({' '.join(str(error).split())})") from None
    tables = data.get("incident")
    if not isinstance(tables, list) or not tables or set(data) != {"incident"}:
        raise InputError(f"{path}: needs [[incident]] tables and nothing else, has {sorted(data) or 'nothing'}")
    found = []
    for number, table in enumerate(tables, start=1):
        try:
            spec = IncidentSpec.model_validate(table)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"])) or "table"
            raise InputError(f"{path}: incident {number}: {where} is {first['input']!r}: {first['msg']}") from None
        check_incident(spec, network, f"{path}: incident {number}")
        found.append(spec)
    return tuple(found)


def check_incident(spec: IncidentSpec, network: Network, where: str) -> None:
    """Raise InputError unless the network has the edge, the lanes and the position."""
    index = network.edge_index(spec.edge)
    if index < 0:
        raise InputError(f"{where}: no edge {spec.edge!r}{nearest_hint(spec.edge, [e.id for e in network.edges])}")
    edge = network.edges[index]
    if len(set(spec.lanes)) != len(spec.lanes) or not all(0 <= lane < len(edge.lanes) for lane in spec.lanes):
        raise InputError(
            f"{where}: lanes {list(spec.lanes)} of edge {spec.edge!r}: must be different, 0 to {len(edge.lanes) - 1}"
        )
    if spec.position_m > edge.length_m:
        raise InputError(
            f"{where}: position_m {spec.position_m:g} is beyond the end of edge {spec.edge!r} ({edge.length_m:g} m)"
        )


def draw_incidents(
    network: Network,
    candidates: Sequence[int],
    *,
    seed: int,
    count: int,
    begin_s: float,
    end_s: float,
    duration_s: tuple[float, float] = (480.0, 900.0),
    least_hops: int = 3,
    weights: Sequence[float] | None = None,
) -> tuple[IncidentSpec, ...]:
    """Draw incidents that are far apart, the same ones for the same seed.

    Parameters
    ----------
    candidates : sequence of int
        Edges that may be hit.
    count : int
        How many are wanted; fewer come where the network has no room.
    begin_s, end_s : float
        All of them begin and end within this window.
    least_hops : int
        Nodes between any two, along the roads in either direction.
    weights : sequence of float, optional
        Of the candidates, such as their traffic times length; equal where not given.
    """
    shortest, longest = duration_s
    longest = min(longest, end_s - begin_s)
    if longest < shortest:
        raise InputError(f"a window of {end_s - begin_s:g} s has no room for an incident of {shortest:g} s")
    rng = np.random.default_rng([seed, 7])
    long_enough = [i for i, e in enumerate(candidates) if network.edges[e].length_m >= _SHORTEST_M]
    weight = np.array([1.0 if weights is None else weights[i] for i in long_enough])
    if not len(weight) or not weight.sum() > 0:
        raise InputError(f"{network.source}: no road of {_SHORTEST_M:g} m or more that an incident may hit (0 found)")
    order = rng.choice(len(weight), size=int((weight > 0).sum()), replace=False, p=weight / weight.sum())
    roads = network.graph().to_undirected(as_view=True)
    taken: set[str] = set()
    specs: list[IncidentSpec] = []
    for i in order:
        edge = network.edges[candidates[long_enough[i]]]
        if len(specs) == count:
            break
        if edge.from_node in taken or edge.to_node in taken:
            continue
        for node in (edge.from_node, edge.to_node):
            taken.update(nx.single_source_shortest_path_length(roads, node, cutoff=least_hops - 1))
        specs.append(_draw_one(edge, rng, begin_s, end_s, (shortest, longest)))
    return tuple(sorted(specs, key=lambda spec: (spec.onset_s, spec.edge)))


def _draw_one(
    edge: Edge, rng: np.random.Generator, begin_s: float, end_s: float, duration_s: tuple[float, float]
) -> IncidentSpec:
    kind = tuple(_SHARES)[int(rng.choice(len(_SHARES), p=list(_SHARES.values())))]
    n = len(edge.lanes)
    blocked = n if n == 1 or kind == "flood" else int(rng.integers(1, n + 1))
    first = int(rng.integers(0, n - blocked + 1))
    lasts_s = float(round(rng.uniform(*duration_s)))
    return IncidentSpec(
        kind=kind,
        edge=edge.id,
        lanes=tuple(range(first, first + blocked)),
        position_m=round(float(rng.uniform(_FROM_END_M, edge.length_m - _FROM_END_M)), 1),
        onset_s=float(round(rng.uniform(begin_s, end_s - lasts_s))),
        duration_s=lasts_s,
        depth_m=round(float(rng.uniform(0.1, 0.4)), 2),
    )
