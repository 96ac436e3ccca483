"""The conformance kit of policies. Everything runs on the point-queue twin, in seconds, without SUMO."""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter
from typing import Any

import numpy as np

from citybrain.detection import make_sensors
from citybrain.loop import LoopResult, run_loop
from citybrain.messages import HOLD, Decision, Event, Observation
from citybrain.network.intergreens import SignalRules
from citybrain.network.model import Network
from citybrain.network.synthetic import grid_network
from citybrain.signals.policy import Policy
from citybrain.simulation.pointqueue import PointQueuePlant
from citybrain.simulation.trips import poisson_trips

RULES = SignalRules(yellow_s=3.0, all_red_s=1.0)
SENSORS = ("perfect", "camera", "loops", "probes:0.1", "camera:dead=1")
_SERVED_WITHIN_S = 900


def networks() -> dict[str, Network]:
    """Return the networks that a policy is tried on."""
    return {
        "one junction": grid_network(1, 1),
        "two lanes, four stages": grid_network(2, 2, lanes=2, stages=4),
        "left-hand, with crossings": grid_network(1, 2, left_hand=True, crossings=True),
    }


class PolicyTestCase:
    """Tests that every policy passes; a subclass says how to make one.

    Attributes
    ----------
    most_decision_s : float
        What a decision may take on a grid of a hundred junctions, 99 times in 100.
    """

    most_decision_s = 1.0

    def make(self) -> Policy:
        """Return a new policy, with the parameters that are to be tested."""
        raise NotImplementedError("say which policy is tested: def make(self): return MyPolicy()")

    def test_it_is_a_policy(self) -> None:
        """It has ``interval_s``, ``start`` and ``decide``."""
        policy = self.make()
        assert isinstance(policy, Policy), "needs interval_s, start(network, rules) and decide(observation)"
        policy.start(grid_network(1, 1), RULES)
        assert policy.interval_s > 0, f"interval_s is {policy.interval_s!r}, it must be more than 0"

    def test_decisions_name_stages_that_exist_whatever_the_sensors(self) -> None:
        """One whole number for each junction, a stage of it or HOLD; with dead sensors too."""
        for where, network in networks().items():
            for sensors in SENSORS:
                checked = _Checked(self.make(), network, f"{where}, {sensors}")
                run(checked, network, sensors=sensors, end_s=60)
                assert checked.decisions > 0

    def test_an_empty_road_is_no_trouble(self) -> None:
        """Nobody on the road is an observation like any other."""
        network = grid_network(1, 2)
        run(_Checked(self.make(), network, "an empty road"), network, flow_vph=0.0, end_s=60)

    def test_observations_are_not_changed(self) -> None:
        """What it sees belongs to others too."""
        network = grid_network(1, 2)
        checked = _Checked(self.make(), network, "observations", unchanged=True)
        run(checked, network, end_s=60)

    def test_the_same_run_twice_is_the_same(self) -> None:
        """Same seed, same decisions; chance comes from a generator with a seed of its own."""
        network = grid_network(2, 2)
        first, second = (_Checked(self.make(), network, "") for _ in range(2))
        run(first, network, end_s=200)
        run(second, network, end_s=200)
        assert first.log == second.log, "two runs of the same traffic got different decisions"

    def test_start_forgets_the_run_before(self) -> None:
        """A policy that is started again behaves like a new one."""
        network = grid_network(1, 2)
        policy = self.make()
        run(policy, network, end_s=120)
        used, new = _Checked(policy, network, ""), _Checked(self.make(), network, "")
        run(used, network, end_s=120)
        run(new, network, end_s=120)
        assert used.log == new.log, "start() must set everything back"

    def test_every_movement_is_served(self) -> None:
        """With traffic from everywhere, every vehicle movement has green within a quarter of an hour."""
        for where, network in networks().items():
            greens = _Greens(network)
            plant = run(self.make(), network, end_s=_SERVED_WITHIN_S, watch=greens)[0]
            assert plant.outcome().status.size > 0
            assert not greens.never, f"{where}: no green for {greens.never[:5]}"

    def test_decisions_are_in_time(self) -> None:
        """A hundred junctions are no more than a city has."""
        network = grid_network(10, 10)
        run(self.make(), network, end_s=15)  # what is compiled or read once does not count
        begun = perf_counter()
        _, result = run(self.make(), network, end_s=60)
        assert result.times.decision_p99_ms <= 1000 * self.most_decision_s, (
            f"a decision took {result.times.decision_p99_ms:.0f} ms (run of {perf_counter() - begun:.1f} s), "
            f"allowed are {1000 * self.most_decision_s:.0f}"
        )


