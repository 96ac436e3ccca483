"""A control room on a small street, and a headless Chromium to look at it."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from street import build_street

from citybrain.operations.access import new_token

START_S = 120.0
PATIENCE_MS = 60_000


@dataclass(frozen=True)
class Served:
    """Where the room is, and tokens of an operator and of a dispatcher."""

    url: str
    operator: str
    dispatcher: str


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The room in a process of its own, at ten times real time."""
    folder = tmp_path_factory.mktemp("room")
    config = build_street(folder)
    out = folder / "out"
    tokens = {
        role: new_token(out / "tokens.json", name=f"the {role}", role=role) for role in ("operator", "dispatcher")
    }
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "citybrain.cli", "serve", str(config), "--port", str(port), "--out", str(out)]
    with (folder / "log").open("w") as log:
        room = subprocess.Popen([*command, "--speed", "10"], stdout=log, stderr=subprocess.STDOUT)
        try:
            url = f"http://127.0.0.1:{port}"
            _wait(url, room, folder / "log")
            yield Served(url, tokens["operator"], tokens["dispatcher"])
        finally:
            room.terminate()
            try:
                room.wait(20)
            except subprocess.TimeoutExpired:
                room.kill()
                room.wait()


def _wait(url: str, room: subprocess.Popen[Any], log: Path) -> None:
    """Wait until the room has something to show."""
    until = time.monotonic() + START_S
    while time.monotonic() < until:
        if room.poll() is not None:
            break
        try:
            if httpx.get(f"{url}/api/state", timeout=5).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.3)
    pytest.fail(f"the room did not start: {log.read_text()[-2000:]}")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """A headless Chromium of the system; skips where there is none."""
    api = pytest.importorskip("playwright.sync_api", reason="pip install playwright")
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if path is None:
        pytest.skip("needs a Chromium: run scripts/browser as root, or apt-get install chromium")
    with api.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


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


@pytest.fixture
def visit(served: Served, chromium: Any) -> Iterator[Visit]:
    """An operator's tab."""
    opened = Visit(chromium, served.url, served.operator)
    yield opened
    opened.context.close()
