"""Sensors and detectors over one city, with what they have learnt: several sets of sensors, each of one kind or of more."""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from citybrain.detection import make_sensors, sensors_together
from citybrain.detection.incidents import Either, LinkSigns, Scorer, Signs, detectors
from citybrain.evaluation.incidents.recording import SharedReadings
from citybrain.messages import SignalView
from citybrain.network import Network

OURS = "discharge"


class LampView:
    """What the lamps show, as stages: a city knows its own lamps, whoever commands them."""

    def __init__(self, network: Network) -> None:
        self._stages = [{stage.state: stage.index for stage in j.stages} for j in network.junctions]
        n = len(network.junctions)
        self._stage, self._since_ms = np.zeros(n, np.int32), np.zeros(n, np.int64)
        self._switching = np.zeros(n, np.bool_)
        self._shown = [""] * n

    def view(self, states: Sequence[str], time_ms: int) -> SignalView:
        """Return the stages; a state that is none of them is an intergreen."""
        for j, state in enumerate(states):
            if state != self._shown[j]:
                stage = self._stages[j].get(state)
                self._switching[j] = stage is None
                if stage is not None:
                    self._stage[j] = stage
                self._shown[j], self._since_ms[j] = state, time_ms
        return SignalView(
            stage=self._stage.copy(),
            switching=self._switching.copy(),
            elapsed_s=(time_ms - self._since_ms) / 1000,
            remaining_s=np.zeros(len(states)),
        )


class Lookout:
    """Watches a city with several sets of sensors and several detectors.

    Sensors that are in more than one set, as in ``camera`` and ``camera+loops``, are read once.

    Attributes
    ----------
    shape : LinkSigns
        The links that are watched.
    views : dict of (sensors, detector) to Either
        What each detector makes of each set of sensors.
    signs : dict of str to Signs
        What was seen last, by sensors.

    Parameters
    ----------
    sensors : sequence of str
        Sets of sensors.
    kinds : sequence of str
        Detectors; all if there are none.
    seed : int
        Of the sensors' faults.
    """

    def __init__(self, network: Network, sensors: Sequence[str], kinds: Sequence[str], seed: int) -> None:
        self.network, self._lamps = network, LampView(network)
        self._parts = {name: sensors_together(name) for name in sensors}
        single = tuple(dict.fromkeys(part for parts in self._parts.values() for part in parts))
        self._eyes = {part: make_sensors(part, network, seed=seed) for part in single}
        self._links = {part: LinkSigns(network) for part in single}
        made = {kind: make for kind, make in detectors().items() if not kinds or kind in kinds}
        self._scorers: dict[tuple[str, str], Scorer] = {
            (part, kind): make(network, self._links[part]) for part in single for kind, make in made.items()
        }
        self.shape = self._links[single[0]]
        self.views = {
            (name, kind): Either([self._scorers[part, kind] for part in parts])
            for name, parts in self._parts.items()
            for kind in made
        }
        self.signs: dict[str, Signs] = {}
        self.forget_times()

    def forget_times(self) -> None:
        """Begin to count anew how long it takes."""
        self._spent_s, self._steps = dict.fromkeys(self._eyes, 0.0), 0

    @property
    def detect_s(self) -> dict[str, float]:
        """Wall time that ``discharge`` took a step, by set of sensors, seconds, signs included."""
        return {
            name: sum(self._spent_s[part] for part in parts) / max(self._steps, 1)
            for name, parts in self._parts.items()
        }

    def look(self, shared: SharedReadings) -> dict[tuple[str, str], NDArray[np.float64]]:
        """Take in one step; return the scores by set of sensors and detector."""
        view = self._lamps.view(shared.signal_states(), shared.time_ms)
        found: dict[tuple[str, str], NDArray[np.float64]] = {}
        self._steps += 1
        for part, eye in self._eyes.items():
            observation = eye.observe(shared, view)
            begun = perf_counter()
            signs = self.signs[part] = self._links[part].read(observation)
            self._spent_s[part] += perf_counter() - begun
            for key in [key for key in self._scorers if key[0] == part]:
                begun = perf_counter()
                found[key] = self._scorers[key].update(signs)
                self._spent_s[part] += perf_counter() - begun if key[1] == OURS else 0.0
        return {
            (name, kind): either.update([found[part, kind] for part in self._parts[name]])
            for (name, kind), either in self.views.items()
        }
