"""What stands before every request."""

from __future__ import annotations

import asyncio

import pytest
from fastapi import FastAPI, Request
from starlette.testclient import TestClient

from citybrain.operations.api.guard import MOST_BODY_BYTES, Guard, RateLimit, _Buckets


def client(**options):
    app = FastAPI()

    @app.post("/api/x")
    async def take(request: Request):
        return len(await request.body())

    @app.get("/page")
    def page():
        return "ok"

    app.add_middleware(Guard, **{"hosts": ("localhost", "[::1]", "room.example.org"), "limit": None, **options})
    return TestClient(app, base_url="http://localhost")


@pytest.mark.parametrize("host", ["localhost", "localhost:8080", "LOCALHOST", "[::1]:8080", "room.example.org"])
def test_it_answers_to_its_names(host):
    assert client().get("/page", headers={"host": host}).status_code == 200


@pytest.mark.parametrize("host", ["evil.example.org", "", "127.0.0.1.evil.org", "localhost.evil.org", "[::2]", "[::1"])
def test_it_does_not_answer_to_others(host):
    assert client().get("/page", headers={"host": host}).status_code == 400
    assert client(hosts=("*",)).get("/page", headers={"host": host}).status_code == 200


@pytest.mark.parametrize("size", [0, 1, MOST_BODY_BYTES])
def test_bodies_that_are_short_enough_pass(size):
    assert client().post("/api/x", content=b"x" * size).json() == size


def test_bodies_that_are_too_long_do_not_whether_they_say_so_or_not():
    assert client().post("/api/x", content=b"x" * (MOST_BODY_BYTES + 1)).status_code == 413

    def endless():
        for _ in range(100):
            yield b"x" * 10_000

    assert client().post("/api/x", content=endless()).status_code == 413
    assert client().post("/api/x", content=b"", headers={"content-length": "many"}).status_code == 413


def test_who_asks_too_often_must_wait_and_pages_are_not_counted():
    one = client(limit=RateLimit(per_s=0.001, burst=3))
    answers = [one.post("/api/x") for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    assert answers[-1].headers["retry-after"] == "1"
    assert one.get("/page").status_code == 200


def test_a_bucket_fills_again_and_each_client_has_its_own():
    now_s = [0.0]
    buckets = _Buckets(RateLimit(per_s=2.0, burst=2), clock=lambda: now_s[0])
    assert [buckets.take("a") for _ in range(3)] == [True, True, False]
    assert buckets.take("b")
    now_s[0] = 0.5
    assert [buckets.take("a") for _ in range(2)] == [True, False]


def test_who_has_a_token_does_not_stand_behind_those_of_the_same_address():
    limit = RateLimit(per_s=0.001, burst=2)
    one = client(limit=limit, whose=lambda given: "aina" if given == "good" else "")
    status = [one.post("/api/x").status_code for _ in range(3)]
    assert status == [200, 200, 429]
    assert one.post("/api/x", headers={"authorization": "Bearer bad"}).status_code == 429
    mine = [one.post("/api/x", headers={"authorization": "Bearer good"}).status_code for _ in range(3)]
    assert mine == [200, 200, 429]


def test_only_so_many_are_answered_at_the_same_time_and_places_are_given_back():
    """Three at once where two may be: the third is told to come again; one with a token is not counted."""
    statuses, going = [], asyncio.Event()

    async def slow(_scope, _receive, send):
        await going.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    guard = Guard(slow, hosts=("*",), limit=RateLimit(at_once=2, streams=1), whose=lambda token: token)

    async def ask(path="/api/x", token=""):
        headers = [(b"authorization", f"Bearer {token}".encode())] if token else []
        scope = {"type": "http", "path": path, "headers": headers, "client": ("127.0.0.1", 1)}

        async def send(message):
            if message["type"] == "http.response.start":
                statuses.append(message["status"])
                if message["status"] == 503:
                    assert (b"retry-after", b"1") in message["headers"]

        await guard(scope, None, send)

    async def all_of_it():
        asked = [asyncio.create_task(ask(**a)) for a in (*[{}] * 3, {"token": "aina"}, *[{"path": "/api/events"}] * 2)]
        await asyncio.sleep(0.01)
        assert statuses == [503, 503]  # the third, and the second stream
        going.set()
        await asyncio.gather(*asked)
        await ask()

    asyncio.run(all_of_it())
    assert statuses == [503, 503, 200, 200, 200, 200, 200]


def test_every_answer_has_the_headers_that_browsers_heed():
    for answer in (client().get("/page"), client().get("/page", headers={"host": "evil"})):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
