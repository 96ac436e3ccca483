"""The process of a what-if: runs a copy of the city twice and tells the delay that each time was gained.

Started as ``python -m citybrain.operations.live.what_if``; the question is JSON on standard input, the answer
the last line of standard output.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from citybrain.evaluation.metrics import read_trips
from citybrain.operations.actions import Action, ActionRequest
from citybrain.operations.live.config import RoomConfig
from citybrain.operations.live.engine import Engine
from citybrain.operations.live.recorded_seat import RecordedSeat
from citybrain.operations.live.reports import Input
from citybrain.operations.live.seat import SeatAnswer


def try_out(config: RoomConfig, actions: Sequence[Action]) -> dict[str, float]:
    """Run from a saved state to the end of the horizon.

    Returns
    -------
    dict
        ``delay_s``: delay that a vehicle gained in that time, the mean over all that were on the road or wished
        to be; ``arrived``: how many arrived.
    """
    with tempfile.TemporaryDirectory(prefix="citybrain-") as name:
        trips_file = Path(name) / "tripinfo.xml"
        outputs = {
            "tripinfo-output": str(trips_file),
            "tripinfo-output.write-unfinished": "true",
            "tripinfo-output.write-undeparted": "true",
        }
        seat = _Fresh(config.policy, config.parameters)
        engine = Engine(config, seat, key=b"what-if", outputs=outputs)
        try:
            before = engine.plant.losses()
            for action in actions:
                engine.apply(Input("action", action.model_dump()))
            while engine.time_ms < engine.end_ms:
                engine.tick()
            end_s = engine.time_ms / 1000
        finally:
            engine.close()
        trips = read_trips(trips_file, end_s=end_s)
    names = trips["vehicle"].to_pylist()
    delays = [
        loss + late - before.get(vehicle, 0.0)
        for vehicle, loss, late in zip(
            names, trips["time_loss_s"].to_pylist(), trips["depart_delay_s"].to_pylist(), strict=True
        )
    ]
    arrived = sum(status == "arrived" for status in trips["status"].to_pylist())
    return {"delay_s": round(sum(delays) / max(len(delays), 1), 2), "arrived": arrived}


class _Fresh(RecordedSeat):
    """A seat where a policy sits down at the first tick and is always in time."""

    def __init__(self, name: str, parameters: dict[str, Any]) -> None:
        super().__init__(name, parameters, {})
        self._first = True

    def ask(self, observation: Any) -> Any:
        """Decide, however long it takes."""
        if self._first:
            self._first = False
            self._recorded = {round(observation.time_s * 1000): SeatAnswer(fresh=True)}
        return super().ask(observation)


def main() -> None:
    """Answer the question on standard input."""
    asked = json.load(sys.stdin)
    config = RoomConfig.model_validate(asked["config"])
    now_s = float(asked["now_s"])
    in_force = [Action.model_validate(row) for row in asked["in_force"]]
    wanted = [
        Action(
            id=f"what-if-{k}", request=ActionRequest.model_validate(row), who="what-if", role="operator", when="",
            begin_s=now_s, end_s=now_s + 86400.0,
        )
        for k, row in enumerate(asked["actions"])
    ]  # fmt: skip
    answer = {"without": try_out(config, in_force), "with": try_out(config, [*in_force, *wanted])}
    sys.stdout.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main()
