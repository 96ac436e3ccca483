"""A real control room on a small scenario: loop process, policy process, SUMO, SQLite."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from fastapi.testclient import TestClient

sys.path.insert(0, str(Path(__file__).parent / "safety"))

from lamp_oracle import LampOracle

from citybrain.operations.access import new_token
from citybrain.operations.api import create_app
from citybrain.operations.api.guard import RateLimit
from citybrain.operations.live.config import RoomConfig
from citybrain.operations.live.reports import Hello, TickReport
from citybrain.operations.serving import RoomFiles, open_live

ROLES = ("viewer", "dispatcher", "operator")


class WatchedRoom:
    """A room that runs, what its loop told, and clients by role (``None``: without a token)."""

    def __init__(self, folder, scenario, *, local=True, database=None, limit=None, **config):
        given = {"scenario": str(scenario), "speed": 10.0, "decide_limit_s": 2.0, "checkpoint_s": 20.0, **config}
        self.folder = folder
        self.files = RoomFiles(
            folder=folder, database=database or str(folder / "record.db"), tokens=folder / "tokens.json",
            key=folder / "priority.key",
        )  # fmt: skip
        tokens = {role: new_token(self.files.tokens, name=f"a {role}", role=role) for role in ROLES}
        self.room, self.access = open_live(RoomConfig(**given), self.files, local=local)
        self.messages = []
        tell = self.room.supervisor._tell

        def told(message):
            tell(message)
            self.messages.append(message)  # the room knows what is seen here

        self.room.supervisor._tell = told
        self.app = create_app(
            self.room,
            self.access,
            hosts=("testserver",),
            limit=limit or RateLimit(per_s=1e6, burst=10**6),
            console=False,
        )
        self.client = {
            role: TestClient(self.app, headers={"authorization": f"Bearer {token}"}) for role, token in tokens.items()
        }
        self.client[None] = TestClient(self.app)
        self.room.begin()
        try:
            self.wait(lambda: self.ticks, 60, "the first tick")
        except AssertionError:
            self.room.close()
            raise

    @property
    def ticks(self):
        return [m for m in list(self.messages) if isinstance(m, TickReport)]

    @property
    def last(self):
        return self.ticks[-1]

    def wait(self, condition, limit_s, what):
        """Wait until something is true; return how long that took, wall seconds."""
        begun = time.monotonic()
        while not condition():
            assert time.monotonic() - begun < limit_s, f"waited {limit_s} s for {what}; {self.room.supervisor.error}"
            assert self.room.supervisor.state != "failed", self.room.supervisor.error
            time.sleep(0.02)
        return time.monotonic() - begun

    def act(self, role="operator", status=201, **request):
        answer = self.client[role].post("/api/actions", json={"reason": "a test", **request})
        assert answer.status_code == status, answer.text
        return answer.json()

    def violations(self):
        """Whatever the lamps of any run did against the rules."""
        network, rules = self.room.network, self.room.picture.scenario.rules
        found, oracles, time_ms = [], [], 0
        for message in self.messages:
            if isinstance(message, Hello):
                oracles = [LampOracle(network, j, rules, step_ms=1000) for j in network.junctions]
                for oracle, lamps in zip(oracles, message.lamps, strict=True):
                    oracle.show(lamps, message.time_ms)
                found.append(oracles)
            elif isinstance(message, TickReport):
                time_ms = message.time_ms
                for j, state in message.lamps:
                    oracles[j].show(state, time_ms)
        return [line for run in found for oracle in run for line in oracle.violations]
