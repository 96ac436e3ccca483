"""From scores to incidents that an operator sees: begin, confidence, link, lanes, place, end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from citybrain.detection.incidents.link_signs import LinkSigns
from citybrain.network.model import Network

_OVER = 0.3
_LANES = 0.7


@dataclass(slots=True, kw_only=True)
class IncidentReport:
    """What a detector says of one incident.

    Attributes
    ----------
    edge : str
    lanes : tuple of int
        Lanes of the edge that seem to be blocked, kerb side first.
    distance_m : float
        From the stop line; NaN where unknown.
    alarm_s, end_s : float
        When it was reported; when it seemed to be over, NaN until then.
    confidence : float
        0.5 at the threshold, towards 1 with more evidence; the highest so far.
    """

    edge: str
    lanes: tuple[int, ...]
    distance_m: float
    alarm_s: float
    end_s: float = float("nan")
    confidence: float = 0.5


class Tracker:
    """Opens a report where a score reaches the threshold, and closes it where it falls below a third of that."""

    def __init__(self, network: Network, links: LinkSigns, threshold: float) -> None:
        self._network, self._links, self.threshold = network, links, threshold
        self.reports: list[IncidentReport] = []
        self._open: dict[int, IncidentReport] = {}

    @property
    def open(self) -> list[IncidentReport]:
        """Reports that have not ended."""
        return list(self._open.values())

    def update(
        self,
        time_s: float,
        score: NDArray[np.float64],
        lane_scores: Callable[[], NDArray[np.float64]],
        distance_m: Callable[[], NDArray[np.float64]],
    ) -> list[IncidentReport]:
        """Take note of one step; return the reports that it opened. Lanes and place are asked for those alone."""
        opened = []
        for link in np.flatnonzero(score >= self.threshold).tolist():
            report = self._open.get(link)
            if report is None:
                report = self._report(link, time_s, lane_scores(), float(distance_m()[link]))
                self._open[link] = report
                self.reports.append(report)
                opened.append(report)
            sure = 1.0 / (1.0 + float(np.exp(min(self.threshold - score[link], 50.0))))
            report.confidence = max(report.confidence, sure)
        for link in [link for link in self._open if score[link] <= _OVER * self.threshold]:
            self._open.pop(link).end_s = time_s
        return opened

    def _report(self, link: int, time_s: float, lane_score: NDArray[np.float64], at_m: float) -> IncidentReport:
        edge = self._network.edges[int(self._links.edge[link])]
        lanes = self._links.lane[
            self._links.is_stop & (self._links.link_of == link) & (lane_score >= _LANES * self.threshold)
        ]
        return IncidentReport(
            edge=edge.id,
            lanes=tuple(sorted(edge.lanes.index(int(lane)) for lane in lanes)),
            distance_m=at_m,
            alarm_s=time_s,
        )
