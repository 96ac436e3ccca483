"""Queues at the stop lines of one junction as a fluid: what a sequence of stages costs, by prediction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from citybrain.network.model import Junction, Network

_SATURATION_VPS = 0.5


class LaneQueues:
    """The lanes of a junction, and which stages serve them.

    Arrivals are even and queues discharge at 1,800 vehicles an hour and lane: A. D. May, Traffic Flow
    Fundamentals, 1990, ch. 12 (deterministic queueing). A lane that several movements share is served
    by the share of its traffic that is green.
    """

    def __init__(self, network: Network, junction: Junction) -> None:
        of_lane: dict[int, list[int]] = defaultdict(list)
        for index in junction.movements:
            if not network.movements[index].is_crossing:
                of_lane[network.movements[index].from_lane].append(index)
        self._lanes = list(of_lane.values())
        self._green = [
            {index for index in junction.movements if stage.is_green(network.movements[index].link)}
            for stage in junction.stages
        ]

    def predict(self, shown: Iterable[tuple[int, float]], rates_vps: NDArray[np.float64], horizon_s: float) -> float:
        """Return the vehicle-seconds in queues over a horizon that begins without any.

        Parameters
        ----------
        shown : iterable of (stage, seconds)
            In order, at least as long as the horizon; -1 where nobody has green.
        rates_vps : ndarray, by movement of the network
        """
        rates = np.array([rates_vps[lane].sum() for lane in self._lanes])
        busy = rates > 0
        shares = np.zeros((len(self._green) + 1, len(self._lanes)))  # the last row, -1, is the intergreen
        for stage, green in enumerate(self._green):
            for k, lane in enumerate(self._lanes):
                if busy[k]:
                    shares[stage, k] = sum(rates_vps[m] for m in lane if m in green) / rates[k]
        queue, left_s, total = np.zeros(len(self._lanes)), horizon_s, 0.0
        for stage, seconds in shown:
            lasts_s = min(seconds, left_s)
            net = rates - _SATURATION_VPS * shares[stage]
            after = np.maximum(0.0, queue + net * lasts_s)
            empty_s = np.where(net < 0, queue / np.maximum(-net, 1e-9), lasts_s)  # a queue that ends before
            total += float((0.5 * (queue + after) * np.minimum(lasts_s, empty_s)).sum())
            queue, left_s = after, left_s - lasts_s
            if left_s <= 0:
                break
        return total
