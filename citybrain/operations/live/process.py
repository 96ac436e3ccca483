"""The loop process: started by the service as ``python -m citybrain.operations.live.process FD``.

It ticks whatever the service does. Over the pipe come inputs, and go reports; where the service is gone,
it ends the run and itself.
"""

from __future__ import annotations

import gc
import logging
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from citybrain.errors import CitybrainError, InputError
from citybrain.operations.live.config import RoomConfig
from citybrain.operations.live.engine import Engine
from citybrain.operations.live.pace import Pacer
from citybrain.operations.live.pipe import Inbox, Outbox
from citybrain.operations.live.recorded_seat import RecordedSeat
from citybrain.operations.live.reports import Ended, Input, Saved
from citybrain.operations.live.seat import PolicySeat, Seat, SeatAnswer

log = logging.getLogger("citybrain")
_PAGE_MB = os.sysconf("SC_PAGE_SIZE") / 2**20 if hasattr(os, "sysconf") else 0.0
_POLL_S = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """The first message: what to run.

    Attributes
    ----------
    recorded : dict of int to tuple of Input, optional
        Inputs by tick, to run a recorded run again.
    seat : dict of int to SeatAnswer
        What the seat of a recorded run answered, by the plant's milliseconds.
    """

    config: RoomConfig
    key: bytes
    recorded: dict[int, tuple[Input, ...]] | None = None
    seat: dict[int, SeatAnswer] | None = None
    last_tick: int | None = None


class _Session:
    """One run, from the first message to the end."""

    def __init__(self, start: Start, inbox: Inbox, outbox: Outbox) -> None:
        self._start, self._inbox, self._outbox = start, inbox, outbox
        config = start.config
        limit_s = config.decide_limit_s
        self._seat: Seat = (
            PolicySeat(config.policy, config.parameters, limit_s=limit_s)
            if start.seat is None
            else RecordedSeat(config.policy, config.parameters, start.seat)
        )
        self.engine = Engine(config, self._seat, key=start.key)
        self._clock_ok = True
        self._paused = False
        self._speed = config.speed

    def run(self) -> Ended:
        """Tick until the end."""
        engine, step_s = self.engine, self._step_s()
        self._outbox.put(engine.hello())
        pacer = Pacer(step_s, self._speed)
        missed = late = 0
        while engine.time_ms < engine.end_ms:
            while self._paused or pacer.wait_s() > 0 or self._outbox.broken:
                why = self._message(self._inbox.take(_POLL_S if self._paused else min(pacer.wait_s(), _POLL_S)))
                if why is not None or self._outbox.broken:
                    return Ended(why="stopped")
            while (message := self._inbox.take(0.0)) is not None:
                if (why := self._message(message)) is not None:
                    return Ended(why=why)
            if self._speed != self._start.config.speed:
                missed, late = missed + pacer.missed, late + pacer.late
                self._start = replace(self._start, config=self._start.config.model_copy(update={"speed": self._speed}))
                pacer = Pacer(step_s, self._speed)
            self._from_record()
            self._watch_clock(pacer)
            pacer.begin()
            report = engine.tick()
            tick_ms, was_late = pacer.end()
            if engine.tick_number == 1:  # it loads what the others find loaded
                gc.collect()
                gc.freeze()  # what a run begins with stays to its end: no collection need look at it again
                pacer, was_late = Pacer(step_s, self._speed), False
            self._outbox.put(
                replace(
                    report,
                    tick_ms=tick_ms,
                    late=was_late,
                    missed=missed + pacer.missed,
                    memory_mb=memory_mb(),
                    drift_s=pacer.drift_s,
                    when_s=time.time(),
                )
            )
            if self._start.last_tick is not None and engine.tick_number >= self._start.last_tick:
                break
        return Ended(why="end")

    def _step_s(self) -> float:
        from citybrain.demand.scenario import open_scenario

        return open_scenario(self._start.config.scenario).step_s

    def _from_record(self) -> None:
        for given in (self._start.recorded or {}).get(self.engine.tick_number + 1, ()):
            self.engine.apply(given)

    def _watch_clock(self, pacer: Pacer) -> None:
        ok = pacer.clock_ok()
        if ok != self._clock_ok and self._start.recorded is None:
            self._clock_ok = ok
            self.engine.apply(Input("clock", {"ok": ok, "drift_s": round(pacer.drift_s, 3)}))

    def _message(self, message: tuple[str, Any] | None) -> str | None:
        """Act on a message of the service; return why to stop, or None."""
        if message is None:
            return None
        kind, data = message
        if kind == "stop":
            return "stopped"
        if kind == "input" and self._start.recorded is None:
            self.engine.apply(data)
        elif kind == "pause":
            self._paused = bool(data)
        elif kind == "speed":
            self._speed = float(data)
        elif kind == "save":
            self._save(data)
        return None

    def _save(self, data: dict[str, Any]) -> None:
        path = Path(data["path"])
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary = path.with_name(f".{path.name}")
            self.engine.plant.save(temporary)
            temporary.replace(path)
            error = ""
        except (CitybrainError, OSError) as failure:
            error = str(failure)
        self._outbox.put(Saved(path=str(path), time_ms=self.engine.time_ms, id=str(data.get("id", "")), error=error))

    def close(self) -> None:
        with suppress(CitybrainError):
            self.engine.close()


def memory_mb() -> float:
    """Return the memory that this process has in use (Linux; elsewhere 0)."""
    try:
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * _PAGE_MB
    except (OSError, ValueError, IndexError):
        return 0.0


def serve(connection: Connection, session: Callable[[Start, Inbox, Outbox], _Session] = _Session) -> None:
    """Run what the first message says, and tell how it ended."""
    start = connection.recv()
    outbox = Outbox(connection)
    inbox = Inbox(connection)
    running: _Session | None = None
    try:
        running = session(start, inbox, outbox)
        ended = running.run()
    except CitybrainError as error:
        ended = Ended(why="failed", error=str(error), bad_input=isinstance(error, InputError))
    except Exception as error:
        log.exception("the loop failed")
        ended = Ended(why="failed", error=f"{type(error).__name__}: {' '.join(str(error).split())}")
    finally:
        if running is not None:
            running.close()
    outbox.put(ended)
    outbox.close()


def main() -> None:
    """Serve the pipe whose number is given."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the service's business
    serve(Connection(int(sys.argv[1])))
    os._exit(0)  # whatever threads still wait


if __name__ == "__main__":
    main()
