"""The console: strip, map, and the panel beside it."""

from __future__ import annotations

import asyncio
import uuid
from pathlib import PurePath
from typing import Any, Protocol

from nicegui import ui
from nicegui.events import KeyEventArguments

from citybrain.operations.console.city_map import CityMap
from citybrain.operations.console.desk import Desk
from citybrain.operations.console.elements import box, button, markup, text
from citybrain.operations.console.feed import Feed
from citybrain.operations.console.headline import Headline
from citybrain.operations.console.legend import legend_markup
from citybrain.operations.console.login import LANGUAGE_COOKIE, THEME_COOKIE
from citybrain.operations.console.panels.actions import ActionsPanel
from citybrain.operations.console.panels.alarms import AlarmsPanel
from citybrain.operations.console.panels.corridors import CorridorsPanel
from citybrain.operations.console.panels.emergency import EmergencyPanel
from citybrain.operations.console.panels.incidents import IncidentsPanel
from citybrain.operations.console.panels.junction import JunctionPanel
from citybrain.operations.console.panels.what_if import WhatIfPanel
from citybrain.operations.console.shapes import map_geometry
from citybrain.operations.console.strip import Strip
from citybrain.operations.messages import CitySnapshot

_TABS = ("alarms", "junction", "corridors", "emergency", "incidents", "actions", "what_if")
_OTHER_LANGUAGE = {"en": "ms", "ms": "en"}
_YEAR_S = 31_536_000


class Panel(Protocol):
    """A part beside the map."""

    def show(self, snapshot: CitySnapshot) -> None:
        """Take a tick in; called while it is seen."""


