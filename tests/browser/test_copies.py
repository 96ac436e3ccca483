"""Copies of the city in the console: a what-if, and a recorded run that is played again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
from running_rooms import running
from street import build_street
from visits import Served, Visit

from citybrain.operations.access import new_token

pytestmark = [pytest.mark.sumo, pytest.mark.alone, pytest.mark.filterwarnings("default")]


COPY_MS = 180_000
"""Two copies start a simulator and a policy each, behind the room itself."""


def choose(visit: Visit, where: str, words: str) -> None:
    """Choose in one of the form's lists."""
    visit.page.click(f"{where} .q-field__control")
    visit.page.locator(".q-menu .q-item", has_text=words).first.click()
    visit.page.wait_for_selector(".q-menu", state="detached")


def test_an_action_is_tried_on_a_copy_and_the_city_knows_nothing_of_it(served: Served, visit: Visit) -> None:
    page = visit.page
    page.keyboard.press("7")
    choose(visit, ".what-if-kind", "Flash")
    choose(visit, ".what-if-place", "Whole city")
    page.fill(".what-if-minutes input", "2")
    page.click(".what-if-run")
    page.wait_for_selector(".what-if-answer >> text=running")
    page.wait_for_function("() => !document.querySelector('.what-if-answer').innerText.includes('running')", timeout=COPY_MS)
    answer = page.inner_text(".what-if-answer")
    assert "per vehicle" in answer
    assert "Arrived: " in answer
    state = httpx.get(f"{served.url}/api/state", timeout=20).json()
    assert "flash" not in state["levels"]
    kinds = [row["kind"] for row in httpx.get(f"{served.url}/api/audit", timeout=20).json()]
    assert "flash" not in kinds


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The record of two minutes of a street in which somebody held a stage."""
    folder = tmp_path_factory.mktemp("recorded")
    config, out = build_street(folder), folder / "out"
    token = new_token(out / "tokens.json", name="the operator", role="operator")
    with running(folder, "serve", str(config), "--out", str(out), "--speed", "20", "--end", "150") as url:
        asked = {"kind": "lock_stage", "junction": "D", "stage": 1, "reason": "to be seen again", "limit_s": 600}
        answer = httpx.post(f"{url}/api/actions", json=asked, headers={"Authorization": f"Bearer {token}"}, timeout=20)
        assert answer.status_code == 201, answer.text
        with httpx.stream("GET", f"{url}/api/events", timeout=60) as stream:
            for line in stream.iter_lines():  # until its run is over
                if '"kind":"stop"' in line.replace(" ", ""):
                    break
    return out / "record.db"


def test_a_recorded_run_is_played_again_in_the_console(
    recorded: Path, chromium: Any, tmp_path: Path
) -> None:
    with running(tmp_path, "replay", str(recorded), "--speed", "5") as url:
        visit = Visit(chromium, url, None)
        page = visit.page
        page.wait_for_selector(".strip >> text=replay")
        visit.until("s => s.locked.includes('D')")  # what somebody did then is done again
        visit.click_map("junction", "D")
        page.wait_for_selector(".tag.locked")
        page.wait_for_selector(".stagebox.shown >> text=stage 2")
        assert page.locator(".lock_stage-0").count() == 0  # what was cannot be changed
        before = page.inner_text(".clock")
        page.wait_for_function("old => document.querySelector('.clock').innerText !== old", arg=before)
        assert visit.wrong == []
        visit.context.close()
