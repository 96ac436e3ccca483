"""Vehicles on a call and their corridors; starting one."""

from __future__ import annotations

from functools import partial

from nicegui import ui

from citybrain.operations.console.desk import Desk
from citybrain.operations.console.elements import box, button, text
from citybrain.operations.console.headline import span
from citybrain.operations.messages import CitySnapshot


class EmergencyPanel:
    """Calls under way, and the form that starts one."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self._shown: object = None
        say = desk.say
        self._list = box("list", role="list")
        if not desk.may("emergency_corridor"):
            return
        text(say("emergency.start"), tag="h3")
        roads = {edge.id: f"{edge.name} ({edge.id})" if edge.name else edge.id for edge in desk.geometry.edges}
        roads = dict(sorted(roads.items(), key=lambda item: item[1]))
        self._fields: dict[str, ui.select] = {}
        for name in ("origin", "destination"):
            with box("row").style("flex-wrap:nowrap;margin-bottom:8px"):
                field = ui.select(roads, label=say(f"emergency.{name}"), with_input=True)
                field.props("outlined dense options-dense").classes(f"emergency-{name}")
                self._fields[name] = field
                button(say("emergency.pick"), partial(self._pick, name), f"pick-{name}")
        self._vehicle = ui.input(say("emergency.vehicle"), value="A1").props("outlined dense maxlength=40")
        self._vehicle.classes("emergency-vehicle")
        with box("row").style("margin-top:10px;justify-content:flex-end"):
            button(say("emergency.start"), self._start, "main emergency-start")

    async def _pick(self, name: str) -> None:
        edge = await self.desk.pick_edge(self.desk.say(f"map.pick_{name}"))
        if edge:
            self._fields[name].set_value(edge)

    async def _start(self) -> None:
        values = {name: field.value for name, field in self._fields.items()}
        missing = [field for name, field in self._fields.items() if not values[name]]
        for field in self._fields.values():
            field.props(remove="error")
        for field in missing:
            field.props("error")
        if missing:
            return
        vehicle = (self._vehicle.value or "").strip() or None
        await self.desk.act(self.desk.say("ask.emergency_corridor"), "emergency_corridor", **values, vehicle=vehicle)

    def show(self, snapshot: CitySnapshot) -> None:
        """Take a tick in."""
        say = self.desk.say
        rows = []
        for call in snapshot.emergencies:
            status = say.find(f"emergency.status_{call.status}", call.status)
            eta = "" if call.eta_s is None else say("emergency.eta", span=span(call.eta_s - snapshot.time_s))
            held = say("emergency.held", count=len(call.held)) if call.held else ""
            ahead = say("emergency.ahead", count=len(call.corridor))
            to = self.desk.name(call.destination)
            rows.append(
                (call.vehicle_id, f"{call.vehicle_id} → {to}", " · ".join(filter(None, (status, eta, held, ahead))))
            )
        if rows == self._shown:
            return
        self._shown = rows
        self._list.clear()
        with self._list:
            if not rows:
                text(say("emergency.none"), "quiet")
            for vehicle, what, state in rows:
                with box("item call", role="listitem"):
                    box("bar")
                    with box():
                        text(what, "what")
                        text(state, "when")
                    with box("acts"):
                        button(say("common.show"), partial(self.desk.select, "emergency", vehicle, True))
