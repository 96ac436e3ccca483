"""Rooms in processes of their own, as `citybrain serve` and `citybrain replay` start them."""

from __future__ import annotations

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

START_S = 120.0


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
