"""The room's eye for incidents: a detector on what the policy's sensors see, and what operators make of it."""

from __future__ import annotations

from citybrain.detection.incidents import LinkSigns, Tracker, detectors
from citybrain.messages import Event, Observation
from citybrain.network.model import Network
from citybrain.operations.live.reports import Suspected

_KEEP_S = 900.0


class IncidentDesk:
    """Incidents by id, ``incident-1`` and so on in the order they were reported.

    Parameters
    ----------
    detector : str
        One of :func:`citybrain.detection.incidents.detectors`; nothing for none.
    """

    def __init__(self, network: Network, detector: str) -> None:
        known = detectors()
        self._on = bool(detector)
        if self._on:
            self._signs = LinkSigns(network)
            self._scorer = known[detector](network, self._signs)
            self._tracker = Tracker(network, self._signs, self._scorer.threshold)
        self._judged: dict[str, str] = {}
        self._seen_s: float | None = None

    def look(self, observation: Observation) -> list[Event]:
        """Take note of a step; return the events of incidents that were reported now."""
        if not self._on or observation.time_s == self._seen_s:
            return []
        self._seen_s = observation.time_s
        score = self._scorer.update(self._signs.read(observation))
        before = len(self._tracker.reports)
        opened = self._tracker.update(observation.time_s, score, self._scorer.lane_scores, self._scorer.distance_m)
        return [
            Event(
                time_s=observation.time_s,
                kind="incident",
                data={"id": _name(before + k), "edge": report.edge, "confidence": round(report.confidence, 2)},
            )
            for k, report in enumerate(opened)
        ]

    def judge(self, name: str, verdict: str | None) -> str | None:
        """Set what an operator makes of an incident (None: nothing); return what was."""
        was = self._judged.get(name)
        if verdict is None:
            self._judged.pop(name, None)
        else:
            self._judged[name] = verdict
        return was

    def current(self, time_s: float) -> tuple[Suspected, ...]:
        """Return the incidents that are on, and those that have just ended."""
        if not self._on:
            return ()
        found = []
        for place, report in enumerate(self._tracker.reports):
            if report.end_s < time_s - _KEEP_S:
                continue
            name = _name(place)
            over = report.end_s <= time_s
            state = self._judged.get(name, "suspected")
            found.append(
                Suspected(
                    name, report.edge, report.lanes, report.distance_m, report.confidence,
                    "over" if over and state != "dismissed" else state, report.alarm_s, report.end_s,
                )
            )  # fmt: skip
        return tuple(found)


def _name(place: int) -> str:
    return f"incident-{place + 1}"
