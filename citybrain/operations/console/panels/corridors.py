"""A corridor through time and space, live."""

from __future__ import annotations

from nicegui import ui

from citybrain.operations.console.desk import Desk
from citybrain.operations.console.elements import box, markup, text
from citybrain.operations.console.pictures import time_space_picture
from citybrain.operations.messages import CitySnapshot
from citybrain.operations.room import RoomError

_WINDOWS_MIN = (2, 5, 10)


class CorridorsPanel:
    """Greens along a corridor over the last minutes."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        say, corridors = desk.say, desk.geometry.corridors
        self._names = {j.id: j.name or j.id for j in desk.geometry.junctions}
        self._corridors = {corridor.id: corridor for corridor in corridors}
        if not corridors:
            text(say("corridors.none"), "quiet")
            return
        with box("row").style("flex-wrap:nowrap"):
            options = {corridor.id: corridor.name for corridor in corridors}
            self.choice = ui.select(options, label=say("corridors.choose"), value=corridors[0].id, with_input=True)
            self.choice.props("outlined dense options-dense").classes("corridor-choice")
            self.choice.on_value_change(lambda _: self.redraw())
            minutes = {m: f"{m} min" for m in _WINDOWS_MIN}
            self.window = ui.select(minutes, label=say("corridors.window"), value=5).props(
                "outlined dense options-dense"
            )
            self.window.style("width:9rem;flex:none")
            self.window.on_value_change(lambda _: self.redraw())
        self._picture = markup("", "corridor-picture")
        self._picture.style("margin-top:14px")
        self._explain = text("", "quiet small")
        self._speed = text("", "small")

    @property
    def edges(self) -> tuple[str, ...]:
        """Roads of the corridor that is shown."""
        return self._corridors[self.choice.value].edges if self._corridors and self.choice.value else ()

    def redraw(self) -> None:
        """Draw at once, and mark the corridor on the map."""
        if self._corridors:
            self.draw()
            self.desk.changed()

    def show(self, snapshot: CitySnapshot) -> None:  # noqa: ARG002
        """Take a tick in."""
        if self._corridors and self.choice.value:
            self.draw()

    def draw(self) -> None:
        """Draw the corridor as it was until now."""
        say = self.desk.say
        try:
            history = self.desk.room.corridor(self.choice.value, last_s=60.0 * self.window.value)
        except RoomError as error:
            self._explain.set_text(say("common.gone", why=str(error)))
            return
        corridor = history.corridor
        label = say("corridors.label", name=corridor.name)
        self._picture.set_content(time_space_picture(history, self._names, label=label))
        self._explain.set_text(say("corridors.explain", speed=f"{corridor.limit_mps * 3.6:.0f}"))
        if history.speeds_mps:
            mean_kmh = 3.6 * sum(history.speeds_mps) / len(history.speeds_mps)
            self._speed.set_text(say("corridors.speed", speed=f"{mean_kmh:.0f}"))
