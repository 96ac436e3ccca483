"""Puts the console onto the service's web application."""

from __future__ import annotations

import asyncio
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.responses import RedirectResponse, Response
from nicegui import app as console_app
from nicegui import ui

from citybrain.operations.access import Access
from citybrain.operations.console.desk import Desk
from citybrain.operations.console.feed import Feed
from citybrain.operations.console.login import COOKIE, HOME, THEME_COOKIE, login_routes, words_of
from citybrain.operations.console.page import Console
from citybrain.operations.room import ControlRoom, RoomError

_STYLE = Path(__file__).parent / "style.css"
_ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="6" fill="#151c23"/>'
    '<circle cx="16" cy="8" r="4" fill="#b2404f"/><circle cx="16" cy="16" r="4" fill="#ffc53d"/>'
    '<circle cx="16" cy="24" r="4" fill="#3ddc97"/></svg>'
)
_KEPT_MESSAGES = 20
"""A console that was away for longer is drawn anew; more would only fill memory."""


def mount(app: FastAPI, room: ControlRoom, access: Access) -> None:
    """Serve the console at ``/console``, and signing in at ``/login``.

    Parameters
    ----------
    access : Access
        Tells whose a token is; asked on every page and before every action.
    """
    feed = Feed(room)
    app.include_router(login_routes(access))

    @app.get("/", include_in_schema=False)
    def home() -> Response:
        return RedirectResponse(HOME)

    tasks: list[asyncio.Task[None]] = []
    console_app.on_startup(lambda: tasks.append(asyncio.get_running_loop().create_task(feed.run())))
    console_app.on_shutdown(feed.stop)

    @ui.page("/", title="citybrain")
    def page(request: Request) -> Response | None:
        token = request.cookies.get(COOKIE)
        who = access.principal(token)
        if who is None and token is not None:  # it was withdrawn: one may still look where that is open
            token, who = None, access.principal(None)
        if who is None:
            return RedirectResponse("/login")
        say = words_of(request)
        light = request.cookies.get(THEME_COOKIE) == "light"
        ui.add_css(_STYLE)
        if light:
            ui.add_head_html('<script>document.documentElement.classList.add("light")</script>')
        try:
            desk = Desk(room, access, token, who, say)
        except RoomError as error:
            ui.label(say("common.gone", why=str(error))).style("margin:20vh auto;font-size:18px")
            ui.timer(2.0, ui.navigate.reload)
            return None
        console = Console(desk, feed, theme="light" if light else "dark")
        feed.join(console)
        ui.context.client.on_delete(lambda: feed.leave(console))
        return None

    ui.run_with(
        app,
        mount_path="/console",
        title="citybrain",
        favicon=_ICON,
        dark=None,
        tailwind=False,
        message_history_length=_KEPT_MESSAGES,
        reconnect_timeout=10.0,
        show_welcome_message=False,
        storage_secret=None,
    )
