"""The application: routes of the API, the guard before them, and the console where it is installed."""

from __future__ import annotations

import importlib
import importlib.util
import logging
from collections.abc import Iterable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Path, Query, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse, StreamingResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, ConfigDict, Field

from citybrain import __version__
from citybrain.operations.access import Access
from citybrain.operations.actions import (
    Action,
    ActionRequest,
    AuditEntry,
    EmergencyAnswer,
    EmergencyRequest,
    Id,
    Principal,
    Reason,
    WhatIfRequest,
)
from citybrain.operations.api.guard import Guard, RateLimit
from citybrain.operations.api.metrics import metrics_text
from citybrain.operations.api.reference import PAGE
from citybrain.operations.api.stream import event_stream
from citybrain.operations.details import CorridorHistory, Geometry, JunctionDetail, PlanInfo, WhatIfAnswer
from citybrain.operations.details import Reason as Why
from citybrain.operations.messages import Alarm, CitySnapshot, Health, IncidentView
from citybrain.operations.room import ControlRoom, RoomError

log = logging.getLogger("citybrain")
_ABOUT = (
    "A city's signals: what they do, why, and what operators ask of them. Looking needs a token unless the room is "
    "open for viewing on localhost; every change needs one: `Authorization: Bearer TOKEN` (`citybrain token new`)."
)
_bearer = HTTPBearer(auto_error=False, description="From `citybrain token new`.")


class Problem(BaseModel):
    """Why a request was not met."""

    detail: Any


class Undo(BaseModel):
    """Why an action is ended."""

    model_config = ConfigDict(extra="forbid")

    reason: Reason


class Heartbeat(BaseModel):
    """Which console is watched."""

    model_config = ConfigDict(extra="forbid")

    console: Annotated[str, Field(min_length=1, max_length=64)]


class Fault(BaseModel):
    """Junctions whose sensors fail or are mended, or whose lamps are not as commanded."""

    model_config = ConfigDict(extra="forbid")

    sensors: tuple[Id, ...] = ()
    mend: tuple[Id, ...] = ()
    lamps: tuple[Id, ...] = ()


_PROBLEMS: dict[int | str, dict[str, Any]] = {
    code: {"model": Problem, "description": text}
    for code, text in {
        400: "Not a request", 401: "No token, or one that is not known", 403: "The role may not do that",
        404: "There is no such thing", 409: "Not now", 413: "Too long", 422: "Not complete, or not possible here",
        429: "Too many requests", 503: "The loop, or the record, cannot be reached",
    }.items()
}  # fmt: skip
_ID = Annotated[str, Path(min_length=1, max_length=200)]


def create_app(
    room: ControlRoom,
    access: Access,
    *,
    hosts: Iterable[str] = ("localhost", "127.0.0.1", "[::1]"),
    limit: RateLimit | None = None,
    console: bool = True,
) -> FastAPI:
    """Make the application of a room.

    Parameters
    ----------
    access : Access
        Tells whose a token is.
    hosts : iterable of str
        Names by which the service may be called; ``*`` for any.
    limit : RateLimit, optional
        Requests of one client; :class:`RateLimit`'s own where not given.
    console : bool
        Mount the console where it is installed.
    """
    app = FastAPI(title="citybrain", version=__version__, description=_ABOUT, docs_url=None, redoc_url=None)

    def whose(token: str) -> str:
        who = access.principal(token)
        return "" if who is None else who.name

    app.add_middleware(Guard, hosts=tuple(hosts), limit=limit or RateLimit(), whose=whose)
    app.add_exception_handler(RoomError, _answer_error)
    app.include_router(_router(room, access), prefix="/api", responses=_PROBLEMS)
    _pages(app, room, access)
    if console:
        mount_console(app, room, access)
    return app


def mount_console(app: FastAPI, room: ControlRoom, access: Access) -> bool:
    """Let the console mount itself; False where it is not installed."""
    if importlib.util.find_spec("citybrain.operations.console") is None:
        return False
    try:
        module = importlib.import_module("citybrain.operations.console")
    except ModuleNotFoundError as error:
        log.warning("there is no console: %s is not installed (pip install 'citybrain[console]')", error.name)
        return False
    module.mount(app, room, access)
    return True


async def _answer_error(_request: Request, error: Exception) -> Response:
    status = error.status if isinstance(error, RoomError) else 500
    return JSONResponse({"detail": str(error)}, status_code=status)


