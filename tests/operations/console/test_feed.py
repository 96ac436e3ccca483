"""One look at the room serves all consoles; one that fails takes nobody with it."""

from __future__ import annotations

from typing import Any

import pytest
from samples_console import edges, snapshot

from citybrain.operations.console.feed import Feed
from citybrain.operations.room import RoomError


class Room:
    """Ticks as a test says."""

    def __init__(self) -> None:
        self.now = snapshot()
        self.lost = ""
        self.beats: list[str] = []

    def snapshot(self) -> Any:
        if self.lost:
            raise RoomError(self.lost, 503)
        return self.now

    def heartbeat(self, console_id: str) -> None:
        self.beats.append(console_id)


class Screen:
    def __init__(self, name: str, *, breaks: bool = False, connected: bool = True) -> None:
        self.id, self.breaks, self.connected = name, breaks, connected
        self.messages: list[dict[str, Any]] = []
        self.gone: list[str] = []

    def show(self, snapshot: Any, headline: Any, message: dict[str, Any]) -> None:
        if self.breaks:
            raise RuntimeError("the browser is away")
        self.messages.append(message)

    def show_gone(self, why: str) -> None:
        self.gone.append(why)


@pytest.fixture
def room() -> Room:
    return Room()


def test_a_tick_is_shown_once_and_then_only_changes(room: Room) -> None:
    feed, screen = Feed(room), Screen("a")  # type: ignore[arg-type]
    feed.join(screen)
    feed.look(10.0)
    feed.look(11.0)
    room.now = snapshot(tick=2, edges=edges(0, 0, 1, 2, 2, -1))
    feed.look(12.0)
    assert screen.messages[0]["whole"] is True
    assert screen.messages[1:] == [{"edges": [(4, 2)], "when": ""}]
    assert feed.whole()["edges"][4] == (4, 2)


def test_all_get_the_same_message(room: Room) -> None:
    feed, screens = Feed(room), [Screen(name) for name in "abc"]  # type: ignore[arg-type]
    for screen in screens:
        feed.join(screen)
    feed.look(10.0)
    assert all(screen.messages[0] is screens[0].messages[0] for screen in screens)


def test_a_broken_console_takes_nobody_with_it(room: Room) -> None:
    feed, good = Feed(room), Screen("good")  # type: ignore[arg-type]
    feed.join(Screen("broken", breaks=True))
    feed.join(good)
    feed.join(Screen("away", connected=False))
    feed.look(10.0)
    assert len(good.messages) == 1
    assert set(room.beats) == {"broken", "good"}


def test_a_fast_room_is_shown_in_steps(room: Room) -> None:
    feed, screen = Feed(room), Screen("a")  # type: ignore[arg-type]
    feed.join(screen)
    for k in range(20):
        room.now = snapshot(tick=k)
        feed.look(10.0 + 0.1 * k)
    assert 4 <= len(screen.messages) <= 6


def test_a_lost_room_is_said_and_comes_back(room: Room) -> None:
    feed, screen = Feed(room), Screen("a")  # type: ignore[arg-type]
    feed.join(screen)
    feed.look(10.0)
    room.lost = "the loop has stopped"
    feed.look(11.0)
    room.lost = ""
    room.now = snapshot(tick=2)
    feed.look(12.0)
    assert screen.gone == ["the loop has stopped"]
    assert len(screen.messages) == 2
    feed.leave(screen)
    room.now = snapshot(tick=3)
    feed.look(13.0)
    assert len(screen.messages) == 2
