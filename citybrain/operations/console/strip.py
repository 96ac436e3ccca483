"""The headline strip: the state of the city in five seconds."""

from __future__ import annotations

from typing import Any

from citybrain.operations.console.elements import box, text
from citybrain.operations.console.headline import Headline, clock
from citybrain.operations.console.words import Words
from citybrain.operations.messages import CitySnapshot

_STATES = "normal busy congested degraded alert lost"


class Strip:
    """Elements of the strip; built inside a ``box("strip")``."""

    def __init__(self, say: Words, title: str) -> None:
        self.say = say
        with box("state normal", role="status") as self._state:
            text(title, "name scenario")
            self._word = text("–", "value state-word")
        with box("flow"):
            text(say("strip.traffic"), "name")
            with box("flowbar", aria_hidden="true"):
                self._bars = [box(kind, tag="i") for kind in ("f", "s", "c")]
            with box("flowtext"):
                self._shares = [
                    self._share(kind, word)
                    for kind, word in (("free", "flowing"), ("slow", "slow"), ("jam", "congested"))
                ]
        self._junctions = self._cell("junctions", "junction-modes")
        self._alarms = self._cell("alarms", "alarm-count")
        self._health, self._health_more = self._cell("health", "tick-health", extra=True)
        self._clock, self._speed = self._cell("clock", "clock", more=True)

    def _share(self, colour: str, word: str) -> Any:
        with box(tag="span"):
            box("key", tag="span").style(f"background:var(--{colour})")
            value = text("–", tag="b")
            text(f" {self.say(f'strip.{word}')}", tag="span", classes="quiet")
        return value

    def _cell(self, word: str, name: str, *, extra: bool = False, more: bool = False) -> Any:
        with box("extra" if extra else ""):
            title = text(self.say(f"strip.{word}"), "name")
            value = text("–", f"value {name}")
            if extra or more:
                return value, text("", "name") if extra else title
        return value

    def show(self, snapshot: CitySnapshot, headline: Headline) -> None:
        """Take a tick in."""
        say = self.say
        self._word.set_text(say(f"state.{headline.state}"))
        self._state.classes(remove=_STATES, add=headline.state)
        shares = headline.flowing_pct, headline.slow_pct, headline.congested_pct
        for bar, value, share in zip(self._bars, self._shares, shares, strict=True):
            bar.style(f"width:{share}%")
            value.set_text(f"{share} %")
        self._junctions.set_text(" · ".join(f"{n} {say(f'level.{level}')}" for level, n in headline.levels) or "–")
        self._junctions.classes(remove="watch", add="" if len(headline.levels) < 2 else "watch")
        counted = []
        if headline.critical:
            counted.append(say("strip.critical", count=headline.critical))
        if headline.warnings:
            counted.append(say("strip.warnings", count=headline.warnings))
        self._alarms.set_text(" · ".join(counted) or say("strip.none"))
        self._alarms.classes(
            remove="bad watch", add="bad" if headline.critical else "watch" if headline.warnings else ""
        )
        tick = f"{headline.tick_ms:.0f}"
        self._health.set_text(say("strip.late" if headline.late else "strip.tick", tick=tick))
        self._health.classes(remove="bad", add="bad" if headline.late else "")
        self._health_more.classes(remove="watch", add="watch" if headline.tick_p99_ms > headline.deadline_ms else "")
        self._health_more.set_text(
            say("strip.tick_more", p99=f"{headline.tick_p99_ms:.0f}", limit=f"{headline.deadline_ms:.0f}")
        )
        self._clock.set_text(clock(headline.time_s))
        about = [say("strip.clock")]
        if snapshot.replay:
            about.append(say("strip.replay"))
        if headline.stale_s >= 1.0:
            about.append(say("strip.stale", seconds=f"{headline.stale_s:.0f}"))
        elif abs(snapshot.speed_now - 1.0) > 0.05:
            about.append(say("strip.speed", speed=f"{snapshot.speed_now:.1f}"))
        self._speed.set_text(" · ".join(about))

    def show_gone(self, why: str) -> None:
        """Say that the room does not answer."""
        self._word.set_text(self.say("state.lost"))
        self._state.classes(remove=_STATES, add="lost")
        self._speed.set_text(why)
