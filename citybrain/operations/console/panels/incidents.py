"""Incidents that the detector suspects, with how sure it is."""

from __future__ import annotations

from functools import partial

from citybrain.operations.console.desk import Desk
from citybrain.operations.console.elements import box, button, text
from citybrain.operations.console.headline import clock
from citybrain.operations.messages import CitySnapshot, IncidentView

_RANK = {"accepted": 0, "suspected": 1, "over": 2, "dismissed": 3}


class IncidentsPanel:
    """Incidents to confirm or to dismiss."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self._shown: object = None
        self._list = box("list", role="list")

    def show(self, snapshot: CitySnapshot) -> None:
        """Take a tick in."""
        found = sorted(snapshot.incidents, key=lambda i: (_RANK[i.state], -i.confidence, i.id))
        shown = [(i.id, i.state, round(i.confidence, 2), i.end_s) for i in found]
        if shown == self._shown:
            return
        self._shown = shown
        self._list.clear()
        with self._list:
            if not found:
                text(self.desk.say("incidents.none"), "quiet")
            for incident in found:
                self._item(incident)

    def _item(self, incident: IncidentView) -> None:
        say, desk = self.desk.say, self.desk
        live = incident.state in ("suspected", "accepted")
        look = "critical" if incident.state == "accepted" else "warning" if live else "over"
        road = desk.name(incident.edge)
        with box(f"item {look}", role="listitem"):
            box("bar")
            with box():
                place = (
                    road
                    if incident.distance_m is None
                    else say("incidents.at", distance=f"{incident.distance_m:.0f}", road=road)
                )
                text(place, "what")
                sure = say("incidents.confidence", percent=f"{100 * incident.confidence:.0f}")
                since = say("common.since", time=clock(incident.since_s))
                text(f"{say(f'incidents.{incident.state}')} · {sure} · {since}", "when")
            with box("acts"):
                if live:
                    button(say("common.show"), lambda: desk.select("incident", incident.id, True))
                    for kind, label in (("accept_incident", "accept"), ("dismiss_incident", "dismiss")):
                        if desk.may(kind) and not (kind == "accept_incident" and incident.state == "accepted"):
                            button(
                                say(f"incidents.{label}"),
                                partial(desk.act, say(f"ask.{kind}"), kind, incident=incident.id),
                            )
