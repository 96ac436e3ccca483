"""Requests made up from the OpenAPI page against a real room: how many, answered with what.

python benchmarks/api_fuzz.py [requests] [seed]
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "tests"), str(HERE.parent / "tests" / "safety")]

from api_fuzz import fuzz  # noqa: E402  they are beside the tests
from cases import build_case  # noqa: E402
from rooms import WatchedRoom  # noqa: E402


def main() -> None:
    wanted, seed = (int(sys.argv[1]) if len(sys.argv) > 1 else 10_000), int(sys.argv[2]) if len(sys.argv) > 2 else 1
    with tempfile.TemporaryDirectory() as name:
        scenario = build_case(Path(name), end_s=80_000).config
        room = WatchedRoom(Path(name) / "room", scenario, policy="max-pressure", checkpoint_s=0.0, drill=True)
        begun, total, failures, statuses = time.monotonic(), 0, [], {}
        try:
            who = [
                room.client["operator"].headers["authorization"],
                room.client["viewer"].headers["authorization"],
                None,
            ]
            while total < wanted:
                found = fuzz(room.app, who[seed % 3], examples=min(100, 1 + wanted // 40), seed=seed)
                total, seed = total + found.requests, seed + 1
                failures += found.failures
                for status, count in found.statuses.items():
                    statuses[status] = statuses.get(status, 0) + count
                print(
                    f"{total} requests, {time.monotonic() - begun:.0f} s, statuses {dict(sorted(statuses.items()))}",
                    flush=True,
                )
            legal = room.violations()
            health = room.room.snapshot().health
        finally:
            room.room.close()
    print(
        f"{total} requests: {len(failures)} server errors, {len(legal)} illegal lamps, {health.missed_ticks} ticks missed"
    )
    for failure in failures[:20]:
        print(failure)
    sys.exit(bool(failures or legal))


if __name__ == "__main__":
    main()
