"""A network with its demand, set up for the search."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from citybrain.demand.scenario import Scenario
from citybrain.errors import InputError
from citybrain.network.model import Network
from citybrain.signals.retiming.groups import Leg, find_groups, find_legs
from citybrain.signals.retiming.kernel import AFTER
from citybrain.signals.retiming.platoon import Objective, PlatoonModel
from citybrain.signals.retiming.queues import Tables, build_tables, with_demand
from citybrain.signals.retiming.routes import read_routes
from citybrain.signals.retiming.samples import Samples, draw_samples
from citybrain.signals.retiming.streams import Streams, find_streams
from citybrain.signals.retiming.timing import Rules, build_rules, current_timing

_RESAMPLES = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A network with its demand, ready to be searched."""

    network: Network
    streams: Streams
    samples: Samples
    tables: Tables
    rules: Rules
    legs: dict[tuple[int, int], Leg]
    groups: list[list[int]]
    hours: float
    vehicles: int
    """That depart within the window; those of the warm-up are driven too, but not counted."""

    def per_vehicle(self, value: float) -> float:
        """Turn the model's value into seconds a vehicle."""
        return value * self.hours * 3600.0 / max(1, self.vehicles)


def pose(
    scenario: Scenario, network: Network, *, seed: int = 1, bus_weight: float = 1.0, standing_queues: bool = False
) -> Problem:
    """Read the demand of a scenario's window and set up the tables.

    Parameters
    ----------
    standing_queues : bool
        Whether queues over capacity stand from slice to slice, and from the warm-up on; without it
        an overload lasts one slice and leaves nothing.

    Raises
    ------
    InputError
        If no vehicle passes a signal in the window.
    """
    routed = read_routes(scenario)
    streams = find_streams(network, routed)
    samples = draw_samples(
        streams,
        begin_s=scenario.begin_s,
        end_s=scenario.end_s,
        resamples=_RESAMPLES,
        generator=np.random.default_rng(seed),
    )
    if samples.stream_vps.sum() <= 0:
        raise InputError(
            f"{scenario.name}: {streams.vehicles} vehicles depart from {scenario.begin_s:g} to {scenario.end_s:g} s, "
            "but 0 of them pass a signal; nothing to retime for"
        )
    if not standing_queues:
        samples = replace(samples, follows=np.zeros_like(samples.follows))
    tables = build_tables(network, streams, samples, bus_weight=bus_weight)
    if standing_queues and scenario.warmup_s > 0:
        tables = tables._replace(lane_start=first_queues(scenario, network, streams, tables))
    legs = find_legs(streams, tables)
    return Problem(
        network=network,
        streams=streams,
        samples=samples,
        tables=tables,
        rules=build_rules(network, scenario.rules),
        legs=legs,
        groups=find_groups(len(network.junctions), legs),
        hours=(scenario.end_s - scenario.begin_s) / 3600.0,
        vehicles=sum(vehicle.depart_s >= scenario.begin_s for vehicle in routed),
    )


def first_queues(scenario: Scenario, network: Network, streams: Streams, tables: Tables) -> NDArray[np.float64]:
    """Return the vehicles over capacity by lane that the warm-up leaves, under the plans that ran then."""
    before = draw_samples(
        streams,
        begin_s=scenario.begin_s - scenario.warmup_s,
        end_s=scenario.begin_s,
        resamples=0,
        generator=np.random.default_rng(0),
    )
    model = PlatoonModel(with_demand(tables, before), Objective())
    model.value(current_timing(network))
    return model.details[-1, :, AFTER].copy()
