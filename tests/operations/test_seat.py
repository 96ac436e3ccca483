"""The seat of a policy, and the one that answers as it did when a run is played again."""

from __future__ import annotations

import os
import signal
import sys
from dataclasses import replace
from pathlib import Path
from time import monotonic, sleep

import numpy as np
import pytest
from builders import observation

sys.path.insert(0, str(Path(__file__).parents[1] / "signals"))

from rogues import install

from citybrain.network.intergreens import SignalRules
from citybrain.network.synthetic import grid_network
from citybrain.operations.live.recorded_seat import RecordedSeat
from citybrain.operations.live.seat import PolicySeat

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="processes and sockets of POSIX")
NETWORK = grid_network(1, 2)
RULES = SignalRules(yellow_s=3.0, all_red_s=1.0)


def seen(time_s):
    passed = np.zeros(len(NETWORK.movements))
    passed[0] = 2.0**time_s  # so that a sum tells which seconds are in it
    return replace(observation(NETWORK, time_s=float(time_s)), passed=passed)


def told(seat, time_s):
    decision, answer = seat.ask(seen(time_s))
    return None if decision is None else decision.reasons[0]["passed"], answer


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
def test_a_recorded_seat_tells_the_policy_what_the_live_one_did(tmp_path, monkeypatch, how):
    install(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    live = PolicySeat("Counts", {"interval_s": 1.0}, limit_s=0.5)
    live.start(NETWORK, RULES)
    heard, answers, time_s = {}, {}, 0

    def tick():
        nonlocal time_s
        time_s += 1
        heard[time_s], answers[1000 * time_s] = told(live, time_s)

    try:
        for _ in range(4):
            tick()
        os.kill(live.pid, how)
        begun = monotonic()
        while live.status != "ok" or live.failures == 0:
            assert monotonic() - begun < 60, live.why
            tick()
            sleep(0.3)
        tick()
    finally:
        live.close()
    assert any(answer.lost for answer in answers.values())
    again = RecordedSeat("Counts", {"interval_s": 1.0}, answers)
    again.start(NETWORK, RULES)
    try:
        assert {t: told(again, t)[0] for t in heard} == heard
    finally:
        again.close()
