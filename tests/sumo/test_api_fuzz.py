"""Requests made up from the OpenAPI page: none of them may be answered with a server error."""

from __future__ import annotations

import pytest
from api_fuzz import fuzz
from cases import build_case
from rooms import WatchedRoom

pytestmark = [pytest.mark.sumo, pytest.mark.alone]


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    scenario = build_case(tmp_path_factory.mktemp("fuzz-case"), end_s=3600).config
    made = WatchedRoom(tmp_path_factory.mktemp("fuzz"), scenario, policy="max-pressure", checkpoint_s=0.0, drill=True)
    yield made
    made.room.close()


def test_made_up_requests_of_an_operator_give_no_server_error(room):
    found = fuzz(room.app, room.client["operator"].headers["authorization"], examples=6, seed=1)
    assert found.failures == []
    assert found.requests > 150
    assert room.room.snapshot().level != "lost"
    assert room.violations() == []


def test_made_up_requests_without_a_token_change_nothing(room):
    before = len(room.room.audit(limit=1000))
    found = fuzz(room.app, None, examples=3, seed=2)
    assert found.failures == []
    assert found.changed == 0
    assert [row for row in room.room.audit(limit=1000)[: -before or None] if row.role != "operator"] == []
