"""A room for a long time: ticks, lateness of the map, memory of every process.

    python benchmarks/room_soak.py consoles     an hour of Kuala Lumpur's evening peak at 1 x, ten real consoles
    python benchmarks/room_soak.py memory       six hours of Kuala Lumpur's day from midnight, as fast as it goes

Each is a room as `citybrain serve` starts it, in processes of its own, asked over its API. `DIR/progress.csv` has a
row for every minute and `DIR/line.txt` the figures until then, so that a run which is cut short leaves them, too.
"""

from __future__ import annotations

import argparse
import csv
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from room_watch import Room, Watch
from soak_figures import figures

_ASK_S = 0.35  # a tick a second is seen by this
_START_S = 600.0


def main() -> None:
    """Run, watch, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("consoles", "memory"))
    parser.add_argument("--scenario")
    parser.add_argument("--begin", type=float, help="start, seconds of the scenario's clock")
    parser.add_argument("--minutes", type=float, help="of the scenario's clock")
    parser.add_argument("--consoles", type=int)
    parser.add_argument("--out", type=Path, default=Path("room-soak"))
    given = parser.parse_args()
    live = given.what == "consoles"
    scenario = given.scenario or ("kuala-lumpur:pm-peak" if live else "kuala-lumpur:day")
    begin_s = given.begin if given.begin is not None or live else 0.0
    minutes = given.minutes or (60.0 if live else 360.0)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with ExitStack() as stack:
        room = stack.enter_context(serve(scenario, begin_s, minutes, speed=1.0 if live else 0.0, out=given.out))
        consoles = _open_consoles(stack, room, given.consoles if given.consoles is not None else 10 * live)
        rows = _watch(Watch(room, consoles), given.out, every_s=60.0 if live else 20.0)
    print(figures(rows))


def serve(scenario: str, begin_s: float | None, minutes: float, *, speed: float, out: Path) -> Room:
    """Start a room that ends after so many minutes of its own clock."""
    from citybrain.demand.scenario import open_scenario

    begun_s = open_scenario(scenario, begin_s=begin_s).begin_s
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    out.mkdir(parents=True, exist_ok=True)
    command = [
        sys.executable, "-m", "citybrain.cli", "serve", scenario, "--port", str(port), "--speed", f"{speed:g}",
        "--begin", f"{begun_s:g}", "--end", f"{begun_s + 60 * minutes:g}", "--out", str(out / "room"),
    ]  # fmt: skip
    with (out / "room.log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
    room = Room(process, f"http://127.0.0.1:{port}", end_s=begun_s + 60 * minutes)
    until = time.monotonic() + _START_S
    while room.health() is None:
        if process.poll() is not None or time.monotonic() > until:
            room.close()
            sys.exit(f"the room did not start: {(out / 'room.log').read_text()[-500:]}")
        time.sleep(0.5)
    return room


def _open_consoles(stack: ExitStack, room: Room, number: int) -> Any:
    if not number:
        return None
    from consoles import Consoles

    return stack.enter_context(Consoles(room.url, number))


def _watch(watch: Watch, out: Path, *, every_s: float) -> list[dict[str, Any]]:
    """Return a row for each period until the room's clock is at its end."""
    rows: list[dict[str, Any]] = []
    due_s = time.monotonic()
    with (out / "progress.csv").open("w", newline="") as file:
        writer: Any = None
        while True:
            watch.look()
            if (over := watch.is_over()) or time.monotonic() >= due_s:
                due_s += every_s
                row = watch.row()
                if over and not row["loop_mb"]:  # it has ended in between
                    return rows
                rows.append(row)
                shown = {name: round(value, 3) for name, value in row.items() if not isinstance(value, list)}
                if writer is None:
                    writer = csv.DictWriter(file, list(shown))
                    writer.writeheader()
                writer.writerow(shown)
                file.flush()
                (out / "line.txt").write_text(figures(rows) + "\n", encoding="utf-8")
            if over:
                return rows
            time.sleep(_ASK_S)


if __name__ == "__main__":
    main()
