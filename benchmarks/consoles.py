"""Real consoles of a control room: tabs of one headless Chromium, each in a context of its own, for the benchmarks beside this.

A page in a context of its own counts as seen, so that it draws as it does on somebody's desk.
"""

from __future__ import annotations

import shutil
from types import TracebackType
from typing import Any, Self

import numpy as np
import psutil
from numpy.typing import NDArray
from playwright.sync_api import Page, sync_playwright

_MAP = "getElement(Number(document.querySelector('.map').id.slice(1)))"
_PATIENCE_MS = 180_000


class Consoles:
    """So many consoles, open until the end of a ``with`` block.

    Parameters
    ----------
    url : str
        Of the room, ``http://localhost:8080``.
    token : str
        To sign in with; nothing to look only.
    chromium : str, optional
        The browser; one of the system where none is given.
    """

    def __init__(self, url: str, number: int, *, token: str = "", chromium: str | None = None) -> None:
        self._url, self._number, self._token = url.rstrip("/"), number, token
        self._chromium = chromium or shutil.which("chromium") or shutil.which("google-chrome")

    def __enter__(self) -> Self:
        known = {process.pid for process in psutil.Process().children(recursive=True)}
        self._play = sync_playwright().start()
        self._browser = self._play.chromium.launch(executable_path=self._chromium, args=["--no-sandbox"])
        self.pages = [self._open() for _ in range(self._number)]
        self._pids = [
            p.pid for p in psutil.Process().children(recursive=True) if p.pid not in known and "node" not in p.name()
        ]
        self.late_ms()
        return self

    def _open(self) -> Page:
        page = self._browser.new_context(viewport={"width": 1920, "height": 1080}).new_page()
        page.set_default_timeout(_PATIENCE_MS)
        if self._token:
            page.goto(f"{self._url}/login")
            page.fill("#token", self._token)
            page.click("button[type=submit]")
        else:
            page.goto(f"{self._url}/console/")
        page.wait_for_selector(".map canvas")
        page.wait_for_function(f"() => {_MAP}?.late?.length > 1")
        return page

    def late_ms(self) -> list[NDArray[np.float64]]:
        """Return by console how old each picture was when it was drawn, since this was asked last; ms."""
        take = f"() => {{ const late = {_MAP}?.late; return late ? late.splice(0) : []; }}"
        return [np.asarray(page.evaluate(take), float) for page in self.pages]

    def processes(self) -> list[psutil.Process]:
        """Return the browser's processes."""
        found = []
        for pid in self._pids:
            try:
                found.append(psutil.Process(pid))
            except psutil.NoSuchProcess:
                continue
        return found

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        for end in (self._browser.close, self._play.stop):
            _quietly(end)


def _quietly(end: Any) -> None:
    try:
        end()
    except Exception as error:  # noqa: BLE001  the browser may be gone already
        print(f"closing the browser: {error}")
