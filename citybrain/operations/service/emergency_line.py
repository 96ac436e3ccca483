"""Priority requests of vehicles, from those who ask over the API to the loop, and the answers back."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from threading import Lock

from citybrain.operations.actions import EmergencyAnswer, EmergencyRequest
from citybrain.operations.live.reports import Input
from citybrain.operations.room import RoomError
from citybrain.operations.service.supervisor import Supervisor

_ANSWER_S = 5.0


class EmergencyLine:
    """See the module; requests that look the same are answered in the order they came."""

    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor
        self._waiting: dict[tuple[str, int], deque[Future[EmergencyAnswer]]] = {}
        self._lock = Lock()

    def ask(self, request: EmergencyRequest) -> EmergencyAnswer:
        """Pass a request on and wait for its answer, which the next tick brings.

        Raises
        ------
        RoomError
            If the loop cannot be reached.
        """
        key = (request.request_id, request.sequence)
        waiting: Future[EmergencyAnswer] = Future()
        with self._lock:
            self._waiting.setdefault(key, deque()).append(waiting)
        try:
            if not self._supervisor.send("input", Input("request", request.model_dump())):
                raise RoomError("the loop cannot be reached; send the request again", 503)
            return waiting.result(_ANSWER_S)
        except FutureTimeoutError:
            raise RoomError("the loop did not answer; send the request again", 503) from None
        finally:
            with self._lock:
                queue = self._waiting.get(key, deque())
                if waiting in queue:
                    queue.remove(waiting)
                if not queue:
                    self._waiting.pop(key, None)

    def answer(self, answer: EmergencyAnswer) -> None:
        """Give an answer to whoever asked first."""
        with self._lock:
            queue = self._waiting.get((answer.request_id, answer.sequence))
            if queue:
                queue.popleft().set_result(answer)
