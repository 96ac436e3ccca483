"""Reads every vehicle of a SUMO run at once, and notes who crosses a stop line.

What changes only with the lane (what is ahead, the length, the key) is kept in arrays by
slot, one slot a vehicle, and looked up by index: of the cost of a reading little is left but
SUMO's own getters.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from citybrain.network.model import Network
from citybrain.simulation.plant import Readings
from citybrain.simulation.tracking import Ahead, RouteTracker

_FIRST_SLOTS = 1024
_MANY_STALE = 2000
_NOWHERE = Ahead(-1, -1, -1, np.inf)


class SumoReader:
    """Plain getters in process, subscriptions over a socket.

    Parameters
    ----------
    api : module or connection
        libsumo, or a TraCI connection.
    network : Network
    in_process : bool
    """

    def __init__(self, api: Any, network: Network, *, in_process: bool) -> None:
        self._api, self._network, self._in_process = api, network, in_process
        self._tracker = RouteTracker(network)
        self._lane_length: dict[str, float] = {}
        self._passed: list[tuple[int, int]] = []
        self._slot: dict[str, int] = {}
        self._free: list[int] = []
        self._lane_id: list[str] = []
        self._route: list[tuple[str, tuple[str, ...]]] = []
        self._ahead: list[Ahead] = []
        self._whole = np.empty((_FIRST_SLOTS, 4), np.int32)  # lane, stop lane, movement, crossing
        self._reach_m, self._length_m = np.empty(_FIRST_SLOTS), np.empty(_FIRST_SLOTS)
        self._key = np.empty(_FIRST_SLOTS, np.int64)

    def read(self) -> Readings:
        """Return the readings of this step; who is between two places while it is teleported is left out."""
        names, lanes, position_m, speed_mps = self._in_one_go() if self._in_process else self._subscribed()
        slot_of, lane_id = self._slot, self._lane_id
        slots = [slot_of.get(name, -1) for name in names]
        for i, (slot, lane) in enumerate(zip(slots, lanes, strict=True)):
            if slot < 0 or lane_id[slot] != lane:
                slots[i] = self._locate(names[i], lane, slot)
        on = np.array(slots, np.int64)
        if "" in lanes:
            here = np.array([lane != "" for lane in lanes])
            names = [name for name, lane in zip(names, lanes, strict=True) if lane]
            on, position_m, speed_mps = on[here], position_m[here], speed_mps[here]
        self._forget(names)
        passed, self._passed = self._passed, []
        whole = self._whole[on]
        return Readings(
            ids=tuple(names),
            lane=whole[:, 0].copy(),
            position_m=position_m,
            speed_mps=speed_mps,
            length_m=self._length_m[on],
            stop_lane=whole[:, 1].copy(),
            movement=whole[:, 2].copy(),
            distance_m=self._reach_m[on] - position_m,
            crossing=whole[:, 3].copy(),
            passed=np.array([movement for movement, _ in passed], dtype=np.int32),
            key=self._key[on],
            passed_key=np.array([key for _, key in passed], dtype=np.int64),
        )

    def subscribe_new(self) -> None:
        """Ask for those who departed in this step, where values come over a socket."""
        if not self._in_process:
            for name in self._api.simulation.getDepartedIDList():
                self._api.vehicle.subscribe(name, _variables())

    def _in_one_go(self) -> tuple[Sequence[str], list[str], NDArray[np.float64], NDArray[np.float64]]:
        vehicle = self._api.vehicle
        names = vehicle.getIDList()
        n = len(names)
        return (
            names,
            list(map(vehicle.getLaneID, names)),
            np.fromiter(map(vehicle.getLanePosition, names), np.float64, n),
            np.fromiter(map(vehicle.getSpeed, names), np.float64, n),
        )

    def _subscribed(self) -> tuple[Sequence[str], list[str], NDArray[np.float64], NDArray[np.float64]]:
        vehicle, (lane, position, speed) = self._api.vehicle, _variables()
        results = vehicle.getAllSubscriptionResults()
        names, rows = vehicle.getIDList(), []
        for name in names:
            values = results.get(name)
            if values is None:  # inserted before this client came
                vehicle.subscribe(name, (lane, position, speed))
                values = vehicle.getSubscriptionResults(name)
            rows.append(values)
        return (
            names,
            [row[lane] for row in rows],
            np.array([row[position] for row in rows], np.float64),
            np.array([row[speed] for row in rows], np.float64),
        )

    def _locate(self, name: str, lane_id: str, slot: int) -> int:
        """Note a vehicle on a new lane; return its slot."""
        if not lane_id:
            if slot >= 0:  # wherever it comes down, it did not drive there
                self._lane_id[slot], self._ahead[slot] = "", _NOWHERE
            return slot
        vehicle = self._api.vehicle
        length_m = self._lane_length.get(lane_id)
        if length_m is None:
            length_m = self._lane_length[lane_id] = self._api.lane.getLength(lane_id)
        before = self._ahead[slot] if slot >= 0 else None
        if before is None:
            slot = self._new_slot(name, vehicle.getLength(name))
        route_id, index = vehicle.getRouteID(name), vehicle.getRouteIndex(name)
        if self._route[slot][0] != route_id:  # a change of route is a new route
            self._route[slot] = (route_id, vehicle.getRoute(name))
        route = self._route[slot][1]
        ahead = self._tracker.locate(lane_id, length_m, route, index, -1 if before is None else before.lane)
        if before is not None:
            crossing = before.crossing
            if self._crossed(before, ahead, index):
                crossing = before.movement
                self._passed.append((crossing, int(self._key[slot])))
            if ahead.lane < 0 and crossing >= 0:
                ahead = ahead._replace(crossing=crossing)
        self._lane_id[slot], self._ahead[slot] = lane_id, ahead
        self._whole[slot] = (ahead.lane, ahead.stop_lane, ahead.movement, ahead.crossing)
        self._reach_m[slot] = ahead.reach_m
        return slot

    def _crossed(self, before: Ahead, now: Ahead, route_index: int) -> bool:
        """Whether a vehicle left the edge of its stop line, or all of it in one step, and not for a lane beside."""
        if before.movement < 0:
            return False
        if before.lane == before.stop_lane:
            lanes = self._network.lanes
            return now.lane < 0 or lanes[now.lane].edge != lanes[before.lane].edge
        return route_index > before.stop_index - (now.lane < 0)

    def _new_slot(self, name: str, length_m: float) -> int:
        if self._free:
            slot = self._free.pop()
        else:
            slot = len(self._lane_id)
            self._lane_id.append("")
            self._route.append(("", ()))
            self._ahead.append(_NOWHERE)
            if slot >= len(self._key):
                self._whole = np.concatenate((self._whole, self._whole))
                self._reach_m = np.concatenate((self._reach_m, self._reach_m))
                self._length_m = np.concatenate((self._length_m, self._length_m))
                self._key = np.concatenate((self._key, self._key))
        self._slot[name], self._route[slot] = slot, ("", ())
        self._length_m[slot], self._key[slot] = length_m, crc32(name.encode())
        return slot

    def _forget(self, names: Sequence[str]) -> None:
        """Give back the slots of those who have gone, once there are many."""
        if len(self._slot) - len(names) < _MANY_STALE:
            return
        present = set(self._api.vehicle.getIDList())
        for name in [name for name in self._slot if name not in present]:
            self._free.append(self._slot.pop(name))


def _variables() -> tuple[int, int, int]:
    constants = importlib.import_module("traci.constants")
    return constants.VAR_LANE_ID, constants.VAR_LANEPOSITION, constants.VAR_SPEED
