"""The network as the map component wants it, and headings for pictures of junctions."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from citybrain.operations.details import EdgeGeometry, Geometry, JunctionGeometry

_FLAT_M = 0.4
"""Points that lie closer than this to a straight line are left out of the map."""


def map_geometry(geometry: Geometry) -> dict[str, Any]:
    """Return all that the map draws and that stays: roads, junctions, and where their lamps stand."""
    edges = {edge.id: edge for edge in geometry.edges}
    return {
        "bounds": [round(value, 1) for value in geometry.bounds_m],
        "left_hand": geometry.left_hand,
        "edges": [
            {
                "id": edge.id,
                "n": edge.name,
                "w": edge.lanes,
                "p": [round(value, 1) for point in simplified(edge.points_m) for value in point],
            }
            for edge in geometry.edges
        ],
        "junctions": [
            {
                "id": junction.id,
                "n": junction.name or junction.id,
                "x": round(junction.x_m, 1),
                "y": round(junction.y_m, 1),
                "arms": arms(junction, edges),
            }
            for junction in geometry.junctions
        ],
    }


def arms(junction: JunctionGeometry, edges: Mapping[str, EdgeGeometry]) -> list[tuple[float, float, float, list[int]]]:
    """Return the stop lines of a junction: x, y, compass heading of the approach, and its lamps."""
    links: dict[str, list[int]] = {}
    for link, edge in enumerate(junction.approaches):
        if edge in edges:
            links.setdefault(edge, []).append(link)
    found = []
    for edge, own in links.items():
        x, y = edges[edge].points_m[-1]
        found.append((round(x, 1), round(y, 1), round(heading_in(edges[edge]), 1), own))
    return found


def heading_in(edge: EdgeGeometry) -> float:
    """Compass heading by which an edge's traffic arrives, degrees."""
    return _heading(edge.points_m[-2], edge.points_m[-1])


def heading_out(edge: EdgeGeometry) -> float:
    """Compass heading by which an edge's traffic leaves, degrees."""
    return _heading(edge.points_m[0], edge.points_m[1])


def _heading(a: tuple[float, float], b: tuple[float, float]) -> float:
    return math.degrees(math.atan2(b[0] - a[0], b[1] - a[1])) % 360.0


def simplified(points: tuple[tuple[float, float], ...]) -> list[tuple[float, float]]:
    """Leave out points that hardly bend the line (Douglas and Peucker, 1973)."""
    if len(points) < 3:
        return list(points)
    (ax, ay), (bx, by) = points[0], points[-1]
    length = math.hypot(bx - ax, by - ay)
    far, at = -1.0, 0
    for k, (x, y) in enumerate(points[1:-1], start=1):
        across = abs((bx - ax) * (ay - y) - (ax - x) * (by - ay))
        off = across / length if length > 0 else math.hypot(x - ax, y - ay)
        if off > far:
            far, at = off, k
    if far <= _FLAT_M:
        return [points[0], points[-1]]
    return [*simplified(points[: at + 1])[:-1], *simplified(points[at:])]
