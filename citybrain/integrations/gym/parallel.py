"""A PettingZoo parallel environment: one agent at each junction."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, ClassVar
from weakref import WeakSet

import numpy as np
from gymnasium import spaces
from gymnasium.utils import seeding
from numpy.typing import NDArray
from pettingzoo import ParallelEnv

from citybrain.errors import InputError
from citybrain.integrations.gym.episode import Episode, Transport, open_world
from citybrain.integrations.gym.features import Features
from citybrain.integrations.gym.rewards import Rewards
from citybrain.messages import HOLD
from citybrain.network.intergreens import SignalRules
from citybrain.signals.interlock import Interlock

_HIGHEST_SEED = 2**31 - 1
_in_process: WeakSet[CityEnv] = WeakSet()
"""The environment that has SUMO in this process; there can be one."""

Arrays = dict[str, NDArray[np.float32]]
Infos = dict[str, dict[str, Any]]


class CityEnv(ParallelEnv[str, NDArray[np.float32], int]):  # type: ignore[misc]
    """Every signalised junction with a choice of stages is an agent; an action is the stage wanted.

    Parameters
    ----------
    scenario : str
        As on the command line: ``resco:cologne1``, a path of a ``.sumocfg``, ``twin:2x2``.
    sensors : str
        What agents see, as ``--sensors``; or ``counts``, exact counts by lane and nothing else, which
        SUMO gives quickest.
    interval_s : float
        Seconds between actions.
    features, reward : str
        See :mod:`.features` and :mod:`.rewards`.
    begin_s, end_s : float, optional
        The episode; the scenario's own window where not given.
    transport : str
        ``libsumo`` is fastest, but SUMO can be in one process only once; ``traci`` for several
        environments in one.
    rules : SignalRules, optional
        Minimum green, yellow and so on; the scenario's own where not given.

    Raises
    ------
    InputError
        If one of these is wrong.
    """

    metadata: ClassVar[dict[str, Any]] = {"name": "citybrain_v0", "render_modes": []}

    def __init__(
        self,
        scenario: str,
        *,
        sensors: str = "camera",
        interval_s: float = 5.0,
        features: str = "counts",
        reward: str = "waiting",
        begin_s: float | None = None,
        end_s: float | None = None,
        transport: Transport = "libsumo",
        rules: SignalRules | None = None,
    ) -> None:
        self.world = open_world(
            scenario, sensors=sensors, begin_s=begin_s, end_s=end_s, transport=transport, rules=rules
        )
        if not interval_s > 0:
            raise InputError(f"interval_s is {interval_s:g}, it must be more than 0")
        self.interval_s = interval_s
        self.render_mode = None
        network = self.world.network
        self.junction = {j.id: j.index for j in network.junctions if len(j.stages) > 1}
        self.possible_agents = list(self.junction)
        self.agents: list[str] = []
        indices = list(self.junction.values())
        self._features = Features(network, Interlock(network, self.world.rules), indices, features)
        self._rewards = Rewards(network, self._features.lanes, reward)
        self.observation_spaces = {name: self._features.space(j) for name, j in self.junction.items()}
        self.action_spaces = {name: spaces.Discrete(self._features.n_stages(j)) for name, j in self.junction.items()}
        self._wanted: NDArray[np.int32] = np.full(len(network.junctions), HOLD, dtype=np.int32)
        self._episode: Episode | None = None
        self._random, _ = seeding.np_random(None)

    def observation_space(self, agent: str) -> spaces.Space[Any]:
        """Return an agent's observation space."""
        return self.observation_spaces[agent]

    def action_space(self, agent: str) -> spaces.Space[Any]:
        """Return an agent's action space."""
        return self.action_spaces[agent]

    def reset(self, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Arrays, Infos]:  # noqa: ARG002
        """Begin an episode; ``seed`` is the traffic's, drawn from the one before where not given."""
        if seed is not None:
            self._random, _ = seeding.np_random(seed)
        traffic = seed if seed is not None else int(self._random.integers(_HIGHEST_SEED))
        self.close()
        if self.world.in_process:
            if _in_process:
                raise InputError(
                    "another environment has SUMO in this process; close it, or make them with transport='traci'"
                )
            _in_process.add(self)
        self._episode = Episode(self.world, traffic)
        self.agents = self.possible_agents[:]
        self._rewards.reset()
        self._wanted[:] = HOLD
        observation = self._episode.observe()
        self._rewards.observe(observation, 0.0)
        self._features.see(observation)
        return self._arrays(), self._infos(observation.time_s)

    def step(self, actions: dict[str, int]) -> tuple[Arrays, dict[str, float], dict[str, bool], dict[str, bool], Infos]:
        """Ask for stages and advance by ``interval_s``; an agent without an action keeps its stage."""
        if self._episode is None or not self.agents:
            return {}, {}, {}, {}, {}
        for name, action in actions.items():
            self._wanted[self.junction[name]] = action
        return self.advance(self._wanted)

    def advance(
        self, stages: NDArray[np.int32]
    ) -> tuple[Arrays, dict[str, float], dict[str, bool], dict[str, bool], Infos]:
        """Step with the stages of all junctions, those without an agent too."""
        if self._episode is None:
            raise InputError("the environment is closed; reset() begins an episode")
        before_s = self._episode.time_s
        observation = self._episode.advance(stages, self.interval_s)
        self._rewards.observe(observation, self._episode.time_s - before_s)
        self._features.see(observation)
        over = self._episode.over
        agents = self.agents
        result = (
            self._arrays(),
            {name: self._rewards.of(self.junction[name]) for name in agents},
            dict.fromkeys(agents, False),
            dict.fromkeys(agents, over),
            self._infos(observation.time_s),
        )
        if over:
            self.agents = []
            self.close()
        return result

    def _arrays(self) -> Arrays:
        return {name: self._features.array(self.junction[name]) for name in self.agents}

    def _infos(self, time_s: float) -> Infos:
        return {
            name: {"action_mask": self._features.mask(self.junction[name]), "time_s": time_s} for name in self.agents
        }

    @property
    def refusals(self) -> int:
        """How often the interlock refused in this episode."""
        return 0 if self._episode is None else self._episode.interlock.refusals

    def state(self) -> NDArray[np.float32]:
        """Return all agents' latest observations in one array."""
        if self._episode is None:
            raise InputError("the environment is closed; reset() begins an episode")
        return np.concatenate(list(self._arrays().values()))

    def render(self) -> None:
        """Nothing: watch with ``transport="gui"``."""

    def close(self) -> None:
        """End the simulation. May be called twice."""
        if self._episode is not None:
            self._episode.close()
            self._episode = None
        _in_process.discard(self)

    def __del__(self) -> None:
        """Give SUMO back."""
        with suppress(Exception):
            self.close()
