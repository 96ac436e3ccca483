"""Random emergency priority against the interlock, watched by an oracle that knows nothing of either.

Run: python benchmarks/priority_fuzz.py [STEPS] [SEED]
     python benchmarks/priority_fuzz.py pairs [PAIRS] [SEED]

Steps: junctions, rules and programs are random; wishes for stages come and go as those of vehicles do, junctions
are taken over from their own programs and given back. Pairs: two emergency vehicles on random ways through a small
grid with other traffic; both must arrive. Prints the rate and the violations, and exits 1 if there is one.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from random import Random
from time import perf_counter

import numpy as np

sys.path[:0] = [str(Path(__file__).parents[1] / "tests"), str(Path(__file__).parents[1] / "tests" / "safety")]

from lamp_oracle import LampOracle  # noqa: E402
from priority_twin import RULES, run, way_through  # noqa: E402
from random_cases import STEPS_MS, random_network, random_rules  # noqa: E402

from citybrain.messages import HOLD, OWN_PROGRAM, RELEASE, Decision  # noqa: E402
from citybrain.network.intergreens import Intergreens, SignalRules  # noqa: E402
from citybrain.network.model import Network, ProgramPhase  # noqa: E402
from citybrain.network.synthetic import grid_network  # noqa: E402
from citybrain.signals.interlock import Interlock  # noqa: E402
from citybrain.signals.own_program import OwnProgram  # noqa: E402
from citybrain.signals.priority.stages import ApproachStages  # noqa: E402

_STEPS_PER_JUNCTION = 500


def with_program(network: Network, rules: SignalRules, random: Random, step_ms: int) -> Network:
    """Return the network with a legal program of its stages in a random order, in whole steps."""
    junction = network.junctions[0]
    table, order = (
        Intergreens(network, junction, rules),
        random.sample(range(len(junction.stages)), len(junction.stages)),
    )
    phases = []
    for place, stage in enumerate(order):
        low_ms = table.min_green_ms(stage)
        green_ms = random.randint(low_ms, max(low_ms, round(1000 * rules.max_green_s) - 2 * step_ms))
        following = order[(place + 1) % len(order)]
        steps = [(junction.stages[stage].state, green_ms)]
        steps += table.steps(stage, following) if following != stage else ()
        phases += [ProgramPhase(state=state, duration_s=-(-ms // step_ms) * step_ms / 1000) for state, ms in steps]
    junction = replace(junction, program=tuple(phases), offset_s=random.randint(0, 99) * step_ms / 1000)
    return replace(network, junctions=(junction,))


def is_legal(network: Network, rules: SignalRules, step_ms: int) -> bool:
    """Whether a program by itself obeys the rules: only then can it be asked of whoever interrupts it."""
    own, oracle = OwnProgram(network.junctions[0]), LampOracle(network, network.junctions[0], rules, step_ms=step_ms)
    for time_ms in range(0, 3 * own.cycle_ms, step_ms):
        oracle.show(own.at(time_ms).state, time_ms)
    return not oracle.violations


def drive(random: Random, n: int) -> tuple[int, int, list[str]]:
    """One random junction for ``n`` steps: lamp changes, take-overs, violations."""
    rules, step_ms = random_rules(random), random.choice(STEPS_MS)
    network = random_network(random)
    while len(network.junctions[0].stages) < 2:  # a program of one stage never ends it
        network = random_network(random)
    network = with_program(network, rules, random, step_ms)
    if not is_legal(network, rules, step_ms):
        return 0, 0, []
    stages = ApproachStages(network)
    junction, own = stages.network.junctions[0], OwnProgram(network.junctions[0])
    interlock = Interlock(stages.network, rules, released=True)
    oracle = LampOracle(stages.network, junction, rules, step_ms=step_ms)
    interlock.start(0, [own.at(0).state])
    released, lamps, taken, request, until_ms = True, own.at(0).state, 0, RELEASE, 0
    oracle.show(lamps, 0)
    for time_ms in range(step_ms, (n + 1) * step_ms, step_ms):
        if time_ms >= until_ms:  # a vehicle comes, another does, it has passed
            request = random.choice((RELEASE, HOLD, *range(len(junction.stages))))
            until_ms = time_ms + random.randint(1, 60) * 1000
        shown = own.at(time_ms).state if released else lamps
        for command in interlock.advance(Decision(time_s=time_ms / 1000, stage=np.array([request])), time_ms, [shown]):
            taken += released and command.state != OWN_PROGRAM
            released = command.state == OWN_PROGRAM
            lamps = command.state
        oracle.show(own.at(time_ms).state if released else lamps, time_ms)
    return oracle.changes, taken, oracle.violations


def fuzz_steps(steps: int, seed: int) -> int:
    """Random steps on random junctions."""
    random, done, changes, taken = Random(seed), 0, 0, 0  # noqa: S311
    violations: list[str] = []
    begun = perf_counter()
    while done < steps:
        n = min(_STEPS_PER_JUNCTION, steps - done)
        more, over, found = drive(random, n)
        done, changes, taken, violations = done + n, changes + more, taken + over, violations + found
    seconds = perf_counter() - begun
    print(
        f"seed {seed}: {done:,} priority steps on random junctions in {seconds:.0f} s, {done / seconds:,.0f} a second"
    )
    print(f"{changes:,} lamp changes, {taken:,} take-overs from a junction's own program")
    print(f"{len(violations)} violations")
    for line in violations[:40]:
        print(" ", line)
    return 1 if violations else 0


def fuzz_pairs(pairs: int, seed: int) -> int:
    """Random pairs of vehicles on the twin."""
    network, late, violations = grid_network(2, 2), 0, 0
    worst = 0.0
    for number in range(pairs):
        rng = np.random.default_rng([seed, number])
        ways = [way_through(network, rng, least=2) for _ in range(2)]
        departs = (30.0, 30.0 + float(rng.uniform(0, 40)))
        travel, arrived, _, recorder = run(
            ways, network=network, departs_s=departs, seed=number, flow_vph=150, end_s=330
        )
        late += not all(arrived.values())
        worst = max(worst, *travel.values())
        for junction in network.junctions:
            oracle = LampOracle(network, junction, RULES, step_ms=1000)
            for time_ms, lamps in recorder.lamps:
                oracle.show(lamps[junction.index], time_ms)
            violations += len(oracle.violations)
    print(f"seed {seed}: {pairs:,} pairs, {late} did not arrive, slowest {worst:.0f} s, {violations} violations")
    return 1 if late or violations else 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["pairs"]:
        sys.exit(fuzz_pairs(*([int(text.replace("_", "")) for text in sys.argv[2:]] + [1000, 1][len(sys.argv) - 2 :])))
    given = [int(text.replace("_", "")) for text in sys.argv[1:]]
    sys.exit(fuzz_steps(*(given + [1_000_000, 1][len(given) :])))
