"""What operators have done: in force, with undo, and the record."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import partial
from time import monotonic
from typing import Any

from citybrain.operations.actions import Action, AuditEntry
from citybrain.operations.console.desk import Desk
from citybrain.operations.console.elements import box, button, text
from citybrain.operations.console.headline import clock, span
from citybrain.operations.console.words import Words
from citybrain.operations.messages import CitySnapshot
from citybrain.operations.room import RoomError

_LAST = 40
_READ_S = 2.0
_LONGEST = 90
_IN_TITLE = frozenset({"kind", "junction", "junctions", "limit_s", "reason", "origin", "destination", "edge"})


class ActionsPanel:
    """Actions in force, and the latest entries of the audit."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self._ids: tuple[str, ...] | None = None
        self._newest: int | None = -1
        self._left: dict[str, Any] = {}
        self._entries: Sequence[AuditEntry] = ()
        self._read_s = -_READ_S
        say = desk.say
        text(say("actions.in_force"), tag="h3").style("margin-top:0")
        self._list = box("list", role="list")
        text(say("actions.record"), tag="h3")
        self._record = box("list record", role="list")

    def show(self, snapshot: CitySnapshot) -> None:
        """Take a tick in."""
        try:
            actions = self.desk.room.actions()
            entries = self._latest(actions)
        except RoomError as error:
            self.desk.tell(self.desk.say("common.gone", why=str(error)), bad=True)
            return
        ids = tuple(action.id for action in actions)
        if ids != self._ids:
            self._ids = ids
            self._draw(actions)
        for action in actions:
            self._left[action.id].set_text(self._when(action, snapshot.time_s))
        newest = entries[0].id if entries else None
        if newest != self._newest:
            self._newest = newest
            self._record.clear()
            with self._record:
                for entry in entries:
                    self._entry(entry)

    def _latest(self, actions: tuple[Action, ...]) -> Sequence[AuditEntry]:
        """Return the newest entries; read anew when an action began or ended, and every few seconds."""
        now_s = monotonic()
        ids = tuple(action.id for action in actions)
        if ids != self._ids or now_s - self._read_s >= _READ_S:
            self._read_s = now_s
            self._entries = self.desk.room.audit(limit=_LAST)
        return self._entries

    def _when(self, action: Action, now_s: float) -> str:
        say = self.desk.say
        left = say("common.left", span=span(action.end_s - now_s))
        return f"{say('common.by', who=action.who)} · {left} · {action.request.reason}"

    def _draw(self, actions: tuple[Action, ...]) -> None:
        say = self.desk.say
        self._list.clear()
        self._left = {}
        with self._list:
            if not actions:
                text(say("actions.none"), "quiet")
            for action in actions:
                what = say(f"kind.{action.request.kind}")
                where = action_place(self.desk, action)
                with box("item action", role="listitem"):
                    box("bar")
                    with box():
                        text(f"{what}: {where}", "what")
                        self._left[action.id] = text("", "when")
                    with box("acts"):
                        if self.desk.may(action.request.kind):
                            button(say("common.undo"), partial(self.desk.undo, action.id, what, where), "undo")

    def _entry(self, entry: AuditEntry) -> None:
        say = self.desk.say
        with box("item", role="listitem"):
            box("bar")
            with box():
                where = " → ".join(self.desk.name(place) for place in entry.where.split(" → "))
                where = f": {where}" if where else ""
                text(f"{say.find(f'kind.{entry.kind}', entry.kind)}{where}", "what")
                why = f" · {say.because(entry.why)}" if entry.why else ""
                text(f"{clock(entry.time_s)} · {say('common.by', who=entry.who)}{why}", "when")
                if entry.old or entry.new:
                    text(
                        say("actions.old_new", old=change_words(say, entry.old), new=change_words(say, entry.new)),
                        "quiet small",
                    )


def action_place(desk: Desk, action: Action) -> str:
    """Return where an action holds, in words."""
    request = action.request
    if request.origin and request.destination:
        return f"{desk.name(request.origin)} → {desk.name(request.destination)}"
    place = desk.name(request.where)
    return place if request.stage is None else f"{place}, {desk.say('junction.stage', stage=request.stage + 1)}"


def change_words(say: Words, values: Mapping[str, Any]) -> str:
    """Return one side of an audit entry in words; what its title says already is left out."""
    parts = []
    for key, value in values.items():
        if key in _IN_TITLE or value in (None, "", [], {}, ()):
            continue
        if key == "stage":
            parts.append(say("junction.stage", stage=int(value) + 1) if int(value) >= 0 else say("level.flash"))
        elif key == "until_s":
            parts.append(say("common.until", time=clock(float(value))))
        elif key == "level":
            parts.append(say.find(f"level.{value}", str(value)))
        elif isinstance(value, str):
            parts.append(value if key == "plan" else f"{key} {value}")
        else:
            parts.append(f"{key} {json.dumps(value, ensure_ascii=False)}")
    line = ", ".join(parts) or "–"
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
