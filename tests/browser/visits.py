"""A browser tab with the console, as tests use it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

PATIENCE_MS = 60_000


@dataclass(frozen=True)
class Served:
    """Where the room is, and tokens of an operator and of a dispatcher."""

    url: str
    operator: str
    dispatcher: str


class Visit:
    """One browser tab with the console; remembers what the page asked for, and what went wrong in it."""

    def __init__(self, browser: Any, url: str, token: str | None) -> None:
        self.context = browser.new_context(viewport={"width": 1920, "height": 1080})
        self.context.set_default_timeout(PATIENCE_MS)
        self.page = self.context.new_page()
        self.asked: list[str] = []
        self.wrong: list[str] = []
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("console", lambda message: self.wrong.append(message.text) if message.type == "error" else None)
        if token is None:
            self.page.goto(f"{url}/console/")
        else:
            self.page.goto(f"{url}/login")
            self.page.fill("#token", token)
            self.page.click("button[type=submit]")
        self.page.wait_for_selector(".map canvas")
        self.until("s => s.revision > 1")

    def map(self, call: str = "summary()") -> Any:
        """Ask the map component."""
        return self.page.evaluate(f"getElement(Number(document.querySelector('.map').id.slice(1))).{call}")

    def until(self, condition: str) -> Any:
        """Wait until a condition on the map's summary holds; returns the summary."""
        self.page.wait_for_function(
            "([condition]) => { const map = document.querySelector('.map'); if (!map) return false;"
            " const shown = getElement(Number(map.id.slice(1)));"
            " return Boolean(shown && shown.summary && eval(condition)(shown.summary())); }",
            arg=[condition],
        )
        return self.map()

    def click_map(self, kind: str, name: str) -> None:
        """Click on a junction, road or sign as a person would."""
        x, y = self.map(f"screenOf('{kind}', '{name}')")
        self.page.mouse.click(x, y)
