"""The store-and-forward programme: prices that can be worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from builders import one_junction

from citybrain.network.intergreens import SignalRules
from citybrain.network.synthetic import grid_network
from citybrain.signals.adaptive.arrivals import downstream
from citybrain.signals.adaptive.network_layer import NetworkLayer
from citybrain.signals.adaptive.storage import Storage
from citybrain.signals.adaptive.tables import make_tables

RULES = SignalRules(yellow_s=3.0, all_red_s=0.0)
STEP_S = 60.0


def layer_of(network, **options):
    tables = make_tables(network, RULES)
    way = downstream(network, tables)
    room = Storage(network, tables, weight=1.0, least=0.05).room
    options = {"period_s": 120.0, "least": 0.05, "steps": 2, "step_s": STEP_S, "lost_share": 0.0, **options}
    return NetworkLayer(network, tables, way, room, **options)


def one_price(queue):
    """Price of a vehicle on the only busy approach of a junction that discharges 30 a minute."""
    layer = layer_of(one_junction(["Gr", "rG"], [(0, 1)]))
    nothing = np.zeros(layer.n_approaches)
    standing = nothing.copy()
    standing[layer.origin[0]] = queue
    return layer.prices(standing, nothing, np.ones(2), np.full(2, 2.0))[layer.origin[0]]


@pytest.mark.parametrize(("queue", "steps_waited"), [(10, 0), (45, 1), (100, 2)])
def test_a_vehicle_costs_the_steps_until_it_can_be_served(queue, steps_waited):
    assert one_price(queue) == pytest.approx(steps_waited * STEP_S, abs=1e-6)


def test_an_empty_network_has_no_prices_and_every_crossing_counts():
    layer = layer_of(grid_network(2, 2))
    n = len(layer.origin)
    layer.update(
        0.0,
        queue=np.zeros(layer.n_approaches),
        inflow_vps=np.zeros(n),
        turns=np.ones(n),
        headway_s=np.full(len(layer.approach_of_lane), 2.0),
    )
    assert layer.value == pytest.approx(1.0)


def test_a_crossing_into_an_overfull_approach_is_worth_less_than_one_out_of_the_network():
    network = grid_network(1, 2)
    layer = layer_of(network)
    between = next(e for e in network.edges if (e.from_node, e.to_node) == ("0-0", "0-1"))
    inside = layer.approach_of_lane[layer.tables.lane_row[between.lanes[0]]]
    n = len(layer.origin)
    queue = np.full(layer.n_approaches, 20.0)
    queue[inside] = 200.0
    layer.update(
        0.0, queue=queue, inflow_vps=np.zeros(n), turns=np.ones(n), headway_s=np.full(len(layer.approach_of_lane), 2.0)
    )
    into, out = layer.target == inside, layer.target < 0
    assert into.any()
    assert layer.value[into].max() < layer.value[out].min() == pytest.approx(1.0)


def test_it_solves_when_it_is_due():
    layer = layer_of(grid_network(1, 1), period_s=120.0)
    assert [t for t in range(0, 200, 10) if layer.is_due(float(t))] == list(range(120, 200, 10))
    assert not layer_of(grid_network(1, 1), period_s=0.0).is_due(1e6)
