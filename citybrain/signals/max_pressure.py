"""``max-pressure``: serve the stage with the greatest queue difference, as RESCO does.

Varaiya, "Max pressure control of a network of signalized intersections",
Transportation Research Part C 36 (2013) 177-195, eq. 5-7; the sensing and the
decision interval are those of Ault and Sharon's RESCO (2021): queues within
200 m, the queue of the whole next stop line taken off.
Deviations: a lane counts once for each stage that gives any of its movements
green, stages come from the net's own program rather than from a table of phase
pairs, a vehicle is queued below 1 m/s (RESCO: once it has stood), and it is seen
across unsignalised nodes, without which an approach cut into short edges starves.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

from citybrain.messages import Decision, Observation
from citybrain.network.intergreens import SignalRules
from citybrain.network.model import Network
from citybrain.signals.stage_table import StageTable

_QUEUED_MPS = 1.0


class MaxPressure:
    """Max-pressure control.

    Parameters
    ----------
    interval_s : float
        Seconds between decisions.
    sight_m : float
        How far upstream of the stop line queues are seen.
    """

    def __init__(self, *, interval_s: float = 10.0, sight_m: float = 200.0) -> None:
        self.interval_s = interval_s
        self.sight_m = sight_m

    def start(self, network: Network, rules: SignalRules) -> None:  # noqa: ARG002
        """Prepare the pressure matrix of the network."""
        table = StageTable(network)
        self._best = table.best
        self._n_lanes = len(network.lanes)
        # a stage's pressure is linear in the queues of lanes: +1 for lanes it serves,
        # -1 for every lane of each stop line its movements lead to
        stop_lines = {network.movements[m].from_lane for j in network.junctions for m in j.movements}
        rows, columns, values = [], [], []
        for junction in network.junctions:
            for stage in junction.stages:
                row = int(table.first[junction.index]) + stage.index
                green = [
                    m
                    for i in junction.movements
                    if not (m := network.movements[i]).is_crossing and stage.is_green(m.link)
                ]
                served = {m.from_lane for m in green}
                exits = {lane for m in green for lane in network.edges[network.lanes[m.to_lane].edge].lanes}
                for lane, value in [
                    *((lane, 1.0) for lane in served),
                    *((lane, -1.0) for lane in exits & stop_lines),
                ]:
                    rows.append(row)
                    columns.append(lane)
                    values.append(value)
        self._pressure = sparse.csr_matrix((values, (rows, columns)), shape=(table.n_stages, len(network.lanes)))

    def decide(self, observation: Observation) -> Decision:
        """Return the stage of highest pressure at every junction."""
        v = observation.vehicles
        seen = (v.lane >= 0) & (v.distance_m <= self.sight_m)
        queued = seen & (v.speed_mps < _QUEUED_MPS)
        queue = np.bincount(v.lane[queued], weights=v.weight[queued], minlength=self._n_lanes)
        return Decision(time_s=observation.time_s, stage=self._best(self._pressure @ queue))
