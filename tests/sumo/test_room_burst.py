"""A thousand requests within a second: the loop misses no tick, the service answers or refuses, nothing is lost."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
from cases import build_case

from citybrain.operations.access import new_token
from citybrain.operations.record.database import open_database, read_audit
from citybrain.operations.record.reader import check_chain, read_run

pytestmark = [pytest.mark.sumo, pytest.mark.alone]
SENDER = Path(__file__).parents[1] / "burst.py"
ANSWERED = {"200", "201", "401", "409", "429", "503"}


@pytest.fixture
def served(tmp_path):
    """A room as a city has it: the service, its loop and its policy in processes of their own, at real time."""
    scenario = build_case(tmp_path, end_s=600).config
    out = tmp_path / "out"
    token = new_token(out / "tokens.json", name="an operator", role="operator")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "citybrain.cli", "serve", str(scenario), "--port", str(port), "--out", str(out)]
    with (tmp_path / "log").open("w") as log:
        room = subprocess.Popen([*command, "--policy", "max-pressure"], stdout=log, stderr=subprocess.STDOUT)
    try:
        url, until = f"http://127.0.0.1:{port}", time.monotonic() + 90
        while not health(url):
            assert room.poll() is None, (tmp_path / "log").read_text()
            assert time.monotonic() < until, "the room did not start"
            time.sleep(0.2)
        yield url, token, out
    finally:
        room.terminate()
        room.wait(30)


def health(url):
    try:
        answer = httpx.get(f"{url}/api/health", timeout=10)
    except httpx.HTTPError:
        return None
    return answer.json() if answer.status_code == 200 else None


def test_a_thousand_requests_in_a_second_delay_no_tick_and_lose_nothing(served):
    url, token, out = served
    time.sleep(2)
    before = health(url)
    sent = subprocess.run(
        [sys.executable, SENDER, url, "1000", "1", token, "A"], capture_output=True, text=True, check=True, timeout=120
    )
    found = json.loads(sent.stdout)
    assert found["sent"] == 1000
    assert found["sent_within_s"] < 1.5
    assert set(found["statuses"]) <= ANSWERED, found
    assert found["statuses"]["201"] == 50  # who has a token is not kept out by those who have none
    assert found["statuses"]["429"] > 500
    assert found["told_when_to_ask_again"]["429"] == found["statuses"]["429"]
    until = time.monotonic() + 2
    while (after := health(url)) is None:
        assert time.monotonic() < until, "it does not answer again"
        time.sleep(0.05)
    assert after["missed_ticks"] == before["missed_ticks"]
    time.sleep(2)
    engine = open_database(str(out / "record.db"))
    entered = {row["action_id"] for row in read_audit(engine, limit=10_000)}
    assert set(found["actions"]) <= entered
    assert len(found["actions"]) == 50
    assert check_chain(engine)[1] is None
    assert len(read_run(engine).digests) >= after["ticks"] - 1
    engine.dispose()
