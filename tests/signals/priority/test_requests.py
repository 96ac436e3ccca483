"""Forged, malformed, expired and duplicate requests change nothing, and are told why."""

from __future__ import annotations

from dataclasses import replace

import pytest

from citybrain.detection.tokens import is_genuine, signed
from citybrain.messages import PriorityRequest
from citybrain.network.synthetic import grid_network
from citybrain.signals.priority.requests import RequestDesk

KEY = b"the city's key"
NETWORK = grid_network(1, 2)
EDGES = [edge.id for edge in NETWORK.edges]


def request(**changes):
    plain = PriorityRequest(
        request_id="r1", sequence=1, vehicle_id="ev1", role="ambulance", time_s=100.0, expires_s=110.0, x_m=1.0, y_m=2.0,
        speed_mps=10.0, inbound=EDGES[0], destination=EDGES[1],
    )  # fmt: skip
    key = changes.pop("key", KEY)
    return signed(replace(plain, **changes), key)


def test_a_genuine_request_is_taken():
    desk = RequestDesk(NETWORK, KEY)
    assert desk.check(request(), 101.0).status == "requested"
    assert desk.check(request(sequence=2), 102.0).status == "requested"


@pytest.mark.parametrize(
    ("changes", "now_s", "words"),
    [
        ({"key": b"another"}, 101.0, "forged"),
        ({}, 110.1, "expired"),
        ({"time_s": 120.0, "expires_s": 130.0}, 101.0, "malformed"),
        ({"role": "milkman"}, 101.0, "role 'milkman'"),
        ({"inbound": "nowhere"}, 101.0, "inbound 'nowhere'"),
        ({"destination": ""}, 101.0, "destination"),
        ({"x_m": float("nan")}, 101.0, "x_m"),
        ({"y_m": float("inf")}, 101.0, "y_m"),
        ({"speed_mps": -1.0}, 101.0, "speed"),
        ({"speed_mps": 500.0}, 101.0, "speed"),
        ({"speed_mps": "fast"}, 101.0, "speed_mps is 'fast'"),
        ({"sequence": True}, 101.0, "sequence"),
        ({"sequence": -1}, 101.0, "sequence -1"),
        ({"request_id": ""}, 101.0, "names no request"),
        ({"vehicle_id": 7}, 101.0, "vehicle_id is 7"),
    ],
)
def test_a_bad_request_is_refused_with_a_reason(changes, now_s, words):
    desk = RequestDesk(NETWORK, KEY)
    answer = desk.check(request(**changes), now_s)
    assert answer.status == "rejected"
    assert words in answer.reason
    assert desk.check(request(), 101.0).status == "requested"  # it has left no trace


def test_a_duplicate_is_refused_and_so_is_another_vehicle():
    desk = RequestDesk(NETWORK, KEY)
    desk.check(request(sequence=5), 101.0)
    assert "duplicate: sequence 5 after 5" in desk.check(request(sequence=5), 101.0).reason
    assert "duplicate" in desk.check(request(sequence=4), 101.0).reason
    assert "of vehicle ev1" in desk.check(request(sequence=6, vehicle_id="ev2"), 101.0).reason


def test_a_closed_request_stays_closed():
    desk = RequestDesk(NETWORK, KEY)
    desk.check(request(), 101.0)
    assert desk.check(request(sequence=2, cancelled=True), 101.0).status == "requested"
    assert "is closed" in desk.check(request(sequence=3), 101.0).reason


@pytest.mark.parametrize("field", ["x_m", "role", "sequence", "destination", "expires_s", "cancelled"])
def test_a_changed_field_breaks_the_signature(field):
    genuine = request()
    value = getattr(genuine, field)
    changed = replace(
        genuine,
        **{
            field: (not value)
            if isinstance(value, bool)
            else (value + 1 if not isinstance(value, str) else value + "x")
        },
    )
    assert is_genuine(genuine, KEY)
    assert not is_genuine(changed, KEY)
