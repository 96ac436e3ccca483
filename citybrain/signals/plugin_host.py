"""The process of a plug-in: makes the policy, asks it, and sends what it says.

Started by :mod:`citybrain.signals.contained` as ``python -m citybrain.signals.plugin_host``.
"""

from __future__ import annotations

import os
import pickle
import socket
import sys
from contextlib import suppress
from importlib import import_module
from typing import Any

import numpy as np

from citybrain.signals.plugin_channel import Channel, pack_answer
from citybrain.signals.policy import NativePolicy, Policy


def main() -> None:
    """Serve until the other end closes. A plug-in's own prints go nowhere."""
    descriptor, memory_mb = int(sys.argv[1]), int(sys.argv[2])
    _die_with_parent()
    _limit_memory(memory_mb)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    channel = Channel(socket.socket(fileno=descriptor))
    policy: Any = None
    while True:
        try:
            message = pickle.loads(channel.receive())  # noqa: S301  it comes from the process that started this one
        except (EOFError, OSError):
            return
        try:
            if message[0] == "make":
                policy = _make(*message[1:])
                answer: dict[str, Any] = {"native": isinstance(policy, NativePolicy)}
            else:
                answer = _ask(policy, *message)
        except BaseException as error:  # noqa: BLE001  it tells all, SystemExit too; the other side decides
            answer = {"error": f"{type(error).__name__}: {' '.join(str(error).split())}".removesuffix(": ")}
        channel.send(pack_answer(answer))


def _make(target: str, parameters: dict[str, Any], path: list[str]) -> Policy | NativePolicy:
    sys.path[:] = path
    module, _, name = target.partition(":")
    policy: Policy | NativePolicy = getattr(import_module(module), name)(**parameters)
    return policy


def _ask(policy: Any, what: str, *arguments: Any) -> dict[str, Any]:
    if what == "programs":
        return {"programs": policy.programs(*arguments)}
    if what == "start":
        policy.start(*arguments)
        return {"interval_s": float(policy.interval_s)}
    decision = policy.decide(*arguments)
    stage = np.asarray(decision.stage)
    if stage.dtype.kind not in "iu":
        return {"error": f"asked for stages of type {stage.dtype}, they are whole numbers"}
    reasons = {int(junction): dict(why) for junction, why in decision.reasons.items()}
    return {"stage": stage.tolist(), "reasons": reasons}


def _die_with_parent() -> None:
    """Have the kernel end this process with the one that started it, however that ends (Linux)."""
    with suppress(Exception):
        import ctypes

        ctypes.CDLL(None).prctl(1, 9)  # PR_SET_PDEATHSIG, SIGKILL


def _limit_memory(megabytes: int) -> None:
    with suppress(ImportError, ValueError, OSError):
        import resource

        # data, not address space: libraries reserve far more addresses than they use
        resource.setrlimit(resource.RLIMIT_DATA, (megabytes * 2**20, megabytes * 2**20))


if __name__ == "__main__":
    main()
