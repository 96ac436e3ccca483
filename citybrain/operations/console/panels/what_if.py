"""Trying an action on a copy of the city."""

from __future__ import annotations

from nicegui import ui
from pydantic import ValidationError

from citybrain.operations.actions import ActionRequest, WhatIfRequest
from citybrain.operations.console.desk import Desk
from citybrain.operations.console.elements import box, button, text
from citybrain.operations.details import WhatIfAnswer
from citybrain.operations.messages import CitySnapshot
from citybrain.operations.room import RoomError

_KINDS = ("isolate", "flash", "force_plan", "lock_stage", "close_road")
_NOTICEABLE_S = 0.05


class WhatIfPanel:
    """A form and its answer."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self._asked = ""
        say = desk.say
        text(say("what_if.explain"), "quiet")
        if not desk.may("isolate"):
            text(say("common.viewer_only"), "quiet")
            return
        kinds = {kind: say(f"kind.{kind}") for kind in _KINDS}
        with box().style("display:grid;gap:10px;margin-top:12px"):
            self._kind = ui.select(kinds, label=say("what_if.action"), value="isolate").props("outlined dense")
            self._kind.classes("what-if-kind")
            self._kind.on_value_change(lambda _: self._offer())
            self._place = ui.select({}, label=say("what_if.place"), with_input=True).props(
                "outlined dense options-dense"
            )
            self._place.classes("what-if-place")
            self._stage = ui.select({}, label=say("junction.stages")).props("outlined dense")
            self._minutes = ui.number(say("what_if.minutes"), value=10, min=1, max=60).props("outlined dense")
            self._minutes.classes("what-if-minutes")
            with box("row").style("justify-content:flex-end"):
                button(say("what_if.run"), self._run, "main what-if-run")
            self._answer = text("", "what-if-answer", role="status")
        self._place.on_value_change(lambda _: self._offer_stages())
        self._offer()

    def _offer(self) -> None:
        desk = self.desk
        if self._kind.value == "close_road":
            places = {edge.id: edge.name or edge.id for edge in desk.geometry.edges}
        else:
            places = {j.id: j.name or j.id for j in desk.geometry.junctions}
            if self._kind.value in ("isolate", "flash", "force_plan"):
                places = {"*": desk.say("common.whole_city"), **places}
        self._place.set_options(places, value=next(iter(places), None))
        self._offer_stages()

    def _offer_stages(self) -> None:
        locks = self._kind.value == "lock_stage" and self._place.value in self.desk.junctions
        self._stage.set_visibility(locks)
        if locks:
            number = self.desk.junctions[self._place.value].stages
            self._stage.set_options({i: self.desk.say("junction.stage", stage=i + 1) for i in range(number)}, value=0)

    def _run(self) -> None:
        kind, place, say = self._kind.value, self._place.value, self.desk.say
        horizon_s = 60.0 * float(self._minutes.value or 10)
        about = {"edge": place} if kind == "close_road" else {"junction": place}
        if kind == "lock_stage":
            about["stage"] = self._stage.value
        if kind == "force_plan":
            about["plan"] = "own"
        try:
            action = ActionRequest.model_validate({"kind": kind, "reason": "what if", "limit_s": horizon_s, **about})
            request = WhatIfRequest(actions=(action,), horizon_s=horizon_s)
        except ValidationError as error:
            self._answer.set_text(say("what_if.failed", why=str(error.errors()[0]["msg"])))
            return
        answer = self.desk.attempt(say("what_if.run"), lambda who: self.desk.room.what_if(request, who))
        if answer is not None:
            self._asked = answer.id
            self._answer.set_text(answer_words(self.desk, answer))

    def show(self, snapshot: CitySnapshot) -> None:  # noqa: ARG002
        """Take a tick in: look whether the answer is there."""
        if not self._asked:
            return
        try:
            answer = self.desk.room.what_if_answer(self._asked)
        except RoomError as error:
            self._answer.set_text(self.desk.say("what_if.failed", why=str(error)))
            self._asked = ""
            return
        self._answer.set_text(answer_words(self.desk, answer))
        if answer.state != "running":
            self._asked = ""


def answer_words(desk: Desk, answer: WhatIfAnswer) -> str:
    """Return an answer in words."""
    say = desk.say
    if answer.state == "failed":
        return say("what_if.failed", why=answer.error)
    if answer.state == "running" or answer.delay_s is None or answer.delay_without_s is None:
        return say("what_if.running")
    change_s = answer.delay_without_s - answer.delay_s
    which = "same" if abs(change_s) < _NOTICEABLE_S else "better" if change_s > 0 else "worse"
    values = {
        "with_action": f"{answer.delay_s:.1f}",
        "without": f"{answer.delay_without_s:.1f}",
        "change": f"{abs(change_s):.1f}",
    }
    words = say(f"what_if.{which}", **values)
    if answer.arrived is not None and answer.arrived_without is not None:
        words += " " + say("what_if.arrived", with_action=answer.arrived, without=answer.arrived_without)
    return words
