"""A room over many simulated hours as fast as possible: memory of both processes, late ticks, rows of the record.

    python benchmarks/room_soak.py [hours]
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "tests"), str(HERE.parent / "tests" / "safety")]

from cases import build_case  # noqa: E402  they are beside the tests
from rooms import WatchedRoom  # noqa: E402


def main() -> None:
    hours = float(sys.argv[1]) if len(sys.argv) > 1 else 6.0
    with tempfile.TemporaryDirectory() as name:
        scenario = build_case(Path(name), end_s=round(3600 * hours)).config
        room = WatchedRoom(Path(name) / "room", scenario, speed=0.0, checkpoint_s=600.0)
        begun = time.monotonic()
        try:
            while room.room.supervisor.state == "running":
                time.sleep(10.0)
                health, now_s = room.room.snapshot().health, room.last.time_ms / 1000
                print(
                    f"{now_s / 3600:.2f} h after {time.monotonic() - begun:.0f} s: loop {health.memory_mb:.0f} MB, "
                    f"service {health.service_memory_mb:.0f} MB, tick p99 {health.tick_p99_ms:.0f} ms, "
                    f"record waiting {health.spooled_rows}, policies lost {health.policy_failures}",
                    flush=True,
                )
                del room.messages[:-2]  # what a room keeps is measured, not what this keeps of it
        finally:
            room.room.close()


if __name__ == "__main__":
    main()
