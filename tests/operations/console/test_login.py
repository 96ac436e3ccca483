"""Signing in: a token that is known opens, another does not, and the page says so in both languages."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from citybrain.operations.access import Access, new_token
from citybrain.operations.console.login import COOKIE, login_routes


class Browser:
    """Asks an application without a network between."""

    def __init__(self, app: FastAPI) -> None:
        self._transport = httpx.ASGITransport(app)

    def _ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        async def once() -> httpx.Response:
            async with httpx.AsyncClient(transport=self._transport, base_url="http://room") as client:
                return await client.request(method, path, **more)

        return asyncio.run(once())

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self._ask("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})

    def post(self, path: str, **data: str) -> httpx.Response:
        return self._ask("POST", path, data=data)


@pytest.fixture
def client(tmp_path: Path) -> tuple[Browser, str]:
    token = new_token(tmp_path / "tokens.json", name="aina", role="operator")
    app = FastAPI()
    app.include_router(login_routes(Access(tmp_path / "tokens.json", open_viewing=False)))
    return Browser(app), token


def test_a_known_token_opens(client: tuple[Browser, str]) -> None:
    browser, token = client
    answer = browser.post("/login", token=f" {token} ")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/console/"
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"{COOKIE}={token}")
    assert "HttpOnly" in cookie
    assert "samesite=strict" in cookie.lower()


@pytest.mark.parametrize("token", ["cb_wrong", "x" * 200, "é", "<script>"])
def test_another_does_not(client: tuple[Browser, str], token: str) -> None:
    answer = client[0].post("/login", token=token)
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers
    assert "not known" in answer.text
    assert token not in answer.text


def test_too_long_a_token_is_bad_input(client: tuple[Browser, str]) -> None:
    assert client[0].post("/login", token="x" * 201).status_code == 422


def test_the_page_speaks_the_visitors_language(client: tuple[Browser, str]) -> None:
    browser, _ = client
    assert "Log masuk" in browser.get("/login", accept_language="ms-MY,en;q=0.5").text
    assert "Sign in" in browser.get("/login", accept_language="de").text
    assert "Bilik kawalan" in browser.get("/login", cookie="citybrain_language=ms").text


def test_signing_out_takes_the_cookie(client: tuple[Browser, str]) -> None:
    answer = client[0].post("/logout")
    assert answer.status_code == 303
    assert f'{COOKIE}=""' in answer.headers["set-cookie"]
