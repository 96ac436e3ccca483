"""The offset model against brute force, and its limits."""

from __future__ import annotations

import itertools
import subprocess
import sys
from time import monotonic

import numpy as np
import pytest

from citybrain.errors import InputError
from citybrain.signals.retiming.model import offset_value, solve_offsets


def random_costs(generator, junctions, phases):
    pairs = [pair for pair in itertools.combinations(range(junctions), 2) if generator.random() < 0.7] or [(0, 1)]
    return {pair: generator.random(phases) for pair in pairs}


def brute_force(costs, junctions, phases):
    return min(
        offset_value(costs, dict(enumerate((0, *rest))))
        for rest in itertools.product(range(phases), repeat=junctions - 1)
    )


@pytest.mark.parametrize(("seed", "junctions", "phases"), [(1, 3, 12), (2, 4, 9), (3, 5, 6), (4, 6, 5), (5, 6, 5)])
def test_the_optimum_is_that_of_brute_force(seed, junctions, phases):
    costs = random_costs(np.random.default_rng(seed), junctions, phases)
    found = solve_offsets(costs, seconds=30.0)
    assert found.optimal
    assert found.value == pytest.approx(brute_force(costs, junctions, phases), abs=2e-3)
    assert found.bound <= found.value + 2e-3


def test_a_pair_takes_the_difference_of_least_cost():
    table = np.ones(10)
    table[3] = 0.0
    found = solve_offsets({(2, 7): table}, seconds=5.0)
    assert (found.steps[7] - found.steps[2]) % 10 == 3


def test_the_deadline_is_kept_and_a_plan_comes_out():
    costs = random_costs(np.random.default_rng(0), 40, 24)
    begun = monotonic()
    found = solve_offsets(costs, seconds=1.0)
    assert monotonic() - begun < 6.0
    assert set(found.steps) == {j for pair in costs for j in pair}
    assert found.bound <= found.value


def test_no_pairs_no_offsets():
    assert solve_offsets({}, seconds=1.0).steps == {}


def test_tables_of_different_lengths_are_refused():
    with pytest.raises(InputError, match="one length"):
        solve_offsets({(0, 1): np.zeros(5), (1, 2): np.zeros(6)}, seconds=1.0)


def test_ctrl_c_is_still_python_s_after_a_solve():
    code = (
        "import os, signal, numpy as np\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from citybrain.signals.retiming.model import solve_offsets\n"
        "solve_offsets({(0, 1): np.arange(5.0)}, seconds=2.0)\n"
        "try:\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "    import time; time.sleep(1)\n"
        "except KeyboardInterrupt:\n"
        "    print('caught')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "caught\n"
