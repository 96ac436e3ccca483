"""A control room on a small street, and a headless Chromium to look at it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from running_rooms import running
from street import build_street
from visits import Served, Visit

from citybrain.operations.access import new_token


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
