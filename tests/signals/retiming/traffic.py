"""Even traffic on small networks, as the optimiser reads it."""

from __future__ import annotations

import numpy as np

from citybrain.signals.retiming.groups import find_groups, find_legs
from citybrain.signals.retiming.platoon import Objective, PlatoonModel
from citybrain.signals.retiming.problem import Problem
from citybrain.signals.retiming.queues import build_tables
from citybrain.signals.retiming.routes import Routed
from citybrain.signals.retiming.samples import draw_samples
from citybrain.signals.retiming.streams import find_streams
from citybrain.signals.retiming.timing import build_rules

HOUR_S = 3600.0


def even(edges, vph):
    """``vph`` vehicles over an hour, evenly."""
    return [
        Routed(depart_s=(k + 0.5) * HOUR_S / vph, edges=tuple(edges), is_bus=False, space_m=7.5, headway_s=1.0)
        for k in range(vph)
    ]


def pose_even(network, vehicles, rules, *, resamples=0, seed=1):
    streams = find_streams(network, sorted(vehicles, key=lambda v: v.depart_s))
    samples = draw_samples(
        streams, begin_s=0.0, end_s=HOUR_S, resamples=resamples, generator=np.random.default_rng(seed)
    )
    tables = build_tables(network, streams, samples)
    legs = find_legs(streams, tables)
    return Problem(
        network=network,
        streams=streams,
        samples=samples,
        tables=tables,
        rules=build_rules(network, rules),
        legs=legs,
        groups=find_groups(len(network.junctions), legs),
        hours=1.0,
        vehicles=len(vehicles),
    )


def model_of(problem, **objective):
    return PlatoonModel(problem.tables, Objective(**objective))
