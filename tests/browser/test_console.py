"""The console as a person uses it: a real browser, a real room, SUMO behind it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest
from visits import Served, Visit

pytestmark = [pytest.mark.sumo, pytest.mark.alone, pytest.mark.filterwarnings("default")]


def confirm(visit: Visit, reason: str) -> None:
    visit.page.fill(".ask-reason input", reason)
    visit.page.click(".ask-confirm")
    visit.page.wait_for_selector(".ask-confirm", state="detached")


def test_the_map_lives_and_moves(visit: Visit) -> None:
    before = visit.map()
    after = visit.until(f"s => s.revision > {before['revision'] + 5}")
    assert after["lamps"].keys() == {"A", "B", "C", "D"}
    assert sum(after["congestion"]) > 20
    visit.until(f"s => JSON.stringify(s.lamps) !== {visit.map('summary().lamps')!r}".replace("'", '"'))
    visit.page.mouse.move(700, 300)
    visit.page.mouse.down()
    visit.page.mouse.move(820, 360, steps=4)
    visit.page.mouse.up()
    dragged = visit.map()["at"]
    assert dragged["x"] < before["at"]["x"]
    assert dragged["y"] > before["at"]["y"]
    visit.page.keyboard.press("m")
    visit.page.keyboard.press("+")
    visit.page.keyboard.press("ArrowRight")
    moved = visit.until(f"s => s.at.scale > {dragged['scale']} && s.at.x > {dragged['x']}")["at"]
    assert moved["y"] == pytest.approx(dragged["y"], abs=1.0)


def test_the_headline_says_how_the_city_is(visit: Visit) -> None:
    words = visit.page.inner_text(".strip")
    for part in ("flowing", "congested", "adaptive", "Scenario time"):
        assert part in words
    shares = [int(text.split()[0]) for text in visit.page.locator(".flowtext b").all_inner_texts()]
    assert sum(shares) == 100
    clock = visit.page.inner_text(".clock")
    visit.page.wait_for_function("old => document.querySelector('.clock').innerText !== old", arg=clock)


def test_a_junction_opens_and_explains_itself(visit: Visit) -> None:
    visit.click_map("junction", "B")
    page = visit.page
    page.wait_for_selector(".junction-name >> text=B")
    assert page.locator(".stagebox svg.stage .way").count() >= 4
    page.wait_for_selector(".junction-why .choices")
    why = page.inner_text(".junction-why")
    assert "vehicle-seconds" in why
    assert page.locator(".junction-why .choices .track.best").count() == 1
    assert page.locator(".junction-history rect.green").count() >= 1
    assert page.locator(".junction-sensors tbody tr").count() == 4
    page.wait_for_selector(".stagebox.shown")


def test_a_lock_is_set_and_undone(visit: Visit) -> None:
    page = visit.page
    visit.click_map("junction", "D")
    page.click(".lock_stage-1")
    page.click(".ask-confirm")
    page.wait_for_selector(".ask-reason.q-field--error")  # no action without a reason
    confirm(visit, "works on the main road")
    visit.until("s => s.locked.includes('D')")
    page.wait_for_selector(".tag.locked")
    page.wait_for_selector(".stagebox.shown >> text=stage 2")
    page.click(".tab-actions")
    item = page.locator(".item.action", has_text="Hold stage: Jalan Utama / Lorong D")
    assert "works on the main road" in item.inner_text()
    item.locator(".undo").click()
    confirm(visit, "the works are over")
    visit.until("s => !s.locked.includes('D')")
    page.wait_for_selector(".record .what >> text=Undone")
    record = page.inner_text(".record")
    assert "the operator" in record
    assert "the works are over" in record


def test_an_emergency_corridor_is_started_and_seen(served: Served, chromium: Any) -> None:
    visit = Visit(chromium, served.url, served.dispatcher)
    page = visit.page
    page.click(".tab-emergency")
    for name, road in (("origin", "eD"), ("destination", "Aw")):
        page.click(f".pick-{name}")
        page.wait_for_selector(".map-hint")
        visit.click_map("edge", road)
        page.wait_for_selector(".map-hint", state="detached")
        assert road in page.locator(f".emergency-{name} input").input_value()
    page.fill(".emergency-vehicle input", "Bomba 7")
    page.click(".emergency-start")
    confirm(visit, "fire in Lorong A")
    shown = visit.until("s => s.emergencies.some(e => e.id === 'Bomba 7' && e.route.length > 0)")
    call = next(e for e in shown["emergencies"] if e["id"] == "Bomba 7")
    assert call["route"][-1] == "Aw"
    page.wait_for_selector(".item.call >> text=Bomba 7")
    visit.until("s => s.emergencies.some(e => e.held.length > 0)")
    visit.until("s => !s.emergencies.some(e => e.id === 'Bomba 7')")
    visit.context.close()


def test_an_incident_appears_and_is_confirmed(visit: Visit) -> None:
    shown = visit.until("s => s.incidents.includes('incident-1')")
    assert shown["incidents"]
    page = visit.page
    visit.click_map("incident", "incident-1")
    # the alarms name the road too, until the console has turned to the incidents
    incidents = page.get_by_role("tabpanel", name="Incidents")
    item = incidents.locator(".item", has_text="Jalan Utama").first
    item.wait_for()
    assert "% sure" in item.inner_text()
    item.locator(".btn", has_text="Confirm").click()
    confirm(visit, "seen by a patrol")
    page.wait_for_selector(".item.critical .when >> text=confirmed")
    page.click(".tab-alarms")
    page.wait_for_selector(".item.warning .what >> text=Something seems to block Jalan Utama")


def test_a_corridor_is_drawn_through_time_and_space(visit: Visit) -> None:
    page = visit.page
    page.keyboard.press("3")
    page.wait_for_selector("svg.timespace rect.green")
    assert page.locator("svg.timespace .name").count() == 4
    before = page.inner_html(".corridor-picture")
    page.wait_for_function("old => document.querySelector('.corridor-picture').innerHTML !== old", arg=before)


def test_without_a_token_one_may_look_only(served: Served, chromium: Any) -> None:
    visit = Visit(chromium, served.url, None)
    visit.click_map("junction", "B")
    visit.page.wait_for_selector(".junction-name")
    assert visit.page.locator(".lock_stage-0").count() == 0
    assert visit.page.locator(".btn.danger").count() == 0
    visit.page.click(".tab-emergency")
    assert visit.page.locator(".emergency-start").count() == 0
    assert visit.page.locator(".who .btn", has_text="Sign in").count() == 1
    visit.context.close()


def test_signing_in_and_out_by_the_buttons(served: Served, chromium: Any) -> None:
    visit = Visit(chromium, served.url, None)
    page = visit.page
    page.locator(".who .btn", has_text="Sign in").click()
    page.fill("#token", served.operator)
    page.click("button[type=submit]")
    page.wait_for_selector(".who-name >> text=the operator")
    page.locator(".who .btn", has_text="Sign out").click()
    page.wait_for_selector("#token")
    page.click("text=Look without a token")
    page.locator(".who .btn", has_text="Sign in").wait_for()
    visit.context.close()


def test_keyboard_languages_and_themes(visit: Visit) -> None:
    page = visit.page
    page.keyboard.press("?")
    page.wait_for_selector("kbd >> text=Esc")
    page.keyboard.press("Escape")
    page.wait_for_selector("kbd", state="detached")
    page.keyboard.press("t")
    page.wait_for_selector("html.light")
    page.keyboard.press("l")
    page.wait_for_selector(".tabs >> text=Penggera")
    assert page.locator("html.light").count() == 1  # both are remembered
    page.wait_for_selector(".strip >> text=lancar")
    focused = []
    for _ in range(20):
        page.keyboard.press("Tab")
        focused.append(page.evaluate("document.activeElement.tagName + ' ' + document.activeElement.className"))
    order = [
        next(i for i, name in enumerate(focused) if part in name)
        for part in ("language", "CANVAS", "tab-alarms", "tab-what_if")
    ]
    assert order == sorted(order)


def test_everything_comes_from_this_machine(visit: Visit) -> None:
    visit.click_map("junction", "A")
    visit.page.wait_for_selector(".junction-name")
    assert {urlsplit(url).hostname for url in visit.asked if not url.startswith(("data:", "blob:"))} == {"127.0.0.1"}
    assert visit.wrong == []
