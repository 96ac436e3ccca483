"""The list of alarms, the most severe first."""

from __future__ import annotations

from functools import partial

from citybrain.operations.console.desk import Desk
from citybrain.operations.console.elements import box, button, text
from citybrain.operations.console.headline import clock
from citybrain.operations.messages import Alarm, CitySnapshot

_RANK = {"critical": 0, "warning": 1, "info": 2}


class AlarmsPanel:
    """Open alarms; those that are over on request."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self._over = desk, False
        self._shown: list[tuple[object, ...]] | None = None
        say = desk.say
        with box("row apart"):
            text(say("alarms.worst_first"), "quiet small")
            self._toggle = button(say("alarms.show_over"), self._switch, "flat")
        self._list = box("list", role="list")
        self._order: list[Alarm] = []
        self._at = -1

    def _switch(self) -> None:
        self._over = not self._over
        self._toggle.set_text(self.desk.say("alarms.hide_over" if self._over else "alarms.show_over"))
        self.draw(self.desk.room.alarms(all_=self._over))

    def show(self, snapshot: CitySnapshot) -> None:
        """Take a tick in."""
        self.draw(self.desk.room.alarms(all_=True) if self._over else snapshot.alarms)

    def draw(self, alarms: tuple[Alarm, ...]) -> None:
        """Draw the list anew where it changed."""
        found = sorted(alarms, key=lambda a: (a.cleared_s is not None, _RANK[a.severity], -a.since_s, a.id))
        shown: list[tuple[object, ...]] = [(a.id, a.cleared_s, a.severity, a.text) for a in found]
        if shown == self._shown:
            return
        self._shown = shown
        self._order = [alarm for alarm in found if alarm.cleared_s is None]
        say = self.desk.say
        self._list.clear()
        with self._list:
            if not found:
                text(say("alarms.none"), "quiet")
            for alarm in found[:200]:
                over = alarm.cleared_s is not None
                with box(f"item {'over' if over else alarm.severity}", role="listitem"):
                    box("bar")
                    with box():
                        words = alarm_words(self.desk, alarm)
                        text(words, "what")
                        when = say("common.since", time=clock(alarm.since_s))
                        if alarm.cleared_s is not None:
                            when = say("common.ended", time=clock(alarm.cleared_s))
                        where = self.desk.name(alarm.where) if alarm.where else say("common.whole_city")
                        text(when if where in words or alarm.kind == "incident" else f"{where} · {when}", "when")
                    with box("acts"):
                        kind = self._kind(alarm)
                        if kind:
                            button(say("common.open"), partial(self.desk.select, kind, alarm.where, True))

    def _kind(self, alarm: Alarm) -> str:
        if alarm.kind in ("incident", "emergency"):
            return alarm.kind
        if alarm.where in self.desk.junctions:
            return "junction"
        return "edge" if alarm.where in self.desk.edges else ""

    def next(self) -> None:
        """Open the place of the next open alarm."""
        placed = [alarm for alarm in self._order if self._kind(alarm)]
        if placed:
            self._at = (self._at + 1) % len(placed)
            self.desk.select(self._kind(placed[self._at]), placed[self._at].where, True)


def alarm_words(desk: Desk, alarm: Alarm) -> str:
    """Return an alarm in the operator's language; as the room wrote it where no words are known."""
    places = {key: desk.name(str(alarm.data[key])) for key in ("edge", "destination") if key in alarm.data}
    values = {**alarm.data, **places, "where": desk.name(alarm.where)}
    return desk.say.find(f"alarm.{alarm.kind}", alarm.text, **values)
