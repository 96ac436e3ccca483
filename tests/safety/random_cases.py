"""Random junctions, rules and requests, from any ``random.Random`` (hypothesis supplies one that shrinks)."""

from __future__ import annotations

from random import Random

from builders import one_junction

from citybrain.messages import FLASH, HOLD
from citybrain.network.intergreens import SignalRules
from citybrain.network.model import Network
from citybrain.network.synthetic import grid_network

STEPS_MS = (50, 100, 250, 333, 500, 700, 1000, 1300, 2500, 5000)


def random_rules(random: Random) -> SignalRules:
    low = random.choice((1.0, 2.5, 5.0, 8.0))
    return SignalRules(
        yellow_s=random.choice((None, None, 0.0, 2.0, 3.0, 4.3)),
        all_red_s=random.choice((None, None, 0.0, 1.0, 2.2)),
        min_green_s=low,
        max_green_s=random.choice((max(low, 5.0), 12.0, 20.0, 60.0)),
        min_walk_s=random.choice((0.0, 4.0, 6.0, 25.0)),
        walking_speed_mps=random.choice((0.8, 1.2)),
    )


def random_network(random: Random) -> Network:
    """One junction: a four-arm one of the grid, or lamps, conflicts and stages at random."""
    if random.random() < 0.3:
        return grid_network(
            1, 1, lanes=random.choice((1, 2)), stages=random.choice((2, 4)), left_hand=random.random() < 0.5,
            crossings=random.random() < 0.5, speed_mps=random.choice((8.3, 14.0, 22.2)),
        )  # fmt: skip
    n = random.randint(1, 8)
    crossings = [i for i in range(n) if random.random() < 0.25]
    conflicts = [
        (i, j) for i in range(n) for j in range(i) if random.random() < 0.5 and not (i in crossings and j in crossings)
    ]
    states = dict.fromkeys(_random_state(random, n, crossings, conflicts) for _ in range(random.randint(1, 6)))
    return one_junction(
        list(states),
        conflicts,
        crossings=crossings,
        nobody=[i for i in range(n) if i not in crossings and random.random() < 0.1],
        speed_mps=[random.choice((5.0, 8.3, 14.0, 22.2, 33.0)) for _ in range(n)],
        path_m=[random.choice((4.0, 9.0, 17.5, 40.0, 90.0)) for _ in range(n)],
    )


def _random_state(random: Random, n: int, crossings: list[int], conflicts: list[tuple[int, int]]) -> str:
    """Lamps with no two conflicting protected greens; a crossing is never permissive."""
    state = ["r"] * n
    for i in random.sample(range(n), n):
        foes = {b if a == i else a for a, b in conflicts if i in (a, b)}
        clash = any(state[j] == "G" for j in foes)
        options = ("r",) if clash else ("r", "G", "G")
        if i not in crossings:
            options += ("g", "s")
        state[i] = random.choice(options)
    if not set(state) & set("Gg"):
        state[random.randrange(n)] = "G"
    return "".join(state)


def random_request(random: Random, n_stages: int) -> int:
    """A stage, nothing, flash, or nonsense."""
    kind = random.random()
    if kind > 0.92:
        return FLASH
    if kind < 0.2:
        return HOLD
    if kind < 0.25:
        return random.choice((-7, n_stages, n_stages + 3, 2**31 - 1))
    return random.randrange(n_stages)
