"""A policy in a process of its own: started, asked with a limit of time, and ended.

What hangs, crashes or answers nonsense shows as a :class:`PolicyFailureError`; what then happens to the
street is the caller's business: :mod:`citybrain.signals.contained`, or the control room's ladder.
"""

from __future__ import annotations

import math
import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np

from citybrain.errors import PolicyError
from citybrain.messages import HOLD, Decision
from citybrain.network.model import Network
from citybrain.signals.plugin_channel import Channel, pack, read_answer
from citybrain.signals.policy import PolicyEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a plug-in may take.

    Attributes
    ----------
    start_s : float
        Wall time to be imported and made, and again to prepare for a network.
    decide_s : float
        Wall time of a decision. The simulation waits meanwhile: in simulated time it takes none.
    memory_mb : int
        Of data, for the plug-in and the packages it loads.
    """

    start_s: float = 60.0
    decide_s: float = 5.0
    memory_mb: int = 4096


class PolicyProcess:
    """A policy's process."""

    def __init__(self, entry: PolicyEntry, parameters: dict[str, Any], limits: Limits) -> None:
        self.limits = limits
        ours, theirs = socket.socketpair()
        self._channel = Channel(ours)
        command = [sys.executable, "-m", "citybrain.signals.plugin_host", str(theirs.fileno()), str(limits.memory_mb)]
        with theirs:
            self._process = subprocess.Popen(
                command,
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(part for part in sys.path if part)},
            )
        try:
            answer = self.ask("make", entry.target, parameters, sys.path, limit_s=limits.start_s)
        except PolicyFailureError as failure:
            self.end()
            raise PolicyError(f"the plug-in of {entry.origin} cannot be made: {failure}") from None
        self.native = bool(answer.get("native"))

    @property
    def pid(self) -> int:
        """The process, for those who watch it."""
        return self._process.pid

    def ask(self, *message: Any, limit_s: float) -> dict[str, Any]:
        """Return the answer, or raise PolicyFailureError."""
        try:
            self._channel.send(pack(message), limit_s)
            answer = read_answer(self._channel.receive(limit_s))
        except TimeoutError:
            raise PolicyFailureError(f"no answer within {limit_s:g} s") from None
        except (EOFError, OSError):
            raise PolicyFailureError(f"its process died ({self._ending()})") from None
        except ValueError:
            raise PolicyFailureError("its answer cannot be read") from None
        if "error" in answer:
            raise PolicyFailureError(str(answer["error"])[:500])
        return answer

    def _ending(self) -> str:
        with suppress(subprocess.TimeoutExpired):
            code = self._process.wait(1.0)
            return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        return "its channel is closed"

    def end(self) -> None:
        """End the process and whatever it started."""
        self._channel.close()
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def __del__(self) -> None:
        with suppress(Exception):
            self.end()


class PolicyFailureError(Exception):
    """A plug-in did not do what it must; the message says what."""


def checked_decision(answer: dict[str, Any], time_s: float, network: Network) -> Decision:
    """Return what a process answered as a decision.

    Raises
    ------
    PolicyFailureError
        If it is none, or asks for what does not exist.
    """
    n = len(network.junctions)
    n_stages = np.array([max(1, len(junction.stages)) for junction in network.junctions])
    try:
        stage = np.array(answer["stage"], dtype=np.int64)
        reasons = {int(j): dict(why) for j, why in answer["reasons"].items() if 0 <= int(j) < n}
    except (KeyError, ValueError, TypeError, AttributeError, OverflowError):
        raise PolicyFailureError("its answer is not a decision") from None
    if stage.shape != (n,):
        raise PolicyFailureError(f"asked for stages of shape {stage.shape} for {n} junctions")
    wrong = np.flatnonzero((stage != HOLD) & ((stage < 0) | (stage >= n_stages)))
    if len(wrong):
        j = int(wrong[0])
        raise PolicyFailureError(
            f"asked junction {network.junctions[j].id} for stage {stage[j]}, it has 0 to {n_stages[j] - 1}"
        )
    return Decision(time_s=time_s, stage=stage.astype(np.int32), reasons=reasons)


def checked_interval_s(answer: dict[str, Any]) -> float:
    """Return how often a policy wants to be asked; raises PolicyFailureError where that is no time."""
    interval_s = answer.get("interval_s")
    if not isinstance(interval_s, float) or not 0 < interval_s < math.inf:
        raise PolicyFailureError(f"its interval_s is {interval_s!r}, it must be more than 0")
    return interval_s
