"""How late the map is: from the end of a tick to its picture, in several consoles at once.

    citybrain serve kuala-lumpur --port 8080
    python benchmarks/console_latency.py http://localhost:8080 --consoles 10 --seconds 120

Every console is a tab of a headless Chromium on this machine, which costs far more than the room itself: give it
cores of its own. Clocks are those of one machine.
"""

from __future__ import annotations

import argparse
import shutil
import time

import numpy as np
from playwright.sync_api import Page, sync_playwright

_MAP = "getElement(Number(document.querySelector('.map').id.slice(1)))"


def open_console(page: Page, url: str, token: str) -> None:
    """Open the console and wait until its map lives."""
    page.set_default_timeout(180_000)
    if token:
        page.goto(f"{url}/login")
        page.fill("#token", token)
        page.click("button[type=submit]")
    else:
        page.goto(f"{url}/console/")
    page.wait_for_selector(".map canvas")
    page.wait_for_function(f"() => {_MAP}?.late?.length > 1")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url")
    parser.add_argument("--token", default="")
    parser.add_argument("--consoles", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--chromium", default=shutil.which("chromium") or shutil.which("google-chrome"))
    given = parser.parse_args()
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=given.chromium, args=["--no-sandbox"])
        pages = []
        for _ in range(given.consoles):
            page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
            open_console(page, given.url.rstrip("/"), given.token)
            pages.append(page)
        for page in pages:
            page.evaluate(f"{_MAP}.late.length = 0")
        time.sleep(given.seconds)
        late_ms = [np.array(page.evaluate(f"{_MAP}.late")) for page in pages]
        browser.close()
    together = np.concatenate(late_ms)
    print(f"{given.consoles} consoles, {given.seconds:g} s, {len(together)} updates ({min(map(len, late_ms))} at least in one)")
    print("late, ms: " + ", ".join(f"p{q} {np.percentile(together, q):.0f}" for q in (50, 95, 99, 100)))


if __name__ == "__main__":
    main()
