"""Opens a room and serves it until it is stopped."""

from __future__ import annotations

import os
import secrets
import signal
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from citybrain.errors import CitybrainError, InputError
from citybrain.operations.access import Access
from citybrain.operations.api import create_app
from citybrain.operations.live.config import RoomConfig
from citybrain.operations.live.process import Start
from citybrain.operations.record.recorder import Recorder
from citybrain.operations.service.live_room import LiveRoom

try:
    import resource
except ImportError:  # only Unix has it
    resource = None  # type: ignore[assignment]

_LEAST_KEY_BYTES = 16
_LOCAL = ("localhost", "127.0.0.1", "[::1]")
_MOST_CONNECTIONS, _FILES = 1000, 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomFiles:
    """What a room keeps, and where."""

    folder: Path
    database: str
    tokens: Path
    key: Path
    keep_days: float = 30.0
    keep_audit_days: float = 730.0


def open_live(config: RoomConfig, files: RoomFiles, *, local: bool) -> tuple[LiveRoom, Access]:
    """Open a room; its loop starts when it is served.

    Parameters
    ----------
    local : bool
        It is reached from this computer only: anybody may look.
    """
    access = Access(files.tokens, open_viewing=local)
    if not local and not access.has_tokens:
        raise InputError(
            f"{files.tokens}: holds 0 tokens, and without one nobody can look from elsewhere; "
            f"make one with `citybrain token new NAME --role operator --tokens {files.tokens}`"
        )
    try:
        files.folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{files.folder}: {error.strerror}") from None
    start = Start(config=config, key=read_key(files.key))
    recorder = Recorder(
        files.database,
        files.folder / "journal.jsonl",
        keep_days=files.keep_days,
        keep_audit_days=files.keep_audit_days,
    )
    return LiveRoom(config, files.folder, recorder, start), access


def read_key(path: Path) -> bytes:
    """Read the key of emergency requests; one is made where there is none."""
    try:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
                file.write(secrets.token_hex(32) + "\n")
        key = path.read_bytes().strip()
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from None
    if len(key) < _LEAST_KEY_BYTES:
        raise InputError(f"{path}: the key has {len(key)} bytes, it needs {_LEAST_KEY_BYTES} at least")
    return key


def run_service(
    room: LiveRoom,
    access: Access,
    *,
    host: str,
    port: int,
    names: tuple[str, ...],
    tell: Callable[[str], None],
) -> None:
    """Serve until Ctrl-C or SIGTERM; the run's results and the record are complete afterwards.

    Parameters
    ----------
    names : tuple of str
        More names by which the service may be called.
    tell : callable
        Is told the one line with the address.

    Raises
    ------
    InputError
        If the port is taken, or what is to be run does not exist.
    CitybrainError
        If the loop cannot be started.
    """
    listening = _listen(host, port)
    _allow_files()
    local = host in ("127.0.0.1", "localhost", "::1")
    hosts = (*_LOCAL, *(() if host in ("0.0.0.0", "::") else (host.lower(),)), *names)  # noqa: S104
    try:
        app = create_app(room, access, hosts=hosts if local or names else ("*",))
        config = uvicorn.Config(
            app, log_level="warning", timeout_graceful_shutdown=3, timeout_keep_alive=10, limit_concurrency=_MOST_CONNECTIONS,
            access_log=False, server_header=False,
        )  # fmt: skip
        server = _Server(config, room)
        signal.signal(signal.SIGTERM, _interrupt)  # uvicorn raises it again when it has stopped
        room.begin()
        shown = "localhost" if local else host
        tell(f"Control room of {room.config.scenario}: http://{shown}:{port}  (API: /docs; Ctrl-C stops it)")
        room.follower.when_failed = lambda: setattr(server, "should_exit", True)
        server.run(sockets=[listening])
    except KeyboardInterrupt:
        pass
    finally:
        for again in (signal.SIGINT, signal.SIGTERM):
            signal.signal(again, signal.SIG_IGN)  # the record is being finished
        listening.close()
        room.close()
    if room.supervisor.state == "failed" or room.supervisor.error:
        error = room.supervisor.error
        raise InputError(error) if room.supervisor.bad_input else CitybrainError(error)


class _Server(uvicorn.Server):
    """Ends the event streams first: they would keep it waiting."""

    def __init__(self, config: uvicorn.Config, room: LiveRoom) -> None:
        super().__init__(config)
        self._room = room

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Shut down."""
        self._room.subscribers.close()
        await super().shutdown(sockets)


def _allow_files() -> None:
    """Leave files for the record however many connections there are, where the system lets this process."""
    if resource is None:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < _FILES:
        most = _FILES if hard == resource.RLIM_INFINITY else min(hard, _FILES)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def _listen(host: str, port: int) -> socket.socket:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listening = socket.socket(family, socket.SOCK_STREAM)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
    except OSError as error:
        raise InputError(f"--host {host} --port {port}: {error.strerror or error}; choose another") from None
    return listening
