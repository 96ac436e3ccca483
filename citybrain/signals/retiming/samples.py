"""Demand samples: what the plan must be good for, not one recorded hour.

The window is cut into slices, since demand rises and falls within it. Of each
slice there is the demand as it is written and resamples of it: every vehicle
counts 0, 1, 2, ... times (Poisson bootstrap) and departs up to a minute
earlier or later.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from citybrain.signals.retiming.streams import Streams

_SLICE_S = 900.0
_JITTER_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Samples:
    """Flows of each sample, vehicles per second.

    Attributes
    ----------
    stream_vps : ndarray, shape (n_samples, n_streams)
    feed_vps : ndarray, shape (n_samples, n_feeds)
    weight : ndarray, shape (n_samples,)
        Sums to 1.
    lasts_s : ndarray, shape (n_samples,)
        Length of each: the time that an overload lasts.
    follows : ndarray of bool, shape (n_samples,)
        Whether the queues that the sample before left stand there when it begins.
    bus_share : ndarray, shape (n_streams,)
    """

    stream_vps: NDArray[np.float64]
    feed_vps: NDArray[np.float64]
    weight: NDArray[np.float64]
    lasts_s: NDArray[np.float64]
    follows: NDArray[np.bool_]
    bus_share: NDArray[np.float64]

    @property
    def mean_vps(self) -> NDArray[np.float64]:
        """Mean flow of each stream."""
        return np.asarray(self.weight @ self.stream_vps)


def draw_samples(
    streams: Streams, *, begin_s: float, end_s: float, resamples: int, generator: np.random.Generator
) -> Samples:
    """Draw the samples of a window.

    Parameters
    ----------
    resamples : int
        Resamples of each slice beside the demand as written.
    """
    n = max(1, round((end_s - begin_s) / _SLICE_S))
    slice_s = (end_s - begin_s) / n
    vehicle = streams.passes[:, 0].astype(np.int64)
    stream = streams.passes[:, 1].astype(np.int64)
    feed = streams.passes[:, 2].astype(np.int64)
    flows, feeds = [], []
    for resample in range(resamples + 1):
        at_s = streams.passes[:, 3]
        weights = np.ones(streams.vehicles)
        if resample:
            at_s = at_s + generator.uniform(-_JITTER_S, _JITTER_S, streams.vehicles)[vehicle]
            weights = generator.poisson(1.0, streams.vehicles).astype(np.float64)
        place = np.clip(((at_s - begin_s) // slice_s).astype(np.int64), -1, n)
        for k in range(n):
            rows = place == k
            flows.append(np.bincount(stream[rows], weights[vehicle[rows]], len(streams.streams)) / slice_s)
            fed = rows & (feed >= 0)
            feeds.append(np.bincount(feed[fed], weights[vehicle[fed]], len(streams.feeds)) / slice_s)
    buses = np.bincount(stream, streams.is_bus[vehicle].astype(np.float64), len(streams.streams))
    alls = np.bincount(stream, minlength=len(streams.streams))
    return Samples(
        stream_vps=np.array(flows),
        feed_vps=np.array(feeds),
        weight=np.full(len(flows), 1.0 / len(flows)),
        lasts_s=np.full(len(flows), slice_s),
        follows=np.arange(len(flows)) % n > 0,
        bus_share=buses / np.maximum(alls, 1),
    )