class Console:
    """One browser tab; implements :class:`~citybrain.operations.console.feed.Watcher`."""

    def __init__(self, desk: Desk, feed: Feed, *, theme: str) -> None:
        self.desk, self.feed, self.id = desk, feed, uuid.uuid4().hex
        self._theme, self._tab, self._open = theme, "alarms", False
        self._picking: asyncio.Future[str] | None = None
        self._client = ui.context.client
        desk.select, desk.pick_edge, desk.changed = self.select, self.pick_edge, self._redraw
        self._dark = ui.dark_mode(value=theme != "light")
        with box("console") as self._frame:
            self._build()
        ui.keyboard(on_key=self._key, repeating=False, ignore=["input", "select", "textarea"])
        if feed.snapshot is not None and feed.headline is not None:
            self.show(feed.snapshot, feed.headline, {})

    @property
    def connected(self) -> bool:
        """Whether a browser looks at it."""
        return self._client.has_socket_connection

    def _build(self) -> None:
        say, desk = self.desk.say, self.desk
        with box("strip", tag="header"):
            self._strip = Strip(say, PurePath(desk.geometry.scenario).name)  # a path is too long for it
            self._who()
        with box("maparea", tag="main"):
            self._map = CityMap(say, on_ready=self._ready, on_pick=self._picked)
            self._map.style("position:absolute;inset:0")
            markup(legend_markup(say), "legend")
        with box("side", tag="aside"):
            with box("tabs", role="tablist"):
                self._tabs = {name: self._tab_button(name) for name in _TABS}
            self._bodies: dict[str, ui.element] = {}
            self._panels: dict[str, Any] = {}
            kinds = (
                AlarmsPanel,
                JunctionPanel,
                CorridorsPanel,
                EmergencyPanel,
                IncidentsPanel,
                ActionsPanel,
                WhatIfPanel,
            )
            for name, kind in zip(_TABS, kinds, strict=True):
                with box("body", role="tabpanel", aria_label=say(f"tab.{name}")) as body:
                    self._panels[name] = kind(desk)
                self._bodies[name] = body
        self.turn_to("alarms")

    def _who(self) -> None:
        say, who = self.desk.say, self.desk.who
        with box("who"):
            self._theme_button = button(
                self._theme_word(), self._switch_theme, "flat", title=f"{self._theme_word()} (t)"
            )
            other = _OTHER_LANGUAGE[say.language]
            button(other.upper(), self._switch_language, "flat language", title="English / Bahasa Melayu (l)")
            button("?", self._help, "flat", aria_label=say("menu.keys"), title=say("menu.keys"))
            if self.desk.token is None:
                button(say("login.in"), self._sign_in, "flat")
            else:
                text(f"{who.name} · {say(f'role.{who.role}')}", "quiet small who-name").style("padding:0 6px")
                button(say("login.out"), self._sign_out, "flat")

    def _tab_button(self, name: str) -> tuple[Any, Any]:
        with ui.element("button").props("type=button role=tab").classes(f"tab-{name}") as tab:
            text(self.desk.say(f"tab.{name}"), tag="span")
            count = text("", "count", tag="span")
            count.set_visibility(False)
        tab.on("click", lambda _, n=name: self.turn_to(n))
        return tab, count

    # what the room says

    def _ready(self) -> None:
        self._open = True
        self._map.set_geometry(map_geometry(self.desk.geometry))
        self._map.send(self.feed.whole())

    def show(self, snapshot: CitySnapshot, headline: Headline, message: dict[str, Any]) -> None:
        """Take a tick in."""
        if self._open:
            self._map.send(message)
        self._strip.show(snapshot, headline)
        worst = "critical" if headline.critical else "warning"
        self._count("alarms", headline.critical + headline.warnings, worst)
        self._count("emergency", len(snapshot.emergencies), "")
        live = [i for i in snapshot.incidents if i.state in ("suspected", "accepted")]
        self._count("incidents", len(live), "critical" if any(i.state == "accepted" for i in live) else "warning")
        self._panels[self._tab].show(snapshot)

    def show_gone(self, why: str) -> None:
        """Say that the room does not answer."""
        self._strip.show_gone(why)

    def _count(self, tab: str, number: int, look: str) -> None:
        count = self._tabs[tab][1]
        count.set_visibility(number > 0)
        count.set_text(str(number))
        count.classes(remove="critical warning", add=look)

    # what the person does

    def turn_to(self, tab: str) -> None:
        """Show another panel."""
        self._tab = tab
        for name, (element, _) in self._tabs.items():
            element.props(f"aria-selected={'true' if name == tab else 'false'}")
            self._bodies[name].set_visibility(name == tab)
        self._frame.classes(remove="" if tab == "corridors" else "wide", add="wide" if tab == "corridors" else "")
        self._redraw()

    def _redraw(self) -> None:
        if self.feed.snapshot is not None:
            self._panels[self._tab].show(self.feed.snapshot)
        if self._open:
            self._map.highlight(self._panels["corridors"].edges if self._tab == "corridors" else ())

    def _picked(self, kind: str, name: str) -> None:
        if self._picking is not None:
            if kind == "edge" and name in self.desk.edges:
                self._picking.set_result(name)
                self._picking = None
            return
        self.select(kind, name, False)

    def select(self, kind: str, name: str, go: bool) -> None:  # noqa: FBT001
        """Choose a junction, road, incident or vehicle; ``go`` moves the map there."""
        junction: JunctionPanel = self._panels["junction"]
        if kind == "junction" and name in self.desk.junctions:
            junction.open(name)
            self.turn_to("junction")
        elif kind == "edge" and name in self.desk.edges:
            junction.open_edge(name)
            self.turn_to("junction")
        elif kind in ("incident", "emergency"):
            self.turn_to("incidents" if kind == "incident" else "emergency")
        else:
            return
        self._map.choose(kind, name, go=go)

    async def pick_edge(self, question: str) -> str:
        """Let the person choose a road on the map; empty where the choice is given up."""
        self._stop_picking()
        self._picking = asyncio.get_running_loop().create_future()
        self._map.ask(question)
        chosen = await self._picking
        self._map.ask("")
        return chosen

    def _stop_picking(self) -> None:
        if self._picking is not None and not self._picking.done():
            self._picking.set_result("")
        self._picking = None

    def _key(self, event: KeyEventArguments) -> None:
        if not event.action.keydown or event.modifiers.ctrl or event.modifiers.alt or event.modifiers.meta:
            return
        key = event.key.name
        if key in "1234567" and len(key) == 1:
            self.turn_to(_TABS[int(key) - 1])
        elif key == "?":
            self._help()
        elif key == "/":
            self.turn_to("junction")
            self._panels["junction"].search.run_method("focus")
        elif key == "m":
            ui.run_javascript('document.querySelector(".map canvas").focus()')
        elif key == "n":
            self._panels["alarms"].next()
        elif key == "t":
            self._switch_theme()
        elif key == "l":
            self._switch_language()
        elif key == "Escape":
            self._stop_picking()

    def _help(self) -> None:
        say = self.desk.say
        keys = (
            ("?", "help"), ("/", "search"), ("m", "map"), ("1–7", "tabs"), ("n", "next"), ("t", "theme"), ("l", "language"),
            ("Esc", "escape"), ("← ↑ ↓ → + − 0", "move"), ("Enter", "enter"), ("Tab", "tab"),
        )  # fmt: skip
        with ui.dialog(value=True) as dialog, ui.card().classes("dialog"):
            text(say("keys.title"), tag="h2")
            with box("keys"):
                for key, word in keys:
                    text(key, tag="kbd")
                    text(say(f"keys.{word}"))
            with box("buttons"):
                button(say("common.close"), dialog.close)
        dialog.on("hide", dialog.delete)

    def _theme_word(self) -> str:
        return self.desk.say("menu.theme_dark" if self._theme == "light" else "menu.theme_light")

    def _switch_theme(self) -> None:
        self._theme = "dark" if self._theme == "light" else "light"
        self._dark.set_value(self._theme == "dark")
        self._theme_button.set_text(self._theme_word())
        ui.run_javascript(
            f'document.documentElement.classList.toggle("light", {"true" if self._theme == "light" else "false"});'
            f'document.cookie = "{THEME_COOKIE}={self._theme};path=/;max-age={_YEAR_S};samesite=strict"'
        )
        self._map.recolour()

    def _switch_language(self) -> None:
        other = _OTHER_LANGUAGE[self.desk.say.language]
        ui.run_javascript(
            f'document.cookie = "{LANGUAGE_COOKIE}={other};path=/;max-age={_YEAR_S};samesite=strict"; location.reload()'
        )

    def _sign_in(self) -> None:
        ui.run_javascript('location.assign("/login")')  # NiceGUI would look for it below its own path

    def _sign_out(self) -> None:
        ui.run_javascript('fetch("/logout", {method: "POST"}).then(() => location.assign("/login"))')