def _guards(access: Access) -> tuple[Any, Any]:
    """Return the two dependencies: somebody who may look, and somebody with a token."""

    def looking(given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> Principal:
        who = access.principal(None if given is None else given.credentials)
        if who is None:
            raise RoomError("a token is needed, or this one is not known: Authorization: Bearer TOKEN", 401)
        return who

    def changing(given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> Principal:
        who = None if given is None else access.principal(given.credentials)
        if who is None:
            raise RoomError("every change needs a token: Authorization: Bearer TOKEN", 401)
        return who

    return looking, changing


def _router(room: ControlRoom, access: Access) -> APIRouter:
    looking, changing = _guards(access)
    router = APIRouter()
    _looking_routes(router, room, [Depends(looking)])
    _changing_routes(router, room, changing)
    return router


def _looking_routes(router: APIRouter, room: ControlRoom, looking: list[Any]) -> None:
    @router.get("/state", summary="The city now", response_model=CitySnapshot, dependencies=looking)
    def state() -> Response:
        return Response(room.snapshot_json(), media_type="application/json")

    @router.get("/geometry", summary="Roads, junctions, corridors", dependencies=looking)
    def geometry() -> Geometry:
        return room.geometry()

    @router.get("/health", summary="How well the room itself is", dependencies=looking)
    def health() -> Health:
        return room.snapshot().health

    @router.get("/junctions/{junction_id}", summary="A junction in depth", dependencies=looking)
    def junction(junction_id: _ID) -> JunctionDetail:
        return room.junction(junction_id)

    @router.get(
        "/junctions/{junction_id}/decision", summary="Its latest decision with its reason", dependencies=looking
    )
    def decision(junction_id: _ID) -> Why:
        found = room.junction(junction_id).reason
        if found is None:
            raise RoomError(f"junction {junction_id} has decided nothing yet", 404)
        return found

    @router.get("/plans", summary="All plans", dependencies=looking)
    def plans() -> tuple[PlanInfo, ...]:
        return room.plans()

    @router.get("/incidents", summary="Incidents with their confidence", dependencies=looking)
    def incidents() -> tuple[IncidentView, ...]:
        return room.snapshot().incidents

    @router.get("/alarms", summary="Alarms, the newest first", dependencies=looking)
    def alarms(all_: Annotated[bool, Query(alias="all")] = False) -> tuple[Alarm, ...]:  # noqa: FBT002
        return room.alarms(all_=all_)

    @router.get("/actions", summary="Actions in force", dependencies=looking)
    def actions() -> tuple[Action, ...]:
        return room.actions()

    @router.get("/audit", summary="Who did what, and why; the newest first", dependencies=looking)
    def audit(
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
        before: Annotated[int | None, Query(ge=1, le=2**53)] = None,
        kind: Annotated[str | None, Query(min_length=1, max_length=40, pattern="^[a-z_]+$")] = None,
    ) -> list[AuditEntry]:
        return list(room.audit(limit=limit, before=before, kind=kind))

    @router.get("/corridors/{corridor_id}", summary="Greens along a corridor", dependencies=looking)
    def corridor(
        corridor_id: _ID, last_s: Annotated[float, Query(gt=0, le=900, allow_inf_nan=False)] = 600.0
    ) -> CorridorHistory:
        return room.corridor(corridor_id, last_s=last_s)

    @router.get("/what-ifs/{what_if_id}", summary="How a what-if stands", dependencies=looking)
    def what_if_answer(what_if_id: _ID) -> WhatIfAnswer:
        return room.what_if_answer(what_if_id)

    @router.get(
        "/events",
        summary="What happens, as it happens (server-sent events)",
        dependencies=looking,
        response_class=StreamingResponse,
        responses={200: {"content": {"text/event-stream": {}}, "description": "snapshot, event, alarm, audit"}},
    )
    async def events(
        snapshots: bool = True,  # noqa: FBT001, FBT002
        most: Annotated[int | None, Query(ge=1, le=1_000_000)] = None,
    ) -> StreamingResponse:
        stream = event_stream(room, snapshots=snapshots, most=most)
        return StreamingResponse(stream, media_type="text/event-stream", headers={"cache-control": "no-store"})


def _changing_routes(router: APIRouter, room: ControlRoom, changing: Any) -> None:
    whoever = Depends(changing)  # as a default: an alias in here could not be found by its name

    @router.post("/actions", summary="Take an action", status_code=201)
    def act(request: ActionRequest, who: Principal = whoever) -> AuditEntry:
        return room.act(request, who)

    @router.post("/actions/{action_id}/undo", summary="End an action before its time")
    def undo(action_id: _ID, given: Undo, who: Principal = whoever) -> AuditEntry:
        return room.undo(action_id, who, given.reason)

    @router.post("/emergency", summary="A signed priority request of a vehicle on a call")
    def emergency(request: EmergencyRequest, who: Principal = whoever) -> EmergencyAnswer:
        return room.request_emergency(request, who)

    @router.post("/what-ifs", summary="Try actions on a copy of the city", status_code=202)
    def what_if(request: WhatIfRequest, who: Principal = whoever) -> WhatIfAnswer:
        return room.what_if(request, who)

    @router.post("/heartbeat", summary="Say that a console is watched", status_code=204)
    def heartbeat(given: Heartbeat, who: Principal = whoever) -> None:  # noqa: ARG001  anybody with a token
        room.heartbeat(given.console)

    @router.post("/faults", summary="Let something fail, in a drill")
    def faults(given: Fault, who: Principal = whoever) -> AuditEntry:
        return room.inject({k: list(v) for k, v in given.model_dump().items() if v}, who)


def _pages(app: FastAPI, room: ControlRoom, access: Access) -> None:
    looking, _ = _guards(access)

    @app.get("/metrics", include_in_schema=False, dependencies=[Depends(looking)])
    def metrics() -> Response:
        return Response(metrics_text(room), media_type="text/plain; version=0.0.4; charset=utf-8")

    @app.get("/docs", include_in_schema=False)
    def reference() -> HTMLResponse:
        return HTMLResponse(PAGE)
