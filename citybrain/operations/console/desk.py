"""What every part of a console shares: the room, whose desk it is, the words, and how to act."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from nicegui import ui
from pydantic import ValidationError

from citybrain.operations.access import Access
from citybrain.operations.actions import MAY, ActionRequest, Principal
from citybrain.operations.console.elements import box, button, text
from citybrain.operations.console.words import Words
from citybrain.operations.details import EdgeGeometry, Geometry, JunctionGeometry
from citybrain.operations.room import ControlRoom, RoomError

Result = TypeVar("Result")
_FIRST_MINUTES, _MOST_MINUTES = 10, 1440


class Desk:
    """A console's place in the room.

    Parameters
    ----------
    token : str or None
        Asked about anew before each action, since it may have been withdrawn.
    """

    def __init__(self, room: ControlRoom, access: Access, token: str | None, who: Principal, say: Words) -> None:
        self.room, self.access, self.token, self.who, self.say = room, access, token, who, say
        self.geometry: Geometry = room.geometry()
        self.edges: dict[str, EdgeGeometry] = {edge.id: edge for edge in self.geometry.edges}
        self.junctions: dict[str, JunctionGeometry] = {j.id: j for j in self.geometry.junctions}
        self.select: Callable[[str, str, bool], None] = lambda _kind, _name, _go: None
        self.pick_edge: Callable[[str], Awaitable[str]]
        self.changed: Callable[[], None] = lambda: None

    def may(self, kind: str) -> bool:
        """Whether this desk's role allows a kind of action."""
        return kind in MAY[self.who.role]

    def name(self, place: str) -> str:
        """Return what people call a junction or a road; ``place`` itself where it has no name."""
        if place == "*":
            return self.say("common.whole_city")
        known = self.junctions.get(place) or self.edges.get(place)
        return known.name or place if known else place

    def principal(self) -> Principal:
        """Return who acts; RoomError (403) where the token is no longer valid."""
        who = self.access.principal(self.token)
        if who is None:
            raise RoomError(self.say("login.wrong"), 403)
        return who

    def attempt(self, what: str, do: Callable[[Principal], Result]) -> Result | None:
        """Do something as this desk's principal and say how it went; None where it was refused."""
        try:
            result = do(self.principal())
        except RoomError as error:
            self.tell(self.say("common.refused", why=str(error)), bad=True)
            return None
        self.tell(self.say("common.done", what=what))
        self.changed()
        return result

    def tell(self, message: str, *, bad: bool = False) -> None:
        """Say something at the foot of the page; screen readers hear it too."""
        ui.notify(message, type="negative" if bad else None, position="bottom", timeout=6000 if bad else 3500)

    async def act(self, question: str, kind: str, **about: object) -> None:
        """Ask for reason and time limit, then take an action."""
        answer = await self.ask(question, limited=kind not in ("accept_incident", "dismiss_incident"))
        if answer is None:
            return
        reason, limit_s = answer
        try:
            request = ActionRequest.model_validate({"kind": kind, "reason": reason, "limit_s": limit_s, **about})
        except ValidationError as error:
            self.tell(self.say("common.refused", why=str(error.errors()[0]["msg"])), bad=True)
            return
        self.attempt(self.say(f"kind.{kind}"), lambda who: self.room.act(request, who))

    async def undo(self, action_id: str, what: str, where: str) -> None:
        """Ask for a reason, then undo an action."""
        answer = await self.ask(self.say("ask.undo", what=what, where=where), limited=False)
        if answer is not None:
            self.attempt(self.say("common.undo"), lambda who: self.room.undo(action_id, who, answer[0]))

    async def ask(self, question: str, *, limited: bool) -> tuple[str, float] | None:
        """Ask why and for how long; None where the person thinks better of it."""
        say = self.say
        with ui.dialog() as dialog, ui.card().classes("dialog"):
            text(question, tag="h2")
            reason = ui.input(say("common.reason")).props(
                f'outlined autofocus maxlength=500 hint="{say("common.reason_help")}"'
            )
            reason.classes("ask-reason")
            minutes = None
            if limited:
                minutes = ui.number(say("common.limit"), value=_FIRST_MINUTES, min=1, max=_MOST_MINUTES, step=1)
                minutes.props("outlined").classes("ask-minutes")

            def confirm() -> None:
                if len((reason.value or "").strip()) < 3:
                    reason.props("error")
                    reason.run_method("focus")
                    return
                limit_s = 60.0 * float(minutes.value or _FIRST_MINUTES) if minutes else 600.0
                dialog.submit((reason.value.strip(), limit_s))

            reason.on("keydown.enter", confirm)
            with box("buttons"):
                button(say("common.cancel"), lambda: dialog.submit(None))
                button(say("common.confirm"), confirm, "main ask-confirm")
        answer = await dialog
        dialog.delete()
        return answer if isinstance(answer, tuple) else None
