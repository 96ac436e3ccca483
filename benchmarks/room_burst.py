"""A thousand requests within a second against a room that controls Kuala Lumpur: what it answers, and what its loop does.

    python benchmarks/room_burst.py [--scenario kuala-lumpur:pm-peak] [--requests 1000] [--seconds 1] [--bursts 3]

The room is one that `citybrain serve` starts; the requests come from a third process, each over a connection of its own.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx
from room_soak import serve

HERE = Path(__file__).resolve().parent
SENDER = HERE.parent / "tests" / "burst.py"


def main() -> None:
    """Start the room, send, look at what it did."""
    from citybrain.operations.access import new_token
    from citybrain.operations.record.database import open_database, read_audit
    from citybrain.operations.record.reader import check_chain, read_run

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenario", default="kuala-lumpur:pm-peak")
    parser.add_argument("--requests", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--bursts", type=int, default=3)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        out = Path(name)
        token = new_token(out / "room" / "tokens.json", name="who bursts", role="operator")
        with serve(given.scenario, None, 30.0, speed=1.0, out=out) as room:
            junction = httpx.get(f"{room.url}/api/geometry", timeout=30).json()["junctions"][0]["id"]
            time.sleep(20)
            before, actions = room.health() or {}, []
            for _ in range(given.bursts):
                found = json.loads(
                    subprocess.run(
                        [sys.executable, SENDER, room.url, str(given.requests), str(given.seconds), token, junction],
                        capture_output=True, text=True, check=True,
                    ).stdout
                )  # fmt: skip
                actions += found.pop("actions")
                begun = time.monotonic()
                while httpx.get(f"{room.url}/api/health", timeout=30).status_code != 200:
                    time.sleep(0.05)
                print(f"{found}, answers again after {time.monotonic() - begun:.2f} s", flush=True)
                time.sleep(10)
            after = room.health() or {}
        engine = open_database(str(out / "room" / "record.db"))
        entered = {row["action_id"] for row in read_audit(engine, limit=1_000_000)}
        lost = [action for action in actions if action not in entered]
        ticks = len(read_run(engine).digests)
        count, wrong = check_chain(engine)
        engine.dispose()
    print(
        f"ticks missed {after['missed_ticks'] - before['missed_ticks']}, late {after['late_ticks'] - before['late_ticks']}, "
        f"p99 {after['tick_p99_ms']:.0f} ms (before: {before['tick_p99_ms']:.0f} ms); {ticks} ticks recorded without a gap; "
        f"{len(actions)} changes taken, {len(lost)} of them not in the audit of {count} entries (chain "
        f"{'whole' if wrong is None else f'broken at {wrong}'})"
    )


if __name__ == "__main__":
    main()
