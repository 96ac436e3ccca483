"""What every part of a console shares: names, roles, and that a token is asked about before each action."""

from __future__ import annotations

from pathlib import Path

import pytest
from samples_console import EDGES, JUNCTION

from citybrain.operations.access import Access, new_token, withdraw_token
from citybrain.operations.console.desk import Desk
from citybrain.operations.console.panels.actions import change_words
from citybrain.operations.console.panels.alarms import alarm_words
from citybrain.operations.console.words import Words
from citybrain.operations.details import Geometry
from citybrain.operations.messages import Alarm
from citybrain.operations.room import RoomError


class Room:
    """Knows its geometry."""

    def geometry(self) -> Geometry:
        return Geometry(
            scenario="s", left_hand=False, geographic=False, bounds_m=(0, 0, 1, 1), edges=tuple(EDGES.values()),
            junctions=(JUNCTION,),
        )  # fmt: skip


def desk(folder: Path, role: str, language: str = "en") -> Desk:
    token = new_token(folder / "tokens.json", name="aina", role=role)  # type: ignore[arg-type]
    access = Access(folder / "tokens.json", open_viewing=True)
    who = access.principal(token)
    assert who is not None
    return Desk(Room(), access, token, who, Words(language))  # type: ignore[arg-type]


def test_places_have_the_names_that_people_use(tmp_path: Path) -> None:
    made = desk(tmp_path, "viewer")
    assert made.name("J") == "Simpang <J>"
    assert made.name("south") == "Jalan south"
    assert made.name("*") == "the whole city"
    assert made.name("elsewhere") == "elsewhere"


def test_roles(tmp_path: Path) -> None:
    assert desk(tmp_path / "o", "operator").may("flash")
    assert not desk(tmp_path / "d", "dispatcher").may("flash")
    assert desk(tmp_path / "d2", "dispatcher").may("emergency_corridor")
    assert not desk(tmp_path / "v", "viewer").may("emergency_corridor")


def test_a_withdrawn_token_acts_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = desk(tmp_path, "operator")
    assert made.principal().role == "operator"
    withdraw_token(tmp_path / "tokens.json", "aina")
    made.access._looked_s = -10.0  # the file is looked at once a second
    with pytest.raises(RoomError) as refused:
        made.principal()
    assert refused.value.status == 403


def alarm(kind: str, where: str, **data: object) -> Alarm:
    return Alarm(id="1", kind=kind, severity="warning", where=where, text="as written", since_s=0.0, when="", data=data)


def test_alarms_name_places_in_the_operators_language(tmp_path: Path) -> None:
    made = desk(tmp_path, "viewer", "ms")
    assert (
        alarm_words(made, alarm("incident", "incident-1", edge="south")) == "Sesuatu nampaknya menghalang Jalan south."
    )
    assert alarm_words(made, alarm("sensors", "J")) == "Semua penderia Simpang <J> rosak."
    assert alarm_words(made, alarm("new kind", "J")) == "as written"


def test_what_changed_is_told_as_people_count() -> None:
    say = Words("en")
    old = {"level": "adaptive", "stage": 0, "actions": []}
    new = {"kind": "lock_stage", "junction": "J", "stage": 1, "limit_s": 600.0, "until_s": 25_800.0}
    assert change_words(say, old) == "adaptive, stage 1"
    assert change_words(say, new) == "stage 2, until 07:10:00"
    assert change_words(say, {}) == "–"
    assert len(change_words(say, {"vehicle": "x" * 500})) <= 90
