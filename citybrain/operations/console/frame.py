"""What a map shows of a snapshot, as small as it gets, and what changed since the one before.

Consoles get a whole frame once and differences from then on: one difference is made a tick and
sent to all, so that ten consoles cost hardly more than one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from citybrain.operations.messages import CitySnapshot

_QUEUE_STEP_VEH = 2
"""Queues are told in steps, so that a vehicle more or less is not news."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """A map's state.

    Attributes
    ----------
    edges : tuple of int
        Congestion of every edge, see :class:`~citybrain.operations.messages.EdgeStates`.
    junctions : tuple of (lamps, queue, level, flags)
        ``flags`` are a string of ``L`` (locked), ``E`` (held for a vehicle on a call), ``A`` (alarm),
        ``S`` (sensors stale) and ``D`` (sensors dead).
    """

    run_id: str
    edges: tuple[int, ...]
    junctions: tuple[tuple[str, int, str, str], ...]
    emergencies: tuple[dict[str, Any], ...]
    incidents: tuple[dict[str, Any], ...]
    closed: tuple[str, ...]


def make_frame(snapshot: CitySnapshot) -> Frame:
    """Return what a map shows of a snapshot."""
    return Frame(
        run_id=snapshot.run_id,
        edges=snapshot.edges.congestion,
        junctions=tuple(
            (
                j.lamps,
                round(j.queue_veh / _QUEUE_STEP_VEH) * _QUEUE_STEP_VEH,
                j.level,
                "L" * j.locked
                + "E" * bool(j.emergency)
                + "A" * bool(j.alarms)
                + {"ok": "", "stale": "S", "dead": "D"}[j.sensors],
            )
            for j in snapshot.junctions
        ),
        emergencies=tuple(
            {
                "id": e.vehicle_id,
                "role": e.role,
                "status": e.status,
                "x": round(e.x_m, 1),
                "y": round(e.y_m, 1),
                "route": e.route,
                "held": e.held,
            }
            for e in snapshot.emergencies
        ),
        incidents=tuple(
            {
                "id": i.id,
                "edge": i.edge,
                "x": round(i.x_m, 1),
                "y": round(i.y_m, 1),
                "confidence": round(i.confidence, 2),
                "state": i.state,
            }
            for i in snapshot.incidents
            if i.state in ("suspected", "accepted")
        ),
        closed=snapshot.closed,
    )


def whole(frame: Frame) -> dict[str, Any]:
    """Return a frame as the message that draws it anew."""
    return {
        "whole": True,
        "edges": list(enumerate(frame.edges)),
        "junctions": [(i, *cell) for i, cell in enumerate(frame.junctions)],
        "emergencies": frame.emergencies,
        "incidents": frame.incidents,
        "closed": frame.closed,
    }


def difference(old: Frame | None, new: Frame) -> dict[str, Any]:
    """Return the message that turns ``old`` into ``new``; empty where nothing changed."""
    if (
        old is None
        or old.run_id != new.run_id
        or len(old.edges) != len(new.edges)
        or len(old.junctions) != len(new.junctions)
    ):
        return whole(new)
    message: dict[str, Any] = {}
    edges = [(i, b) for i, (a, b) in enumerate(zip(old.edges, new.edges, strict=True)) if a != b]
    if edges:
        message["edges"] = edges
    junctions = [(i, *b) for i, (a, b) in enumerate(zip(old.junctions, new.junctions, strict=True)) if a != b]
    if junctions:
        message["junctions"] = junctions
    for name in ("emergencies", "incidents", "closed"):
        if getattr(old, name) != getattr(new, name):
            message[name] = getattr(new, name)
    return message