class _Greens:
    """Which vehicle movements never had green."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.waiting = {m.index for m in network.movements if not m.is_crossing}

    def look(self, lamps: Sequence[str]) -> None:
        """Strike off what is green now."""
        movements = self.network.movements
        self.waiting -= {m for m in self.waiting if lamps[movements[m].junction][movements[m].link] in "Gg"}

    @property
    def never(self) -> list[str]:
        """The rest, in words."""
        movements, junctions = self.network.movements, self.network.junctions
        return [f"{junctions[movements[m].junction].id} link {movements[m].link}" for m in sorted(self.waiting)]


class _Checked:
    """A policy between two checks; keeps what it decided."""

    def __init__(self, policy: Policy, network: Network, where: str, *, unchanged: bool = False) -> None:
        self.policy, self.where, self.unchanged = policy, where, unchanged
        self.n_stages = [len(junction.stages) for junction in network.junctions]
        self.log: list[tuple[float, tuple[int, ...]]] = []
        self.interval_s = policy.interval_s

    @property
    def decisions(self) -> int:
        return len(self.log)

    def start(self, network: Network, rules: SignalRules) -> None:
        self.policy.start(network, rules)
        self.interval_s = self.policy.interval_s

    def decide(self, observation: Observation) -> Decision:
        before = _bytes(observation) if self.unchanged else b""
        decision = self.policy.decide(observation)
        if self.unchanged:
            assert _bytes(observation) == before, "decide() changed its observation"
        stage = decision.stage
        assert isinstance(stage, np.ndarray), f"{self.where}: decision.stage is a {type(stage).__name__}, not an array"
        assert stage.dtype.kind in "iu", f"{self.where}: stages are of type {stage.dtype}, they are whole numbers"
        assert stage.shape == (len(self.n_stages),), f"{self.where}: {stage.shape} for {len(self.n_stages)} junctions"
        for junction, (asked, n) in enumerate(zip(stage.tolist(), self.n_stages, strict=True)):
            assert asked == HOLD or 0 <= asked < max(1, n), f"{self.where}: junction {junction} has no stage {asked}"
        self.log.append((observation.time_s, tuple(stage.tolist())))
        return decision


def _bytes(observation: Observation) -> bytes:
    values: list[Any] = [getattr(observation, name) for name in observation.__slots__]
    values += [getattr(observation.vehicles, name) for name in observation.vehicles.__slots__]
    values += [getattr(observation.signals, name) for name in observation.signals.__slots__]
    return b"".join(value.tobytes() for value in values if isinstance(value, np.ndarray))


class _Watch:
    def __init__(self, plant: PointQueuePlant, greens: _Greens) -> None:
        self.plant, self.greens = plant, greens

    def step(self, time_ms: int, events: Sequence[Event]) -> None:  # noqa: ARG002
        self.greens.look(self.plant.signal_states())


def run(
    policy: Policy,
    network: Network,
    *,
    end_s: float,
    sensors: str = "perfect",
    flow_vph: float = 300.0,
    watch: _Greens | None = None,
    seed: int = 1,
) -> tuple[PointQueuePlant, LoopResult]:
    """Run a policy on the twin with random traffic; return the plant and what the loop measured."""
    trips = poisson_trips(network, np.random.default_rng(seed), flow_vph=flow_vph, end_s=end_s)
    plant = PointQueuePlant(network, trips)
    observers = [] if watch is None else [_Watch(plant, watch)]
    result = run_loop(plant, network, policy, make_sensors(sensors, network, seed=seed), RULES, end_s, observers)
    return plant, result
