"""A third party's policy may hang, crash or ask for nonsense: the street goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from rogues import install

from citybrain.detection import PerfectSensors
from citybrain.errors import InputError, PolicyError
from citybrain.loop import run_loop
from citybrain.network.intergreens import SignalRules
from citybrain.network.synthetic import grid_network
from citybrain.signals.contained import ContainedPolicy, ContainedPrograms, Limits, make_policy
from citybrain.signals.max_wave import MaxWave
from citybrain.signals.own_plan import OwnPlan
from citybrain.simulation.pointqueue import PointQueuePlant
from citybrain.simulation.trips import poisson_trips

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="processes and sockets of POSIX")
NETWORK = grid_network(1, 2)
RULES = SignalRules(yellow_s=3.0, all_red_s=1.0)
TRIPS = poisson_trips(NETWORK, np.random.default_rng(7), flow_vph=300, end_s=200)
LIMITS = Limits(start_s=20.0, decide_s=0.5, memory_mb=1500)


@pytest.fixture
def rogues(tmp_path, monkeypatch):
    install(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))


class Lamps:
    """What was shown, second by second."""

    def __init__(self, plant):
        self.plant, self.shown = plant, []

    def step(self, time_ms, events):
        self.shown.append((time_ms // 1000, *self.plant.signal_states()))


def drive(policy, end_s=120):
    plant = PointQueuePlant(NETWORK, TRIPS)
    lamps = Lamps(plant)
    result = run_loop(plant, NETWORK, policy, PerfectSensors(NETWORK), RULES, end_s, [lamps])
    return lamps.shown, result


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Hangs", "no answer within 0.5 s"),
        ("Dies", "its process died (killed by SIGKILL)"),
        ("AsksForStage99", "asked junction 0-0 for stage 99, it has 0 to 1"),
    ],
)
def test_the_plan_takes_over_within_one_simulated_second(rogues, name, words):
    policy = make_policy(name, {}, limits=LIMITS)
    begun = time.monotonic()
    shown, result = drive(policy)
    assert time.monotonic() - begun < 10
    assert policy.failure.startswith("replaced by the fixed plan at 60 s: ")
    assert words in policy.failure
    assert len(shown) == 120
    # the decision at 60 s was the plan's own, and one came every second from then on
    assert len(result.times.decisions_s) == 12 + 1 + 60


@pytest.mark.sumo  # it does not need it, but takes as long
def test_every_other_way_to_fail(rogues):
    """One process for each; the decision is asked for at once."""
    expected = {
        "Spins": "no answer within 0.5 s",
        "Raises": "ZeroDivisionError: two lines",
        "Exits": "SystemExit: 3",
        "AsksForTooFew": "asked for stages of shape (1,) for 2 junctions",
        "AsksForHalves": "asked for stages of type float64, they are whole numbers",
        "AnswersNothing": "AttributeError: 'NoneType' object has no attribute 'stage'",
    }
    for name, words in expected.items():
        policy = make_policy(name, {"after_s": 0.0}, limits=LIMITS)
        drive(policy, end_s=3)
        assert words in policy.failure, name
    greedy = make_policy("Eats", {"after_s": 0.0}, limits=Limits(decide_s=20.0, memory_mb=800))
    drive(greedy, end_s=3)
    assert "MemoryError" in greedy.failure


@pytest.mark.sumo
def test_what_fails_at_the_start_is_replaced_from_the_first_second(rogues):
    for name, words in {"Hasty": "RuntimeError: not today", "NoInterval": "its interval_s is 0.0"}.items():
        policy = make_policy(name, {}, limits=LIMITS)
        shown, _ = drive(policy, end_s=60)
        assert policy.failure.startswith("replaced by the fixed plan at the start: ")
        assert words in policy.failure
        assert shown == drive(OwnPlan(), end_s=60)[0]


def test_one_that_behaves_does_the_same_as_in_this_process(rogues):
    policy = make_policy("Tampers", {"after_s": 1e9, "interval_s": 10.0}, limits=LIMITS)
    assert isinstance(policy, ContainedPolicy)
    shown, _ = drive(policy, end_s=200)
    assert policy.failure is None
    assert shown == drive(MaxWave(), end_s=200)[0]
    assert NETWORK.junctions[0].conflicts.any()  # it tampered with its own copy


@pytest.mark.sumo
def test_impatience_is_refused_not_replaced(rogues):
    policy = make_policy("Fidgets", {"interval_s": 1.0, "after_s": 0.0}, limits=LIMITS)
    _, result = drive(policy)
    assert policy.failure is None
    assert result.refusals > 10


@pytest.mark.sumo
def test_one_that_cannot_be_made(rogues):
    with pytest.raises(PolicyError, match="the plug-in of rogues cannot be made: AttributeError"):
        make_policy("Missing", {}, limits=LIMITS)
    with pytest.raises(PolicyError, match="must"):
        make_policy("NeedsMore", {}, limits=LIMITS)
    with pytest.raises(InputError, match="unknown policy"):
        make_policy("Nobody", {}, limits=LIMITS)


@pytest.mark.sumo
def test_programs_that_are_not_safe_are_not_loaded(rogues):
    policy = make_policy("AllGreen", {}, limits=LIMITS)
    assert isinstance(policy, ContainedPrograms)
    assert policy.programs(NETWORK, RULES) is None
    assert "phase 'GGGGGGGGGGGG' is not safe" in policy.failure
    fine = make_policy("NoPrograms", {}, limits=LIMITS)
    assert fine.programs(NETWORK, RULES) is None
    assert fine.failure is None


def test_built_in_policies_and_trusted_ones_run_here(rogues):
    assert type(make_policy("max-wave", {"interval_s": 3.0})) is MaxWave
    assert type(make_policy("Fidgets", {}, trusted=True)).__name__ == "Fidgets"


def test_the_own_plan_shows_what_the_programs_show():
    """The same greens as the twin that runs its programs itself, but for the seconds round an intergreen."""
    plant = PointQueuePlant(NETWORK, TRIPS)
    shown, _ = drive(OwnPlan(), end_s=200)
    same = 0
    for _second, *lamps in shown:
        plant.step()
        same += sum(a == b for a, b in zip(lamps, plant.signal_states(), strict=True))
    assert same / (2 * len(shown)) > 0.95


def test_a_plug_in_ends_with_the_process_that_asks_it(rogues, tmp_path):
    script = (
        "import os, signal\n"
        "from citybrain.signals.contained import make_policy\n"
        "print(make_policy('Fidgets', {})._host._process.pid, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    path = os.pathsep.join([str(tmp_path), *sys.path])
    done = subprocess.run(
        [sys.executable, "-c", script],
        stdout=subprocess.PIPE,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": path},
    )
    assert done.returncode == -signal.SIGKILL
    stat = Path(f"/proc/{int(done.stdout)}/stat")
    deadline = time.monotonic() + 5
    while stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z" and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] == "Z"  # gone, or only not yet counted
