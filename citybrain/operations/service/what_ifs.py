"""What-ifs: a copy of the city is run on in a process of its own, with actions and without."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from threading import Lock, Thread

from citybrain.operations.actions import Action, WhatIfRequest
from citybrain.operations.details import WhatIfAnswer
from citybrain.operations.live.config import RoomConfig
from citybrain.operations.live.reports import Saved
from citybrain.operations.room import RoomError

_KEPT = 50
_SAVE_S, _RUN_S = 30.0, 1800.0


class WhatIfs:
    """One at a time, so that the room itself has the computer.

    Parameters
    ----------
    save : callable
        Asks for the plant's state to be saved at a path; tells when it is.
    """

    def __init__(self, config: RoomConfig, folder: Path, save: Callable[[Path], Future[Saved]]) -> None:
        self._config, self._folder, self._save = config, folder, save
        self._answers: OrderedDict[str, WhatIfAnswer] = OrderedDict()
        self._lock = Lock()
        self._process: subprocess.Popen[str] | None = None
        self._closed = False

    def begin(self, request: WhatIfRequest, in_force: Sequence[Action], now_s: float) -> WhatIfAnswer:
        """Begin one."""
        with self._lock:
            if any(answer.state == "running" for answer in self._answers.values()):
                raise RoomError("another what-if is running; wait for its answer", 409)
            answer = WhatIfAnswer(
                id=secrets.token_hex(4), state="running", horizon_s=request.horizon_s,
                actions=tuple(f"{one.kind} {one.where}" for one in request.actions),
            )  # fmt: skip
            self._answers[answer.id] = answer
            while len(self._answers) > _KEPT:
                self._answers.popitem(last=False)
        Thread(target=self._run, args=(answer, request, tuple(in_force), now_s), name="what-if", daemon=True).start()
        return answer

    def answer(self, what_if_id: str) -> WhatIfAnswer:
        """Return how one stands."""
        if what_if_id not in self._answers:
            raise RoomError(f"no what-if {what_if_id!r}", 404)
        return self._answers[what_if_id]

    def _run(self, answer: WhatIfAnswer, request: WhatIfRequest, in_force: Sequence[Action], now_s: float) -> None:
        path = self._folder / f"what-if-{answer.id}.xml.gz"
        try:
            done = self._tried(path, request, in_force, now_s)
            answer = replace(
                answer, state="done", delay_s=done["with"]["delay_s"], arrived=int(done["with"]["arrived"]),
                delay_without_s=done["without"]["delay_s"], arrived_without=int(done["without"]["arrived"]),
            )  # fmt: skip
        except (OSError, ValueError, KeyError, TimeoutError, subprocess.TimeoutExpired, RuntimeError) as error:
            answer = replace(answer, state="failed", error=" ".join(str(error).split())[:300] or type(error).__name__)
        finally:
            path.unlink(missing_ok=True)
        self._answers[answer.id] = answer

    def _tried(
        self, path: Path, request: WhatIfRequest, in_force: Sequence[Action], now_s: float
    ) -> dict[str, dict[str, float]]:
        saved = self._save(path).result(_SAVE_S)
        if saved.error:
            raise RuntimeError(saved.error)
        begin_s = saved.time_ms / 1000
        config = self._config.model_copy(
            update={"state": path, "state_s": begin_s, "end_s": begin_s + request.horizon_s, "speed": 0.0}
        )
        asked = {
            "config": json.loads(config.model_dump_json()),
            "in_force": [action.model_dump() for action in in_force],
            "actions": [one.model_dump() for one in request.actions],
            "now_s": now_s,
        }
        if self._closed:
            raise RuntimeError("the room was closed")
        self._process = subprocess.Popen(
            ["nice", "-n", "5", sys.executable, "-m", "citybrain.operations.live.what_if"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        )  # fmt: skip
        try:
            out, problem = self._process.communicate(json.dumps(asked), timeout=_RUN_S)
        finally:
            self._process.kill()
        if self._process.returncode != 0:
            raise RuntimeError(problem.strip().splitlines()[-1] if problem.strip() else "its process was lost")
        answer: dict[str, dict[str, float]] = json.loads(out.strip().splitlines()[-1])
        return answer

    def close(self) -> None:
        """End what runs."""
        self._closed = True
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
