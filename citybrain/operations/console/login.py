"""Signing in with a token: a cookie that scripts cannot read carries it."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from citybrain.operations.access import Access
from citybrain.operations.console.words import LANGUAGES, Words

COOKIE = "citybrain_token"
LANGUAGE_COOKIE = "citybrain_language"
THEME_COOKIE = "citybrain_theme"
HOME = "/console/"
_STYLE = (Path(__file__).parent / "style.css").read_text(encoding="utf-8")


def words_of(request: Request) -> Words:
    """Return the words of a visitor: what was chosen, else what the browser prefers."""
    chosen = request.cookies.get(LANGUAGE_COOKIE, "")
    preferred = request.headers.get("accept-language", "")[:2].lower()
    return Words(chosen if chosen in LANGUAGES else preferred)


def login_routes(access: Access) -> APIRouter:
    """Return the pages for signing in and out."""
    router = APIRouter(include_in_schema=False)

    @router.get("/login")
    def ask(request: Request) -> HTMLResponse:
        return _page(request, access, wrong=False)

    @router.post("/login")
    def enter(request: Request, token: Annotated[str, Form(max_length=200)]) -> Response:
        if access.principal(token.strip()) is None:
            return _page(request, access, wrong=True)
        answer = RedirectResponse(HOME, status_code=303)
        answer.set_cookie(
            COOKIE, token.strip(), httponly=True, samesite="strict", secure=request.url.scheme == "https", path="/",
            max_age=12 * 3600,
        )  # fmt: skip
        return answer

    @router.post("/logout")
    def out() -> Response:
        answer = RedirectResponse("/login", status_code=303)
        answer.delete_cookie(COOKIE, path="/")
        return answer

    return router


def _page(request: Request, access: Access, *, wrong: bool) -> HTMLResponse:
    say = words_of(request)
    light = ' class="light"' if request.cookies.get(THEME_COOKIE) == "light" else ""
    error = f'<p class="error" role="alert">{escape(say("login.wrong"))}</p>' if wrong else ""
    look = f'<a class="btn" href="{HOME}">{escape(say("login.look"))}</a>' if access.open_viewing else ""
    return HTMLResponse(
        f"""<!doctype html><html lang="{say.language}"{light}><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>{escape(say("login.title"))}</title>
<style>{_STYLE}</style></head><body><div class="login"><form method="post" action="/login">
<h1>{escape(say("login.title"))}</h1>{error}
<label for="token">{escape(say("login.token"))}</label>
<input id="token" name="token" type="password" autocomplete="off" autofocus required maxlength="200">
<button class="btn main" type="submit">{escape(say("login.enter"))}</button>{look}
<p>{escape(say("login.help"))}</p></form></div></body></html>""",
        status_code=403 if wrong else 200,
    )
