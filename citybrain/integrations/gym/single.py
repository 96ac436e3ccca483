"""A Gymnasium environment: one junction learns, the others run the scenario's own plans."""

from __future__ import annotations

from typing import Any, ClassVar

import gymnasium
import numpy as np
from numpy.typing import NDArray

from citybrain.errors import InputError, nearest_hint
from citybrain.integrations.gym.parallel import CityEnv
from citybrain.signals.own_plan import OwnPlan

_HIGHEST_SEED = 2**31 - 1


class JunctionEnv(gymnasium.Env[NDArray[np.float32], np.int64]):
    """One junction of a scenario.

    Parameters
    ----------
    scenario : str
        As for :class:`.CityEnv`.
    junction : str, optional
        Its id; may be left out where the scenario has one.
    **options
        The rest as for :class:`.CityEnv`.

    Raises
    ------
    InputError
        If there is no such junction, or several and none is named.
    """

    metadata: ClassVar[dict[str, Any]] = {"render_modes": []}  # type: ignore[misc]

    def __init__(self, scenario: str, junction: str | None = None, **options: Any) -> None:
        self.city = CityEnv(scenario, **options)
        agents = self.city.possible_agents
        if junction is None and len(agents) > 1:
            raise InputError(f"{scenario}: has {len(agents)} junctions; say which one: junction={agents[0]!r}")
        self.junction = agents[0] if junction is None else junction
        if self.junction not in agents:
            raise InputError(f"{scenario}: no junction {self.junction!r}{nearest_hint(self.junction, agents)}")
        self.observation_space = self.city.observation_space(self.junction)
        self.action_space = self.city.action_space(self.junction)
        self._others = OwnPlan()
        self._mask: NDArray[np.int8] = np.ones(0, dtype=np.int8)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.float32], dict[str, Any]]:
        """Begin an episode; ``seed`` is the traffic's."""
        super().reset(seed=seed)
        traffic = seed if seed is not None else int(self.np_random.integers(_HIGHEST_SEED))
        arrays, infos = self.city.reset(seed=traffic, options=options)
        self._others.start(self.city.world.network, self.city.world.rules)
        self._mask = infos[self.junction]["action_mask"]
        self._time_s = float(infos[self.junction]["time_s"])
        return arrays[self.junction], infos[self.junction]

    def step(self, action: np.int64) -> tuple[NDArray[np.float32], float, bool, bool, dict[str, Any]]:
        """Ask for a stage and advance."""
        stages = self._others.stages_at(self._time_s)
        stages[self.city.junction[self.junction]] = int(action)
        arrays, rewards, terminated, truncated, infos = self.city.advance(stages)
        me = self.junction
        self._mask, self._time_s = infos[me]["action_mask"], float(infos[me]["time_s"])
        return arrays[me], rewards[me], terminated[me], truncated[me], infos[me]

    def action_masks(self) -> NDArray[np.bool_]:
        """Return which actions the interlock would not refuse now (the name that MaskablePPO asks for)."""
        return self._mask.astype(np.bool_)

    def close(self) -> None:
        """End the simulation."""
        self.city.close()
