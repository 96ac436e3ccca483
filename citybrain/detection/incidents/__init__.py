"""Incident detection from observations: what a link says of itself, our detector, and its published peers."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib.metadata import entry_points

from citybrain.detection.incidents.boosted import Boosted
from citybrain.detection.incidents.discharge import Discharge
from citybrain.detection.incidents.link_signs import LinkSigns, Signs
from citybrain.detection.incidents.peers import California7, ExponentialSmoothing, StandardNormalDeviate
from citybrain.detection.incidents.scores import Either, Scorer
from citybrain.detection.incidents.tracker import IncidentReport, Tracker
from citybrain.errors import InputError
from citybrain.network.model import Network

__all__ = ["Either", "IncidentReport", "LinkSigns", "Scorer", "Signs", "Tracker", "detectors"]

ENTRY_POINT_GROUP = "citybrain.detectors"
Make = Callable[[Network, LinkSigns], Scorer]

_BUILT_IN: dict[str, Make] = {
    "discharge": Discharge,
    "california-7": lambda _, links: California7(links),
    "snd": lambda _, links: StandardNormalDeviate(links),
    "exponential-smoothing": lambda _, links: ExponentialSmoothing(links),
    "boosted": Boosted,
}


@cache
def detectors() -> dict[str, Make]:
    """Return all detectors, ours first, then the published peers, then third parties'.

    Third parties announce theirs under the entry-point group ``citybrain.detectors``: a
    factory ``(network, links) -> Scorer``. It cannot take the name of a built-in one.

    Raises
    ------
    InputError
        If one that is installed cannot be loaded.
    """
    found = dict(_BUILT_IN)
    for point in entry_points(group=ENTRY_POINT_GROUP):
        if point.name in _BUILT_IN:
            continue
        try:
            found[point.name] = point.load()
        except Exception as error:
            raise InputError(f"detector {point.name!r} ({point.value}) cannot be loaded: {error}") from error
    return found
