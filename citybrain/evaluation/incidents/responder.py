"""The response in a running simulation: detect, propose, carry out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from citybrain.detection import sensors_together
from citybrain.detection.incidents import Tracker
from citybrain.detection.incidents.response import BlockedExits, ResponseProposal, propose
from citybrain.detection.link_times import LinkTimes
from citybrain.evaluation.incidents.lookout import OURS, Lookout
from citybrain.evaluation.incidents.recording import SharedReadings
from citybrain.messages import Event
from citybrain.network import Network
from citybrain.simulation.fleet import Fleet
from citybrain.simulation.sumo_advice import SumoAdvice

_EVERY_S = 20
_MEMORY_S = 900.0
_SURE = 0.6


class Responder:
    """An observer of the loop that watches with sensors of its own and acts on what its detector reports.

    Drivers are advised every 20 s while a report is open with a confidence of 0.6 or more and the advice promises a
    gain, and exits into links that are blocked altogether count as full for the policy. Advice knows the travel times of
    all edges as floating cars report them.
    """

    def __init__(
        self,
        plant: SharedReadings,
        network: Network,
        sensors: str,
        *,
        seed: int,
        fleet: Fleet,
        advice: SumoAdvice,
        exits: BlockedExits,
    ) -> None:
        self._plant, self._network, self._advice, self._exits = plant, network, advice, exits
        self._fleet, self._times = fleet, LinkTimes(network)
        self._lookout, self._set = Lookout(network, (sensors,), (OURS,), seed), sensors
        self._counts_by = sensors_together(sensors)[0]
        self._view, shape = self._lookout.views[sensors, OURS], self._lookout.shape
        self._tracker = Tracker(network, shape, self._view.threshold)
        self._inflow_vps = np.zeros(len(shape.edge))
        self._row = {int(edge): i for i, edge in enumerate(shape.edge)}
        self.proposals: list[ResponseProposal] = []

    def step(self, time_ms: int, events: Sequence[Event]) -> None:  # noqa: ARG002
        """Look at one step, and act now and then."""
        self._times.look(self._fleet, time_ms)
        score = self._lookout.look(self._plant)[self._set, OURS]
        self._tracker.update(time_ms / 1000, score, self._view.lane_scores, self._view.distance_m)
        quiet, signs = score < self._view.threshold / 2, self._lookout.signs[self._counts_by]
        self._inflow_vps += np.where(quiet, signs.dt_s / _MEMORY_S, 0.0) * (
            signs.arrived / signs.dt_s - self._inflow_vps
        )
        if time_ms % (1000 * _EVERY_S):
            return
        current, times_s = [], self._times.now_s.round(1)
        for report in self._tracker.open:
            if report.confidence >= _SURE:
                edge = self._network.edge_index(report.edge)
                proposal = propose(self._network, report, float(self._inflow_vps[self._row[edge]]))
                if proposal.gain_vehicle_s > 0:
                    current.append(proposal)
                    times_s[edge] += proposal.costs_s(
                        float(self._times.vehicles[edge]), time_ms / 1000 - report.alarm_s
                    )
        self.proposals += [proposal for proposal in current if proposal.avoid not in {p.avoid for p in self.proposals}]
        self._exits.block(current)
        names = (edge.id for edge in self._network.edges)
        avoid = {edge: p.compliance for p in current for edge in p.avoid}
        self._advice.advise(avoid, dict(zip(names, times_s.tolist(), strict=True)))
