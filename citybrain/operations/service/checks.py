"""Whether a request makes sense in this city, and whether its sender may make it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from citybrain.errors import nearest_hint
from citybrain.network.model import Network
from citybrain.operations.actions import MAY, ActionRequest, Principal
from citybrain.operations.live.reports import TickReport
from citybrain.operations.messages import LEVELS
from citybrain.operations.room import RoomError

_FEW = 500


def check_allowed(who: Principal, kind: str) -> None:
    """Raise RoomError (403) unless the role may do that."""
    if kind not in MAY[who.role]:
        raise RoomError(f"{who.name} is {who.role} and may not {kind.replace('_', ' ')}", 403)


def find(name: str, known: Sequence[str], what: str) -> None:
    """Raise RoomError (404) unless a name is known."""
    if name not in known:
        hint = nearest_hint(name, known) if len(known) < _FEW else ""
        raise RoomError(f"no {what} {name!r}{hint}", 404)


def check_request(
    request: ActionRequest,
    network: Network,
    plans: Sequence[Sequence[str]],
    incidents: Sequence[str],
    vehicles: Sequence[str],
) -> None:
    """Raise RoomError where a request names what does not exist.

    Parameters
    ----------
    plans : sequence of sequence of str
        Plans that each junction has.
    incidents, vehicles : sequence of str
        Those that are known now.
    """
    if request.junction is not None and request.junction != "*":
        j = network.junction_index(request.junction)
        if j < 0:
            find(request.junction, [junction.id for junction in network.junctions], "junction")
        n = len(network.junctions[j].stages)
        if request.stage is not None and request.stage >= n:
            raise RoomError(f"junction {request.junction} has no stage {request.stage} (0 to {n - 1})")
        if not n:
            raise RoomError(f"junction {request.junction} has no stages to control")
        if request.kind == "force_plan":
            own = plans[j]
            if not own:
                raise RoomError(f"junction {request.junction} has no plan")
            if request.plan is not None:
                find(request.plan, own, f"plan of junction {request.junction}")
    for name in (request.edge, request.origin, request.destination):
        if name is not None and network.edge_index(name) < 0:
            raise RoomError(f"no road {name!r}", 404)
    if request.incident is not None:
        find(request.incident, incidents, "incident")
    if request.kind == "emergency_corridor":
        if request.origin == request.destination:
            raise RoomError(f"origin and destination are both {request.origin!r}")
        if request.vehicle is not None and request.vehicle in vehicles:
            raise RoomError(f"vehicle {request.vehicle!r} is on a call already", 409)


def state_of(request: ActionRequest, report: TickReport, network: Network) -> dict[str, Any]:
    """Return how the thing that a request is about stands before it, for the audit."""
    if request.junction is not None and request.junction != "*":
        j = network.junction_index(request.junction)
        actions = list(report.actions.get(j, ()))
        return {"level": LEVELS[int(report.level[j])], "stage": int(report.stage[j]), "actions": actions}
    if request.junction == "*":
        levels = report.level.tolist()
        return {"levels": {name: levels.count(k) for k, name in enumerate(LEVELS) if k in levels}}
    if request.edge is not None:
        return {"closed": request.edge in report.closed}
    if request.incident is not None:
        return {"state": next((one.state for one in report.incidents if one.id == request.incident), "")}
    return {}
