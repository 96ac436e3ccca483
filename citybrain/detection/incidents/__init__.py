"""Incident detection from observations: what a link says of itself, our detector, and its published peers."""

from __future__ import annotations

from collections.abc import Callable

from citybrain.detection.incidents.discharge import Discharge
from citybrain.detection.incidents.link_signs import LinkSigns, Signs
from citybrain.detection.incidents.peers import California7, ExponentialSmoothing, StandardNormalDeviate
from citybrain.detection.incidents.scores import Scorer
from citybrain.detection.incidents.tracker import IncidentReport, Tracker
from citybrain.network.model import Network

__all__ = ["DETECTORS", "IncidentReport", "LinkSigns", "Scorer", "Signs", "Tracker"]

DETECTORS: dict[str, Callable[[Network, LinkSigns], Scorer]] = {
    "discharge": Discharge,
    "california-7": lambda _, links: California7(links),
    "snd": lambda _, links: StandardNormalDeviate(links),
    "exponential-smoothing": lambda _, links: ExponentialSmoothing(links),
}
"""All detectors, ours first."""
