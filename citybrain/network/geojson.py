"""A network as GeoJSON (RFC 7946): roads as lines and signals as points, in WGS84."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from citybrain.errors import InputError
from citybrain.network.model import Network
from citybrain.network.netfacts import NetFacts

_DIGITS = 7  # about a centimetre


def network_geojson(network: Network, facts: NetFacts, *, groups: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return a ``FeatureCollection`` of the roads and the signalised junctions.

    Parameters
    ----------
    facts : NetFacts
        Carries the projection and the road classes.
    groups : mapping of str to str, optional
        Control group of each junction.

    Raises
    ------
    InputError
        If the net has no projection.
    """
    if not facts.location.is_geographic:
        raise InputError(
            f"{network.source}: has no projection (projParameter {facts.location.projection!r}), so it cannot be put "
            "on a map; build it with netconvert --proj.utm from longitudes and latitudes"
        )
    points = [point for edge in network.edges for point in edge.shape]
    points += [(junction.x_m, junction.y_m) for junction in network.junctions]
    placed = iter([[round(lon, _DIGITS), round(lat, _DIGITS)] for lon, lat in facts.location.lon_lat(points)])
    features = [
        _feature("LineString", [next(placed) for _ in edge.shape], _road(network, edge.index, facts))
        for edge in network.edges
    ]
    features += [
        _feature("Point", next(placed), _signal(network, junction.index, groups or {}))
        for junction in network.junctions
    ]
    return {"type": "FeatureCollection", "features": features}


def write_geojson(collection: dict[str, Any], path: Path) -> None:
    """Write a collection with one feature a line, so that two versions can be compared."""
    rows = ",\n".join(json.dumps(feature, ensure_ascii=False) for feature in collection["features"])
    path.write_text(f'{{"type": "FeatureCollection", "features": [\n{rows}\n]}}\n', encoding="utf-8")


def _feature(kind: str, coordinates: list[Any], properties: dict[str, Any]) -> dict[str, Any]:
    geometry = {"type": kind, "coordinates": coordinates}
    return {"type": "Feature", "id": properties["id"], "geometry": geometry, "properties": properties}


def _road(network: Network, index: int, facts: NetFacts) -> dict[str, Any]:
    edge = network.edges[index]
    return {
        "kind": "road",
        "id": edge.id,
        "name": edge.name,
        "class": facts.road_class.get(edge.id, ""),
        "lanes": len(edge.lanes),
        "speed_kmh": round(edge.speed_mps * 3.6, 1),
        "length_m": round(edge.length_m, 1),
        "from": edge.from_node,
        "to": edge.to_node,
    }


def _signal(network: Network, index: int, groups: Mapping[str, str]) -> dict[str, Any]:
    junction = network.junctions[index]
    return {
        "kind": "signal",
        "id": junction.id,
        "name": junction.name,
        "group": groups.get(junction.id, ""),
        "stages": len(junction.stages),
        "movements": len(junction.movements),
    }
