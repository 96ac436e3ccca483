"""Where a city with fewer cameras than approaches puts them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from citybrain.detection.approaches import Approaches
from citybrain.errors import InputError
from citybrain.network.model import Network


def place_cameras(network: Network, approaches: Approaches, count: int) -> NDArray[np.int64]:
    """Return the edges that get a camera, the same ones for the same network.

    Every junction gets one, on its most important approach; then the most important approaches
    of all that are left. The importance of an approach is its number of lanes at the stop line times their speed
    limits: what it was built for, which a map tells. Equal ones go by name.

    Raises
    ------
    InputError
        If there are more cameras than approaches.
    """
    stops = np.flatnonzero(approaches.is_stop)
    weight = np.bincount(approaches.edge[stops], weights=approaches.limit_mps[stops], minlength=len(network.edges))
    edges = np.unique(approaches.edge[stops])
    if not 0 < count <= len(edges):
        raise InputError(
            f"{network.source}: {count} cameras asked for, this network has {len(edges)} approaches; give 1 to that many"
        )
    junction = {int(approaches.edge[lane]): int(approaches.junction[lane]) for lane in stops}
    ranked = sorted((int(e) for e in edges), key=lambda e: (-round(float(weight[e]), 6), network.edges[e].id))
    first: dict[int, int] = {}
    for edge in ranked:
        first.setdefault(junction[edge], edge)
    heads = list(first.values())  # in the order of importance, should there be fewer cameras than junctions
    others = [edge for edge in ranked if first[junction[edge]] != edge]
    return np.sort(np.array((heads + others)[:count], np.int64))
