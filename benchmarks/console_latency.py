"""How late the map is: from the end of a tick to its picture, in several consoles at once.

    citybrain serve kuala-lumpur --port 8080
    python benchmarks/console_latency.py http://localhost:8080 --consoles 10 --seconds 120

Every console is a tab of a headless Chromium on this machine, which costs far more than the room itself: give it
cores of its own. Clocks are those of one machine.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from consoles import Consoles


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url")
    parser.add_argument("--token", default="")
    parser.add_argument("--consoles", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--chromium")
    given = parser.parse_args()
    with Consoles(given.url, given.consoles, token=given.token, chromium=given.chromium) as consoles:
        before = sum(sum(p.cpu_times()[:2]) for p in consoles.processes())
        time.sleep(given.seconds)
        cores = (sum(sum(p.cpu_times()[:2]) for p in consoles.processes()) - before) / given.seconds
        late_ms = consoles.late_ms()
    together = np.concatenate(late_ms)
    print(f"{given.consoles} consoles, {given.seconds:g} s, {len(together)} updates ({min(map(len, late_ms))} at least in one)")
    print("late, ms: " + ", ".join(f"p{q} {np.percentile(together, q):.0f}" for q in (50, 95, 99, 100)))
    print(f"the consoles used {cores:.2f} cores")


if __name__ == "__main__":
    main()
