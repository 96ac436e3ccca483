"""Random decisions against the interlock, watched by an oracle that knows nothing of it.

Run: python benchmarks/interlock_fuzz.py [DECISIONS] [SEED]

Junctions, rules, step lengths and requests are random (tests/safety/random_cases.py); the rules are
checked on the lamps alone (tests/safety/lamp_oracle.py). Prints the rate and the violations, and
exits 1 if there is one.
"""

from __future__ import annotations

import sys
from pathlib import Path
from random import Random
from time import perf_counter

import numpy as np

sys.path[:0] = [str(Path(__file__).parents[1] / "tests"), str(Path(__file__).parents[1] / "tests" / "safety")]

from lamp_oracle import LampOracle  # noqa: E402
from random_cases import STEPS_MS, random_network, random_request, random_rules  # noqa: E402

from citybrain.messages import Decision  # noqa: E402
from citybrain.signals.interlock import Interlock  # noqa: E402

_DECISIONS_PER_JUNCTION = 500


def drive(random: Random, n: int) -> tuple[int, int, list[str]]:
    """One random junction under ``n`` random decisions: lamp changes, refusals, violations."""
    network, rules, step_ms = random_network(random), random_rules(random), random.choice(STEPS_MS)
    stages = len(network.junctions[0].stages)
    interlock = Interlock(network, rules)
    oracle = LampOracle(network, network.junctions[0], rules, step_ms=step_ms)
    oracle.show(interlock.start(0)[0].state, 0)
    patience = random.choice((0.0, 0.5, 0.9))
    request = 0
    for time_ms in range(step_ms, (n + 1) * step_ms, step_ms):
        if random.random() >= patience:
            request = random_request(random, stages)
        commands = interlock.advance(Decision(time_s=time_ms / 1000, stage=np.array([request])), time_ms)
        oracle.show(commands[0].state if commands else oracle.shown, time_ms)
    return oracle.changes, interlock.refusals, oracle.violations


def main(decisions: int, seed: int) -> int:
    random, done, changes, refusals = Random(seed), 0, 0, 0  # noqa: S311
    violations: list[str] = []
    begun = perf_counter()
    while done < decisions:
        more, refused, found = drive(random, min(_DECISIONS_PER_JUNCTION, decisions - done))
        done += min(_DECISIONS_PER_JUNCTION, decisions - done)
        changes, refusals = changes + more, refusals + refused
        violations += found
    seconds = perf_counter() - begun
    print(f"seed {seed}: {done:,} decisions on random junctions in {seconds:.0f} s")
    print(f"{done / seconds:,.0f} decisions a second, oracle included; {changes:,} lamp changes, {refusals:,} refusals")
    print(f"{len(violations)} violations")
    for line in violations[:20]:
        print(" ", line)
    return 1 if violations else 0


if __name__ == "__main__":
    given = [int(text.replace("_", "")) for text in sys.argv[1:]]
    sys.exit(main(*(given + [1_000_000, 1][len(given) :])))
