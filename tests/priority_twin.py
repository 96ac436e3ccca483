"""Emergency vehicles on the point-queue twin of a small grid, for tests and benchmarks."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from citybrain.detection import PerfectSensors
from citybrain.detection.link_times import LinkTimes
from citybrain.detection.onboard import Call, OnboardUnits, RadioParameters
from citybrain.loop import Emergency, run_loop
from citybrain.network.intergreens import SignalRules
from citybrain.network.synthetic import grid_network
from citybrain.signals.own_plans import OwnPlans
from citybrain.signals.policy import find_policy
from citybrain.signals.priority import PriorityService
from citybrain.simulation.pointqueue import PointQueuePlant
from citybrain.simulation.trips import Trip, poisson_trips
from citybrain.simulation.twin_fleet import TwinFleet

KEY = b"test"
RULES = SignalRules(yellow_s=3.0, all_red_s=1.0)
NETWORK = grid_network(2, 3)


@dataclass
class Recorder:
    """Keeps events and lamps."""

    plant: PointQueuePlant
    events: list = field(default_factory=list)
    lamps: list = field(default_factory=list)

    def step(self, time_ms, events):
        self.events += events
        self.lamps.append((time_ms, tuple(self.plant.signal_states())))


def way_through(network, rng, *, least=2):
    """A trip through several junctions, drawn like the others."""
    while True:
        trips = poisson_trips(network, rng, flow_vph=60, end_s=120)
        long = [trip for trip in trips if len(trip.links) >= least]
        if long:
            return long[int(rng.integers(len(long)))]


def run(
    ways, *, network=NETWORK, departs_s=(60.0,), flow_vph=250, end_s=400, seed=1, policy="own", priority=True,
    radio=None, parameters=None, rules=RULES,
):  # fmt: skip
    """Run emergency vehicles among other traffic; returns their travel times, the outcome and a recorder."""
    rng = np.random.default_rng([seed, 99])
    others = poisson_trips(network, rng, flow_vph=flow_vph, end_s=end_s)
    trips = {
        f"ev{k}": Trip(depart_ms=round(1000 * depart), lanes=way.lanes, links=way.links)
        for k, (way, depart) in enumerate(zip(ways, departs_s, strict=True))
    }
    plant = PointQueuePlant(network, [*others, *trips.values()])
    fleet = TwinFleet(plant, trips)
    calls, places = [], {}
    for name, trip in trips.items():
        ends = [network.edges[network.lanes[trip.lanes[k]].edge] for k in (0, -1)]
        calls.append(
            Call(
                vehicle_id=name,
                role="ambulance",
                announced_s=trip.depart_ms / 1000 - 30,
                depart_s=trip.depart_ms / 1000,
                origin=ends[0].id,
                from_m=0.0,
                destination=ends[1].id,
                to_m=1.0,
            )
        )
        places[name] = ends[0].shape[0]
    own = policy == "own"
    emergency = None
    if priority:
        times = LinkTimes(network)
        service = PriorityService(network, rules, key=KEY, times=times, own_plans=own, parameters=parameters)
        emergency = Emergency(
            OnboardUnits(fleet, calls, key=KEY, radio=radio or RadioParameters(), places=places), service
        )
    recorder = Recorder(plant)
    run_loop(
        plant, network, OwnPlans(interval_s=1.0) if own else find_policy(policy).make(), PerfectSensors(network), rules,
        end_s, [recorder], emergency=emergency,
    )  # fmt: skip
    outcome = plant.outcome()
    index = {name: next(v.index for v in plant._loaded if v.trip is trip) for name, trip in trips.items()}
    travel = {name: float(outcome.travel_time_s[i]) for name, i in index.items()}
    arrived = {name: outcome.status[i] == "arrived" for name, i in index.items()}
    return travel, arrived, outcome, recorder
