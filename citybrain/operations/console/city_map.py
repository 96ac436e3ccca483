"""The map component: draws the city on a canvas in the browser, fed with differences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from nicegui import ui
from nicegui.events import GenericEventArguments

from citybrain.operations.console.words import Words
from citybrain.operations.messages import LEVELS

_WORDS = (
    "map", "tools", "zoom_in", "zoom_out", "fit", "queue",
    "congestion-1", "congestion0", "congestion1", "congestion2", "congestion3",
)  # fmt: skip


class CityMap(ui.element, component="city_map.js", esm={"citybrain-map-drawing": "map_drawing"}):
    """A map of roads and signals.

    Parameters
    ----------
    say : Words
    on_ready : callable
        Called when the browser can draw: then it wants the geometry and a whole frame.
    on_pick : callable
        Called with kind (``junction``, ``edge``, ``incident``, ``emergency``) and id of what was chosen.
    """

    def __init__(self, say: Words, *, on_ready: Callable[[], None], on_pick: Callable[[str, str], None]) -> None:
        super().__init__()
        self._props["words"] = {word: say(f"map.{word}") for word in _WORDS}
        self._props["levels"] = {level: say(f"level.{level}") for level in LEVELS}
        self.on("ready", lambda _: on_ready())

        def picked(event: GenericEventArguments) -> None:
            kind, name = str(event.args.get("kind", "")), str(event.args.get("id", ""))
            on_pick(kind, name)

        self.on("pick", picked)

    def set_geometry(self, geometry: dict[str, Any]) -> None:
        """Say what stays."""
        self.run_method("geometry", geometry)

    def send(self, message: dict[str, Any]) -> None:
        """Say what changed, see :mod:`.frame`."""
        self.run_method("update", message)

    def choose(self, kind: str, name: str, *, go: bool = False) -> None:
        """Mark something, and move there."""
        self.run_method("choose", kind, name, go)

    def highlight(self, edges: Sequence[str]) -> None:
        """Mark roads."""
        self.run_method("highlight", list(edges))

    def ask(self, question: str) -> None:
        """Show what is to be chosen; nothing where empty."""
        self.run_method("ask", question)

    def recolour(self) -> None:
        """Take the colours of the page anew."""
        self.run_method("theme")
