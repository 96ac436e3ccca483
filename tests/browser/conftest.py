"""A control room on a small street, and a headless Chromium to look at it."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from street import build_street
from visits import Served, Visit

from citybrain.operations.access import new_token

START_S = 120.0


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The room in a process of its own, at ten times real time."""
    folder = tmp_path_factory.mktemp("room")
    config = build_street(folder)
    out = folder / "out"
    tokens = {
        role: new_token(out / "tokens.json", name=f"the {role}", role=role) for role in ("operator", "dispatcher")
    }
    with running(folder, "serve", str(config), "--out", str(out), "--speed", "10") as url:
        yield Served(url, tokens["operator"], tokens["dispatcher"])


@contextmanager
def running(folder: Path, *arguments: str) -> Iterator[str]:
    """Run ``citybrain`` with these arguments on a free port until the end of the block; gives its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "citybrain.cli", *arguments, "--port", str(port)]
    with (folder / "log").open("w") as log:
        room = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
        try:
            url = f"http://127.0.0.1:{port}"
            _wait(url, room, folder / "log")
            yield url
        finally:
            room.terminate()
            try:
                room.wait(30)
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


@pytest.fixture(scope="module")  # its event loop must not run on under other tests
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


@pytest.fixture
def visit(served: Served, chromium: Any) -> Iterator[Visit]:
    """An operator's tab."""
    opened = Visit(chromium, served.url, served.operator)
    yield opened
    opened.context.close()
